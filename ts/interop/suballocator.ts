// SPDX-License-Identifier: MIT
// An allocator for modules that allocate and never free. It divides a block that the module allocated, and allocates
// another when that is full. Freed bytes are reused; the blocks of the module are never freed. Its state is in
// JavaScript and not in the module's memory, so that it works on every kind of memory, needs no WebAssembly, and adds
// little to a bundle.
//
//   N1  The starts and sizes of ranges are multiples of UNIT, and no two free ranges are adjacent. The top, from which
//       blocks are cut if no free range fits, is not a range; no free range ends where it begins.
//   N2  Each free range is in the bin of its class. A bin may also have stale starts, of ranges that no longer exist or
//       changed their class. They are dropped when a search meets them, or when there are too many.
//   N3  Keys of the maps are not deleted: engines keep deleted keys in their hash chains, which makes a key that is
//       often added and deleted slow. The size of a range that no longer exists is 0. Such keys are dropped as in N2.
import { DoubleFreeError, NotOwnedError } from '../errors.ts';
import { alignUp, type Pointer } from '../heap/allocator.ts';
import { toPointer } from '../memory/address.ts';
import type { FoundAdapter } from './adapter.ts';

/** The minimum size of a block that the module allocates. Each is at least a quarter of the sum of all earlier ones. */
const FIRST_BLOCK = 65536;
const UNIT = 8;
/** Ranges of fewer units have one class per count, larger ones four per power of two; the largest share one class. */
const EXACT_UNITS = 32;
const MAX_UNITS = 2 ** 29;
const CLASSES = EXACT_UNITS + 4 * 24 + 1;
/** The number of stale starts and keys that are kept, beyond the number of ranges. */
const MAX_STALE = 256;

/** A function of a module that allocates. */
export interface LoneFunction {
  readonly name: string;
  readonly allocate: (size: number) => Pointer;
  /** 64 if the module is 64-bit. */
  readonly addressBits?: 64;
}

/** Returns an adapter that allocates in blocks of a function and manages their free ranges. */
export function suballocatingAdapter({ name, allocate, addressBits }: LoneFunction): FoundAdapter {
  const heap = new Suballocator(allocate);
  return {
    name: `${name} (no free)`,
    ...(addressBits && { addressBits }),
    malloc: (size, align) => heap.malloc(size, align),
    free: (address) => heap.free(address),
  };
}

/** Returns the class of a range of `size` bytes: all ranges of a higher class are larger. */
function classOf(size: number): number {
  const units = size / UNIT;
  if (units < EXACT_UNITS) return units;
  if (units >= MAX_UNITS) return CLASSES - 1;
  const log = 31 - Math.clz32(units);
  return EXACT_UNITS + 4 * (log - 5) + ((units >>> (log - 2)) & 3);
}

class Suballocator {
  readonly #allocate: (size: number) => Pointer;
  /** The sizes of ranges by start; those of free ranges are negative. N3. */
  #sizes = new Map<number, number>();
  /** The start of the free range that ends at a key, or ended there. N3. */
  #starts = new Map<number, number>();
  #count = 0;
  /** N2. */
  #bins: number[][] = newBins();
  /** A bit for each bin that is not empty. */
  readonly #filled = new Uint32Array(Math.ceil(CLASSES / 32));
  #binned = 0;
  /** The top. */
  #top = 0;
  #end = 0;
  /** The size of all blocks of the module in bytes. */
  #bytes = 0;

  constructor(allocate: (size: number) => Pointer) {
    this.#allocate = allocate;
  }

  /** Returns the address of a block, or 0 if the module has no memory. */
  malloc(size: number, align: number): number {
    const need = alignUp(Math.max(size, 1), UNIT);
    const unit = Math.max(align, UNIT);
    const start = this.#find(need + unit - UNIT); // so that a multiple of unit is in it
    if (start === undefined) return this.#cut(need, unit);
    const end = start + this.#remove(start);
    const at = alignUp(start, unit);
    this.#addFree(start, at);
    this.#addFree(at + need, end);
    this.#add(at, need);
    return at;
  }

  /** Cuts a block from the top. Returns 0 if the module has no memory. */
  #cut(need: number, unit: number): number {
    let at = alignUp(this.#top, unit);
    if (at + need > this.#end) {
      if (!this.#extend(need + unit)) return 0;
      at = alignUp(this.#top, unit);
    }
    this.#addFree(this.#top, at);
    this.#top = at + need;
    this.#add(at, need);
    return at;
  }

  /** @throws {NotOwnedError} {@link DoubleFreeError} if no live block begins at `address` */
  free(address: number): void {
    const size = this.#sizes.get(address) ?? 0;
    if (size <= 0) throw this.#notLive(address);
    this.#forget(address);
    this.#release(address, address + size);
    if (Math.max(this.#sizes.size, this.#binned) > 2 * this.#count + MAX_STALE) this.#clean();
  }

  #notLive(address: number): Error {
    const isIn = (start: number, size: number): boolean => address >= start && address < start + size;
    const isFree = [...this.#sizes].some(([start, size]) => isIn(start, -size));
    return isFree || isIn(this.#top, this.#end - this.#top)
      ? new DoubleFreeError(address)
      : new NotOwnedError(address, 'the module has no free, and this heap did not allocate it');
  }

  /** Returns the start of a free range of at least `size` bytes: of the smallest class that has one. */
  #find(size: number): number | undefined {
    for (let index = this.#filledFrom(classOf(size)); index >= 0; index = this.#filledFrom(index + 1)) {
      const bin = this.#bins[index] as number[]; // index is below CLASSES
      for (let i = bin.length - 1; i >= 0; i--) {
        const start = bin[i] as number; // i is below the length
        const isCurrent = this.#isFreeOf(start, index);
        if (isCurrent && this.#freeSize(start) < size) continue; // only in the first class
        bin[i] = bin.at(-1) as number; // the bin is not empty
        bin.pop();
        this.#binned--;
        if (bin.length === 0) this.#mark(index, false);
        if (isCurrent) return start;
      }
    }
    return undefined;
  }

  /** The size of the free range at `start`; 0 if there is none. */
  #freeSize(start: number): number {
    return Math.max(-(this.#sizes.get(start) ?? 0), 0);
  }

  #isFreeOf(start: number, index: number): boolean {
    const size = this.#freeSize(start);
    return size > 0 && classOf(size) === index;
  }

  /** Returns the first class from `index` on whose bin is not empty; -1 if there is none. */
  #filledFrom(index: number): number {
    let bits = (this.#filled[index >>> 5] ?? 0) & (-1 << (index & 31));
    for (let word = index >>> 5; word < this.#filled.length; bits = this.#filled[++word] ?? 0)
      if (bits !== 0) return 32 * word + 31 - Math.clz32(bits & -bits);
    return -1;
  }

  #mark(index: number, isFilled: boolean): void {
    const bits = this.#filled[index >>> 5] ?? 0;
    const bit = 1 << (index & 31);
    this.#filled[index >>> 5] = isFilled ? bits | bit : bits & ~bit;
  }

  /** Adds a free range, and merges it with adjacent ones. */
  #release(start: number, end: number): void {
    const before = this.#starts.get(start);
    const low = before !== undefined && before + this.#freeSize(before) === start ? before : start;
    if (low !== start) this.#remove(low);
    if (end === this.#top) this.#top = low;
    else this.#addFree(low, end + (this.#freeSize(end) > 0 ? this.#remove(end) : 0));
  }

  #add(start: number, size: number): void {
    this.#sizes.set(start, size);
    this.#count++;
  }

  #addFree(start: number, end: number): void {
    if (start === end) return;
    this.#add(start, start - end);
    this.#starts.set(end, start);
    const index = classOf(end - start);
    this.#bins[index]?.push(start);
    this.#mark(index, true);
    this.#binned++;
  }

  #forget(start: number): void {
    this.#sizes.set(start, 0);
    this.#count--;
  }

  /** Removes a free range. Returns its size. */
  #remove(start: number): number {
    const size = this.#freeSize(start);
    this.#forget(start);
    return size;
  }

  /** Drops stale starts and keys (N2, N3). */
  #clean(): void {
    const ranges = this.#sizes;
    [this.#sizes, this.#starts, this.#bins] = [new Map(), new Map(), newBins()];
    this.#filled.fill(0);
    this.#count = this.#binned = 0;
    for (const [start, size] of ranges)
      if (size > 0) this.#add(start, size);
      else this.#addFree(start, start - size);
  }

  /** Allocates another block of the module. Returns false if it has no memory. */
  #extend(need: number): boolean {
    for (const size of [Math.max(need, alignUp(this.#bytes / 4, FIRST_BLOCK), FIRST_BLOCK), need]) {
      const block = toPointer(this.#allocate(size));
      if (!(block > 0)) continue;
      this.#bytes += size;
      const start = alignUp(block, UNIT);
      const [top, end] = [this.#top, this.#end];
      this.#end = block + size - ((block + size) % UNIT);
      if (start === end) return true; // it follows the top
      this.#top = this.#end; // so that the old top becomes a range, and the new block the top
      if (top !== end) this.#release(top, end);
      this.#release(start, this.#end);
      return true;
    }
    return false;
  }
}

const newBins = (): number[][] => Array.from({ length: CLASSES }, () => []);
