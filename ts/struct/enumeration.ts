// SPDX-License-Identifier: MIT
// C enums as string unions.
import { ArgumentRangeError, ArgumentTypeError, isArray } from '../errors.ts';
import { ownOptions } from '../heap/options.ts';
import { toCount } from '../memory/address.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { assertType } from '../scalar/descriptor.ts';
import { i32 } from '../scalar/types.gen.ts';
import type { Scalar } from '../scalar/scalar.ts';
import type { Simple } from './infer.ts';
import type { Layout } from './layout.ts';
import type { Origin } from './origin.ts';
import type { CompositeType } from './type.ts';

/** An enum: `N` is the union of the names of its values. */
export class EnumType<N extends string> implements CompositeType {
  readonly name: string;
  /** The number of each name. */
  readonly values: Readonly<Record<N, number>>;
  readonly base: Scalar<number>;
  readonly #names: ReadonlyMap<number, N>;
  constructor(name: string, values: Readonly<Record<N, number>>, base: Scalar<number>) {
    this.name = name;
    this.values = values;
    this.base = base;
    // A number with several names has the first one.
    this.#names = new Map(
      (Object.entries(values) as [N, number][]).reverse().map(([one, value]) => [value, one]),
    );
  }
  layout(): Layout {
    return { size: this.base.size, align: this.base.size };
  }
  /** Returns the name of a number. @throws {ArgumentRangeError} if it has no name */
  nameOf(value: number): N {
    const name = this.#names.get(value);
    if (name === undefined) throw new ArgumentRangeError(`a value of ${this.name}: ${this.#list()}`, value);
    return name;
  }
  /**
   * Returns the number of a name, or `value` if it is a number.
   * @throws {ArgumentTypeError} if there is no such name
   */
  numberOf(value: unknown): number {
    if (typeof value === 'number') return value;
    if (typeof value === 'string' && Object.hasOwn(this.values, value)) return this.values[value as N];
    throw new ArgumentTypeError(`a name of ${this.name}: ${this.#list()}`, value);
  }
  /** @internal */
  load(memory: LinearMemory, address: number): N {
    return this.nameOf(this.base.read(memory, address));
  }
  /** @internal */
  store(memory: LinearMemory, address: number, value: unknown): void {
    this.base.write(memory, address, this.numberOf(value));
  }
  /** @internal */
  live(origin: Origin, address: number): N {
    return this.load(origin.allocation.memory, address);
  }
  #list(): string {
    return Object.keys(this.values).join(', ');
  }
}
export interface EnumType<N extends string> extends Simple<N, N | number> {}

/**
 * A C enum: `enumeration('color', ['red', 'green'])` counts from 0, `enumeration('mode', { r: 1, w: 2 })` has explicit
 * numbers. Reads return names; writes accept names and numbers.
 * @param base `i32` by default, as in C
 */
export function enumeration<const N extends string>(
  name: string,
  values: readonly N[] | Readonly<Record<N, number>>,
  base: Scalar<number> = i32,
): EnumType<N> {
  if (typeof name !== 'string') throw new ArgumentTypeError('the name of a type in C', name);
  const own = ownOptions(values, `names and numbers of ${name}`);
  assertType(base);
  const given: readonly (readonly [unknown, unknown])[] = isArray(values)
    ? Array.from(values, (one, index) => [one, index])
    : Object.entries(own);
  const [, sign, bits = 0] = /^([iu])(8|16|32)$/.exec(base.name) ?? [];
  if (!sign) throw new ArgumentTypeError(`an integer type of up to 32 bits for ${name}`, base.name);
  const min = sign === 'i' ? -(2 ** (Number(bits) - 1)) : 0;
  if (given.length === 0) throw new ArgumentTypeError(`names and numbers of ${name}`, values);
  const numbers = new Map<unknown, number>();
  for (const [one, value] of given) {
    if (typeof one !== 'string' || numbers.has(one))
      throw new ArgumentTypeError(`unique strings as names of ${name}`, one);
    numbers.set(one, toCount(value as number, `a number for ${name}.${one}`, min, min + 2 ** Number(bits)));
  }
  return new EnumType(name, Object.fromEntries(numbers) as Record<N, number>, base);
}
