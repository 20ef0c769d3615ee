// SPDX-License-Identifier: MIT
// HeapTracker: records every allocation and free of one heap of linmem, with its call stack.
//
//   W1  The code of heaps does not refer to trackers. A tracker replaces methods of one heap and of its table by own
//       properties of these two objects, so that a heap without a tracker pays nothing.
//   W2  `register` and `remove` of the table are called for every block. The methods of the heap (`ENTRIES`) are replaced
//       to record which function the program called, and which allocation and free are one resize.
import { ArgumentRangeError, ArgumentTypeError, define } from '../errors.ts';
import type { AllocationTable } from '../heap/allocations.ts';
import type { Heap } from '../heap/heap.ts';
import type { Allocation } from '../memory/allocation.ts';
import { pointerSizeOf } from '../struct/type.ts';
import { CallSites } from './call-sites.ts';
import { EventLog } from './event-log.ts';
import { addSites, removeSites } from './freed-sites.ts';
import { EventKind } from './recording.ts';
import { SliceTracker } from './slice-tracker.ts';
import type { Callee } from './stack-index.ts';
import { TypeLayouts } from './type-layouts.ts';
import { typeNameOf } from './type-names.ts';

/** The allocations and frees that get a call stack. */
export type CallSiteMode = 'entry' | 'all' | number;

/** A live block. */
export interface TrackedBlock {
  readonly bytes: number;
  /** The index of the call stack of its allocation. */
  readonly site: number;
  /** The number of its allocation. A resized block keeps the number of the first one. */
  readonly createdAs: number;
  /** The index of its event, whose type is set later. */
  event: number;
}
/** A freed block, whose address has not been allocated since. */
export interface FreedBlock {
  readonly block: TrackedBlock;
  /** The index of the call stack of its free. */
  readonly site: number;
  /** The index of the event of the free, or -1. */
  readonly event: number;
}

/** The number of freed blocks that are remembered: the same as in the table. */
const REMEMBERED = 65536;
/** The methods that programs call and that allocate or free. */
const ENTRIES = [
  'alloc', 'realloc', 'free', 'adopt', 'release', 'freeAll', 'allocScalar', 'allocScalarArray', 'resizeScalarArray',
  'allocateWith', 'allocateUncleared', 'freeAllocation', 'locateBorrowed',
] as const; // prettier-ignore
type Entry = (typeof ENTRIES)[number];
const RESIZES: readonly string[] = ['realloc', 'resizeScalarArray'];

/** The addresses that a resize has allocated and freed, or 0. */
interface Resize {
  allocated: number;
  freed: number;
  block: TrackedBlock | undefined;
}
/** Called with an error that a method throws to the program, and the first argument of the method. */
export type Explain = (tracker: HeapTracker, error: unknown, target: unknown) => void;

/** The tracker of one heap. */
export class HeapTracker {
  readonly heap: Heap;
  readonly sites: CallSites = new CallSites();
  readonly log: EventLog;
  readonly slices: SliceTracker;
  readonly layouts: TypeLayouts;
  /** Live blocks by address. */
  readonly live: Map<number, TrackedBlock> = new Map();
  /** Freed blocks by address, and by the tokens of those that had one. */
  readonly freed: Map<number, FreedBlock> = new Map();
  readonly freedTokens: WeakMap<Allocation, FreedBlock> = new WeakMap();
  /** The number of allocations. */
  allocations = 0;
  /** The share of allocations that get a call stack. */
  readonly #rate: number;
  readonly #explain: Explain;
  /** The method that the program called. */
  #entry: Callee | undefined;
  #resize: Resize | undefined;
  #memoryBytes = -1;

  constructor(heap: Heap, mode: CallSiteMode, explain: Explain, maxEvents: number | undefined) {
    this.heap = heap;
    this.log = new EventLog(maxEvents);
    this.layouts = new TypeLayouts(pointerSizeOf(heap));
    this.#rate = toRate(mode, 'callSites');
    this.#explain = explain;
    const { tracks, table } = heap;
    if (!tracks) throw new ArgumentTypeError('a heap with the option trackAllocations', false);
    if (![heap, table].every(Object.isExtensible))
      throw new ArgumentTypeError('a heap that is not frozen', heap);
    // The call sites of older blocks are unknown.
    for (const slot of table.slots())
      this.#enter(table.addressAt(slot), table.sizeAt(slot), 0, table.tokenAt(slot));
    for (const name of ENTRIES) this.#wrap(name);
    this.#watch(table);
    this.slices = new SliceTracker(heap, () => this.capture());
  }

  /** Removes the tracker and restores the methods of the heap. */
  remove(): void {
    const { heap } = this;
    this.slices.remove();
    for (const name of ['restore', 'remove', 'register'] as const)
      delete (heap.table as Partial<AllocationTable>)[name];
    for (const name of [...ENTRIES].reverse()) delete (heap as Partial<Record<Entry, unknown>>)[name];
  }

  /** Returns the number of the current call stack, or 0 for one that is not sampled. */
  capture(): number {
    return this.#rate < 1 && Math.random() >= this.#rate ? 0 : this.captureAlways();
  }
  /** As {@link capture}, never sampled. */
  captureAlways(): number {
    return this.sites.capture(this.#entry);
  }

  #enter(address: number, bytes: number, site: number, token?: Allocation): void {
    const block = { bytes, site, createdAs: ++this.allocations, event: -1 };
    this.live.set(address, block);
    this.#log(EventKind.alloc, address, block);
    this.#setType(block, token);
  }
  /** Appends the event that begins a block. */
  #log(kind: EventKind, address: number, block: TrackedBlock, previous = 0): void {
    this.#logGrowth();
    block.event = this.log.add({ kind, address, size: block.bytes, site: block.site, previous });
  }
  #logGrowth(): void {
    const { byteLength } = this.heap;
    if (byteLength === this.#memoryBytes) return;
    this.#memoryBytes = byteLength;
    this.log.add({ kind: EventKind.grow, size: byteLength });
  }
  /** Clears a full log, and writes the live blocks to it. */
  #makeRoom(): void {
    if (!this.log.isFull(this.live.size)) return;
    this.log.clear();
    this.log.mark('earlier events were dropped');
    this.#memoryBytes = -1;
    for (const [address, block] of this.live) this.#log(EventKind.alloc, address, block);
    this.setTypes();
  }

  /** Sets the types of all live blocks in the log. O(blocks). */
  setTypes(): void {
    const { table } = this.heap;
    for (const [address, block] of this.live) this.#setType(block, table.tokenAt(table.find(address)));
  }
  #setType({ event }: TrackedBlock, token: Allocation | undefined): void {
    const name = typeNameOf(token);
    if (name === '') return;
    this.log.setType(event, name);
    this.layouts.add(token, name);
  }

  /** Replaces a method of the heap (W2). */
  #wrap(name: Entry): void {
    const method = this.heap[name] as Callee;
    const wrapper = (...args: never[]): unknown => {
      if (this.#entry) return method.apply(this.heap, args);
      this.#entry = wrapper;
      if (RESIZES.includes(name)) this.#resize = { allocated: 0, freed: 0, block: undefined };
      try {
        return method.apply(this.heap, args);
      } catch (error) {
        this.#explain(this, error, args[0]);
        throw error;
      } finally {
        this.#endResize();
        this.#entry = undefined;
      }
    };
    define(this.heap, name, wrapper);
  }

  /** Replaces methods of the table (W1). */
  #watch(table: AllocationTable): void {
    const { register, remove, restore } = table;
    define(table, 'register', (...args: Parameters<typeof register>) => {
      const stale = register.apply(table, args);
      const [address, bytes, , token] = args;
      this.#allocated(address, bytes, token);
      return stale;
    });
    define(table, 'remove', (slot: number) => {
      const address = table.addressAt(slot);
      const token = table.tokenAt(slot);
      const sequence = remove.call(table, slot);
      this.#removed(address, token);
      return sequence;
    });
    define(table, 'restore', (...args: Parameters<typeof restore>) => {
      restore.apply(table, args);
      this.#restored(args[0].address, args[0].token);
    });
  }

  #allocated(address: number, bytes: number, token: Allocation | undefined): void {
    this.#makeRoom();
    this.freed.delete(address);
    const site = this.capture();
    if (this.#resize) {
      this.#resize.allocated = address;
      this.live.set(address, { bytes, site, createdAs: ++this.allocations, event: -1 });
    } else this.#enter(address, bytes, site, token);
  }

  #removed(address: number, token: Allocation | undefined): void {
    const block = this.live.get(address);
    if (!block) return;
    this.#makeRoom();
    if (token) this.#setType(block, token);
    this.live.delete(address);
    const site = block.site > 0 || this.#rate === 1 ? this.captureAlways() : 0;
    const resize = this.#resize;
    let event = -1;
    if (!resize) event = this.log.add({ kind: EventKind.free, address, size: block.bytes, site });
    else if (resize.allocated === address) resize.allocated = 0;
    else Object.assign(resize, { freed: address, block });
    this.#remember(address, { block, site, event }, token);
  }
  #remember(address: number, freed: FreedBlock, token: Allocation | undefined): void {
    this.freed.set(address, freed);
    if (token) {
      const { stacks } = this.sites;
      this.freedTokens.set(token, freed);
      const [allocated = [], end = []] = [stacks[freed.block.site], stacks[freed.site]];
      addSites(token, { allocated, freed: end, freedAgain: [] });
    }
    if (this.freed.size <= REMEMBERED) return;
    const [oldest = 0] = this.freed.keys();
    this.freed.delete(oldest);
  }

  /** Undoes the record of a free that the allocator refused. */
  #restored(address: number, token: Allocation | undefined): void {
    const freed = this.freed.get(address);
    if (!freed || this.live.has(address)) return;
    this.freed.delete(address);
    if (token) removeSites(token);
    this.live.set(address, freed.block);
    if (this.#resize) this.#resize.block = undefined;
    else if (!this.log.undo(freed.event)) this.#log(EventKind.alloc, address, freed.block);
  }

  /** Logs a resize as one event, if it succeeded. */
  #endResize(): void {
    const { allocated, freed, block: old } = this.#resize ?? { allocated: 0, freed: 0, block: undefined };
    this.#resize = undefined;
    const fresh = this.live.get(allocated);
    if (fresh && old) {
      const block = { ...fresh, createdAs: old.createdAs };
      this.live.set(allocated, block);
      this.#log(EventKind.realloc, allocated, block, freed);
    } else if (fresh) this.#log(EventKind.alloc, allocated, fresh);
    else if (old) this.log.add({ kind: EventKind.free, address: freed, size: old.bytes });
  }
}

/**
 * Returns the rate of a mode.
 * @param name of the option
 * @throws {ArgumentTypeError} if it is not a mode
 * @throws {ArgumentRangeError} if it is any other number
 */
export function toRate(mode: CallSiteMode, name: string): number {
  if (mode === 'entry' || mode === 'all') return 1;
  if (typeof mode === 'number' && mode > 0 && mode <= 1) return mode;
  const expected = `'entry', 'all', false or a rate in (0, 1] for ${name}`;
  throw typeof mode === 'number'
    ? new ArgumentRangeError(expected, mode)
    : new ArgumentTypeError(expected, mode);
}
