// SPDX-License-Identifier: MIT
// LinmemHeap: a manager of linmem's own heap, with functions to inspect it.
import { ModuleError, OutOfMemoryError } from '../errors.ts';
import { CALL_SITES_KIND, readOptions, type WasmHeapManagerOptions } from '../heap/options.ts';
import type { Address } from '../memory/address.ts';
import { WasmHeapManager } from '../manager/manager.ts';
import {
  CORE_KINDS,
  createCoreAllocator,
  createCoreAllocatorSync,
  refuse,
  type CoreAllocator,
  type CoreAllocatorOptions,
  type SyncOptions,
} from './core-allocator.ts';
import type { CoreExports } from './exports.ts';
import { BlockRecord, BlockState, Cursor, Stats } from './layout.gen.ts';
import type { WebAssemblyMemory } from '../memory/platform-types.ts';

/** The options of a manager that apply to linmem's own heap. */
export type LinmemHeapOptions = Pick<
  WasmHeapManagerOptions,
  | 'clearAllocatedRegions'
  | 'trackAllocations'
  | 'enableGarbageCollection'
  | 'gcPressure'
  | 'nullCheck'
  | 'callSites'
>;

/** Options of {@link createHeap}. */
export interface CreateHeapOptions extends CoreAllocatorOptions, LinmemHeapOptions {}
const KINDS = {
  ...CORE_KINDS,
  clearAllocatedRegions: 'boolean',
  trackAllocations: 'boolean',
  enableGarbageCollection: 'boolean',
  gcPressure: 'number',
  nullCheck: 'boolean',
  callSites: CALL_SITES_KIND,
};

/** Statistics of the C heap. Sizes are those that the allocator uses, not those asked for. */
export interface CoreStats {
  /** Live blocks. */
  readonly liveBlocks: number;
  /** Their usable bytes. */
  readonly liveBytes: number;
  /** The largest `liveBytes` so far; small blocks count by whole slabs. */
  readonly peakLiveBytes: number;
  /** Free blocks. */
  readonly freeBlocks: number;
  /** Their bytes. */
  readonly freeBytes: number;
  /** Bytes of memory that the heap manages, its own state included. */
  readonly takenBytes: number;
  /** Separate ranges of memory that it manages; more than one if other code grew the memory too. */
  readonly regions: number;
}

/** One block of the heap: see {@link LinmemHeap.walk}. */
export interface BlockInfo {
  /** The first usable byte. */
  readonly address: number;
  /** The usable bytes. */
  readonly size: number;
  /** `top` is the unused end of the heap. */
  readonly state: 'live' | 'free' | 'top';
}

/** linmem's own heap: a {@link WasmHeapManager} with functions to inspect the allocator. */
export class LinmemHeap extends WasmHeapManager {
  /** The memory it allocates in. */
  readonly memory: WebAssemblyMemory;
  /** The address of the heap's state: the `heap` argument of the C functions. */
  readonly handle: number;
  /** The C functions, for code that calls them itself. Blocks allocated through them are not in the heap's table. */
  readonly exports: CoreExports;

  /** @internal Use {@link createHeap} or {@link createHeapSync}. */
  constructor(core: CoreAllocator, options: LinmemHeapOptions = {}) {
    super(core.memory, core.allocate, core.deallocate, { ...options, ...core.options });
    this.memory = core.memory;
    this.exports = core.exports;
    this.handle = core.handle;
  }

  /**
   * Returns the usable bytes of the block at `address`: the size asked for, or a few bytes more.
   * @throws {NotOwnedError} {@link DoubleFreeError} if it is not a live block
   */
  usableSize(address: Address): number {
    const at = this.locate(address, 0);
    refuse(this.exports.lm_heap_check(this.handle, at), at);
    return this.exports.lm_heap_usable_size(this.handle, at) >>> 0;
  }

  /** Returns statistics of the C heap, for all code that allocates in it. @throws {ModuleError} if the heap is damaged */
  stats(): CoreStats {
    const at = this.exports.lm_heap_stats(this.handle) >>> 0;
    if (at === 0) throw new ModuleError('the heap is damaged: its state was overwritten');
    const { size: _, ...fields } = Stats;
    const read = Object.entries(fields).map(([name, offset]) => [name, this.readUint32(at + offset)]);
    return Object.fromEntries(read) as CoreStats; // the fields have its names
  }

  /** Returns true if every invariant of the C heap holds; false if it was overwritten. O(blocks). */
  holds(): boolean {
    return this.exports.lm_heap_holds(this.handle) === 1;
  }

  /**
   * Returns every block of the heap, live and free, by address within each region. During the call it uses one block of
   * the heap, which is listed as free. O(blocks).
   * @throws {OutOfMemoryError} if the heap cannot allocate 64 bytes for that
   */
  walk(): BlockInfo[] {
    const { cursor, capacity } = allocateCursor(this);
    const records = cursor + Cursor.size;
    const blocks: BlockInfo[] = [];
    try {
      this.fill(cursor, Cursor.size);
      for (;;) {
        const count = this.exports.lm_heap_walk(this.handle, cursor, records, capacity) >>> 0;
        if (count === 0) return blocks;
        for (let i = 0; i < count; i++) {
          const block = recordAt(this, records + i * BlockRecord.size);
          blocks.push(block.address === cursor ? { ...block, state: 'free' } : block);
        }
      }
    } finally {
      this.exports.lm_heap_free(this.handle, cursor);
    }
  }
}

function recordAt(heap: LinmemHeap, at: number): BlockInfo {
  const state = heap.readUint32(at + BlockRecord.stateAt);
  return {
    address: heap.readUint32(at + BlockRecord.addressAt),
    size: heap.readUint32(at + BlockRecord.sizeAt),
    state: state === BlockState.live ? 'live' : state === BlockState.top ? 'top' : 'free',
  };
}

function allocateCursor({ exports, handle }: LinmemHeap): { cursor: number; capacity: number } {
  for (const capacity of [1024, 64, 3]) {
    const cursor = exports.lm_heap_alloc(handle, Cursor.size + capacity * BlockRecord.size) >>> 0;
    if (cursor !== 0) return { cursor, capacity };
  }
  throw new OutOfMemoryError(Cursor.size + 3 * BlockRecord.size);
}

/** Resolves to a new heap with linmem's allocator. Throws as {@link createCoreAllocator}. */
export async function createHeap(options: CreateHeapOptions = {}): Promise<LinmemHeap> {
  const [core, manager] = split(options);
  return new LinmemHeap(await createCoreAllocator(core), manager);
}

/** As {@link createHeap}, synchronously. Browsers allow that for modules as small as the core. */
export function createHeapSync(options: SyncOptions<CreateHeapOptions> = {}): LinmemHeap {
  const [core, manager] = split(options);
  return new LinmemHeap(createCoreAllocatorSync(core as SyncOptions<CoreAllocatorOptions>), manager);
}

/** Reads each option once. */
function split(options: CreateHeapOptions): [CoreAllocatorOptions, LinmemHeapOptions] {
  const core: Record<string, unknown> = {};
  const manager: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(readOptions(options, KINDS)))
    (name in CORE_KINDS ? core : manager)[name] = value;
  return [core, manager];
}
