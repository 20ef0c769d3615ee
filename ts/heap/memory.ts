// SPDX-License-Identifier: MIT
// The memory of a heap, with what a heap's options change of it: when its buffer is asked for, and whether address 0
// is one. Whoever uses neither option has an ordinary view: they cost nothing then.
import { ArgumentRangeError, ArgumentTypeError } from '../errors.ts';
import type { Address } from '../memory/address.ts';
import {
  isMemory,
  LinearMemory,
  viewOf,
  type ElementsClass,
  type MemorySource,
  type ViewClass,
} from '../memory/memory.ts';
import type { WasmHeapManagerOptions } from './options.ts';

export const NOT_NULL = 'an address other than 0 (NULL)';

/** The memory of a heap. */
export class HeapMemory extends LinearMemory {
  readonly #nullCheck: boolean;
  /** Whether it is a memory of WebAssembly's: that never becomes shorter. */
  readonly #grows: boolean;
  /** Bytes it is known to have then. */
  #known = 0;

  constructor(source: MemorySource, pollingMode: WasmHeapManagerOptions['pollingMode'], nullCheck: boolean) {
    const asked = pollingMode === 'never' ? pollOnce(source) : source;
    super(asked);
    this.#nullCheck = nullCheck;
    this.#grows = isMemory(asked);
    const polls = pollingMode === 'always';
    if (polls || nullCheck) replaceView(this, asked, polls, nullCheck ? nullCheckedView() : DataView);
  }

  /** The whole memory as it is now; never keep it over a call that may grow the memory. */
  get heapDataView(): DataView {
    return this.refresh();
  }

  /** As {@link LinearMemory.locate}; the library's own. */
  override locate(address: Address, size: number, align?: number): number {
    const at = super.locate(address, size, align);
    if (at === 0 && this.#nullCheck) throw new ArgumentTypeError(NOT_NULL, address);
    return at;
  }

  /**
   * Whether `size` bytes at `address` are inside; the library's own, for what was just lent: the memory may have grown
   * for that. To ask for its buffer takes as long as to lend, and is done where it is not known to have been this long.
   */
  reaches(address: number, size: number): boolean {
    if (this.bytes.length === 0) this.refresh(); // it grew for this
    if (address <= this.#known - size) return true;
    const end = this.byteLength;
    if (this.#grows) this.#known = end;
    return address <= end - size;
  }

  /** As {@link LinearMemory.view}; an array that is longer than the engine has any is refused as a count. */
  override view<A extends ArrayBufferView>(Elements: ElementsClass<A>, address: Address, count: number): A {
    try {
      return super.view(Elements, address, count);
    } catch (error) {
      throw tooLong(error, count);
    }
  }

  /** As {@link locate}; 0 is let through. */
  protected locateOrNull(address: Address, size: number): number {
    return super.locate(address, size);
  }
}

/** What to throw for what an engine throws when it has no typed array of `count` elements; other errors stay. */
export const tooLong = (error: unknown, count: number): unknown =>
  error instanceof RangeError && !('code' in error)
    ? new ArgumentRangeError('a count of elements that an array of this engine can have', count)
    : error;

const ask = (source: MemorySource): ArrayBufferLike =>
  typeof source === 'function' ? source() : source.buffer;

/** A source that asks `source` once and gives that for ever. */
function pollOnce(source: MemorySource): MemorySource {
  let buffer: ArrayBufferLike | undefined;
  return () => (buffer ??= ask(source));
}

/**
 * Makes the view of `memory` of the class `View`; and with `polls`, makes it ask `source` before every access: its
 * view becomes a getter that compares buffers.
 */
function replaceView(memory: LinearMemory, source: MemorySource, polls: boolean, View: ViewClass): void {
  let kept = new View(memory.data.buffer);
  const replaced: PropertyDescriptor = {
    get() {
      const buffer = polls ? ask(source) : kept.buffer;
      if (polls && (buffer !== kept.buffer || buffer.byteLength !== kept.byteLength))
        memory.see(viewOf(() => buffer));
      return kept;
    },
    set(view: DataView) {
      kept = new View(view.buffer);
    },
  };
  Object.defineProperty(memory, 'data', replaced);
  Object.defineProperty(memory.cell, 'data', replaced);
}

/** A view that throws at 0 as it does at its end. */
function nullCheckedView(): ViewClass {
  const View = class extends (DataView as ViewClass) {};
  for (const [name, { value: verb }] of Object.entries(
    Object.getOwnPropertyDescriptors(DataView.prototype) as Record<string, PropertyDescriptor>,
  ))
    if (/^[gs]et/.test(name))
      Object.defineProperty(View.prototype, name, {
        value(this: DataView, address: number, ...rest: unknown[]) {
          return verb.call(this, address || -1, ...rest);
        },
      });
  return View;
}
