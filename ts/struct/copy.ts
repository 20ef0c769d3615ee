// SPDX-License-Identifier: MIT
// Copies of whole structs: from memory into a plain object, and from an object into memory.
//
//   C1  V8 inlines `object[name]` only at a site that sees one name (docs/performance.md). So each struct that is
//       copied gets one of the copies of the code in copies.gen.ts; structs share them if there are more.
import { ArgumentTypeError, isRevoked, wrongType } from '../errors.ts';
import { locatedError } from './located-error.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { copies, type Copies } from './copies.gen.ts';
import { StructRef, typeOf, type AnyStructType } from './instance.ts';
import type { TextStore } from './texts.ts';
import { isFlexible, isScalar, type Field, type Fieldwise } from './type.ts';

/** Copies one struct. `bytes` is the size from its address on; only a flexible array member needs it. */
export interface Copier {
  load(memory: LinearMemory, address: number, bytes?: number): Record<string, unknown>;
  /** Converts the members of `value` and writes them; the others stay unchanged. */
  store(memory: LinearMemory, address: number, value: unknown, texts?: TextStore, bytes?: number): void;
}

/** The struct that is copied. */
interface Copied {
  readonly name: string;
  readonly fields: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  readonly flexible: Field | undefined;
}

/** The number of structs that have separate code. */
let used = 0;

/** Returns the copier of a struct or union. */
export function copierOf(copied: Copied): Copier {
  const { fields, flexible } = copied;
  // Every object inherits names such as `toString`: only an own property is a value for such a field.
  const isPlain = !flexible && fields.every(({ name, isShared }) => !isShared && !(name in Object.prototype));
  let own: Copies | undefined;
  const claim = (): Copies => (own = (copies[used++ % copies.length] as (typeof copies)[0])(fields)); // there are some
  return {
    load: isPlain
      ? (memory, address) => (own ?? claim()).load(memory, address)
      : (memory, address, bytes = 0) => loadEach(copied, memory, address, bytes),
    store(memory, address, value, texts, bytes = 0) {
      if (typeof value !== 'object' || value === null || isRevoked(value))
        throw wrongType(`an object with fields of ${copied.name}`, value);
      const values = value as Record<string, unknown>;
      let found: number;
      try {
        found = isPlain
          ? (own ?? claim()).store(memory, address, values, texts)
          : storeEach(copied, memory, address, values, bytes, texts);
      } catch (error) {
        throw inField(error, copied, memory, address, values, bytes, texts);
      }
      for (const _ in values) found--;
      if (found !== 0 || Object.getPrototypeOf(values) !== Object.prototype) refuseUnknown(copied, values);
    },
  };
}

function loadEach(
  { fields }: Copied,
  memory: LinearMemory,
  address: number,
  bytes: number,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const field of fields) {
    const { name, offset, type, isShared } = field;
    try {
      values[name] = isFlexible(type)
        ? type.loadElements(memory, address + offset, bytes - offset)
        : field.load(memory, address + offset);
    } catch (error) {
      // The members of a union share their bytes: a member that cannot be read as a string or as an enum is left out.
      if (!isShared || isScalar(type)) throw error;
    }
  }
  return values;
}

/** Stores each field that `values` has. Returns their number. */
function storeEach(
  { fields }: Copied,
  memory: LinearMemory,
  address: number,
  values: Record<string, unknown>,
  bytes: number,
  texts?: TextStore,
): number {
  let found = 0;
  for (const field of fields) {
    const { name, offset, type } = field;
    const given = values[name];
    const isInherited = name in Object.prototype && !Object.hasOwn(values, name);
    if (isInherited || (given === undefined && !(name in values))) continue;
    found++;
    if (isFlexible(type)) type.storeAll(memory, address + offset, given, bytes - offset, texts as TextStore);
    else field.store(memory, address + offset, given, texts);
  }
  return found;
}

/** Returns the error with the name of the field: the first field whose value also throws alone. */
function inField(
  error: unknown,
  copied: Copied,
  ...rest: [LinearMemory, number, Record<string, unknown>, number, TextStore?]
): unknown {
  for (const field of copied.fields)
    try {
      storeEach({ ...copied, fields: [field] }, ...rest);
    } catch {
      return locatedError(error, `${copied.name}.${field.name}`);
    }
  return error;
}

/** Returns the names of the fields of a struct. */
const namesOf = (type: AnyStructType): Iterable<string> =>
  (type as unknown as Fieldwise).compiled(4).fields.map(({ name }) => name); // every struct is one

/** @throws {ArgumentTypeError} if an object has a property that is not a field */
function refuseUnknown({ name: struct, fields, byName }: Copied, values: object): void {
  // An array, a Map, a Date: a built-in class. Classes of the program are accepted.
  if (
    !fields.some(({ name }) => name in values) &&
    Object.prototype.toString.call(values) !== '[object Object]'
  )
    throw new ArgumentTypeError(`an object with fields of ${struct}`, values);
  const names = values instanceof StructRef ? namesOf(typeOf(values)) : Object.keys(values);
  for (const name of names)
    if (!byName.has(name))
      throw new ArgumentTypeError(`a field of ${struct}, one of ${[...byName.keys()].join(', ')}`, name);
}
