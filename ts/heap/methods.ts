// SPDX-License-Identifier: MIT
// The manager's typed methods, made from the scalar table: for each row `readInt32`, `writeInt32`,
// `allocInt32`, `wrapInt32`, `viewInt32Array`, `allocInt32Array`, `wrapInt32Array`, `readInt32BE`,
// `writeInt32BE`, and up to 8 bytes the atomic ones. Their types and docs are in methods.gen.ts.
import { ArgumentTypeError } from '../errors.ts';
import type { Address } from '../memory/address.ts';
import type { LinearMemory } from '../memory/memory.ts';
import type { ScalarArrayRefClass } from '../scalar/array.ts';
import {
  atomicCompareExchange,
  atomicExchange,
  atomicLoad,
  atomicStore,
  atomicUpdate,
  updates,
  type AtomicOperation,
} from '../scalar/atomic.ts';
import { readBigEndian, writeBigEndian } from '../scalar/endian.ts';
import { aliasClass, type RefHeap, type ScalarRefClass } from '../scalar/ref.ts';
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
  table.map(([One, Many]) => {
    const row = One.prototype.type;
    // In the getter's place: engines see through what never changes.
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

/**
 * Makes a prototype ready for hundreds of methods. V8 copies the table of its properties at each one that is added,
 * which took 8 ms and more in all, unless one that was not the last has been deleted.
 */
export function widen(prototype: object): void {
  const own: { a?: number; b?: number } = prototype;
  own.a = own.b = 0; // b is the first
  delete own.b;
  delete own.a;
}

/** Puts the methods of every row, and the whole-memory getters, on the manager's prototype. */
export function installMethods(prototype: object): void {
  for (const [{ prototype: some }, , hot] of table) {
    const row = some.type as Scalar; // of its own value
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

type Act = (row: Scalar, memory: RefHeap, ...given: never[]) => unknown;
/** What the methods that are not hot call. `L` stands for the row's label. */
const VERBS: Readonly<Record<string, Act>> = {
  readLBE: readBigEndian,
  writeLBE: writeBigEndian,
  allocL: (row, heap, value) => heap.allocScalar(row, value),
  wrapL: (row, heap, address) => heap.wrapScalar(row, address),
  viewLArray: (row, heap, address, count) => row.view(heap, address, count),
  allocLArray: (row, heap, countOrValues) => heap.allocScalarArray(row, countOrValues),
  wrapLArray: (row, heap, address, count) => heap.wrapScalarArray(row, address, count),
};
const ATOMIC_VERBS: Readonly<Record<string, Act>> = {
  readLAtomic: atomicLoad,
  writeLAtomic: atomicStore,
  exchangeLAtomic: atomicExchange,
  compareExchangeLAtomic: atomicCompareExchange,
  ...Object.fromEntries(
    Object.keys(updates).map((operation) => [
      `${operation}LAtomic`,
      (row: Scalar, memory: LinearMemory, address: Address, value: ScalarValue) =>
        atomicUpdate(operation as AtomicOperation, row, memory, address, value),
    ]),
  ),
};
/** Those of rows that have no hot methods. */
const read: Act = (row, memory, address) => row.read(memory, address);
const write: Act = (row, memory, address, value) => row.write(memory, address, value);
const WIDE_VERBS: Readonly<Record<string, Act>> = {
  readL: read,
  writeL: write,
  readLLE: read,
  writeLLE: write,
};

/** The methods of one row. tools/generate.mjs has the same names with their types and docs. */
function methodsOf(row: Scalar, hot?: object): object {
  const methods: Record<string, unknown> = {};
  const put = (name: string, method: unknown): void => {
    for (const label of [row.label, ALSO[row.label]]) if (label) methods[name.replace('L', label)] = method;
  };
  for (const [name, method] of Object.entries(hot ?? {})) put(`${name}L`, method);
  for (const [name, act] of Object.entries({ ...VERBS, ...(hot ? ATOMIC_VERBS : WIDE_VERBS) }))
    put(name, function (this: RefHeap, a: never, b: never, c: never) {
      return act(row, this, a, b, c);
    });
  return methods;
}

/** Other names that wasm-heap-manager has, in its README or in an older version, for a row or a method. */
const ALSO: Readonly<Record<string, string>> = { Uint8Clamped: 'ClampedUint8' };
