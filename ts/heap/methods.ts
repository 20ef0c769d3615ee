// SPDX-License-Identifier: MIT
// The manager's typed methods, made from the scalar table: for each row `readInt32`, `writeInt32`,
// `allocInt32`, `wrapInt32`, `viewInt32Array`, `allocInt32Array`, `wrapInt32Array`, and up to 8 bytes
// `readInt32Atomic`, `writeInt32Atomic`. Their types and docs are in methods.gen.ts.
import type { Address } from '../memory/address.ts';
import type { ElementsClass, LinearMemory } from '../memory/memory.ts';
import { scalarArrayRefClass, type ScalarArrayRefClass } from '../scalar/array.ts';
import { atomicLoad, atomicStore } from '../scalar/atomic.ts';
import { scalarRefClass, type RefHeap, type ScalarRefClass } from '../scalar/ref.ts';
import type { Scalar, ScalarValue, Values } from '../scalar/scalar.ts';
import { rows } from '../scalar/table.ts';

interface RefClasses<T extends ScalarValue, A extends ArrayBufferView> {
  readonly One: ScalarRefClass<T, A>;
  readonly Many: ScalarArrayRefClass<T, A>;
}

const classes = new WeakMap<object, RefClasses<never, never>>();

/** The ref classes of a row, made when first needed and kept. */
export function refClassesOf<T extends ScalarValue, A extends ArrayBufferView>(
  row: Scalar<T, A>,
): RefClasses<T, A> {
  let made = classes.get(row) as RefClasses<T, A> | undefined; // stored below under the same row
  if (!made) {
    made = { One: scalarRefClass(row), Many: scalarArrayRefClass(row) };
    classes.set(row, made as unknown as RefClasses<never, never>); // one map for all rows
  }
  return made;
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

/** The methods of one row. Each is a closure over its row, which V8 folds to the row's own code. */
function methodsOf<T extends ScalarValue, A extends ArrayBufferView>(row: Scalar<T, A>): object {
  const { label } = row;
  const methods = {
    [`read${label}`](this: LinearMemory, address: Address) {
      return row.read(this, address);
    },
    [`write${label}`](this: LinearMemory, address: Address, value: T) {
      row.write(this, address, value);
    },
    [`alloc${label}`](this: RefHeap, value?: T) {
      return this.allocScalar(row, value);
    },
    [`wrap${label}`](this: RefHeap, address: Address) {
      return this.wrapScalar(row, address);
    },
    [`view${label}Array`](this: LinearMemory, address: Address, count: number) {
      return row.view(this, address, count);
    },
    [`alloc${label}Array`](this: RefHeap, countOrValues: number | Values<T>) {
      return this.allocScalarArray(row, countOrValues);
    },
    [`wrap${label}Array`](this: RefHeap, address: Address, count: number) {
      return this.wrapScalarArray(row, address, count);
    },
  };
  if (row.size > 8) return methods;
  return Object.assign(methods, {
    [`read${label}Atomic`](this: LinearMemory, address: Address) {
      return atomicLoad(row, this, address);
    },
    [`write${label}Atomic`](this: LinearMemory, address: Address, value: T) {
      atomicStore(row, this, address, value);
    },
  });
}
