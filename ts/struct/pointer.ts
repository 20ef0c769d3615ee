// SPDX-License-Identifier: MIT
// Pointer types: to a struct (`pointer(Node)`), to anything (`voidp`), to a type that only C knows
// (`opaque('sqlite3')`).
import { ArgumentRangeError, ArgumentTypeError, isInstance, WrongHeapError } from '../errors.ts';
import { toPointer } from '../memory/address.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { Ref } from '../scalar/ref.ts';
import { ptr32, ptr53 } from '../scalar/types.gen.ts';
import type { Address } from '../memory/address.ts';
import type { Pointing, Simple } from './infer.ts';
import { StructRef, typeOf } from './instance.ts';
import type { Layout, PointerSize } from './layout.ts';
import { borrow, type Origin } from './origin.ts';
import type { TextStore } from './texts.ts';
import {
  isFlexible, isScalar, layoutOf, liveOf, pointerSizeOf, toValueType, type CompositeType, type CType,
} from './type.ts'; // prettier-ignore

/** Reads the pointer at `address`. */
export const loadPointer = (memory: LinearMemory, address: number): number =>
  pointerSizeOf(memory) === 8 ? ptr53.read(memory, address) : ptr32.read(memory, address);
/** Writes a pointer. */
export function storePointer(memory: LinearMemory, address: number, value: number): void {
  if (pointerSizeOf(memory) === 8) ptr53.write(memory, address, value);
  else ptr32.write(memory, address, value);
}

/**
 * Returns the address of `value`: a ref, an address, or null, which is 0.
 * @param heap the heap that a ref must belong to. Default: any
 * @throws {FreedError} {@link WrongHeapError} if a ref was freed, or belongs to another heap
 */
export function toTarget(value: unknown, what: string, heap?: object, isTyped = false): number {
  if (value === null) return 0;
  if (isInstance(value, StructRef)) {
    const { '@allocation': allocation, '@origin': origin, '@address': address } = value;
    if (!allocation.isLive) throw allocation.freedError(address);
    if (heap && origin.heap !== heap) throw new WrongHeapError(address);
    return address;
  }
  if (isInstance(value, Ref)) {
    value.assertLive();
    if (heap && (value.heap as object) !== heap) throw new WrongHeapError(value.address);
    return value.address;
  }
  const at = typeof value === 'number' || typeof value === 'bigint' ? toPointer(value) : NaN;
  if (at >= 0) return at;
  if (!isTyped && isInstance(value, FunctionPointer)) {
    if (heap && value.heap !== heap) throw new WrongHeapError(value.address);
    return value.address;
  }
  throw new ArgumentTypeError(`a ref, an address or null for ${what}`, value);
}

/** The type and size of a ref or a slice. */
interface Typed {
  readonly type?: CType;
  readonly byteLength?: number;
}

/**
 * Refuses a ref to another type than `target`, or to fewer bytes. A ref to bytes fits any target; a ref to an array is
 * a pointer to its first element.
 * @throws {ArgumentTypeError} if the type differs
 * @throws {ArgumentRangeError} if it has fewer bytes than a target
 */
export function assertPointsTo(target: CType, value: Typed | null, what: string): void {
  const isStruct = value instanceof StructRef;
  const found = isStruct ? typeOf(value) : value?.type;
  const type = found && elementOf(found);
  const wanted = elementOf(target);
  const isSame =
    !type ||
    type === wanted ||
    (type.name === wanted.name && layoutOf(type, 4).size === layoutOf(wanted, 4).size);
  if (!isSame && !(isScalar(type) && type.size === 1))
    throw new ArgumentTypeError(`a ref to ${wanted.name} for ${what}; pass the address to cast`, type.name);
  const bytes = isStruct ? value['@bytes'] : value?.byteLength;
  const { size } = layoutOf(target, 4);
  if (bytes !== undefined && bytes < size)
    throw new ArgumentRangeError(`a ref to ${size} bytes or more for ${what}`, bytes);
}
const elementOf = (type: CType): CType =>
  'element' in type && !isFlexible(type) ? elementOf(type.element as CType) : type;

/** A type whose values in memory are addresses. */
export abstract class AnyPointer {
  layout(pointerSize: PointerSize): Layout {
    return { size: pointerSize, align: pointerSize };
  }
  /** @internal Returns the address, or null for NULL. */
  load(memory: LinearMemory, address: number): unknown {
    return loadPointer(memory, address) || null;
  }
}
/** A pointer to a `T`. */
export class PointerType<T = CType> extends AnyPointer implements CompositeType {
  readonly target: T;
  constructor(target: T) {
    super();
    this.target = target;
  }
  get name(): string {
    return `${(this.target as CType).name} *`;
  }
  /** @internal */
  store(memory: LinearMemory, address: number, value: unknown, texts?: TextStore): void {
    if (isInstance(value, Ref)) assertPointsTo(this.target as CType, value, this.name);
    texts?.drop(address);
    storePointer(memory, address, toTarget(value, this.name, texts?.heap, true));
  }
  /** @internal */
  live(origin: Origin, address: number): unknown {
    return this.follow(origin, loadPointer(origin.allocation.memory, address));
  }
  /** @internal Returns the target of a pointer of this type as a live instance; null for NULL. */
  follow({ heap }: Pick<Origin, 'heap'>, target: number): unknown {
    if (target === 0) return null;
    const pointerSize = pointerSizeOf(heap);
    const type = this.target as CType; // checked when the type was created
    const { origin, address } = borrow(heap, target, layoutOf(type, pointerSize).size);
    return liveOf(type, pointerSize)(origin, address);
  }
}
export interface PointerType<T = CType> extends Pointing<T> {}

/**
 * A pointer to a struct, union, array or scalar. Its field returns a live instance of the target, or null; it can be set
 * to an instance, any ref, an address or null. The field does not own the target.
 */
export function pointer<T>(target: T): PointerType<T> {
  return new PointerType(toValueType(target, 'pointer()') as T);
}

/** A function that C can call by its pointer: the base of `Callback`. */
export abstract class FunctionPointer {
  /** Its index in the function table, which is its address in C. @throws {FreedError} if it was disposed */
  abstract readonly address: number;
  /** @internal The heap of the module that has the function table. */
  abstract readonly heap: object;
}

/** The values that a pointer to anything can be set to. */
export type AddressLike = Ref | FunctionPointer | Address | null;

/** A pointer to an unknown type: its value is an address as a number. */
// biome-ignore lint/correctness/noUnusedVariables: what the interface below has
export class AddressType<N = number, I = N | AddressLike> extends AnyPointer implements CompositeType {
  readonly name: string;
  constructor(name: string) {
    super();
    this.name = `${name} *`;
  }
  /** @internal */
  store(memory: LinearMemory, address: number, value: unknown, texts?: TextStore): void {
    texts?.drop(address);
    storePointer(memory, address, toTarget(value, this.name, texts?.heap));
  }
  /** @internal */
  live(origin: Origin, address: number): unknown {
    return this.load(origin.allocation.memory, address);
  }
}
export interface AddressType<N = number, I = N | AddressLike> extends Simple<N | null, I> {}

/** `void *`: its value is an address, or null. */
export const voidp: AddressType = /* @__PURE__ */ new AddressType('void');

declare const HANDLE_OF: unique symbol;
/** The address of an object of a type that only C knows. TypeScript keeps handles of different types apart. */
export type OpaqueHandle<N extends string> = number & { readonly [HANDLE_OF]: N };

/** A pointer to an incomplete C type, such as `sqlite3 *`: its value is a handle, or null. */
export class OpaqueType<N extends string> extends AddressType<OpaqueHandle<N>, OpaqueHandle<N> | null> {
  declare readonly handle: N;
}
/** Returns an {@link OpaqueType}. @param name the name of the type in C */
export function opaque<N extends string>(name: N): OpaqueType<N> {
  if (typeof name !== 'string') throw new ArgumentTypeError('the name of a type in C', name);
  return new OpaqueType<N>(name);
}
