// SPDX-License-Identifier: MIT
// Memory for the temporaries of calls: one block of the heap, used as a stack that each call rewinds. The stack of the
// module would cost three more calls into the module and could overflow.
//
//   S1  Calls nest: a call by a callback uses the space above, and ends before the outer call.
//   S2  A value that does not fit gets a separate block, which the call frees. The next outermost call then begins with
//       a larger block.
import { locatedError } from '../struct/located-error.ts';
import { addInternal } from '../heap/allocation-entry.ts';
import type { Heap } from '../heap/heap.ts';
import { fillBytes } from '../memory/bytes.ts';
import { attemptAll } from '../memory/attempt.ts';
import type { Allocation } from '../memory/allocation.ts';
import { allocate } from '../struct/origin.ts';
import { utf8 } from '../text/codecs.ts';
import type { TextStore } from '../struct/texts.ts';

/** The initial and the maximum size of the block in bytes. */
const FIRST = 4096;
const MOST = 262144;
/** The longest string that a loop writes. */
const SHORT = 48;

/** The temporaries of one heap. */
export class Scratch implements TextStore {
  readonly heap: Heap;
  /** The next free byte, and the end of the block. */
  top = 0;
  end = 0;
  #start = 0;
  #block: Allocation | undefined = undefined;
  #wanted = FIRST;
  /** The functions that undo a call: they free separate blocks (S2) and release callbacks. */
  readonly undo: (() => void)[] = [];
  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** Begins a call. Returns the mark for {@link leave}. */
  enter(): number {
    if (this.#block === undefined || !this.#block.isLive) this.#open();
    else if (this.top === this.#start && this.#wanted > this.end - this.#start) this.#grow();
    return this.top;
  }
  /** Ends a call: frees its temporaries. */
  leave(mark: number, undone: number): void {
    // A callback may have freed the block; another one is in use then.
    this.top = mark >= this.#start && mark <= this.end ? mark : this.#start;
    if (this.undo.length > undone) this.#undoTo(undone);
  }
  /** Frees the block. */
  dispose(): void {
    if (this.#block?.isLive) this.heap.freeAllocation(this.#block);
    this.#block = undefined;
    this.top = this.end = this.#start = 0;
  }

  /**
   * Begins a call that needs at most `bytes` bytes. Returns their address, aligned to 8, for {@link leave}; 0 if they
   * do not fit.
   */
  take(bytes: number): number {
    if (this.#block?.isLive !== true) return 0;
    const at = this.top + (-this.top & 7);
    if (at > this.end - bytes) return 0;
    this.top = at + bytes;
    return at;
  }
  /** Returns the address of `bytes` bytes, not cleared. `align` is a power of two. */
  reserve(bytes: number, align: number): number {
    const over = this.top & (align - 1); // its low bits, also of an address above 2^32
    const at = over === 0 ? this.top : this.top + align - over;
    if (at <= this.end - bytes) {
      this.top = at + bytes;
      return at;
    }
    return this.#reserveFar(bytes, align);
  }
  /** As {@link reserve}, with zeros. */
  reserveZeros(bytes: number, align: number): number {
    const at = this.reserve(bytes, align);
    const { data } = this.heap;
    if (bytes <= 64 && at + bytes <= this.heap.bytes.length) {
      let i = 0;
      for (; i + 4 <= bytes; i += 4) data.setInt32(at + i, 0);
      for (; i < bytes; i++) data.setUint8(at + i, 0);
    } else fillBytes(this.heap, at, bytes);
    return at;
  }
  /** Returns the address of a copy of `text`. @throws {EncodingError} if it has a NUL */
  text(text: string, where?: string): number {
    const { length } = text;
    const { top, heap } = this;
    const { bytes, data } = heap;
    // A loop copies short ASCII strings. After a growth, `bytes` is empty or too short.
    if (length <= SHORT && top < this.end - length && this.end <= bytes.length) {
      let seen = 0; // a bit above the lowest seven is set if a unit is 0 or above 127
      let i = 0;
      for (; i + 4 <= length; i += 4) {
        const a = text.charCodeAt(i);
        const b = text.charCodeAt(i + 1);
        const c = text.charCodeAt(i + 2);
        const d = text.charCodeAt(i + 3);
        seen |= a | (a - 1) | b | (b - 1) | c | (c - 1) | d | (d - 1);
        data.setInt32(top + i, a | (b << 8) | (c << 16) | (d << 24), true);
      }
      for (; i < length; i++) {
        const c = text.charCodeAt(i);
        seen |= c | (c - 1);
        bytes[top + i] = c;
      }
      if (seen >>> 7 === 0) {
        bytes[top + length] = 0;
        this.top = top + length + 1;
        return top;
      }
    }
    return this.#longText(text, where);
  }
  #longText(text: string, where = ''): number {
    const most = text.length * 3 + 1; // a UTF-16 unit takes three bytes of UTF-8 at most
    const at = this.reserve(most, 1);
    let used: number;
    try {
      used = utf8.writeTerminated(this.heap, at, text, most);
    } catch (error) {
      throw locatedError(error, where);
    }
    if (this.top === at + most) this.top = at + used + 1;
    return at;
  }
  put(_at: number, text: string): number {
    return this.text(text);
  }
  drop(): void {} // nothing is kept

  #reserveFar(bytes: number, align: number): number {
    const at = this.heap.alloc(Math.max(bytes, 1), align);
    this.undo.push(() => this.heap.free(at));
    this.#wanted = Math.min(MOST, Math.max(this.#wanted, 2 * (this.top - this.#start + bytes)));
    return at;
  }
  #undoTo(undone: number): void {
    if (this.undo.length === undone + 1)
      (this.undo.pop() as () => void)(); // there is one
    else attemptAll(this.undo.splice(undone).reverse());
  }
  /** S2: allocates a larger block, if the heap has memory for it. */
  #grow(): void {
    const before = this.#block;
    try {
      this.#open();
    } catch {
      this.#wanted = this.end - this.#start;
      return;
    }
    if (before?.isLive) this.heap.freeAllocation(before);
  }
  #open(): void {
    allocate(this.heap, this.#wanted, 16, (origin, address) => {
      this.#block = origin.allocation;
      addInternal(this.heap, origin.allocation);
      this.#start = this.top = address;
      this.end = address + this.#wanted;
    });
  }
}

const known: WeakMap<Heap, Scratch> = /* @__PURE__ */ new WeakMap();
/** Returns the scratch memory of a heap, which all its libraries share. */
export function scratchOf(heap: Heap): Scratch {
  let scratch = known.get(heap);
  if (!scratch) known.set(heap, (scratch = new Scratch(heap)));
  return scratch;
}
