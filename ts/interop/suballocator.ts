// SPDX-License-Identifier: MIT
// An allocator for modules that allocate and never free: it works in a block that the module allocated, and in further
// ones when that is full. Freed bytes are used again; the blocks of the module are never freed. Its state is kept
// here and not in the module's memory, so that it works on every kind of memory, needs no WebAssembly, and
// adds little to a bundle.
//
//   N1  The free ranges are in the order of their addresses, do not touch, and are multiples of UNIT from end to end.
import { DoubleFreeError, NotOwnedError } from '../errors.ts';
import { alignUp, type Pointer } from '../heap/allocator.ts';
import { toPointer } from '../memory/address.ts';
import type { FoundAdapter } from './adapter.ts';

/** The least bytes of a block that is taken from the module. Each is at least as long as all before it together. */
const FIRST_BLOCK = 65536;
const UNIT = 8;

interface Range {
  start: number;
  end: number;
}

/** A function of a module that allocates. */
export interface LoneFunction {
  readonly name: string;
  readonly allocate: (size: number) => Pointer;
  /** 64 if the module is 64-bit. */
  readonly addressBits?: 64;
}

/** Returns an adapter that takes blocks from a function and frees on its own. */
export function suballocatingAdapter({ name, allocate, addressBits }: LoneFunction): FoundAdapter {
  const heap = new Suballocator(allocate);
  return {
    name: `${name} (no free)`,
    ...(addressBits && { addressBits }),
    malloc: (size, align) => heap.malloc(size, align),
    free: (address) => heap.free(address),
  };
}

class Suballocator {
  readonly #allocate: (size: number) => Pointer;
  /** N1. */
  readonly #free: Range[] = [];
  /** The sizes of the live blocks by address, and 0 for an address that was freed. */
  readonly #sizes = new Map<number, number>();
  #bytes = 0;

  constructor(allocate: (size: number) => Pointer) {
    this.#allocate = allocate;
  }

  /** First fit. Returns 0 if the module has no memory. */
  malloc(size: number, align: number): number {
    const need = alignUp(Math.max(size, 1), UNIT);
    const unit = Math.max(align, UNIT);
    for (;;) {
      for (let i = 0; i < this.#free.length; i++) {
        const range = this.#free[i] as Range; // i is below the length
        const at = alignUp(range.start, unit);
        if (at + need > range.end) continue;
        const rest = [
          { start: range.start, end: at },
          { start: at + need, end: range.end },
        ];
        this.#free.splice(i, 1, ...rest.filter(({ start, end }) => start < end));
        this.#sizes.set(at, need);
        return at;
      }
      if (!this.#extend(need + unit)) return 0;
    }
  }

  /** @throws {NotOwnedError} {@link DoubleFreeError} if no live block begins at `address` */
  free(address: number): void {
    const size = this.#sizes.get(address);
    if (size === 0) throw new DoubleFreeError(address);
    if (size === undefined)
      throw new NotOwnedError(address, 'the module has no free, and this heap did not allocate it');
    this.#sizes.set(address, 0);
    this.#release(address, address + size);
  }

  /** Adds a range to the free ones, and joins it with those that it touches. */
  #release(start: number, end: number): void {
    const free = this.#free;
    let [low, high] = [0, free.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((free[middle] as Range).start < start) low = middle + 1;
      else high = middle;
    }
    const [before, after] = [free[low - 1], free[low]];
    const joins = before?.end === start;
    const isJoined = after?.start === end;
    const range = { start: joins ? before.start : start, end: isJoined ? after.end : end };
    free.splice(low - (joins ? 1 : 0), (joins ? 1 : 0) + (isJoined ? 1 : 0), range);
  }

  /** Takes another block from the module. Returns false if there is none. */
  #extend(need: number): boolean {
    for (const size of [Math.max(need, this.#bytes, FIRST_BLOCK), need]) {
      const start = toPointer(this.#allocate(size));
      if (!(start > 0)) continue;
      this.#bytes += size;
      this.#release(alignUp(start, UNIT), start + size - ((start + size) % UNIT));
      return true;
    }
    return false;
  }
}
