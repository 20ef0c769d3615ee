// SPDX-License-Identifier: MIT
// A struct or union for one pointer size: the offsets of its fields, and the class of its instances.
import { ArgumentRangeError, ArgumentTypeError, define } from '../errors.ts';
import { locatedError } from './located-error.ts';
import { accessors } from './accessors.gen.ts';
import { copierOf, type Copier } from './copy.ts';
import { derive, setType, STATE, StructHandle, StructRef, type AnyStructType } from './instance.ts';
import {
  layOut,
  type Layout,
  type LayoutOptions,
  type Member,
  type Placed,
  type PointerSize,
} from './layout.ts';
import type { Origin } from './origin.ts';
import { assignStaged } from './stage.ts';
import {
  isAnonymous,
  isBitField,
  isFlexible,
  isOpenEnded,
  isScalar,
  layoutOf,
  liveOf,
  loaderOf,
  storerOf,
  toType,
  type AnonymousMember,
  type CType,
  type Field,
} from './type.ts';

/** The class of the instances of one struct. */
export type InstanceClass = new (origin: Origin, address: number, bytes?: number) => StructRef;

export interface Compiled extends Layout {
  /** The fields that have an accessor, in the order of their declaration. */
  readonly fields: readonly Field[];
  /** The offsets of all members, also of unnamed bits, in the order of their declaration. */
  readonly places: readonly Placed[];
  readonly byName: ReadonlyMap<string, Field>;
  /** The flexible array member. */
  readonly flexible: Field | undefined;
  readonly Instance: InstanceClass;
  readonly copier: Copier;
}

/** Reads the fields of a definition. Calls their getters. */
export function readFields(struct: string, fields: object): (readonly [string, CType])[] {
  const names = Object.keys(fields);
  if (names.length === 0) throw new ArgumentTypeError(`at least one field in ${struct}`, fields);
  return names.map((name) => {
    const type = toType((fields as Record<string, unknown>)[name], `${struct}.${name}`);
    const isUnnamed = isAnonymous(type) || (isBitField(type) && type.unnamed);
    if ((!/^[A-Za-z_$][\w$]*$/.test(name) && !isUnnamed) || name === '__proto__')
      throw new ArgumentTypeError(`a C identifier as a field of ${struct}`, name);
    return [name, type];
  });
}

/** Computes the offsets and creates the class. */
export function compile(
  type: AnyStructType,
  entries: readonly (readonly [string, CType])[],
  options: LayoutOptions,
  isUnion: boolean,
  pointerSize: PointerSize,
): Compiled {
  const members = entries.map(([name, field]) => memberOf(type.name, name, field, pointerSize));
  const { places, size, align } = layOut(type.name, members, options, isUnion);
  const fields: Field[] = entries.flatMap(([name, field], index) => {
    const { offset, bit } = places[index] as { offset: number; bit: number }; // one for each
    const isLast = index === entries.length - 1;
    const isAtEnd = isFlexible(field) ? isLast && index > 0 && !isUnion : isLast || isUnion;
    if (!isAtEnd && isOpenEnded(field, pointerSize))
      throw new ArgumentTypeError(
        `the flexible array ${isFlexible(field) ? '' : 'in '}${type.name}.${name} as the last field, after at least one other`,
        name,
      );
    if (isAnonymous(field)) return promoted(type.name, field, offset, isUnion, pointerSize);
    if (isBitField(field) && field.unnamed) return [];
    const own = isBitField(field) ? field.placed(offset, bit, size) : field;
    const load = loaderOf(own, pointerSize);
    const store = storerOf(own, pointerSize);
    return [{ name, type: own, offset, load, store, isShared: isUnion, isBits: isBitField(field) }];
  });
  const flexible = fields.find((field) => isFlexible(field.type));
  if (size === 0) throw new ArgumentRangeError(`a size of ${type.name} above 0`, 0);
  const byName = new Map(fields.map((field) => [field.name, field]));
  for (const field of fields)
    if (byName.get(field.name) !== field)
      throw new ArgumentTypeError(
        `a unique name for each field of ${type.name}, also in its anonymous members`,
        field.name,
      );
  const Instance = classOf(type, fields, size, pointerSize);
  const copier = copierOf({ name: type.name, fields, byName, flexible });
  return { size, align, places, fields, byName, flexible, Instance, copier };
}

/** Returns the fields of an anonymous member as fields of the enclosing struct. */
function promoted(
  struct: string,
  { embedded }: AnonymousMember,
  offset: number,
  isUnion: boolean,
  pointerSize: PointerSize,
): Field[] {
  const { fields, flexible } = embedded.compiled(pointerSize);
  if (flexible)
    throw new ArgumentTypeError(`no flexible array in an anonymous member of ${struct}`, flexible.name);
  return fields.map((field) => ({
    ...field,
    offset: offset + field.offset,
    isShared: isUnion || field.isShared,
  }));
}

function memberOf(struct: string, name: string, type: CType, pointerSize: PointerSize): Member {
  if (isBitField(type))
    return { ...layoutOf(type.base, pointerSize), name, bits: type.width, unnamed: type.unnamed };
  try {
    return { ...layoutOf(type, pointerSize), name };
  } catch (error) {
    throw locatedError(error, `${struct}.${name}`);
  }
}

/** Returns a class with an accessor for each field on its prototype. */
function classOf(
  type: AnyStructType,
  fields: readonly Field[],
  size: number,
  pointerSize: PointerSize,
): InstanceClass {
  const hides = fields.some(({ name }) => STATE.includes(name));
  const hasMore = hides || fields.some((field) => isFlexible(field.type));
  const Instance = derive<InstanceClass>(hasMore ? largeClass(size, hides) : plainClass(), StructRef);
  const { prototype } = Instance;
  setType(prototype, type);
  define(Instance, 'name', type.name);
  define(prototype, 'type', type);
  define(prototype, '@bytes', size);
  for (const field of fields)
    Object.defineProperty(prototype, field.name, {
      ...accessor(field, pointerSize),
      configurable: true,
      enumerable: true,
    });
  return Instance;
}

type Constructor = new (origin: Origin, address: number, bytes?: number) => object;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type State = Mutable<Pick<StructRef, '@origin' | '@allocation' | '@address' | '@bytes' | '@handle'>>;

function plainClass(): Constructor {
  return class {
    constructor(origin: Origin, address: number) {
      (this as unknown as State)['@origin'] = origin;
      (this as unknown as State)['@allocation'] = origin.allocation;
      (this as unknown as State)['@address'] = address;
    }
  };
}

/** Returns the class of structs whose instances differ in size, or have a separate ref: N2 of instance.ts. */
function largeClass(size: number, hides: boolean): Constructor {
  return class {
    constructor(origin: Origin, address: number, bytes: number = size) {
      const state = this as unknown as State; // that of an instance
      state['@origin'] = origin;
      state['@allocation'] = origin.allocation;
      state['@address'] = address;
      state['@bytes'] = bytes;
      if (hides) state['@handle'] = new StructHandle(origin, address, bytes);
    }
  };
}

/** Returns the accessor of a scalar: generated code, or a general one for integers of 128 and 256 bits. */
function scalarAccessor({ type, offset }: Field): PropertyDescriptor & ThisType<StructRef> {
  const known = accessors[type.name];
  if (known) return known(offset);
  const { read, write } = type as Extract<CType, { read: unknown }>;
  const put = write as (memory: never, address: number, value: unknown) => void; // refuses values of other types
  return {
    get() {
      return read(this['@allocation'].memory, this['@address'] + offset);
    },
    set(value: unknown) {
      put(this['@allocation'].memory as never, this['@address'] + offset, value);
    },
  };
}

function accessor(field: Field, pointerSize: PointerSize): PropertyDescriptor & ThisType<StructRef> {
  const { type, offset, store } = field;
  if (isScalar(type)) return scalarAccessor(field);
  if (isFlexible(type)) return type.accessor(offset);
  const live = liveOf(type, pointerSize);
  const { size } = layoutOf(type, pointerSize);
  return {
    get() {
      return live(this['@origin'], this['@address'] + offset);
    },
    set(value: unknown) {
      assignStaged(this['@origin'], this['@address'] + offset, size, (memory, at, texts) =>
        store(memory, at, value, texts),
      );
    },
  };
}
