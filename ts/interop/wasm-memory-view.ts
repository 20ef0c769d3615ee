// SPDX-License-Identifier: MIT
// WasmMemoryView: an array in a module's memory, at an address and with a length that the module gives.
import { ArgumentTypeError, define } from '../errors.ts';
import { toCount } from '../memory/address.ts';
import { bytesOf } from '../memory/bytes.ts';
import { LinearMemory } from '../memory/linear-memory.ts';
import type { ScalarDescriptor, ScalarValue, Values } from '../scalar/descriptor.ts';
import { encodeValues, storeValues } from '../scalar/values.ts';
import type { WebAssemblyMemory } from '../memory/platform-types.ts';

/** The memory, address and length of an array. */
export interface Place {
  readonly memory: WebAssemblyMemory;
  readonly ptr: number;
  readonly length: number;
}

interface State<A> {
  readonly locate: () => Place;
  place: Place;
  access: LinearMemory;
  array: A;
}

const memories = new WeakMap<WebAssemblyMemory, LinearMemory>();

/** Returns the checked access to a memory; the same one each time. */
export function accessTo(memory: WebAssemblyMemory): LinearMemory {
  const access = memories.get(memory) ?? new LinearMemory(memory);
  memories.set(memory, access);
  return access;
}

/**
 * An array in the memory of a module. After a growth of the memory it returns new typed arrays. {@link refresh} reads
 * the address and the length again.
 */
export class WasmMemoryView<
  T extends ScalarValue = ScalarValue,
  A extends ArrayBufferView = ArrayBufferView,
> {
  /** The type of its elements. */
  readonly type: ScalarDescriptor<T, A>;
  /** Its name in errors. */
  readonly name: string;
  /** @internal Not private (#): a Proxy has no private members. */
  declare readonly state: State<A>;

  /** @internal Use {@link WasmModule.view}. */
  constructor(type: ScalarDescriptor<T, A>, name: string, locate: () => Place) {
    this.type = type;
    this.name = name;
    define(this, 'state', { locate });
    this.refresh(); // refuses an invalid address or length now
  }

  get memory(): WebAssemblyMemory {
    return this.state.place.memory;
  }
  /** The address of the first element. */
  get ptr(): number {
    return this.state.place.ptr;
  }
  /** The number of elements. */
  get length(): number {
    return this.state.place.length;
  }
  get byteLength(): number {
    return this.length * this.type.size;
  }
  /** The name of the type of its elements, as in `f32`. */
  get dtype(): string {
    return this.type.name;
  }

  /**
   * Reads the memory, the address and the length again. Returns this view, which is unchanged if they are invalid.
   * @throws as {@link WasmModule.view}
   */
  refresh(): this {
    const { state, type } = this;
    const place = state.locate();
    const access = accessTo(place.memory);
    Object.assign(state, { place, access, array: type.view(access, place.ptr, place.length) });
    return this;
  }

  /**
   * Returns the elements as a typed array over the memory, the same one until the memory grows. Growth detaches it:
   * call this method again after each call that may grow the memory. The elements of types above 8 bytes are shown as
   * 64-bit words.
   * @throws {OutOfBoundsError} {@link MisalignedError} if the array lies outside the memory or is not aligned
   */
  array(): A {
    const { state, type } = this;
    if (state.array.buffer !== state.place.memory.buffer)
      state.array = type.view(state.access, state.place.ptr, state.place.length);
    return state.array;
  }
  /** Returns the bytes of the array over the memory; as {@link array}. */
  bytes(): Uint8Array {
    return this.state.access.view(Uint8Array, this.checked(), this.byteLength);
  }
  /** Returns a view of the bytes of the array over the memory; as {@link array}. */
  dataView(): DataView {
    return new DataView(this.memory.buffer, this.checked(), this.byteLength);
  }

  /** Returns a copy of the elements, in a separate buffer. */
  copy(): A {
    const bytes = new Uint8Array(this.bytes());
    return new this.type.Elements(bytes.buffer, 0, bytes.length / this.type.Elements.BYTES_PER_ELEMENT);
  }
  /**
   * Copies the elements to the start of `target`: an array of the same class, or a Uint8Array or Int8Array for the bytes.
   * @throws {ArgumentTypeError} if the target is another array, or too short
   */
  copyInto<R extends ArrayBufferView>(target: R): R {
    const kind = ArrayBuffer.isView(target) ? Object.prototype.toString.call(target).slice(8, -1) : '';
    const isBytes = kind === 'Uint8Array' || kind === 'Int8Array';
    if (!isBytes && kind !== this.type.Elements.name)
      throw new ArgumentTypeError(
        `a ${this.type.Elements.name}, Uint8Array or Int8Array for ${this.name}`,
        target,
      );
    const bytes = bytesOf(target); // its properties can be wrong
    if (bytes.length < this.byteLength)
      throw new ArgumentTypeError(`an array of at least ${this.byteLength} bytes for ${this.name}`, target);
    bytes.set(this.bytes());
    return target;
  }

  /** Returns an element. @throws {ArgumentRangeError} if there is none at `index`; {@link OutOfBoundsError} as {@link array} */
  get(index: number): T {
    return this.type.read(this.state.access, this.addressOf(index));
  }
  /** Sets an element. Throws as {@link get}. @throws {ArgumentTypeError} if the value has the wrong type */
  set(index: number, value: T): this {
    this.type.write(this.state.access, this.addressOf(index), value);
    return this;
  }
  /**
   * Writes all of `values`, from the element `offset` on. All are converted before any is written.
   * @throws {ArgumentRangeError} if they do not fit; {@link ArgumentTypeError} if a value has the wrong type
   */
  write(values: Values<T>, offset = 0): this {
    const { place, access } = this.state; // those of the check, even if the values refresh the view
    const from = toCount(offset, 'an offset in elements', 0, place.length + 1);
    const bytes = encodeValues(this.type, values, place.length - from);
    storeValues(access, place.ptr + from * this.type.size, bytes);
    return this;
  }

  /** Returns the address after checks of its alignment and its end. */
  private checked(): number {
    return this.state.access.locate(this.ptr, this.byteLength, this.type.Elements.BYTES_PER_ELEMENT);
  }
  private addressOf(index: number): number {
    const at = toCount(index, `an index in ${this.name}`, 0, this.length);
    return this.ptr + at * this.type.size;
  }
}
