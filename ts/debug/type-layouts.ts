// SPDX-License-Identifier: MIT
// The fields of blocks with a type, which the page of linmem/inspect shows.
import type { Allocation } from '../memory/allocation.ts';
import { ScalarArrayRef } from '../scalar/array.ts';
import { ScalarRef } from '../scalar/ref.ts';
import type { ArrayType } from '../struct/array.ts';
import { Elements } from '../struct/array.ts';
import type { EnumType } from '../struct/enumeration.ts';
import { StructRef, typeOf } from '../struct/instance.ts';
import type { PointerSize } from '../struct/layout.ts';
import type { CharsType } from '../struct/text.ts';
import { isScalar, layoutOf, type CType, type Fieldwise } from '../struct/type.ts';
import type { RecordedField, RecordedType } from './recording.ts';

/** The maximum number of fields that are described per type. */
const MAX_FIELDS = 256;
/** The maximum number of elements that are described per array of structs. */
const MAX_ELEMENTS = 16;

/** The layouts of the types of one heap. If different types have one name, it has no layout. */
export class TypeLayouts {
  readonly #pointerSize: PointerSize;
  readonly #known = new Map<string, { readonly type: CType; layout: RecordedType | undefined }>();

  constructor(pointerSize: PointerSize) {
    this.#pointerSize = pointerSize;
  }

  /** Adds the type of the block of `allocation`, with the name `name`. O(fields) for a new type. */
  add(allocation: Allocation | undefined, name: string): void {
    const type = describedType(allocation?.currentOwner);
    if (!type) return;
    const known = this.#known.get(name);
    if (known?.type === type) return;
    if (!known) this.#known.set(name, { type, layout: this.#describe(type, name) });
    else if (JSON.stringify(known.layout) !== JSON.stringify(this.#describe(type, name)))
      known.layout = undefined;
  }

  /** Returns the layouts of all types that have fields. */
  list(): RecordedType[] {
    return [...this.#known.values()].flatMap(({ layout }) => layout ?? []);
  }

  #describe(type: CType, name: string): RecordedType | undefined {
    const fields: RecordedField[] = [];
    addFields(type, '', 0, this.#pointerSize, fields);
    const bytes = layoutOf(type, this.#pointerSize).size;
    return fields.length === 0 || bytes === 0 ? undefined : { name, bytes, fields };
  }
}

/** Returns the type of a block, or of its elements. */
function describedType(owner: unknown): CType | undefined {
  if (owner instanceof StructRef) return typeOf(owner); // first: a field may be called `type`
  if (owner instanceof ScalarRef || owner instanceof ScalarArrayRef || owner instanceof Elements)
    return owner.type as CType; // one of linmem's
  return undefined;
}

/** Adds the members of a type; members of nested structs have a path: `position.x`. */
function addFields(
  type: CType,
  name: string,
  offset: number,
  pointerSize: PointerSize,
  out: RecordedField[],
): void {
  if (out.length >= MAX_FIELDS) return;
  if (!isScalar(type) && 'compiled' in type) {
    for (const field of (type as Fieldwise).compiled(pointerSize).fields)
      addFields(field.type, name === '' ? field.name : `${name}.${field.name}`, offset + field.offset, pointerSize, out); // prettier-ignore
    return;
  }
  if (isArray(type) && !isScalar(type.element)) {
    const { size } = layoutOf(type.element, pointerSize);
    for (let i = 0; i < Math.min(type.length, MAX_ELEMENTS); i++)
      addFields(type.element, `${name}[${i}]`, offset + i * size, pointerSize, out);
    return;
  }
  const { size: bytes } = layoutOf(type, pointerSize);
  out.push({ name, type: type.name, reads: readsOf(type), offset, bytes });
}

// Tests members, not classes, so that a bundle does not contain the classes.
const isArray = (type: CType): type is ArrayType => 'element' in type && 'length' in type;
const isEnum = (type: CType): type is EnumType<string> => 'values' in type && 'base' in type;
const isChars = (type: CType): type is CharsType => 'codec' in type && 'length' in type;

/** Returns the format of a field: see {@link RecordedField.reads}. */
function readsOf(type: CType): string {
  if (isScalar(type)) return type.name;
  if (isArray(type)) return type.element.name;
  if (isEnum(type)) return type.base.name;
  if (isChars(type)) return type.codec.bytesPerElement === 1 ? 'text' : '';
  if (type.name.endsWith('*')) return 'pointer';
  const { bit, width, base } = type as Partial<Record<'bit' | 'width' | 'base', unknown>>; // of bits.ts
  return bit === undefined ? '' : `bits ${bit} ${width} ${base}`;
}
