// SPDX-License-Identifier: MIT
// The manager's typed methods, made from the scalar table: for each row `readInt32`, `writeInt32`,
// `allocInt32`, `wrapInt32`, `viewInt32Array`, `allocInt32Array`, `wrapInt32Array`, `readInt32BE`,
// `writeInt32BE`, and up to 8 bytes the atomic ones. Their types and docs are in methods.gen.ts.
import type { Address } from '../memory/address.ts';
import type { ElementsClass, LinearMemory } from '../memory/memory.ts';
import { scalarArrayRefClass, type ScalarArrayRefClass } from '../scalar/array.ts';
import {
  atomicCompareExchange,
  atomicExchange,
  atomicLoad,
  atomicStore,
  atomicUpdate,
} from '../scalar/atomic.ts';
import { readBigEndian, writeBigEndian } from '../scalar/endian.ts';
import { scalarRefClasses, type RefHeap, type ScalarRefClass } from '../scalar/ref.ts';
import type { Scalar, ScalarValue, Values } from '../scalar/scalar.ts';
import { rows } from '../scalar/table.ts';

export interface RefClasses<T extends ScalarValue, A extends ArrayBufferView> {
  readonly One: ScalarRefClass<T, A>;
  readonly Alias: ScalarRefClass<T, A>;
  readonly Many: ScalarArrayRefClass<T, A>;
}

const classes = new WeakMap<object, RefClasses<never, never>>();

/** The ref classes of a row, made when first needed and kept. */
export function refClassesOf<T extends ScalarValue, A extends ArrayBufferView>(
  row: Scalar<T, A>,
): RefClasses<T, A> {
  let made = classes.get(row) as RefClasses<T, A> | undefined; // stored below under the same row
  if (!made) {
    made = { ...scalarRefClasses(row), Many: scalarArrayRefClass(row) };
    classes.set(row, made as unknown as RefClasses<never, never>); // one map for all rows
  }
  return made;
}

/** One of the ref classes of a row: what refs.gen.ts is made of. */
export function refClass<T extends ScalarValue, A extends ArrayBufferView, W extends 'One' | 'Many'>(
  row: Scalar<T, A>,
  which: W,
): RefClasses<T, A>[W] {
  return refClassesOf(row)[which];
}

/** The whole-memory typed arrays, as `heapInt32`. */
const WHOLE: readonly ElementsClass<ArrayBufferView>[] = [
  Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
  BigInt64Array, BigUint64Array, Float32Array, Float64Array,
]; // prettier-ignore

/** Puts the methods of every row, and the whole-memory getters, on the manager's prototype. */
export function installMethods(prototype: object): void {
  for (const row of rows) Object.assign(prototype, methodsOf(row as unknown as Scalar)); // each row is a Scalar of its own value
  for (const Elements of WHOLE) {
    const kept: WeakMap<object, ArrayBufferView> = new WeakMap();
    Object.defineProperty(prototype, `heap${Elements.name.slice(0, -5)}`, {
      configurable: true,
      get(this: LinearMemory) {
        const { buffer, byteLength } = this.refresh();
        let view = kept.get(buffer);
        const count = Math.floor(byteLength / Elements.BYTES_PER_ELEMENT);
        if (!view || view.byteLength !== count * Elements.BYTES_PER_ELEMENT)
          kept.set(buffer, (view = new Elements(buffer, 0, count)));
        return view;
      },
    });
  }
  Object.defineProperty(prototype, 'heapDataView', {
    configurable: true,
    get(this: LinearMemory) {
      return this.refresh();
    },
  });
}

/**
 * The methods of one row. Each is a closure over its row, which V8 folds to the row's own code. `L` stands for the
 * row's label; tools/generate.mjs has the same names with their types and docs.
 */
function methodsOf<T extends ScalarValue, A extends ArrayBufferView>(row: Scalar<T, A>): object {
  const verbs = {
    readL(this: LinearMemory, address: Address) {
      return row.read(this, address);
    },
    writeL(this: LinearMemory, address: Address, value: T) {
      row.write(this, address, value);
    },
    readLBE(this: LinearMemory, address: Address) {
      return readBigEndian(row, this, address);
    },
    writeLBE(this: LinearMemory, address: Address, value: T) {
      writeBigEndian(row, this, address, value);
    },
    allocL(this: RefHeap, value?: T) {
      return this.allocScalar(row, value);
    },
    wrapL(this: RefHeap, address: Address) {
      return this.wrapScalar(row, address);
    },
    viewLArray(this: LinearMemory, address: Address, count: number) {
      return row.view(this, address, count);
    },
    allocLArray(this: RefHeap, countOrValues: number | Values<T>) {
      return this.allocScalarArray(row, countOrValues);
    },
    wrapLArray(this: RefHeap, address: Address, count: number) {
      return this.wrapScalarArray(row, address, count);
    },
  };
  return named(row.label, row.size > 8 ? verbs : { ...verbs, ...atomicMethodsOf(row) });
}

function atomicMethodsOf<T extends ScalarValue>(row: Scalar<T>): Record<string, unknown> {
  const verbs: Record<string, unknown> = {
    readLAtomic(this: LinearMemory, address: Address) {
      return atomicLoad(row, this, address);
    },
    writeLAtomic(this: LinearMemory, address: Address, value: T) {
      atomicStore(row, this, address, value);
    },
    exchangeLAtomic(this: LinearMemory, address: Address, value: T) {
      return atomicExchange(row, this, address, value);
    },
    compareExchangeLAtomic(this: LinearMemory, address: Address, expected: T, value: T) {
      return atomicCompareExchange(row, this, address, expected, value);
    },
  };
  for (const operation of ['add', 'sub', 'and', 'or', 'xor'] as const) {
    verbs[`${operation}LAtomic`] = function (this: LinearMemory, address: Address, value: T) {
      return atomicUpdate(operation, row, this, address, value);
    };
  }
  return verbs;
}

/** Other names that wasm-heap-manager has, in its README or in an older version, for a row or a method. */
const ALSO: Readonly<Record<string, string>> = { Uint8Clamped: 'ClampedUint8' };

/** The verbs with the label in place of their `L`, under each of the row's names. */
function named(label: string, verbs: Record<string, unknown>): object {
  const methods: Record<string, unknown> = {};
  for (const [name, verb] of Object.entries(verbs)) {
    for (const as of [label, ALSO[label]]) if (as) methods[name.replace('L', as)] = verb;
    if (/^BigU?[iI]nt(128|256)$/.test(label) && /^(read|write)L$/.test(name))
      methods[`${name.replace('L', label)}LE`] = verb;
  }
  return methods;
}
