// SPDX-License-Identifier: MIT
// The fields of blocks, of which linmem knows the type: what the page shows of a struct, an array or a value.
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

/** The most fields that are described of one type. */
const MAX_FIELDS = 256;
/** The most elements of an array of structs that are described. */
const MAX_ELEMENTS = 16;

/** The layouts of the types of one heap. Types that differ under one name have none. */
export class TypeLayouts {
  readonly #pointerSize: PointerSize;
  readonly #known = new Map<string, { readonly type: CType; layout: RecordedType | undefined }>();

  constructor(pointerSize: PointerSize) {
    this.#pointerSize = pointerSize;
  }

  /** Describes the type of the block of `allocation`, which is called `name`. O(fields) for a new one. */
  add(allocation: Allocation | undefined, name: string): void {
    const type = describedType(allocation?.currentOwner);
    if (!type) return;
    const known = this.#known.get(name);
    if (known?.type === type) return;
    if (!known) this.#known.set(name, { type, layout: this.#describe(type, name) });
    else if (JSON.stringify(known.layout) !== JSON.stringify(this.#describe(type, name)))
      known.layout = undefined;
  }

  /** The layouts of all types that have fields. */
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

/** The type of a block, or of its elements. */
function describedType(owner: unknown): CType | undefined {
  if (owner instanceof StructRef) return typeOf(owner); // first: a field may be called `type`
  if (owner instanceof ScalarRef || owner instanceof ScalarArrayRef || owner instanceof Elements)
    return owner.type as CType; // one of linmem's
  return undefined;
}

/** Adds the members of a type, those of structs in it by their paths: `position.x`. */
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

// By their members, so that a bundle has none of these classes for it.
const isArray = (type: CType): type is ArrayType => 'element' in type && 'length' in type;
const isEnum = (type: CType): type is EnumType<string> => 'values' in type && 'base' in type;
const isChars = (type: CType): type is CharsType => 'codec' in type && 'length' in type;

/** How the bytes of a field are read: see {@link RecordedField.reads}. */
function readsOf(type: CType): string {
  if (isScalar(type)) return type.name;
  if (isArray(type)) return type.element.name;
  if (isEnum(type)) return type.base.name;
  if (isChars(type)) return type.codec.bytesPerElement === 1 ? 'text' : '';
  if (type.name.endsWith('*')) return 'pointer';
  const { bit, width, base } = type as Partial<Record<'bit' | 'width' | 'base', unknown>>; // of bits.ts
  return bit === undefined ? '' : `bits ${bit} ${width} ${base}`;
}
