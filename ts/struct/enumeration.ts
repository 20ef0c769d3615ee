// SPDX-License-Identifier: MIT
// C enums as string unions.
import { ArgumentRangeError, ArgumentTypeError } from '../errors.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { i32 } from '../scalar/types.gen.ts';
import type { Scalar } from '../scalar/scalar.ts';
import type { Simple } from './infer.ts';
import type { Layout } from './layout.ts';
import type { Origin } from './origin.ts';
import type { CompositeType } from './type.ts';

/** An enum: `N` are the names of its values. */
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
    // Of several names for one number the first is shown.
    this.#names = new Map(
      (Object.entries(values) as [N, number][]).reverse().map(([one, value]) => [value, one]),
    );
  }
  layout(): Layout {
    return { size: this.base.size, align: this.base.size };
  }
  /** Returns the name of a number. @throws {ArgumentRangeError} if it has none */
  nameOf(value: number): N {
    const name = this.#names.get(value);
    if (name === undefined) throw new ArgumentRangeError(`a value of ${this.name}: ${this.#list()}`, value);
    return name;
  }
  /** Returns the number of a name; a number stays. @throws {ArgumentTypeError} if there is no such name */
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
 * A C enum: `enumeration('color', ['red', 'green'])` counts from 0, `enumeration('mode', { r: 1, w: 2 })` has values of
 * its own. Values are names; a number is taken too.
 * @param base `i32` by default, as in C
 */
export function enumeration<const N extends string>(
  name: string,
  values: readonly N[] | Readonly<Record<N, number>>,
  base: Scalar<number> = i32,
): EnumType<N> {
  const numbers = Array.isArray(values)
    ? (Object.fromEntries((values as readonly N[]).map((one, index) => [one, index])) as Record<N, number>)
    : { ...(values as Record<N, number>) };
  for (const [one, value] of Object.entries(numbers))
    if (!Number.isInteger(value)) throw new ArgumentTypeError(`an integer for ${name}.${one}`, value);
  if (Object.keys(numbers).length !== (Array.isArray(values) ? values.length : Object.keys(values).length))
    throw new ArgumentTypeError(`names of ${name} that differ`, name);
  return new EnumType(name, numbers, base);
}
