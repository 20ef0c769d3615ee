// SPDX-License-Identifier: MIT
// StructType: a struct or union with the operations of a type: read, write, alloc, wrap.
import { argumentError, ArgumentTypeError, assertHas, LayoutError, show } from '../errors.ts';
import type { Heap } from '../heap/heap.ts';
import { ownOptions } from '../heap/options.ts';
import { toCount, type Address } from '../memory/address.ts';
import { assertMemory } from '../memory/buffers.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { Values } from '../scalar/descriptor.ts';
import { elementsClass, storeElements, toValues } from './array.ts';
import { compile, readFields, type Compiled } from './compile.ts';
import type { Fielded, Init, InitFields, Instance, LiveElements, PlainFields } from './infer.ts';
import { ownInstance, type AnyStructType } from './instance.ts';
import type { Copier } from './copy.ts';
import type { Layout, LayoutOptions, PointerSize } from './layout.ts';
import { allocate, borrow, memoryOf, Origin, own, type AnySlice, type StructAllocator } from './origin.ts';
import { assignStaged } from './stage.ts';
import { OwnedTexts, type TextStore } from './texts.ts';
import { pointerSizeOf, type CType, type UnsizedElements } from './type.ts';

/** A struct or union: its layout, and operations on it in any memory. */
export class StructType<F = Record<string, CType>> {
  /** Its name in C, for messages. */
  readonly name: string;
  readonly isUnion: boolean;
  readonly options: LayoutOptions;
  /** The fields as they were given. */
  readonly fields: F;
  #entries: readonly (readonly [string, CType])[] | undefined;
  #compiling = false;
  #narrow: Compiled | undefined;
  #wide: Compiled | undefined;

  constructor(name: string, fields: F, options: LayoutOptions, isUnion: boolean) {
    this.name = name;
    this.fields = fields;
    this.options = options;
    this.isUnion = isUnion;
  }

  /** The size in bytes, with pointers of 4 bytes. @see {@link layout} */
  get size(): number {
    return this.compiled(4).size;
  }
  /** The alignment in bytes, with pointers of 4 bytes. */
  get align(): number {
    return this.compiled(4).align;
  }
  /**
   * Returns the offset of a field in bytes, with pointers of 4 bytes; for a bit-field, that of its first byte.
   * @param path a field, or one of a nested struct: `'pos.x'`
   * @throws {ArgumentTypeError} if there is no such field
   */
  offsetOf(path: (keyof F & string) | `${keyof F & string}.${string}`, pointerSize: PointerSize = 4): number {
    let offset = 0;
    let type: CType = this as AnyStructType;
    for (const name of (typeof path === 'string' ? path : show(path)).split('.')) {
      const field: { offset: number; type: CType } | undefined =
        type instanceof StructType ? (type as StructType).compiled(pointerSize).byName.get(name) : undefined;
      if (!field) throw new ArgumentTypeError(`a field of ${this.name}`, path);
      offset += field.offset;
      type = field.type;
    }
    return offset;
  }
  /** Returns the size and alignment, with pointers of `pointerSize` bytes. */
  layout(pointerSize: PointerSize): Layout {
    return this.compiled(pointerSize);
  }
  /**
   * Compares the layout with that of the C compiler: `Point.assertLayout({ size: 12, offsets: { x: 4 } })`.
   * @throws {LayoutError} with all differences
   */
  assertLayout(expected: {
    readonly size?: number;
    readonly align?: number;
    readonly offsets?: { readonly [K in keyof F]?: number };
    readonly pointerSize?: PointerSize;
  }): void {
    const { size, align, offsets = {}, pointerSize = 4 } = ownOptions(expected, 'a layout');
    const found = this.compiled(pointerSize);
    const wrong: string[] = [];
    const compare = (what: string, wanted: unknown, is: number): void => {
      if (wanted !== undefined && wanted !== is) wrong.push(`${what} ${is} instead of ${String(wanted)}`);
    };
    compare('size', size, found.size);
    compare('align', align, found.align);
    for (const [name, offset] of Object.entries(ownOptions(offsets, 'offsets by name')))
      compare(`offset of ${name}`, offset, this.offsetOf(name as keyof F & string, pointerSize));
    if (wrong.length > 0) throw new LayoutError(this.name, wrong);
  }

  /**
   * Returns the struct at `address` as a plain object: a copy. Pointers are addresses, `char *` members are strings.
   */
  read(memory: LinearMemory, address: Address): PlainFields<F> {
    assertMemory(memory);
    const { size } = this.compiled(pointerSizeOf(memory));
    return this.load(memory, memory.locate(address, size)) as PlainFields<F>; // the same fields
  }
  /**
   * Writes the fields of `values` to the struct at `address`, all of them or none; the others stay unchanged.
   * @throws {ArgumentTypeError} {@link ArgumentRangeError} {@link EncodingError} if a value does not fit
   */
  write(heap: Heap, address: Address, values: InitFields<F> | Instance<F>): void {
    assertHas(heap, 'locate', 'a heap');
    const at = heap.locate(address, this.layout(pointerSizeOf(heap)).size);
    this.assign(new Origin(heap, heap.allocationAt(at)), at, values);
  }
  /**
   * Allocates a struct and returns its instance. Fields that `values` does not have are 0.
   * @param place a heap, where the caller frees the instance; or an arena or a scope, which free it
   * @throws {OutOfMemoryError} if there is no memory; nothing has changed then
   */
  alloc(place: StructAllocator, values?: InitFields<F> | Instance<F>): Instance<F> {
    const pointerSize = pointerSizeIn(place);
    const { align, flexible, Instance, copier } = this.compiled(pointerSize);
    const given = flexible && (values as Record<string, unknown> | undefined)?.[flexible.name];
    const { element } = (flexible?.type ?? {}) as Partial<UnsizedElements>;
    const count = element && given !== undefined ? toValues(given, this.name, element).length : 0;
    const bytes = this.#bytes(count, pointerSize);
    return allocate(place, bytes, align, (origin, address, owned) => {
      const instance = new Instance(origin, address, bytes);
      if (owned) ownInstance(instance);
      if (values !== undefined)
        withTexts(origin, (texts) => copier.store(origin.heap, address, values, texts, bytes));
      return instance as unknown as Instance<F>; // has an accessor for each field
    });
  }
  /**
   * Returns an instance of the struct at `address`, which does not own the memory.
   * @param where a heap; or a slice, where `address` counts from its first byte
   * @param count the number of elements of its flexible array member
   */
  wrap(where: Heap | AnySlice, address: Address = 0, count = 0): Instance<F> {
    const pointerSize = pointerSizeIn(where);
    const bytes = this.#bytes(count, pointerSize);
    const { origin, address: at } = borrow(where, address, bytes);
    return new (this.compiled(pointerSize).Instance)(origin, at, bytes) as unknown as Instance<F>; // has an accessor for each field
  }
  /** Allocates an array of `count` zeroed structs, or of the given values. */
  allocArray(place: StructAllocator, countOrValues: number | Values<Init<this>>): LiveElements<this> {
    const given = typeof countOrValues === 'number' ? undefined : toValues(countOrValues, this.name, this);
    const count = given?.length ?? toCount(countOrValues as number, 'a count of elements'); // a number
    const { size, align } = this.compiled(pointerSizeIn(place));
    return allocate(place, toCount(count * size, 'a size in bytes'), align, (origin, address, owned) => {
      const Class = elementsClass(this, pointerSizeOf(origin.heap));
      const ref = new Class(origin, address, count);
      if (owned) own(origin, ref);
      if (given) withTexts(origin, (texts) => storeElements(this, origin.heap, address, given, texts));
      return ref as unknown as LiveElements<this>; // its elements are of this type
    });
  }
  /** Returns a ref to `count` structs at `address`, which does not own the memory; as {@link wrap}. */
  wrapArray(where: Heap | AnySlice, address: Address, count: number): LiveElements<this> {
    const pointerSize = pointerSizeIn(where);
    const bytes = toCount(count, 'a count of elements') * this.compiled(pointerSize).size;
    const { origin, address: at } = borrow(where, address, bytes);
    return new (elementsClass(this, pointerSize))(origin, at, count) as unknown as LiveElements<this>; // as above
  }

  /** @internal */
  compiled(pointerSize: PointerSize): Compiled {
    return (pointerSize === 4 ? this.#narrow : this.#wide) ?? this.#compile(pointerSize);
  }
  #compile(pointerSize: PointerSize): Compiled {
    if (this.#compiling)
      throw new ArgumentTypeError(
        `a struct that does not contain itself; use pointer(${this.name})`,
        this.name,
      );
    this.#compiling = true;
    try {
      this.#entries ??= readFields(this.name, this.fields as object);
      const compiled = compile(this, this.#entries, this.options, this.isUnion, pointerSize);
      if (pointerSize === 4) this.#narrow = compiled;
      else this.#wide = compiled;
      return compiled;
    } finally {
      this.#compiling = false;
    }
  }
  /** @internal */
  load(memory: LinearMemory, address: number): Record<string, unknown> {
    return this.compiled(pointerSizeOf(memory)).copier.load(memory, address);
  }
  /** @internal */
  loadAll(origin: Origin, address: number, bytes: number): Record<string, unknown> {
    return this.compiled(pointerSizeOf(origin.heap)).copier.load(memoryOf(origin), address, bytes);
  }
  /** @internal */
  store(memory: LinearMemory, address: number, value: unknown, texts?: TextStore): void {
    this.compiled(pointerSizeOf(memory)).copier.store(memory, address, value, texts);
  }
  /** @internal */
  assign(origin: Origin, address: number, values: unknown): void {
    const { size } = this.layout(pointerSizeOf(origin.heap));
    assignStaged(origin, address, size, (memory, at, texts) => this.store(memory, at, values, texts));
  }
  /** @internal */
  copier(pointerSize: PointerSize): Copier {
    return this.compiled(pointerSize).copier;
  }
  /** @internal */
  live(origin: Origin, address: number): unknown {
    return this.liveFor(pointerSizeOf(origin.heap))(origin, address);
  }
  /** @internal */
  liveFor(pointerSize: PointerSize): (origin: Origin, address: number) => unknown {
    const { Instance } = this.compiled(pointerSize);
    return (origin, address) => new Instance(origin, address);
  }

  /** Returns the size in bytes with `count` elements of its flexible array. */
  #bytes(count: number, pointerSize: PointerSize): number {
    const { size, flexible } = this.compiled(pointerSize);
    const type = flexible?.type as UnsizedElements | undefined;
    return type ? Math.max(size, Number(flexible?.offset) + type.bytesFor(count, pointerSize)) : size;
  }
}
export interface StructType<F = Record<string, CType>> extends Fielded<F> {}

/** Stores into new memory. If that fails, frees the strings that were allocated for it. */
function withTexts(origin: Origin, act: (texts: TextStore) => void): void {
  const texts = new OwnedTexts(origin, 0);
  try {
    act(texts);
  } catch (error) {
    texts.rollback();
    throw error;
  }
  texts.commit();
}

function pointerSizeIn(where: StructAllocator | AnySlice): PointerSize {
  try {
    return pointerSizeOf('heap' in Object(where) ? (where as AnySlice).heap : (where as Heap));
  } catch (error) {
    throw argumentError(error, 'a heap, an arena, a scope or a slice', where);
  }
}
