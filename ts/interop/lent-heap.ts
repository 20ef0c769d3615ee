// SPDX-License-Identifier: MIT
// An allocator for modules that allocate and never free: linmem's own heap in a block that the module allocated, and in
// further ones when that is full. What is freed is used again; the module's blocks are never given back.
import { DoubleFreeError, ModuleError, NotOwnedError } from '../errors.ts';
import type { CoreExports } from '../core/exports.ts';
import { Status } from '../core/layout.gen.ts';
import { coreModuleSync, link } from '../core/load.ts';
import type { Pointer } from '../heap/allocator.ts';
import { toPointer } from '../memory/address.ts';
import type { FoundAdapter } from './adapter.ts';

/** The least bytes of a block that is taken from the module. Each is as long as all before it together. */
const FIRST_BLOCK = 65536;
/** Bytes that a heap needs for its state and its end, with a margin. */
const OVERHEAD = 4096;

interface Block {
  readonly start: number;
  readonly end: number;
  /** The address of the heap in it. */
  readonly heap: number;
}

/**
 * Returns an adapter that allocates from `allocate` and frees on its own.
 * @param name names `allocate`
 */
export function lentAdapter(
  name: string,
  memory: WebAssembly.Memory,
  allocate: (size: number) => Pointer,
): FoundAdapter {
  const heap = new LentHeap(memory, allocate);
  return {
    name: `${name} (no free)`,
    malloc: (size, align) => heap.malloc(size, align),
    free: (address) => heap.free(address),
    realloc: (address, size) => heap.realloc(address, size),
  };
}

class LentHeap {
  readonly #memory: WebAssembly.Memory;
  readonly #allocate: (size: number) => Pointer;
  readonly #blocks: Block[] = [];
  #core: CoreExports | undefined;
  #bytes = 0;

  constructor(memory: WebAssembly.Memory, allocate: (size: number) => Pointer) {
    this.#memory = memory;
    this.#allocate = allocate;
  }

  malloc(size: number, align: number): number {
    const core = (this.#core ??= link(coreModuleSync(), this.#memory));
    const take = ({ heap }: Block): number =>
      (align > 8 ? core.lm_heap_alloc_aligned(heap, size, align) : core.lm_heap_alloc(heap, size)) >>> 0;
    for (let i = this.#blocks.length - 1; i >= 0; i--) {
      const address = take(this.#blocks[i] as Block); // i is below the length
      if (address > 0) return address;
    }
    const block = this.#extend(core, size + align + OVERHEAD);
    return block ? take(block) : 0;
  }

  /** @throws {NotOwnedError} {@link DoubleFreeError} if no live block begins at `address` */
  free(address: number): void {
    const block = this.#blockOf(address);
    const status = block ? this.#core?.lm_heap_free(block.heap, address) : Status.notABlock;
    if (status === Status.alreadyFree) throw new DoubleFreeError(address);
    if (status !== Status.ok)
      throw new NotOwnedError(address, 'the module has no free, and this heap did not allocate it');
  }

  realloc(address: number, size: number): number {
    const block = this.#blockOf(address);
    const core = this.#core;
    if (!block || !core) throw new NotOwnedError(address, 'this heap did not allocate it');
    const same = core.lm_heap_realloc(block.heap, address, size) >>> 0;
    if (same > 0) return same;
    const oldSize = core.lm_heap_usable_size(block.heap, address) >>> 0;
    const moved = this.malloc(size, 8);
    if (moved === 0) return 0;
    new Uint8Array(this.#memory.buffer).copyWithin(moved, address, address + Math.min(size, oldSize));
    this.free(address);
    return moved;
  }

  #blockOf(address: number): Block | undefined {
    return this.#blocks.find(({ start, end }) => address >= start && address < end);
  }

  #extend(core: CoreExports, need: number): Block | undefined {
    const size = Math.max(need, this.#bytes, FIRST_BLOCK);
    const start = toPointer(this.#allocate(size));
    if (start === 0) return undefined;
    const end = start + size;
    const heap = end <= this.#memory.buffer.byteLength ? core.lm_heap_open(start, size, 0) >>> 0 : 0;
    if (heap === 0)
      throw new ModuleError(
        `the module allocated ${size} bytes at address ${start}, which are not in its memory`,
      );
    const block = { start, end, heap };
    this.#blocks.push(block);
    this.#bytes += size;
    return block;
  }
}
