// SPDX-License-Identifier: MIT
// Call sites, marks, leaks and recordings of linmem's heaps.
import { assertHeap } from '../arena/registry.ts';
import { ArgumentTypeError, DoubleFreeError, FreedError, NotOwnedError } from '../errors.ts';
import type { AllocationTable } from '../heap/allocations.ts';
import type { Heap } from '../heap/heap.ts';
import { readOptions } from '../heap/options.ts';
import { toCount } from '../memory/address.ts';
import { Allocation } from '../memory/allocation.ts';
import { Ref } from '../scalar/ref.ts';
import { sitesOf, withSites } from './freed-sites.ts';
import { HeapTracker, type CallSiteMode, type FreedBlock } from './heap-tracker.ts';
import { groupLeaks, type Leak, type LiveBlock } from './leaks.ts';
import type { HeapMark, HeapRecording } from './recording.ts';
import { assertShape } from './shape.ts';
import { typeNameOf } from './type-names.ts';

/** By the tables of their heaps, which a Proxy of a heap has too. */
const trackers: WeakMap<AllocationTable, HeapTracker> = /* @__PURE__ */ new WeakMap();
/** The heap of each mark, and the number of allocations before it. */
const marks: WeakMap<HeapMark, { tracker: HeapTracker; allocations: number }> = /* @__PURE__ */ new WeakMap();

/** Options of {@link trackCallSites}. */
export interface TrackOptions {
  /**
   * The maximum number of events of the recording, 39 bytes each. Beyond it, the recording restarts with the live
   * blocks.
   * @defaultValue 2,097,152
   */
  readonly maxEvents?: number;
}

/** Options of {@link heapLeaks}. */
export interface LeakOptions {
  /** A mark of the same heap: only blocks that were allocated after it are leaks. @defaultValue all live blocks */
  readonly since?: HeapMark;
}

/**
 * Starts to record the call stacks of an existing heap, also of a bare {@link Heap}; the option `callSites` does so
 * from the creation on. Returns a function that stops it and restores the heap.
 * @param mode `'all'` or `'entry'`: a stack for each allocation and free; a number: a stack for that share of them
 * @throws {ArgumentTypeError} if the mode is invalid, the heap has no `trackAllocations`, is frozen, or already has call
 * sites
 * @throws {ArgumentRangeError} if the share or `maxEvents` is out of range
 */
export function trackCallSites(
  heap: Heap,
  mode: CallSiteMode = 'all',
  options: TrackOptions = {},
): () => void {
  assertHeap(heap);
  const { maxEvents } = readOptions(options, { maxEvents: 'number' });
  if (maxEvents !== undefined) toCount(maxEvents, 'maxEvents');
  const { table } = heap;
  if (trackers.has(table)) throw new ArgumentTypeError('a heap without callSites', heap);
  const tracker = new HeapTracker(heap, mode, explain, maxEvents);
  trackers.set(table, tracker);
  return () => {
    if (trackers.get(table) !== tracker) return;
    tracker.remove();
    trackers.delete(table);
  };
}

/** Returns the tracker of a heap with call sites; else undefined. */
export const findTracker = (heap: Heap): HeapTracker | undefined => trackers.get(heap.table);

function trackerOf(heap: Heap): HeapTracker {
  assertHeap(heap);
  const tracker = findTracker(heap);
  if (!tracker) throw new ArgumentTypeError("a heap with the option callSites, such as 'all'", heap);
  return tracker;
}

/**
 * Returns a mark of `heap`: this moment, for {@link heapLeaks}. It is in the recording.
 * @throws {ArgumentTypeError} if the heap has no call sites
 */
export function markHeap(heap: Heap, name = ''): HeapMark {
  const tracker = trackerOf(heap);
  assertShape(name, 'string', 'name');
  const mark = tracker.log.mark(name);
  marks.set(mark, { tracker, allocations: tracker.allocations });
  return mark;
}

/**
 * Returns the live blocks of `heap`, grouped by call stack and type, most bytes first, without internal blocks of
 * linmem: the frame arena, the arena of scopes, the temporaries of calls. O(blocks).
 * @throws {ArgumentTypeError} if the heap has no call sites, or `since` is not a mark of it
 */
export function heapLeaks(heap: Heap, options: LeakOptions = {}): Leak[] {
  const tracker = trackerOf(heap);
  const { since } = readOptions(options, { since: 'object' });
  return groupLeaks(
    liveBlocks(tracker, since).filter(({ token }) => !isInternal(heap, token)),
    tracker.sites.stacks,
  );
}

/** As {@link heapLeaks}, without blocks whose refs free them when they are collected as garbage. */
export function certainLeaks(heap: Heap, since: HeapMark): Leak[] {
  const tracker = trackerOf(heap);
  const isCertain = ({ token }: Live): boolean => !isInternal(heap, token) && !token?.extras?.weakOwner;
  return groupLeaks(liveBlocks(tracker, since).filter(isCertain), tracker.sites.stacks);
}

interface Live extends LiveBlock {
  readonly token: Allocation | undefined;
}
function liveBlocks(tracker: HeapTracker, since: HeapMark | undefined): Live[] {
  const { table } = tracker.heap;
  const first = since === undefined ? { tracker, allocations: 0 } : marks.get(since);
  if (first?.tracker !== tracker) throw new ArgumentTypeError('a mark of this heap', since);
  return [...tracker.live]
    .filter(([, { createdAs }]) => createdAs > first.allocations)
    .sort(([, a], [, b]) => a.createdAs - b.createdAs)
    .map(([address, { bytes, site }]) => {
      const token = table.tokenAt(table.find(address));
      return { address, bytes, site, type: typeNameOf(token), token };
    });
}
/** True for an internal block of linmem. */
export const isInternal = (heap: Heap, token: Allocation | undefined): boolean =>
  token !== undefined && (heap.internal.includes(token) || typeNameOf(token) === 'frame arena');

/**
 * Returns the recording of `heap` since its call sites are recorded. It begins with the blocks that were live then.
 * Beyond `maxEvents` (2,097,152) it restarts with the live blocks, after a mark. O(events).
 * @throws {ArgumentTypeError} if the heap has no call sites
 */
export function recordHeap(heap: Heap, name = 'heap'): HeapRecording {
  const tracker = trackerOf(heap);
  assertShape(name, 'string', 'name');
  tracker.setTypes();
  const layouts = tracker.layouts.list();
  const recording = tracker.log.toRecording(name, tracker.sites.stacks);
  return layouts.length > 0 ? { ...recording, layouts } : recording;
}

/** Adds the call stacks to the error of an invalid free or a use after free, and reports an invalid free. */
function explain(tracker: HeapTracker, error: unknown, target: unknown): void {
  if (sitesOf(error)) return;
  if (error instanceof FreedError) {
    const { block, site } = tracker.freed.get(error.address) ?? UNKNOWN;
    withSites(error, { ...sitesAt(tracker, block.site, site), freedAgain: [] });
  } else if (error instanceof DoubleFreeError) {
    const freed = freedBlock(tracker, target) ?? tracker.freed.get(error.address) ?? UNKNOWN;
    report(tracker, error, 'double-free', error.address, freed);
  } else if (error instanceof NotOwnedError) {
    const { table } = tracker.heap;
    const at = table.addressAt(table.findContaining(error.address));
    const block = tracker.live.get(at) ?? UNKNOWN.block;
    report(tracker, error, 'invalid-free', at ?? error.address, { ...UNKNOWN, block });
  }
}
const UNKNOWN: FreedBlock = { block: { bytes: 0, site: 0, createdAs: 0, event: -1 }, site: 0, event: -1 };

/** Returns the record of the freed block of a ref; another block may be at its address now. */
function freedBlock({ freedTokens }: HeapTracker, target: unknown): FreedBlock | undefined {
  const token = target instanceof Ref ? (target['@ref'] ?? target).allocation : target;
  return token instanceof Allocation ? freedTokens.get(token) : undefined;
}

const sitesAt = ({ sites: { stacks } }: HeapTracker, allocated: number, freed: number) => ({
  allocated: stacks[allocated] ?? [],
  freed: stacks[freed] ?? [],
});

function report(
  tracker: HeapTracker,
  error: DoubleFreeError | NotOwnedError,
  kind: 'double-free' | 'invalid-free',
  address: number,
  { block, site }: FreedBlock,
): void {
  const found = tracker.captureAlways();
  const { message } = error;
  const at = error.address;
  tracker.log.report({
    kind,
    address,
    size: block.bytes,
    at,
    allocated: block.site,
    freed: site,
    found,
    message,
  });
  withSites(error, {
    ...sitesAt(tracker, block.site, site),
    freedAgain: tracker.sites.stacks[found] ?? [],
  });
}
