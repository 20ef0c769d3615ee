// SPDX-License-Identifier: MIT
// The manager's typed methods, made from the scalar table: for each row `readInt32`, `writeInt32`,
// `allocInt32`, `wrapInt32`, `viewInt32Array`, `allocInt32Array`, `wrapInt32Array`, `readInt32BE`,
// `writeInt32BE`, and up to 8 bytes the atomic ones. Their types and docs are in methods.gen.ts.
import { ArgumentTypeError } from '../errors.ts';
import type { LinearMemory } from '../memory/memory.ts';
import type { ScalarArrayRefClass } from '../scalar/array.ts';
import { atomic, VERBS } from '../scalar/atomic.ts';
import { readBigEndian, writeBigEndian } from '../scalar/endian.ts';
import { aliasClass, type ScalarRefClass } from '../scalar/ref.ts';
import type { Scalar, ScalarValue } from '../scalar/scalar.ts';
import { hasOwnElements } from '../scalar/values.ts';
import { tooLong } from './memory.ts';
import { table } from './methods.gen.ts';

export interface RefClasses<T extends ScalarValue, A extends ArrayBufferView> {
  readonly One: ScalarRefClass<T, A>;
  readonly Alias: ScalarRefClass<T, A>;
  readonly Many: ScalarArrayRefClass<T, A>;
}

const known: ReadonlyMap<object, unknown> = /* @__PURE__ */ new Map(
  table.map(([row, One, Many]) => {
    for (const { prototype } of [One, Many]) Object.defineProperty(prototype, 'type', { value: row });
    return [row, { One, Many, Alias: aliasClass(One as never) }]; // a class of refs
  }),
);

/** The ref classes of a row. */
export function refClassesOf<T extends ScalarValue, A extends ArrayBufferView>(
  row: Scalar<T, A>,
): RefClasses<T, A> {
  const found = known.get(row) as RefClasses<T, A> | undefined; // kept under the same row
  if (found) return found;
  throw new ArgumentTypeError('a row of the scalar table', row);
}

/** Puts the methods of every row, and the whole-memory getters, on the manager's prototype. */
export function installMethods(prototype: object): void {
  for (const [some, , , hot] of table) {
    const row = some as Scalar; // of its own value
    Object.assign(prototype, methodsOf(row, hot));
    if (hasOwnElements(row))
      Object.defineProperty(prototype, `heap${row.label}`, { configurable: true, get: wholeOf(row) });
  }
}

/** A getter of the whole memory as elements of a row: the same ones as long as it has not grown. */
function wholeOf({ Elements, size }: Scalar): (this: LinearMemory) => ArrayBufferView {
  const kept: WeakMap<object, ArrayBufferView> = new WeakMap();
  return function () {
    const { buffer, byteLength } = this.refresh();
    const count = Math.floor(byteLength / size);
    let view = kept.get(buffer);
    if (view?.byteLength === count * size) return view;
    try {
      view = new Elements(buffer, 0, count);
    } catch (error) {
      throw tooLong(error, count);
    }
    kept.set(buffer, view);
    return view;
  };
}

/** Verbs of a row that the manager has as methods, and what those are called; `L` is the row's label. */
const OWN = { allocL: 'alloc', wrapL: 'wrap', viewLArray: 'view', allocLArray: 'allocArray', wrapLArray: 'wrapArray' } as const; // prettier-ignore
/** Those of rows that have no hot methods. */
const WIDE = { readL: 'read', writeL: 'write', readLLE: 'read', writeLLE: 'write' } as const;

/** The methods of one row. tools/generate.mjs has the same names with their types and docs. */
function methodsOf(row: Scalar, hot?: object): object {
  const methods: Record<string, unknown> = {};
  const put = (name: string, method: unknown): void => {
    for (const label of [row.label, ALSO[row.label]]) if (label) methods[name.replace('L', label)] = method;
  };
  /** A method that calls `act` with the memory and what it was given; its types are in methods.gen.ts. */
  const call = (name: string, act: (memory: LinearMemory, ...given: never[]) => unknown): void =>
    put(name, function (this: LinearMemory, a: never, b: never, c: never) {
      return act(this, a, b, c);
    });
  for (const [name, verb] of Object.entries(hot ? OWN : { ...OWN, ...WIDE }))
    call(name, row[verb].bind(row) as never); // of a heap
  call('readLBE', readBigEndian.bind(undefined, row));
  call('writeLBE', writeBigEndian.bind(undefined, row));
  for (const [name, method] of Object.entries(hot ?? {})) put(`${name}L`, method);
  if (hot)
    for (const verb of VERBS) call(`${ATOMIC[verb] ?? verb}LAtomic`, atomic.bind(undefined, verb, row));
  return methods;
}

/** The names of two atomics in the manager's methods. */
const ATOMIC: Readonly<Record<string, string>> = { load: 'read', store: 'write' };
/** Other names that wasm-heap-manager has, in its README or in an older version, for a row or a method. */
const ALSO: Readonly<Record<string, string>> = { Uint8Clamped: 'ClampedUint8' };
