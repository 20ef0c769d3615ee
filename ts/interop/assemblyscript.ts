// SPDX-License-Identifier: MIT
// AssemblyScript modules: strings, arrays and buffers as the language lays them out.
import { ArgumentTypeError, ModuleError, OutOfBoundsError, show } from '../errors.ts';
import { ownOptions, type HeapOptions, type WasmHeapManagerOptions } from '../heap/options.ts';
import type { WasmHeapManager } from '../manager/manager.ts';
import { toCount, toPointer, type Address } from '../memory/address.ts';
import { bytesOf } from '../memory/bytes.ts';
import type { ScalarDescriptor, ScalarValue, Values } from '../scalar/descriptor.ts';
import { encodeValues, storeValues } from '../scalar/values.ts';
import { utf16 } from '../text/codecs.ts';
import { heapWith } from './adapter.ts';
import { runtimeAdapter } from './assemblyscript-adapter.ts';
import { ARRAY, elementType, isArrayClass, STATIC_ARRAY } from './assemblyscript-classes.ts';
import { runCreatorScope, type Creator } from './assemblyscript-scope.ts';
import { AssemblyScriptRuntime, ERAS, type AssemblyScriptEra } from './assemblyscript-runtime.ts';
import { findMemory, memoryOf } from './module-memory.ts';
import { assertStarted } from './module-shape.ts';
import { peek } from './properties.ts';
import type { WebAssemblyGlobal, WebAssemblyMemory } from '../memory/platform-types.ts';

/** The elements of an array: numbers, bigints for 64-bit integers. */
export type AssemblyScriptValues = number[] | bigint[];

/** Options of {@link wrapAssemblyScript}. */
export interface AssemblyScriptOptions extends HeapOptions, Pick<WasmHeapManagerOptions, 'callSites'> {
  /** The module's memory, if it is imported. */
  readonly memory?: WebAssemblyMemory;
}

/** An AssemblyScript module: its objects are created, read and kept alive through this. */
export class AssemblyScriptModule {
  /** Its heap: blocks are ArrayBuffers of the module. */
  readonly heap: WasmHeapManager;
  readonly #runtime: AssemblyScriptRuntime;
  readonly #rtti: number | undefined;

  /** @internal Use {@link wrapAssemblyScript}. */
  constructor(heap: WasmHeapManager, runtime: AssemblyScriptRuntime, rtti: number | undefined) {
    this.heap = heap;
    this.#runtime = runtime;
    this.#rtti = rtti;
  }

  /** The runtime of the module. */
  get era(): AssemblyScriptEra {
    return this.#runtime.era;
  }
  /** The number of objects that are pinned through this. */
  get pinned(): number {
    return this.#runtime.pinned;
  }

  /** Pins an object: it is not collected until {@link unpin} was called as often. Returns its address. 0 is null. */
  pin(address: Address): number {
    return this.#runtime.pin(this.#addressOf(address));
  }
  /** Undoes one pin. @throws {NotOwnedError} if the object is not pinned through this */
  unpin(address: Address): void {
    this.#runtime.unpin(this.#addressOf(address));
  }
  /** Collects garbage. Must not be called by a function that the module called. */
  collect(): void {
    this.#runtime.collect();
  }
  /**
   * Runs `act` and unpins all objects that were created meanwhile, also if it throws.
   * @throws what `act` throws
   * @throws {ArgumentTypeError} if `act` is no function, or returns a promise: the scope ends when `act` returns
   */
  scope<R>(act: (create: Creator) => R): R {
    return runCreatorScope(this, act);
  }

  /** Returns the class id of an object. @throws {ModuleError} if the runtime has no ids */
  idOf(address: Address): number {
    this.#assertClasses();
    return this.heap.readUint32(this.#object(address) - 8);
  }
  /** Returns the size of an object in bytes, without its header. */
  sizeOf(address: Address): number {
    this.#assertClasses();
    return this.heap.readUint32(this.#object(address) - 4);
  }

  /** Creates a string and pins it. Returns its address. Keeps lone surrogates. */
  newString(text: string): number {
    const { string } = ERAS[this.era];
    const bytes = utf16.encode(text, { surrogates: 'wtf8' });
    const prefix = this.era === 'manual' ? 4 : 0;
    return this.#create(prefix + bytes.length, string, (at) => {
      if (prefix > 0) this.heap.writeUint32(at, text.length);
      this.heap.writeBytes(at + prefix, bytes);
    });
  }
  /**
   * Returns a string, null at 0. Keeps lone surrogates and a byte order mark.
   * @throws {ModuleError} if it is not a string
   */
  readString(address: Address): string | null {
    const at = this.#addressOf(address);
    if (at === 0) return null;
    const options = { surrogates: 'wtf8' } as const;
    if (this.era === 'manual')
      return utf16.decode(this.heap.readBytes(at + 4, 2 * this.heap.readUint32(at)), options);
    this.#assertId(at, ERAS[this.era].string, 'string');
    return utf16.decode(this.heap.readBytes(at, this.sizeOf(at)), options, at);
  }

  /**
   * Creates an ArrayBuffer with a copy of `source`, or with `source` zeros if it is a number, and pins it. Returns its
   * address.
   */
  newArrayBuffer(source: ArrayBufferView | ArrayBufferLike | number): number {
    const bytes =
      typeof source === 'number' ? new Uint8Array(toCount(source, 'a size in bytes')) : bytesOf(source);
    this.#assertClasses();
    return this.#create(bytes.length, ERAS[this.era].arrayBuffer, (at) => this.heap.writeBytes(at, bytes));
  }
  /** Returns a copy of an ArrayBuffer, null at 0. @throws {ModuleError} if it is not an ArrayBuffer */
  readArrayBuffer(address: Address): ArrayBuffer | null {
    const at = this.#addressOf(address);
    if (at === 0) return null;
    this.#assertId(at, ERAS[this.era].arrayBuffer, 'ArrayBuffer');
    return this.heap.readBytes(at, this.sizeOf(at)).buffer;
  }

  /**
   * Creates an array of the class `id` (an exported `idof<Array<f64>>()`): an Array, a typed array or a StaticArray. Pins
   * it and returns its address. Elements that are objects are given by their addresses.
   * @throws {ModuleError} if it is not the id of an array class
   * @throws {ArgumentTypeError} if a value is of the wrong type
   */
  newArray(id: number, values: Values<number> | Values<bigint>): number {
    const flags = this.#flagsOf(id);
    const type = elementType(flags);
    const bytes = new Uint8Array(encodeValues(type as ScalarDescriptor, values as Values<ScalarValue>));
    const store = (at: number): void => storeValues(this.heap, at, bytes);
    if (flags & STATIC_ARRAY) return this.#create(bytes.length, id, store);
    const buffer = this.#create(bytes.length, ERAS[this.era].arrayBuffer, store);
    const isArray = (flags & ARRAY) !== 0;
    let isOwned = false;
    try {
      const address = this.#create(isArray ? 16 : 12, id, (at) => {
        for (const [i, word] of [buffer, buffer, bytes.length].entries())
          this.heap.writeUint32(at + 4 * i, word);
        if (isArray) this.heap.writeUint32(at + 12, bytes.length / type.size);
      });
      isOwned = true;
      return address;
    } finally {
      if (isOwned)
        this.#runtime.handOver(buffer); // the array keeps it
      else this.#runtime.unpin(buffer);
    }
  }
  /** Returns a copy of the elements of an array of any class, null at 0. @throws {ModuleError} if it is not an array */
  readArray(address: Address): AssemblyScriptValues | null {
    const view = this.arrayView(address);
    return view && ([...view] as AssemblyScriptValues);
  }
  /**
   * Returns the elements of an array as a typed array over the memory, null at 0. It is valid until the memory grows or
   * the module extends the array. @throws {ModuleError} if it is not an array
   */
  arrayView(address: Address): (ArrayBufferView & Iterable<number | bigint>) | null {
    const at = this.#addressOf(address);
    if (at === 0) return null;
    const flags = this.#flagsOf(this.idOf(at));
    const type = elementType(flags);
    const isStatic = (flags & STATIC_ARRAY) !== 0;
    const start = isStatic ? at : this.heap.readUint32(at + 4);
    const bytes = isStatic
      ? this.sizeOf(at)
      : flags & ARRAY
        ? this.heap.readUint32(at + 12) * type.size
        : this.heap.readUint32(at + 8);
    const view: ArrayBufferView = this.heap.view(type.Elements as never, start, bytes / type.size);
    return view as ArrayBufferView & Iterable<number | bigint>; // a typed array, never a DataView
  }

  /** Creates an object, fills it and returns its address; unpins it if that throws. */
  #create(size: number, id: number, fill: (address: number) => void): number {
    const address = this.#runtime.allocate(size, id);
    try {
      fill(address);
      return address;
    } catch (error) {
      this.#runtime.unpin(address);
      throw error;
    }
  }

  #addressOf(address: Address): number {
    if (typeof address !== 'number' && typeof address !== 'bigint')
      throw new ArgumentTypeError('an address (number or bigint)', address);
    const at = toPointer(address);
    if (Number.isNaN(at)) throw new OutOfBoundsError(address, 1, this.heap.byteLength);
    return at;
  }
  #object(address: Address): number {
    const at = this.#addressOf(address);
    this.heap.locate(at - 8, 8);
    return at;
  }
  #assertClasses(): void {
    if (this.era === 'manual')
      throw new ModuleError(
        'AssemblyScript of 2018 has no classes at run time: only its strings and blocks can be used',
        {
          missing: ['__rtti_base'],
        },
      );
  }
  #assertId(at: number, id: number, what: string): void {
    const found = this.idOf(at);
    if (found !== id)
      throw new ModuleError(`the object at address ${at} is no ${what}: its class id is ${found}`);
  }
  #flagsOf(id: number): number {
    this.#assertClasses();
    if (this.#rtti === undefined)
      throw new ModuleError('the module exports no table of classes: compile it with --exportRuntime', {
        missing: ['__rtti_base'],
      });
    const count = this.heap.readUint32(this.#rtti);
    const isId = Number.isInteger(id) && id >= 0 && id < count;
    const flags = isId ? this.heap.readUint32(this.#rtti + 4 + id * ERAS[this.era].rttiBytes) : 0;
    if (!isArrayClass(flags))
      throw new ModuleError(
        `the class id ${show(id)} is not that of an array; the module has ${count} classes`,
      );
    return flags;
  }
}

/**
 * Returns access to the strings, arrays, typed arrays, static arrays and ArrayBuffers of an AssemblyScript module with
 * any runtime (`incremental`, `minimal`, `stub`, and those of 2018 to 2020). Pins are counted.
 * @param exports the exports of an instance that was compiled with `--exportRuntime`
 * @throws {ModuleError} if the runtime or the memory is not exported
 */
export function wrapAssemblyScript(
  exports: object,
  options: AssemblyScriptOptions = {},
): AssemblyScriptModule {
  assertStarted(exports, 'the exports of an AssemblyScript module');
  const { memory: given, ...heapOptions } = ownOptions(options);
  const memory = given ? memoryOf(given) : findMemory(undefined, [exports]);
  if (!memory)
    throw new ModuleError('the module exports no memory: pass it as the option memory', {
      missing: ['memory'],
    });
  const source = memory.source as WebAssemblyMemory; // an exported memory, or the one given
  const runtime = AssemblyScriptRuntime.find([exports], () => source.buffer.byteLength);
  if (!runtime)
    throw new ModuleError('the module exports no runtime: compile it with --exportRuntime', {
      missing: ['__new', '__pin', '__unpin'],
      found: Object.keys(exports).slice(0, 64),
    });
  const rtti = peek(exports, '__rtti_base') as WebAssemblyGlobal | number | undefined;
  const base = typeof rtti === 'object' ? (rtti.value as number) : rtti;
  return new AssemblyScriptModule(heapWith(memory, runtimeAdapter(runtime), heapOptions), runtime, base);
}
