// Operations at every depth near the end of the stack: each of them happens as a whole or not at all.
import { describe, expect, test } from 'vitest';
import { createHeapSync, f32, LinmemAggregateError, type LinmemHeap } from '../../../ts/index.ts';
import { prng, SEED } from '../../support/prng.ts';

/** The operations. Each returns what it allocated, to be freed later. */
const operations: Record<string, (heap: LinmemHeap, size: number) => { dispose(): void } | number | undefined> = {
  'alloc': (heap, size) => heap.alloc(size),
  'alloc and free': (heap, size) => void heap.free(heap.alloc(size)),
  'an aligned alloc': (heap, size) => heap.alloc(size, 256),
  'a ref': (heap, size) => heap.allocInt32(size),
  'a ref, freed': (heap, size) => void heap.allocInt32(size).free(),
  'a string': (heap, size) => heap.allocUtf8String('h\u00e9llo'.repeat(size % 50)),
  'an array': (heap, size) => heap.allocInt32Array(size),
  'an array of values': (heap, size) => heap.allocInt32Array([1, 2, size]),
  'realloc': (heap, size) => heap.realloc(heap.alloc(10), size),
  'a slice': (heap, size) => heap.allocSlice(f32, size),
  'a scope': (heap, size) =>
    heap.scope((scope) => {
      scope.allocInt32(1);
      scope.allocUtf8String('text');
      scope.alloc(size * 4);
      return undefined;
    }),
  'an arena': (heap, size) => {
    const arena = heap.createHeapArena(500, 16, { grow: true });
    try {
      arena.allocF32(size);
    } finally {
      arena.destroy();
    }
    return undefined;
  },
}; // prettier-ignore

/**
 * True for the engine's error, alone or among others: a RangeError, in Firefox an InternalError. Without a regular
 * expression: V8 ends the process if it has to compile one where the stack ends.
 */
function isOverflow(error: unknown): boolean {
  if (error instanceof LinmemAggregateError) return error.errors.every(isOverflow);
  return (
    (error instanceof Error &&
      (error.name === 'RangeError' || error.name === 'InternalError') &&
      !('code' in error)) ||
    (error instanceof Error && error.cause !== undefined && isOverflow(error.cause))
  );
}

/** Calls `act` at each of the `levels` deepest levels that the stack has. `words` makes the levels larger. */
function atEveryDepth(levels: number, words: number, act: () => void): void {
  let left = levels;
  const deeper = (...filler: number[]): void => {
    try {
      deeper(...filler);
    } catch (error) {
      if (left-- > 0) act();
      if (left > 0) throw error; // a deeper level ended because of this
    }
  };
  try {
    deeper(...new Array<number>(words).fill(0));
  } catch {}
}

describe.each(Object.keys(operations))('%s where the stack ends', (name) => {
  test(`happens as a whole or not at all (SEED=${SEED})`, () => {
    const below = prng(SEED);
    const heap = createHeapSync();
    const made: ({ dispose(): void } | number)[] = [];
    const operation = operations[name] as (typeof operations)[string];
    let [done, refused] = [0, 0];
    const act = (): void => {
      try {
        const result = operation(heap, 1 + below(3000));
        done++;
        if (result !== undefined) made.push(result);
      } catch (error) {
        if (!isOverflow(error)) throw error;
        refused++;
      }
    };
    isOverflow(new LinmemAggregateError([new RangeError()], ''));
    for (let i = 0; i < 300; i++) act(); // functions are compiled at their first call, which needs more of the stack
    for (let round = 0; round < 4; round++) {
      [done, refused] = [0, 0];
      atEveryDepth(600, below(5), act);
      expect(refused).toBeGreaterThan(10); // else this shows nothing
      expect(done).toBeGreaterThan(10);
      expect(heap.holds()).toBe(true);
      expect(heap.allocations().length + heap.internal.length).toBe(heap.stats().liveBlocks);
    }
    for (const each of made)
      if (typeof each === 'number') heap.free(each);
      else each.dispose();
    heap.freeAll(); // those of operations that ended between two allocations
    expect([heap.statistics.liveBlocks, heap.holds(), heap.stats().liveBlocks]).toEqual([0, true, 0]);
  });
});
