// SPDX-License-Identifier: MIT
// linmem's own heap: the C core over a memory of its own, or as a guest in pages that it grew in another's.
import {
  ArgumentRangeError,
  ArgumentTypeError,
  DoubleFreeError,
  ModuleError,
  NotOwnedError,
  OutOfMemoryError,
} from '../errors.ts';
import { WasmHeapManager } from '../arena/manager.ts';
import { readOptions, type OptionKinds, type WasmHeapManagerOptions } from '../heap/options.ts';
import { toCount, type Address } from '../memory/address.ts';
import { isMemory } from '../memory/memory.ts';
import type { CoreExports } from './exports.ts';
import { BlockRecord, BlockState, Cursor, Stats, Status } from './layout.gen.ts';
import { coreModule, coreModuleSync, link, type CoreModule } from './load.ts';

const PAGE = 65536;
/** Pages of the largest 32-bit memory. */
const MOST_PAGES = 65536;

/** Options of {@link createHeap}. */
export interface CreateHeapOptions extends Shared {
  /** Bytes the heap's own memory starts with, rounded up to 64 KiB; 64 KiB unless given. */
  readonly initialBytes?: number;
  /** Bytes the heap's own memory may grow to, rounded up to 64 KiB; the engine's limit (4 GiB) unless given. */
  readonly maximumBytes?: number;
  /**
   * A memory to be a guest in: the heap grows it by whole pages and uses only those. Safe where the memory's
   * owner takes what `memory.grow` returns (Rust, Zig, wasi-libc, AssemblyScript) or has no allocator. NOT safe
   * with Emscripten's own malloc and with TinyGo, which take every byte of the memory as theirs.
   */
  readonly memory?: WebAssembly.Memory;
  /** The core, where compiling from bytes is forbidden: see {@link coreBytes}. */
  readonly module?: CoreModule;
}
const OPTIONS: OptionKinds<CreateHeapOptions> = {
  initialBytes: 'number',
  maximumBytes: 'number',
  memory: 'object',
  module: 'object',
  clearAllocatedRegions: 'boolean',
  trackAllocations: 'boolean',
  enableGarbageCollection: 'boolean',
  gcPressure: 'number',
  nullCheck: 'boolean',
};
/** The manager's options that make sense here. */
type Shared = Pick<
  WasmHeapManagerOptions,
  'clearAllocatedRegions' | 'trackAllocations' | 'enableGarbageCollection' | 'gcPressure' | 'nullCheck'
>;

/** The accounts of the C heap itself. Block sizes here are what the allocator uses, not what was asked for. */
export interface CoreStats {
  readonly liveBlocks: number;
  /** Usable bytes of the live blocks. */
  readonly liveBytes: number;
  readonly peakLiveBytes: number;
  readonly freeBlocks: number;
  readonly freeBytes: number;
  /** Bytes of memory the heap manages, its own state included. */
  readonly takenBytes: number;
  /** Separate ranges of memory it manages; more than one only where somebody else grew the memory too. */
  readonly regions: number;
}

/** One block of the heap, as {@link LinmemHeap.walk} lists it. */
export interface BlockInfo {
  /** Its first usable byte. */
  readonly address: number;
  /** Its usable bytes. */
  readonly size: number;
  /** `live`: lent. `free`: to be used again. `top`: the unused end of the heap. */
  readonly state: 'live' | 'free' | 'top';
}

/** A heap of linmem's own. All that a {@link WasmHeapManager} does, and a look inside. */
export class LinmemHeap extends WasmHeapManager {
  /** The memory it works on. */
  readonly memory: WebAssembly.Memory;
  /** Where the heap's state lies: the `heap` argument of the C functions. */
  readonly handle: number;
  /** The C functions, for code that calls them itself. Blocks taken there are not in the manager's book. */
  readonly exports: CoreExports;

  /** Use {@link createHeap} or {@link createHeapSync}. */
  constructor(memory: WebAssembly.Memory, exports: CoreExports, handle: number, options: Shared = {}) {
    super(
      memory,
      (bytes) => exports.lm_heap_alloc(handle, bytes),
      (address) => refuse(exports.lm_heap_free(handle, address), address),
      {
        ...options,
        checksFrees: true,
        isFreed: (address) => exports.lm_heap_check(handle, address) === Status.alreadyFree,
        calloc: (count, bytes) => exports.lm_heap_calloc(handle, count, bytes),
        realloc: (address, bytes) => exports.lm_heap_realloc(handle, address, bytes),
        alignedAlloc: (align, bytes) => exports.lm_heap_alloc_aligned(handle, bytes, align),
      },
    );
    this.memory = memory;
    this.exports = exports;
    this.handle = handle;
  }

  /**
   * Returns the bytes that may be used of the block at `address`: what was asked for, or a few more.
   * @throws {NotOwnedError} {@link DoubleFreeError} when it is not a live block
   */
  usableSize(address: Address): number {
    const at = this.locate(address, 0);
    refuse(this.exports.lm_heap_check(this.handle, at), at);
    return this.exports.lm_heap_usable_size(this.handle, at) >>> 0;
  }

  /** The accounts of the C heap, of all who allocate in it. */
  stats(): CoreStats {
    const at = this.exports.lm_heap_stats(this.handle) >>> 0;
    const field = (offset: number): number => this.readUint32(at + offset);
    return {
      liveBlocks: field(Stats.liveBlocks),
      liveBytes: field(Stats.liveBytes),
      peakLiveBytes: field(Stats.peakLiveBytes),
      freeBlocks: field(Stats.freeBlocks),
      freeBytes: field(Stats.freeBytes),
      takenBytes: field(Stats.takenBytes),
      regions: field(Stats.regions),
    };
  }

  /** Whether every invariant of the C heap holds; false means that something wrote over it. O(blocks). */
  holds(): boolean {
    return this.exports.lm_heap_holds(this.handle) === 1;
  }

  /**
   * Returns every block of the heap, live and free, in the order of their addresses within each region.
   * Needs a block of its own for the time of the call, which is listed as free. O(blocks).
   * @throws {OutOfMemoryError} when the heap has not even 64 bytes for that
   */
  walk(): BlockInfo[] {
    const { scratch, capacity } = this.#scratch();
    const records = scratch + Cursor.size;
    const blocks: BlockInfo[] = [];
    try {
      this.fill(scratch, Cursor.size);
      for (;;) {
        const count = this.exports.lm_heap_walk(this.handle, scratch, records, capacity) >>> 0;
        if (count === 0) return blocks;
        for (let i = 0; i < count; i++) {
          const block = this.#record(records + i * BlockRecord.size);
          blocks.push(block.address === scratch ? { ...block, state: 'free' } : block);
        }
      }
    } finally {
      this.exports.lm_heap_free(this.handle, scratch);
    }
  }

  #record(at: number): BlockInfo {
    const state = this.readUint32(at + BlockRecord.stateAt);
    return {
      address: this.readUint32(at + BlockRecord.addressAt),
      size: this.readUint32(at + BlockRecord.sizeAt),
      state: state === BlockState.live ? 'live' : state === BlockState.top ? 'top' : 'free',
    };
  }

  #scratch(): { scratch: number; capacity: number } {
    for (const capacity of [1024, 64, 3]) {
      const scratch =
        this.exports.lm_heap_alloc(this.handle, Cursor.size + capacity * BlockRecord.size) >>> 0;
      if (scratch !== 0) return { scratch, capacity };
    }
    throw new OutOfMemoryError(Cursor.size + 3 * BlockRecord.size);
  }
}

/**
 * Resolves to a new heap of linmem's own.
 * @throws {ArgumentTypeError} {@link ArgumentRangeError} when an option is not what it should be
 * @throws {ModuleError} when WebAssembly cannot be compiled here, or does not link to the given memory
 * @throws {OutOfMemoryError} when the memory cannot be made, or cannot grow by the one page a guest needs
 */
export async function createHeap(options: CreateHeapOptions = {}): Promise<LinmemHeap> {
  const plan = planOf(options);
  return open(await coreModule(plan.module), plan);
}

/** As {@link createHeap}, at once. Browsers compile modules this small synchronously, also on the main thread. */
export function createHeapSync(options: CreateHeapOptions = {}): LinmemHeap {
  const plan = planOf(options);
  return open(coreModuleSync(plan.module), plan);
}

interface Plan {
  readonly memory: WebAssembly.Memory | undefined;
  readonly module: CoreModule | undefined;
  readonly initial: number;
  readonly maximum: number | undefined;
  readonly shared: Shared;
}

function planOf(options: CreateHeapOptions): Plan {
  const read = readOptions(options, OPTIONS);
  const { initialBytes = PAGE, maximumBytes, memory, module, ...shared } = read;
  if (memory !== undefined && !isMemory(memory)) throw new ArgumentTypeError('a WebAssembly.Memory', memory);
  if (memory && (read.initialBytes !== undefined || maximumBytes !== undefined))
    throw new ArgumentTypeError('either a memory or sizes for one, not both', initialBytes);
  const initial = toPages(initialBytes, 'initialBytes');
  const maximum = maximumBytes === undefined ? undefined : toPages(maximumBytes, 'maximumBytes');
  if (maximum !== undefined && maximum < initial)
    throw new ArgumentRangeError(
      `maximumBytes of at least initialBytes (${initialBytes})`,
      maximumBytes ?? 0,
    );
  return { memory, module, initial, maximum, shared };
}

function toPages(bytes: number, name: string): number {
  const pages = Math.max(1, Math.ceil(toCount(bytes, name) / PAGE));
  if (pages > MOST_PAGES) throw new ArgumentRangeError(`${name} of at most 4 GiB`, bytes);
  return pages;
}

function open(module: WebAssembly.Module, plan: Plan): LinmemHeap {
  const guest = plan.memory !== undefined;
  const memory = plan.memory ?? newMemory(plan);
  // A memory of its own is all the heap's, from byte 16 on; as a guest it has only what it grew. It grows after
  // linking, which may be refused, unless the memory is empty: the core links to one page and more.
  const early = guest && memory.buffer.byteLength === 0 ? growByOne(memory) : undefined;
  const exports = link(module, memory);
  const base = guest ? (early ?? growByOne(memory)) : 0;
  const handle = exports.lm_heap_open(base, memory.buffer.byteLength - base, 1) >>> 0;
  if (handle === 0) throw new OutOfMemoryError(PAGE);
  return new LinmemHeap(memory, exports, handle, plan.shared);
}

function newMemory({ initial, maximum }: Plan): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory(maximum === undefined ? { initial } : { initial, maximum });
  } catch (cause) {
    throw new OutOfMemoryError(initial * PAGE, 1, { cause });
  }
}

function growByOne(memory: WebAssembly.Memory): number {
  try {
    return memory.grow(1) * PAGE;
  } catch (cause) {
    throw new OutOfMemoryError(PAGE, 1, { cause });
  }
}

function refuse(status: number, address: number): void {
  if (status === Status.ok) return;
  if (status === Status.alreadyFree) throw new DoubleFreeError(address);
  if (status === Status.notABlock) throw new NotOwnedError(address, 'it is not a live block of this heap');
  throw new ModuleError(`the core answered with status ${status} for address ${address}`);
}
