// SPDX-License-Identifier: MIT
// A live struct: a ref with an accessor for each field.
//
//   N1  A field hides a member of Ref of the same name. So an instance keeps its state under names that are not C
//       identifiers, and the members that Ref reads are getters of the prototype, which such a field replaces.
//   N2  Heaps and registries hold the ref that `refOf` returns: the instance or, if a field hides a member that they
//       read, a separate ref to the same bytes.
import { ArgumentTypeError, isInstance } from '../errors.ts';
import { hex, toPrimitivePointer } from '../scalar/print.ts';
import { Ref, type RefHeap } from '../scalar/ref.ts';
import type { InstanceState } from './accessors.gen.ts';
import { memoryOf, own, type Origin } from './origin.ts';
import type { CompositeType } from './type.ts';

/** The members of a struct type that instances use. */
export interface AnyStructType extends CompositeType {
  /** @internal Writes the members of `values`, all of them or none; the others stay unchanged. */
  assign(origin: Origin, address: number, values: unknown): void;
  /** @internal As `load`, with the bytes after the struct that belong to a flexible array member. */
  loadAll(origin: Origin, address: number, bytes: number): Record<string, unknown>;
}

/** The members of a ref that heaps read, which a field of the same name would hide. */
export const STATE: readonly string[] = [
  'heap',
  'address',
  'allocation',
  'owned',
  'views',
  'retains',
  'byteLength',
];

/** The state of an instance (N1). @internal */
export interface StructRef extends InstanceState {
  readonly '@bytes': number;
  readonly '@handle': Ref | undefined;
}
/** The base of all instances. */
export class StructRef extends Ref {
  /** The struct or union type. */
  declare readonly type: AnyStructType;

  /** @internal */
  override get '@ref'(): Ref {
    return refOf(this);
  }
  /** The size in bytes. */
  get byteLength(): number {
    return this['@bytes'];
  }
  /**
   * Writes the members of `values`, all of them or, if one is refused, none; the other fields stay unchanged. Returns
   * the instance.
   */
  set(values: unknown): this {
    typeOf(this).assign(this['@origin'], this['@address'], values);
    return this;
  }
  /** Returns the fields as a plain object: a copy. Pointers are addresses, `char *` members are strings. */
  toObject(): unknown {
    return plainOf(this);
  }
  /** Returns the fields for `JSON.stringify`: as {@link toObject}, with bigints as decimal strings. */
  toJSON(): unknown {
    return withoutBigints(plainOf(this));
  }
  /** Frees the block. @throws {DoubleFreeError} {@link NotOwnedError} as {@link Ref.free} */
  override free(): void {
    this['@origin'].heap.free(refOf(this) as Parameters<RefHeap['free']>[0]);
  }
  /** Frees the block if the instance owns it and it is live; else does nothing. */
  override dispose(): void {
    const { owner, allocation, heap } = this['@origin'];
    if (owner === refOf(this) && allocation.isLive) heap.free(owner);
  }
  override assertLive(): void {
    const { allocation } = this['@origin'];
    if (!allocation.isLive) throw allocation.freedError(this['@address']);
  }
}

/** The state that `Ref` declares, and the methods that print an instance. */
const members: PropertyDescriptorMap & ThisType<StructRef> = {
  heap: { get() { return this['@origin'].heap; } },
  address: { get() { return this['@address']; } },
  allocation: { get() { return this['@origin'].allocation; } },
  owned: { get() { return this['@origin'].owner === refOf(this); } },
  // A free changes the `views` of the owner: instances read those of their allocation instead.
  views: { get() { return memoryOf(this['@origin']).views; }, set() {} },
  toString: { value: print },
  __v_skip: { value: true }, // as in scalar/print.ts
  // Uses no members of the instance, which a field may hide.
  [Symbol.toPrimitive]: {
    value(this: StructRef, hint: string) {
      if (hint === 'string') return print.call(this);
      StructRef.prototype.assertLive.call(this);
      return toPrimitivePointer(this['@origin'].heap, this['@address']);
    },
  },
  [Symbol.for('nodejs.util.inspect.custom')]: { value: inspect },
  [Symbol.for('Deno.customInspect')]: { value: inspect },
}; // prettier-ignore
Object.defineProperties(StructRef.prototype, members);

/** The type of an instance, also where a field is called `type`. */
const types: WeakMap<object, AnyStructType> = /* @__PURE__ */ new WeakMap();
export function typeOf(instance: StructRef): AnyStructType {
  const prototype = Object.getPrototypeOf(instance) as StructRef; // or an instance that this object inherits from
  return types.get(prototype) ?? typeOf(prototype); // every class is registered when it is created
}
const plainOf = (one: StructRef): unknown =>
  typeOf(one).loadAll(one['@origin'], one['@address'], one['@bytes']);
export function setType(prototype: object, type: AnyStructType): void {
  types.set(prototype, type);
}

/**
 * Returns `Class`, derived from `Base`. Not by `extends`: V8 creates objects of such a class twenty times more slowly.
 */
export function derive<C>(Class: { readonly prototype: object }, Base: { readonly prototype: object }): C {
  Object.setPrototypeOf(Class, Base);
  Object.setPrototypeOf(Class.prototype, Base.prototype);
  return Class as C; // has the prototypes of C now
}

/** The ref that heaps hold (N2). */
export function refOf(instance: StructRef): Ref {
  if (isInstance(instance, StructRef)) return instance['@handle'] ?? instance;
  throw new ArgumentTypeError('an instance of a struct', instance);
}

/** The separate ref of an instance whose fields hide members that heaps read (N2). */
export class StructHandle extends Ref {
  readonly byteLength: number;
  constructor(origin: Origin, address: number, bytes: number) {
    super();
    this.byteLength = bytes;
    Object.assign(this, { heap: origin.heap, address, allocation: origin.allocation });
    this.views = memoryOf(origin).views;
  }
}

/** Makes `instance` the owner of its allocation. */
export function ownInstance(instance: StructRef): void {
  own(instance['@origin'], refOf(instance));
}

function print(this: StructRef): string {
  return inspect.call(this);
}

function inspect(
  this: StructRef,
  _depth = 0,
  options: object = {},
  show?: (value: unknown, options: object) => string,
): string {
  const { name } = typeOf(this);
  const at = `${name} at ${hex(this['@address'])}`;
  if (!this['@origin']?.allocation.isLive) return `${at} (freed)`;
  const fields = fieldsOf(this);
  return `${at} ${show ? show(fields, options) : JSON.stringify(withoutBigints(fields))}`;
}

/** As `toObject`, but a member that cannot be read has a message as its value. */
function fieldsOf(instance: StructRef): unknown {
  try {
    return plainOf(instance);
  } catch (error) {
    return { error: (error as Error).message };
  }
}

export function withoutBigints(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map(withoutBigints);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withoutBigints(one)]));
}
