// SPDX-License-Identifier: MIT
// Writes types and signatures as TypeScript source.
import {
  CallbackType, CheckedType, CountType, InoutType, ListType, NoneType, OutCountType, OutListType, OutType, OwnedType,
  type Signature,
} from '../call/types.ts'; // prettier-ignore
import { ArrayType } from '../struct/array.ts';
import { BitField } from '../struct/bits.ts';
import { EnumType } from '../struct/enumeration.ts';
import { FlexibleArray } from '../struct/flexible.ts';
import { AddressType, OpaqueType, PointerType, voidp } from '../struct/pointer.ts';
import { StructType } from '../struct/struct-type.ts';
import { CharsType, CStringType } from '../struct/text.ts';
import { AlignedType } from '../struct/variants.ts';
import type { PointerSize } from '../struct/layout.ts';
import { isAnonymous, isScalar, type CType } from '../struct/type.ts';

/** Writes one source: its imports and declarations. */
export class Emitter {
  readonly imports: Set<string> = new Set();
  /** The declarations, each after those that it needs. */
  readonly declarations: string[] = [];
  /** The checks of the layouts. They follow all declarations, because structs may refer to later ones. */
  readonly assertions: string[] = [];
  readonly #names = new Map<object, string>();
  readonly #taken = new Set<string>();
  readonly #pointerSize: PointerSize;
  readonly #preferred: ReadonlyMap<object, string>;
  /** @param preferred names of types that replace their original names */
  constructor(pointerSize: PointerSize, preferred: ReadonlyMap<object, string> = new Map()) {
    this.#pointerSize = pointerSize;
    this.#preferred = preferred;
  }

  /** Declares a struct, a union or an enum, if it is not declared yet, and returns its name. */
  declare(type: StructType | EnumType<string> | OpaqueType<string>, wanted: string): string {
    const known = this.#names.get(type);
    if (known) return known;
    let name = (this.#preferred.get(type) ?? wanted).replace(/\W+/g, '_').replace(/^(\d)/, '_$1');
    while (this.#taken.has(name) || RESERVED.has(name)) name += '_';
    this.#taken.add(name);
    this.#names.set(type, name);
    this.declarations.push(this.#declaration(type, name));
    return name;
  }

  /** Declares another name of a type, if it is not taken. */
  alias(type: StructType | EnumType<string>, name: string): void {
    const known = this.declare(type, name);
    if (known === name || this.#taken.has(name) || RESERVED.has(name)) return;
    this.#taken.add(name);
    this.declarations.push(`export const ${name} = ${known};`);
  }

  #declaration(type: StructType | EnumType<string> | OpaqueType<string>, name: string): string {
    if (type instanceof EnumType) {
      const values = Object.entries(type.values).map(([one, value]) => `${one}: ${value}`);
      const base = type.base.name === 'i32' ? '' : `, ${this.#use(type.base.name)}`;
      return `export const ${name} = ${this.#use('enumeration')}('${type.name}', { ${values.join(', ')} }${base});`;
    }
    if (type instanceof StructType) return this.#record(type, name);
    return `export const ${name} = ${this.#use('opaque')}('${type.name.replace(/ \*$/, '')}');`;
  }

  #record(type: StructType, name: string): string {
    const members = Object.keys(type.fields).map((field) => [field, type.fields[field] as CType] as const); // has it
    // V8 moves getters to the end of a literal that begins with a spread, so all fields are getters then.
    const isSpread =
      isAnonymous((members[0] as (typeof members)[0])[1]) && members.some(([, one]) => hasPointer(one)); // has one
    const lines = members.map(([field, one]) => this.#field(field, one, isSpread || hasPointer(one)));
    const { size, align, fields } = type.compiled(this.#pointerSize);
    const offsets = fields.filter(({ isBits }) => !isBits);
    const checked = [
      `size: ${size}, align: ${align}, offsets: { ${offsets.map((one) => `${one.name}: ${one.offset}`).join(', ')} }`,
      ...(this.#pointerSize === 8 ? ['pointerSize: 8'] : []),
    ];
    const given = Object.entries(type.options).filter(([, value]) => value !== undefined && value !== false);
    const options =
      given.length > 0 ? `, { ${given.map(([key, value]) => `${key}: ${value}`).join(', ')} }` : '';
    const make = this.#use(type.isUnion ? 'union' : 'struct');
    this.assertions.push(`${name}.assertLayout({ ${checked.join(', ')} });`);
    return `export const ${name} = ${make}('${type.name}', {\n${lines.join('\n')}\n}${options});`;
  }

  /** @param isGetter true if the field is a getter, as a pointer may refer to a later declaration */
  #field(name: string, type: CType, isGetter: boolean): string {
    if (isAnonymous(type)) return `  ...${this.#use('anonymous')}(${this.type(type.embedded)}),`;
    if (!isGetter) return `  ${/\W/.test(name) ? `'${name}'` : name}: ${this.type(type)},`;
    return `  get ${name}() {\n    return ${this.type(type)};\n  },`;
  }

  /** Returns the expression of a type. */
  type(type: CType): string {
    if (isScalar(type)) return this.#use(type.name);
    if (type instanceof StructType) return this.declare(type as StructType, type.name);
    if (type instanceof EnumType) return this.declare(type as EnumType<string>, type.name);
    if (type instanceof OpaqueType)
      return this.declare(type as OpaqueType<string>, type.name.replace(/ \*$/, ''));
    if (type instanceof ArrayType) return `${this.#use('array')}(${this.type(type.element)}, ${type.length})`;
    if (type instanceof FlexibleArray) return `${this.#use('flexible')}(${this.type(type.element)})`;
    if (type instanceof CharsType) return `${this.#use('chars')}(${type.length})`;
    if (type instanceof CStringType) return this.#use('cstr');
    if (type instanceof PointerType) return `${this.#use('pointer')}(${this.type(type.target as CType)})`;
    if (type instanceof CallbackType) return this.#callback(type as CallbackType);
    if (type === voidp || type instanceof AddressType) return this.#use('voidp');
    if (type instanceof BitField)
      return `${this.#use(type.unnamed ? 'padding' : 'bits')}(${this.type(type.base as CType)}, ${type.width})`;
    if (type instanceof AlignedType) return `${this.#use('aligned')}(${type.align}, ${this.type(type.base)})`;
    throw new TypeError(`no source for ${type.name}`);
  }

  /** Returns the expression of a signature. */
  signature([result, parameters]: Signature): string {
    return `[${this.#part(result)}, [${parameters.map((one) => this.#part(one)).join(', ')}]]`;
  }

  #part(part: Signature[0] | Signature[1][number]): string {
    if (part instanceof NoneType) return this.#use('none');
    if (part instanceof OwnedType) {
      const free = part.free === 'free' ? '' : `, '${part.free}'`;
      return `${this.#use('owned')}(${this.#part(part.type)}${free})`;
    }
    if (part instanceof CheckedType) {
      const isZero = part.success.length === 1 && part.success[0] === 0;
      const options = isZero ? '' : `, { success: [${part.success.join(', ')}] }`;
      return `${this.#use('checked')}(${this.type(part.type)}${options})`;
    }
    if (part instanceof OutType) return `${this.#use('out')}(${this.#part(part.type)})`;
    if (part instanceof InoutType) return `${this.#use('inout')}(${this.type(part.type)})`;
    if (part instanceof ListType) {
      const same = typeof part.count === 'number' ? `, ${part.count}` : ''; // cdef returns no functions
      return `${this.#use(part.isInout ? 'inoutList' : 'list')}(${this.type(part.element)}${same})`;
    }
    if (part instanceof OutListType)
      return `${this.#use('outList')}(${this.type(part.element)}, ${part.count})`;
    if (part instanceof OutCountType) return `${this.#use('outCount')}(${this.type(part.type)})`;
    if (part instanceof CountType)
      return `${this.#use('countOf')}(${part.list}${part.type ? `, ${this.type(part.type)}` : ''})`;
    return this.type(part);
  }

  #callback({ result, parameters }: CallbackType): string {
    return `${this.#use('callback')}(${this.#part(result)}, [${parameters.map((one) => this.#part(one)).join(', ')}])`;
  }

  #use(name: string): string {
    this.imports.add(name);
    return name;
  }
}

/** True for a pointer, or an array of pointers. */
function hasPointer(type: CType): boolean {
  if (type instanceof PointerType || type instanceof CallbackType) return true;
  if (type instanceof AlignedType) return hasPointer(type.base);
  return 'element' in type && hasPointer(type.element as CType);
}

/** True for names that a generated declaration cannot have: imports, and reserved words of JavaScript. */
export const isReserved = (name: string): boolean => RESERVED.has(name);
const RESERVED: ReadonlySet<string> = new Set(
  (
    'aligned anonymous array bind bits callback chars checked constants countOf cstr enumeration flexible functions inout ' +
    'inoutList list none opaque out outCount outList owned padding pointer specialize struct union voidp CallSupport Heap ' +
    'Library bool i8 u8 i16 u16 i32 u32 i64 u64 i128 u128 f16 f32 f64 arguments await class debugger delete eval export ' +
    'extends false finally function implements import in instanceof interface let new null package private protected ' +
    'public super this throw true try typeof undefined var with yield catch async Object'
  ).split(' '),
);
