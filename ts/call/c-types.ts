// SPDX-License-Identifier: MIT
// Converts C types to type descriptors.
import { DeclarationError } from '../errors.ts';
import { i32, u32 } from '../scalar/types.gen.ts';
import { AnonymousType, anonymousName } from '../struct/anonymous.ts';
import { array } from '../struct/array.ts';
import { bits, padding, type BitsBase } from '../struct/bits.ts';
import { enumeration, EnumType } from '../struct/enumeration.ts';
import { flexible } from '../struct/flexible.ts';
import type { PointerSize } from '../struct/layout.ts';
import { opaque, pointer, voidp } from '../struct/pointer.ts';
import { StructType } from '../struct/struct-type.ts';
import { chars, cstr } from '../struct/text.ts';
import { isScalar, type CType } from '../struct/type.ts';
import { aligned } from '../struct/variants.ts';
import type { CNode, Declarations, Member, TagBody } from './c-ast.ts';
import { basicType } from './c-basic.ts';
import { typedefChain } from './c-declare.ts';
import { errorAt, type Token } from './c-lexer.ts';

/** True for types that linmem does not support. Declarations that use one are left out. */
export const isUnsupported = (name: string): boolean => /^(long double|a vector)$|_Complex$/.test(name);
class Unsupported extends DeclarationError {}

/** Returns the type of a function pointer, or undefined. The implementation is in c-functions.ts. */
export type FunctionPointerOf = (
  node: Extract<CNode, { kind: 'function' }>,
  table: TypeTable,
) => CType | undefined;

/** The types of one text of declarations. */
export class TypeTable {
  readonly pointerSize: PointerSize;
  readonly #declared: Declarations;
  readonly #known: Readonly<Record<string, CType>>;
  readonly #tags = new Map<string, CType>();
  readonly #names = new Map<string, string>();
  readonly #opaques = new Map<string, CType>();
  /** Structs by the names of typedefs that change their alignment. */
  readonly #wide = new Map<string, CType>();
  readonly #functionPointer: FunctionPointerOf;
  constructor(
    declared: Declarations,
    known: Readonly<Record<string, CType>>,
    pointerSize: PointerSize,
    functionPointer: FunctionPointerOf,
  ) {
    this.#functionPointer = functionPointer;
    this.#declared = declared;
    this.#known = known;
    this.pointerSize = pointerSize;
    // An unnamed struct has the name of its typedef.
    for (const [name, type] of declared.typedefs)
      if (type.kind === 'tag' && !this.#names.has(keyOf(type))) this.#names.set(keyOf(type), name);
    for (const key of declared.tags.keys()) this.#tagType(key);
  }

  /** Returns every struct, union and enum by its tag, and every typedef that is a type of values. */
  all(): Record<string, CType> {
    const types = new Map<string, CType>();
    for (const [key, type] of this.#tags)
      if (!key.includes('(')) types.set(key.split(' ')[1] as string, type);
    for (const [name, node] of this.#declared.typedefs)
      if (this.#isValue(node))
        types.set(name, this.typeOf({ kind: 'basic', name, isConst: false, at: node.at }));
    return Object.fromEntries([...types].filter(([, type]) => this.#check(type)));
  }

  /** Returns the type that a typedef names; other types unchanged. */
  resolve(node: CNode): CNode {
    let found = node;
    for (let depth = 0; found.kind === 'basic' && depth < 64; depth++) {
      const next = this.#declared.typedefs.get(found.name);
      if (!next) break;
      found = found.isConst && 'isConst' in next ? { ...next, isConst: true } : next;
    }
    return found;
  }

  /** Returns the typedef of `node` that changes the alignment, if there is one. */
  #alignedName(node: CNode): string | undefined {
    const { typedefs, alignments } = this.#declared;
    for (const one of typedefChain(node, typedefs))
      if (one.kind === 'basic' && alignments.has(one.name)) return one.name;
    return undefined;
  }

  /** Returns the type of a typedef with an alignment; for a struct a StructType, which can be allocated. */
  #aligned(name: string, node: CNode): CType {
    const align = this.#declared.alignments.get(name) as number; // the caller has checked
    const body = node.kind === 'tag' && node.word !== 'enum' && this.#declared.tags.get(keyOf(node));
    if (!body) return aligned(align, this.typeOf(node)) as unknown as CType;
    let type = this.#wide.get(name);
    if (!type) this.#wide.set(name, (type = this.#record(name, body, align)));
    return type;
  }

  /** Returns the type of a field or an element. @throws {DeclarationError} if values cannot have it */
  typeOf(node: CNode): CType {
    const known = node.kind === 'basic' ? this.#known[node.name] : undefined;
    if (known) return known;
    const found = this.resolve(node);
    const alignedName = this.#alignedName(node);
    if (alignedName !== undefined) return this.#aligned(alignedName, found);
    switch (found.kind) {
      case 'basic':
        return this.#known[found.name] ?? this.#basic(found);
      case 'tag':
        return this.#complete(found);
      case 'pointer':
        return this.#pointer(found.to, node);
      case 'array': {
        if (!found.length)
          throw errorAt(
            found.at,
            `an array ${found.length === 0 ? 'of 0 elements' : 'without a length'}, which only a last member can be`,
          );
        return this.isChar(found.of) ? chars(found.length) : array(this.typeOf(found.of), found.length);
      }
      default:
        throw errorAt(found.at, 'a function is not a type of values; use a pointer to it');
    }
  }

  /** True for `char`, whose arrays and pointers are strings; false for `signed char` and `unsigned char`. */
  isChar(node: CNode): boolean {
    const found = this.resolve(node);
    return found.kind === 'basic' && found.name === 'char';
  }
  isVoid(node: CNode): boolean {
    const found = this.resolve(node);
    return found.kind === 'basic' && found.name === 'void';
  }

  #isValue(node: CNode): boolean {
    const found = this.resolve(node);
    if (found.kind === 'function' || this.isVoid(found)) return false;
    if (found.kind === 'basic' && isUnsupported(found.name)) return false;
    if (found.kind === 'array') return found.length !== undefined && this.#isValue(found.of);
    if (found.kind === 'pointer') return true;
    return found.kind !== 'tag' || this.#tags.has(keyOf(found));
  }

  #basic({ name, at }: Extract<CNode, { kind: 'basic' }>): CType {
    if (isUnsupported(name)) throw new Unsupported(`${name} is not a type of values`, at.line, at.column);
    const type = basicType(name, this.pointerSize);
    if (!type) throw errorAt(at, `${name} is not a type of values`);
    return type;
  }

  #complete(node: Extract<CNode, { kind: 'tag' }>): CType {
    const type = this.#tags.get(keyOf(node));
    if (type) return type;
    if (node.word === 'enum') return i32;
    throw errorAt(node.at, `${node.word} ${node.name} is not defined; only a pointer to it can be used`);
  }

  #pointer(to: CNode, pointerNode: CNode): CType {
    const target = this.resolve(to);
    if (this.isChar(to)) return cstr;
    if (target.kind === 'function') return this.#functionPointer(target, this) ?? voidp;
    if (this.isVoid(target) || target.kind === 'pointer') return voidp; // C gives no length
    if (target.kind === 'tag' && target.word !== 'enum' && !this.#tags.has(keyOf(target)))
      return this.#opaque(to.kind === 'basic' ? to.name : target.name);
    if (
      target.kind === 'basic' &&
      !isUnsupported(target.name) &&
      !this.#known[target.name] &&
      !basicType(target.name, this.pointerSize)
    )
      throw errorAt(pointerNode.at, `a pointer to ${target.name}`);
    const type = this.typeOf(to);
    return isScalar(type) ? voidp : pointer(type);
  }

  #opaque(name: string): CType {
    let type = this.#opaques.get(name);
    if (!type) this.#opaques.set(name, (type = opaque(name)));
    return type;
  }

  #tagType(key: string): CType {
    const known = this.#tags.get(key);
    if (known) return known;
    const body = this.#declared.tags.get(key) as TagBody; // one for each key
    const [word, tag] = key.split(/ (.*)/) as [string, string];
    const name = tag.startsWith('(') ? (this.#names.get(key) ?? `${word} ${tag}`) : tag;
    const type: CType = body.word === 'enum' ? enumOf(name, body) : this.#record(name, body);
    this.#tags.set(key, type);
    return type;
  }

  /** Returns a struct or union. Its fields are getters, as they may refer to types that do not exist yet. */
  #record(name: string, body: TagBody, typedefAlign?: number): CType {
    const fields: Record<string, CType> = {};
    body.members.forEach((member, index) => {
      const own = member.name ?? anonymousName(index);
      if (Object.getOwnPropertyDescriptor(fields, own))
        throw errorAt(member.at, `a second ${own} in ${name}; give it another name`);
      const isLast = index === body.members.length - 1;
      Object.defineProperty(fields, own, { enumerable: true, get: () => this.#member(member, isLast) });
    });
    const { packed, pack, align } = body;
    const options = {
      packed,
      ...(pack && { pack }),
      ...(align && { align }),
      ...(typedefAlign && { typedefAlign }),
    };
    return new StructType(name, fields, options, body.word === 'union');
  }

  #member(member: Member, isLast: boolean): CType {
    const { type: node, bits: width, name, align, at } = member;
    const found = this.resolve(node);
    if (found.kind === 'array' && !found.length && isLast)
      // [0] is the old form of a flexible array member
      return flexible(this.typeOf(found.of));
    const type = this.typeOf(node);
    if (name === undefined && width === undefined) {
      if (align) throw errorAt(at, 'an anonymous member with an alignment is not supported');
      return new AnonymousType(type as StructType);
    }
    if (width === undefined) return align ? (aligned(align, type) as unknown as CType) : type;
    const base = type instanceof EnumType ? bitsBaseOf(type as EnumType<string>) : type;
    if (!isScalar(base)) throw errorAt(at, `a bit-field of ${type.name}`);
    return name === undefined ? padding(base as BitsBase, width) : bits(base as BitsBase, width);
  }

  /** Computes the layout of a struct, so that errors are thrown now. Returns false for a struct to leave out. */
  #check(type: CType): boolean {
    if (!(type instanceof StructType)) return true;
    try {
      type.compiled(this.pointerSize);
      return true;
    } catch (error) {
      if (error instanceof Unsupported) return false;
      if (error instanceof DeclarationError) throw error;
      throw errorAt(this.#placeOf(type), (error as Error).message);
    }
  }
  #placeOf(type: CType): Token {
    for (const [key, one] of this.#tags)
      if (one === type) {
        const [first] = this.#declared.tags.get(key)?.members ?? [];
        if (first) return first.at;
      }
    return { kind: 'end', text: '', line: 1, column: 1 };
  }
}

/** Returns an enum; of unsigned integers if a value needs that, as in C. */
function enumOf(name: string, { values }: TagBody): CType {
  const isLarge = Object.values(values).some((value) => value >= 2 ** 31);
  return enumeration(name, values, isLarge ? u32 : i32);
}
/** Returns the base of a bit-field of an enum: signed only if a value is negative. */
const bitsBaseOf = ({ values }: EnumType<string>): CType =>
  Object.values(values).some((value) => value < 0) ? i32 : u32;

const keyOf = ({ word, name }: { readonly word: string; readonly name: string }): string => `${word} ${name}`;
