// SPDX-License-Identifier: MIT
// A live struct: a ref with an accessor for each field.
//
//   N1  A field wins over a member of Ref of the same name. So an instance keeps its state under names that C
//       has not, and the members that Ref reads are getters of the prototype, which a field of the same name replaces.
//   N2  Heaps and registries know an instance by the ref that `refOf` returns: itself or, if a field has the name
//       of something that they read, a plain ref to the same bytes.
import { ArgumentTypeError } from '../errors.ts';
import { hex, toPrimitivePointer } from '../scalar/print.ts';
import { Ref, type RefHeap } from '../scalar/ref.ts';
import type { InstanceState } from './accessors.gen.ts';
import { memoryOf, own, type Origin } from './origin.ts';
import type { CompositeType } from './type.ts';

/** The members of a struct type that instances use. */
export interface AnyStructType extends CompositeType {
  /** @internal Writes the members of `values`; the others stay as they are. All of them or none. */
  assign(origin: Origin, address: number, values: unknown): void;
  /** @internal As `load`, with bytes behind the struct that a flexible array member has. */
  loadAll(origin: Origin, address: number, bytes: number): Record<string, unknown>;
}

/** Members of a ref that heaps read: a field of such a name would hide them. */
export const STATE: readonly string[] = [
  'heap',
  'address',
  'allocation',
  'owned',
  'views',
  'retains',
  'byteLength',
];

/** N1. @internal */
export interface StructRef extends InstanceState {
  readonly '@bytes': number;
  readonly '@handle': Ref | undefined;
}
/** The base of all instances. */
export class StructRef extends Ref {
  /** The struct or union it is an instance of. */
  declare readonly type: AnyStructType;

  /** @internal */
  override get '@ref'(): Ref {
    return refOf(this);
  }
  /** Bytes it covers. */
  get byteLength(): number {
    return this['@bytes'];
  }
  /**
   * Writes the members of `values`, all of them or, when one is wrong, none; the other fields stay as they are.
   * Returns the instance.
   */
  set(values: unknown): this {
    typeOf(this).assign(this['@origin'], this['@address'], values);
    return this;
  }
  /** Returns the fields as a plain object: a copy. Pointers are addresses, `char *` members are strings. */
  toObject(): unknown {
    return plainOf(this);
  }
  /** As {@link toObject}, for `JSON.stringify`: bigints are decimal strings. */
  toJSON(): unknown {
    return withoutBigints(plainOf(this));
  }
  /** Frees it. @throws {DoubleFreeError} {@link NotOwnedError} as {@link Ref.free} */
  override free(): void {
    this['@origin'].heap.free(refOf(this) as Parameters<RefHeap['free']>[0]);
  }
  /** Frees it if it owns its allocation and that lives; else does nothing. */
  override dispose(): void {
    const { owner, allocation, heap } = this['@origin'];
    if (owner === refOf(this) && allocation.isLive) heap.free(owner);
  }
  override assertLive(): void {
    const { allocation } = this['@origin'];
    if (!allocation.isLive) throw allocation.freedError(this['@address']);
  }
}

/** The state that `Ref` declares, and how an instance is printed. */
const members: PropertyDescriptorMap & ThisType<StructRef> = {
  heap: { get() { return this['@origin'].heap; } },
  address: { get() { return this['@address']; } },
  allocation: { get() { return this['@origin'].allocation; } },
  owned: { get() { return this['@origin'].owner === refOf(this); } },
  // A freed owner gets another one: instances look at their allocation instead.
  views: { get() { return memoryOf(this['@origin']).views; }, set() {} },
  toString: { value: print },
  // Without its own members, which a field may hide.
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
export const typeOf = (instance: StructRef): AnyStructType =>
  types.get(Object.getPrototypeOf(instance) as object) as AnyStructType; // every class is entered when it is made
const plainOf = (one: StructRef): unknown =>
  typeOf(one).loadAll(one['@origin'], one['@address'], one['@bytes']);
export function setType(prototype: object, type: AnyStructType): void {
  types.set(prototype, type);
}

/** Returns `Class`, derived from `Base`. Not by `extends`: V8 makes objects of such a class twenty times more slowly. */
export function derive<C>(Class: { readonly prototype: object }, Base: { readonly prototype: object }): C {
  Object.setPrototypeOf(Class, Base);
  Object.setPrototypeOf(Class.prototype, Base.prototype);
  return Class as C; // is one now
}

/** N2. */
export function refOf(instance: StructRef): Ref {
  if (instance instanceof StructRef) return instance['@handle'] ?? instance;
  throw new ArgumentTypeError('an instance of a struct', instance);
}

/** The plain ref of an instance whose fields hide what heaps read. */
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

/** As `toObject`, but tells of a member that cannot be read instead of throwing. */
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
