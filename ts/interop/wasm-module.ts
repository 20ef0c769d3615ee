// SPDX-License-Identifier: MIT
// WasmModule: the exports and the memories of any WebAssembly module, read and written by descriptors.
import { ArgumentTypeError, define, EncodingError, isRevoked, ModuleError, OutOfBoundsError, wrongType } from '../errors.ts'; // prettier-ignore
import { ownOptions } from '../heap/options.ts';
import { bytesOf, putBytes, readBytes } from '../memory/bytes.ts';
import type { ScalarDescriptor, ScalarValue } from '../scalar/descriptor.ts';
import { scalarTypes } from '../scalar/scalar-types.ts';
import type { TextCodec } from '../text/codec.ts';
import { utf8 } from '../text/codecs.ts';
import type { TextOptions } from '../text/policy.ts';
import { assertMethod, dataProperties, isMemory, isObject, isOfClass, peek } from './properties.ts';
import { accessTo, WasmMemoryView, type Place } from './wasm-memory-view.ts';
import { ownRange, resolveAddress, resolveCount, type WasmValueDescriptor } from './wasm-value.ts';
import type { OwnBytes, WebAssemblyGlobal, WebAssemblyMemory } from '../memory/platform-types.ts';

/** Options of {@link WasmModule}. */
export interface WasmModuleOptions {
  /** Names the module in errors. */
  readonly name?: string;
  /** The default memory: a memory, or the name of an exported one. */
  readonly memory?: WebAssemblyMemory | string | null;
}

/** A memory, or the name of an exported one. Default: that of the module's options, or the only one it exports. */
export type MemoryChoice = WebAssemblyMemory | string | null | undefined;

/** A position in a module's memory. */
export interface WasmRange {
  readonly memory?: MemoryChoice;
  /** The address of its first byte. */
  readonly ptr: WasmValueDescriptor;
  /** Bytes to add to `ptr`. @defaultValue 0 */
  readonly byteOffset?: WasmValueDescriptor;
  /** Names it in errors. */
  readonly name?: string;
}
/** A range of bytes. */
export interface WasmBytesDescriptor extends WasmRange {
  readonly byteLength: WasmValueDescriptor;
}
/** An array: `dtype` is a type, such as `i32`, or its name. */
export interface WasmViewDescriptor<T extends ScalarValue, A extends ArrayBufferView> extends WasmRange {
  /** The number of elements. */
  readonly length: WasmValueDescriptor;
  readonly dtype: ScalarDescriptor<T, A> | string;
}
/** Options of a string. */
export interface WasmTextOptions extends TextOptions {
  readonly memory?: MemoryChoice;
  readonly byteOffset?: WasmValueDescriptor;
  readonly name?: string;
  /** @defaultValue `utf8` */
  readonly codec?: TextCodec;
}
/** Options of {@link WasmModule.readUtf8}, which are those of a TextDecoder. */
export interface WasmUtf8Options extends Omit<WasmTextOptions, 'codec' | keyof TextOptions> {
  /** True if invalid bytes throw. @defaultValue false */
  readonly fatal?: boolean;
  /** True if a byte order mark at the start is kept. @defaultValue false */
  readonly ignoreBOM?: boolean;
}

/** The exports and memories of a WebAssembly module. */
export class WasmModule {
  readonly name: string;
  readonly exports: object;
  /** @internal Not private (#), nor are the methods below: a Proxy has no private members. */
  declare readonly chosen: WebAssemblyMemory | string | undefined;

  /** @internal Use {@link WasmModule.fromInstance}, {@link WasmModule.fromExports} or {@link WasmModule.fromMemory}. */
  constructor(exports: object, options: WasmModuleOptions = {}) {
    const { name = '', memory } = ownOptions(options);
    if (typeof name !== 'string') throw new ArgumentTypeError('a string for name', name);
    this.name = name;
    this.exports = exports;
    if (memory !== undefined && memory !== null) this.memory(memory); // refuses an invalid memory
    define(this, 'chosen', memory ?? undefined);
  }

  /** Returns the module of an instance. @throws {ArgumentTypeError} if it is not an object with exports */
  static fromInstance(instance: { readonly exports: object }, options?: WasmModuleOptions): WasmModule {
    const exports = isObject(instance) ? peek(instance, 'exports') : undefined;
    if (!isObject(exports)) throw wrongType('an instance, or another object with exports', instance);
    return new WasmModule(exports, options);
  }
  /** Returns the module with these exports. @throws {ArgumentTypeError} if they are not an object */
  static fromExports(exports: object, options?: WasmModuleOptions): WasmModule {
    if (!isObject(exports) || isRevoked(exports)) throw wrongType('an object of exports', exports);
    return new WasmModule(exports, options);
  }
  /** Returns a module that has only a memory. @throws {ArgumentTypeError} if it is not a memory */
  static fromMemory(memory: WebAssemblyMemory, options?: Omit<WasmModuleOptions, 'memory'>): WasmModule {
    if (!isMemory(memory)) throw wrongType('a WebAssembly.Memory', memory);
    return new WasmModule({ memory }, { ...(options && ownOptions(options)), memory });
  }

  /** @internal Names the module in errors. */
  get label(): string {
    return this.name ? `WasmModule '${this.name}'` : 'WasmModule';
  }

  /**
   * Returns an export.
   * @throws {ModuleError} if there is none with that name
   * @throws {ArgumentTypeError} if the name is no string, or empty
   */
  getExport(name: string): unknown {
    if (typeof name !== 'string' || name === '')
      throw new ArgumentTypeError(`${this.label}: the name of an export`, name);
    if (Object.hasOwn(this.exports, name)) return (this.exports as Record<string, unknown>)[name];
    throw new ModuleError(`${this.label} does not export '${name}'`, {
      missing: [name],
      found: Object.keys(this.exports).slice(0, 64),
    });
  }
  /** Returns an exported function. @throws {ModuleError} if that export is missing, or no function */
  getFunction(name: string): (...args: (number | bigint)[]) => unknown {
    const found = this.getExport(name);
    if (typeof found === 'function') return found as (...args: (number | bigint)[]) => unknown;
    throw new ModuleError(`${this.label}: '${name}' is not a function`, { missing: [name] });
  }
  /** Returns an exported global. @throws {ModuleError} if that export is missing, or no global */
  getGlobal(name: string): WebAssemblyGlobal {
    const found = this.getExport(name);
    if (isOfClass('WebAssembly.Global', found)) return found as WebAssemblyGlobal;
    throw new ModuleError(`${this.label}: '${name}' is not a WebAssembly.Global`, { missing: [name] });
  }

  /**
   * Returns a memory: the given one, or that of the options, or the only one that is exported.
   * @throws {ModuleError} if no memory or more than one is exported
   * @throws {ArgumentTypeError} if the argument is neither a memory nor a name
   */
  memory(given?: MemoryChoice): WebAssemblyMemory {
    const choice = given ?? this.chosen;
    if (isMemory(choice)) return choice;
    if (typeof choice === 'string') {
      const found = this.getExport(choice);
      if (isMemory(found)) return found;
      throw new ModuleError(`${this.label}: '${choice}' is not a WebAssembly.Memory`, { missing: [choice] });
    }
    if (choice !== undefined && choice !== null)
      throw new ArgumentTypeError(`${this.label}: a WebAssembly.Memory or the name of one`, choice);
    const memories = dataProperties(this.exports).filter(([, value]) => isMemory(value));
    const [[, only] = []] = memories;
    if (memories.length === 1) return only as WebAssemblyMemory;
    const names = memories.map(([name]) => name);
    throw new ModuleError(
      names.length === 0
        ? `${this.label} exports no memory: pass it as the option memory`
        : `${this.label} exports several memories (${names.join(', ')}): pass one as the option memory`,
      { missing: ['memory'], found: names },
    );
  }

  /**
   * Returns a view of an array.
   * @throws {OutOfBoundsError} {@link MisalignedError} if it lies outside the memory or is not aligned
   * @throws {ArgumentTypeError} {@link ArgumentRangeError} {@link ModuleError} if a descriptor is invalid
   */
  view<T extends ScalarValue, A extends ArrayBufferView>(
    descriptor: WasmViewDescriptor<T, A>,
  ): WasmMemoryView<T, A> {
    const own = ownRange(this, descriptor);
    const { length, dtype, name = 'view' } = own;
    const type = this.typeOf(dtype) as unknown as ScalarDescriptor<T, A>; // a name tells no type to the compiler
    const locate = (): Place => ({
      ...this.locate(own),
      length: resolveCount(this, length, `the length of ${name}`),
    });
    return new WasmMemoryView(type, `${this.label}: ${name}`, locate);
  }

  /** Returns bytes as a view of the memory, valid until it grows. Throws as {@link view}. */
  readBytes(descriptor: WasmBytesDescriptor): Uint8Array {
    const { memory, ptr, length } = this.range(descriptor);
    return accessTo(memory).view(Uint8Array, ptr, length);
  }
  /** Returns a copy of bytes. Throws as {@link view}. */
  copyBytes(descriptor: WasmBytesDescriptor): OwnBytes {
    const { memory, ptr, length } = this.range(descriptor);
    return readBytes(accessTo(memory), ptr, length);
  }
  /** Writes all of `source`. Throws as {@link view}, and {@link OutOfBoundsError} if it is longer than the range. */
  writeBytes(descriptor: WasmBytesDescriptor, source: ArrayBufferView | ArrayBufferLike): void {
    const { memory, ptr, length } = this.range(descriptor);
    const bytes = bytesOf(source); // after all user code, which may detach it
    if (bytes.length > length) throw new OutOfBoundsError(ptr, bytes.length, length);
    putBytes(accessTo(memory), ptr, bytes);
  }
  /** Returns bytes as a DataView of the memory, valid until it grows. Throws as {@link view}. */
  dataView(descriptor: WasmBytesDescriptor): DataView {
    const { memory, ptr, length } = this.range(descriptor);
    const at = accessTo(memory).locate(ptr, length);
    return new DataView(memory.buffer, at, length);
  }

  /**
   * Returns `length` bytes as UTF-8, as a TextDecoder reads them: a byte order mark is dropped.
   * @throws {EncodingError} if they are not UTF-8 and `fatal` is set; other errors as {@link view}
   */
  readUtf8(ptr: WasmValueDescriptor, length: WasmValueDescriptor, options: WasmUtf8Options = {}): string {
    const { fatal = false, ignoreBOM = false, ...range } = ownOptions(options);
    const text = this.readText(ptr, length, {
      ...range,
      invalid: fatal ? 'throw' : 'replace',
    } as WasmTextOptions);
    return !ignoreBOM && text.startsWith('\ufeff') ? text.slice(1) : text;
  }
  /** Returns `length` code units of text. Keeps a byte order mark. Throws as {@link view}, and {@link EncodingError}. */
  readText(ptr: WasmValueDescriptor, length: WasmValueDescriptor, options: WasmTextOptions = {}): string {
    const { memory, byteOffset = 0, name = 'text', codec = utf8, ...policy } = ownOptions(options);
    assertMethod(codec, 'readSized', `${this.label}: a codec, as utf8`);
    const place = this.locate({ memory, ptr, byteOffset, name });
    const count = resolveCount(this, length, `the length of ${name}`);
    const access = accessTo(place.memory);
    if (place.ptr !== 0) return codec.readSized(access, place.ptr, count, policy);
    // In a heap, 0 is NULL and has no text; a module can have data there.
    return codec.decode(readBytes(access, 0, count * codec.bytesPerElement), policy);
  }
  /**
   * Writes text, without a terminator, into `capacity` code units. Returns the number of code units. Throws as {@link
   * readText}; nothing is written then.
   */
  writeText(
    ptr: WasmValueDescriptor,
    text: string,
    capacity: WasmValueDescriptor,
    options: WasmTextOptions = {},
  ): number {
    const { memory, byteOffset = 0, name = 'text', codec = utf8, ...policy } = ownOptions(options);
    assertMethod(codec, 'readSized', `${this.label}: a codec, as utf8`);
    const place = this.locate({ memory, ptr, byteOffset, name });
    const count = resolveCount(this, capacity, `the capacity of ${name}`);
    const access = accessTo(place.memory);
    if (place.ptr !== 0) return codec.writeSized(access, place.ptr, text, count, policy);
    const bytes = codec.encode(text, policy); // as above
    if (bytes.length > count * codec.bytesPerElement)
      throw new EncodingError(`${this.label}: ${name} does not fit`, 0, count * codec.bytesPerElement);
    putBytes(access, 0, bytes);
    return bytes.length / codec.bytesPerElement;
  }

  /** Returns one value. Throws as {@link view}. */
  read<T extends ScalarValue, A extends ArrayBufferView>(type: ScalarDescriptor<T, A>, range: WasmRange): T {
    assertMethod(type, 'read', `${this.label}: a type, as i32`);
    const { memory, ptr } = this.locate(range);
    return type.read(accessTo(memory), ptr);
  }
  /** Writes one value. Throws as {@link view}. */
  write<T extends ScalarValue, A extends ArrayBufferView>(
    type: ScalarDescriptor<T, A>,
    range: WasmRange,
    value: T,
  ): void {
    assertMethod(type, 'write', `${this.label}: a type, as i32`);
    const { memory, ptr } = this.locate(range);
    type.write(accessTo(memory), ptr, value);
  }

  private typeOf(dtype: unknown): ScalarDescriptor {
    const found = scalarTypes.find((type) => type === dtype || type.name === dtype);
    if (found) return found as unknown as ScalarDescriptor; // of any value
    throw new ArgumentTypeError(
      `${this.label}: a type (${scalarTypes.map(({ name }) => name).join(', ')}) or its name for dtype`,
      dtype,
    );
  }
  private locate(range: WasmRange): { memory: WebAssemblyMemory; ptr: number } {
    const { memory, ptr, byteOffset = 0, name = 'range' } = ownRange(this, range);
    const owner = this.memory(memory);
    const address = resolveAddress(this, ptr, `the ptr of ${name}`, owner);
    return {
      memory: owner,
      ptr: address + resolveCount(this, byteOffset, `the byteOffset of ${name}`),
    };
  }
  private range(descriptor: WasmBytesDescriptor): Place {
    const own = ownRange(this, descriptor);
    const { byteLength, name = 'range' } = own;
    return {
      ...this.locate(own),
      length: resolveCount(this, byteLength, `the byteLength of ${name}`),
    };
  }
}

/** The functions that return a {@link WasmModule}, under the name that they have in WasmGPU. */
export const webassembly: Readonly<Pick<typeof WasmModule, 'fromInstance' | 'fromExports' | 'fromMemory'>> = {
  fromInstance: WasmModule.fromInstance,
  fromExports: WasmModule.fromExports,
  fromMemory: WasmModule.fromMemory,
};
