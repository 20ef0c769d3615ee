// SPDX-License-Identifier: MIT
// Leak checks in tests.
import { assertHas, isInstance, isRevoked, LinmemError } from '../errors.ts';
import { Heap } from '../heap/heap.ts';
import { programFrame } from './call-sites.ts';
import { formatLeak, type Leak, type LeakSource } from './leaks.ts';
import { assertShape, LEAKS } from './shape.ts';
import { resolveLeaks } from './resolve-sources.ts';
import { certainLeaks, findTracker, markHeap, trackCallSites } from './own-heaps.ts';

/** A function has leaked blocks. See {@link expectNoLeaks}. */
export class LeakError extends LinmemError {
  /** The leaked blocks, most bytes first. */
  declare readonly leaks: readonly Leak[];
  constructor(leaks: readonly Leak[]) {
    assertShape(leaks, LEAKS, 'leaks');
    super('Leak', describe(leaks), { leaks });
    // Not enumerable, as test runners print the fields of an error, and the message has the leaks.
    Object.defineProperty(this, 'leaks', { enumerable: false });
  }
}

/** The maximum number of leaks in a message. */
const MAX_LINES = 20;
function describe(leaks: readonly Leak[]): string {
  const bytes = leaks.reduce((sum, leak) => sum + leak.bytes, 0);
  const count = leaks.reduce((sum, leak) => sum + leak.count, 0);
  const places = byPlace(leaks);
  const lines = places.slice(0, MAX_LINES).map((leak) => `\n  ${formatLeak(leak)}`);
  const rest = places.length > MAX_LINES ? `\n  and ${places.length - MAX_LINES} more call sites` : '';
  return `${count} ${count === 1 ? 'block' : 'blocks'} of ${bytes} bytes leaked:${lines.join('')}${rest}`;
}

/** Merges the leaks of one call site and type, which differ only in the callers. */
function byPlace(leaks: readonly Leak[]): Place[] {
  const places = new Map<string, Place>();
  for (const { bytes, count, type, site } of leaks) {
    const key = `${type} ${JSON.stringify(site)}`;
    const before = places.get(key) ?? { bytes: 0, count: 0 };
    places.set(key, { bytes: before.bytes + bytes, count: before.count + count, type, site });
  }
  return [...places.values()].sort((a, b) => b.bytes - a.bytes);
}
type Place = Omit<Leak, 'stack' | 'addresses'>;

/**
 * Calls `fn` and throws if blocks that were allocated during the call are live when it returns, or when its promise
 * settles. Returns the result of `fn`. For tests, with any test runner. Older blocks, internal blocks of linmem, and
 * blocks that the garbage collector frees (`enableGarbageCollection`) are not leaks. If `fn` returns a promise, the
 * lines are those of the sources, if source maps can be loaded.
 * @param heap a heap of linmem, whose call sites are recorded during the call; or any object with `mark` and `leaks`,
 *   such as the heap of `inspect`
 * @throws {LeakError} if blocks leaked; the message has a line per call site: blocks, type, bytes, function, file and
 * line
 * @throws any error of `fn`; if blocks leaked too, it gets the text of the LeakError as its field `leaks`
 * @throws {ArgumentTypeError} if `heap` is neither, or `fn` is not a function
 */
export function expectNoLeaks<R, M>(heap: Heap | LeakSource<M>, fn: () => R): R {
  assertShape(fn, 'function', 'fn');
  const check = begin(heap);
  let result: R;
  let isAsync: boolean;
  try {
    result = fn();
    isAsync = isThenable(result);
  } catch (error) {
    throw noting(error, leaksAfterError(check));
  }
  if (!isAsync) {
    const leaks = check();
    if (leaks.length > 0) throw new LeakError(leaks);
    return result;
  }
  // Not by its own method, which may throw, or call back twice.
  return Promise.resolve(result).then(
    async (value) => {
      const leaks = check();
      if (leaks.length > 0) throw new LeakError(await resolveLeaks(leaks));
      return value;
    },
    async (error: unknown) => {
      throw noting(error, await resolveLeaks(leaksAfterError(check)));
    },
  ) as R; // a promise of the same value
}

/** Begins a check. Returns a function that ends it, restores the heap and returns the leaks. */
function begin<M>(heap: Heap | LeakSource<M>): () => readonly Leak[] {
  if (!isInstance(heap, Heap)) {
    for (const name of ['mark', 'leaks'])
      assertHas(heap, name, 'a heap, or an object with mark() and leaks()');
    const since = heap.mark();
    return () => {
      const leaks = heap.leaks({ since });
      assertShape(leaks, LEAKS, 'leaks of the heap');
      return leaks.map((leak) => ({ type: '', site: programFrame(leak.stack), addresses: [], ...leak }));
    };
  }
  const stop = findTracker(heap) ? () => {} : trackCallSites(heap, 'all');
  const since = markHeap(heap, 'expectNoLeaks');
  return () => {
    try {
      return certainLeaks(heap, since);
    } finally {
      stop();
    }
  };
}

/** Returns the leaks after an error of the program, which an error of the heap must not replace. */
function leaksAfterError(check: () => readonly Leak[]): readonly Leak[] {
  try {
    return check();
  } catch {
    return [];
  }
}

const isThenable = (value: unknown): boolean =>
  !isRevoked(value) && typeof (Object(value) as { then?: unknown }).then === 'function';

/** Returns `error`, with a note about the leaks if it is an object that can have one. */
function noting(error: unknown, leaks: readonly Leak[]): unknown {
  if (leaks.length > 0 && error instanceof Error && Object.isExtensible(error) && !('leaks' in error))
    Object.defineProperty(error, 'leaks', { value: describe(leaks), configurable: true, enumerable: true });
  return error;
}
