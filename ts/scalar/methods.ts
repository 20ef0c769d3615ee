// SPDX-License-Identifier: MIT
// Installs the methods of every scalar type (`readInt32BE`, `allocInt32` and the like) on prototypes. methods.gen.ts
// declares them; `readInt32` and `writeInt32` have separate code in manager/accessors.gen.ts.
import { countError, type LinearMemory } from '../memory/linear-memory.ts';
import {
  atomicCompareExchange,
  atomicExchange,
  atomicLoad,
  atomicStore,
  atomicUpdate,
  type AtomicOperation,
} from './atomic.ts';
import { readBigEndian, writeBigEndian } from './endian.ts';
import type { Scalar, ScalarAllocator, ScalarWrapper } from './scalar.ts';
import { allTypes } from './scalar-types.ts';
import { u8c } from './types.gen.ts';

type Operation = (type: Scalar, heap: LinearMemory & ScalarWrapper, a: never, b: never, c: never) => unknown;
/** Operations by the names of their methods, in which L stands for the label of the type. */
type Operations = Readonly<Record<string, Operation>>;

const ALLOC: Operations = {
  allocL: (type, heap, value) => (heap as unknown as ScalarAllocator).allocScalar(type, value),
  allocLArray: (type, heap, given) => (heap as unknown as ScalarAllocator).allocScalarArray(type, given),
};
const PLAIN: Operations = {
  readLBE: readBigEndian,
  writeLBE: writeBigEndian,
  wrapL: (type, heap, address) => heap.wrapScalar(type, address),
  viewLArray: (type, heap, address, count) => type.view(heap, address, count),
  wrapLArray: (type, heap, address, count) => heap.wrapScalarArray(type, address, count),
};
const update =
  (operation: AtomicOperation): Operation =>
  (type, memory, address, value) =>
    atomicUpdate(operation, type, memory, address, value);
const ATOMIC: Operations = {
  readLAtomic: atomicLoad,
  writeLAtomic: atomicStore,
  exchangeLAtomic: atomicExchange,
  compareExchangeLAtomic: atomicCompareExchange,
  addLAtomic: /* @__PURE__ */ update('add'),
  subLAtomic: /* @__PURE__ */ update('sub'),
  andLAtomic: /* @__PURE__ */ update('and'),
  orLAtomic: /* @__PURE__ */ update('or'),
  xorLAtomic: /* @__PURE__ */ update('xor'),
};
const readL: Operation = (type, memory, address) => type.read(memory, address);
const writeL: Operation = (type, memory, address, value) => type.write(memory, address, value);
const ACCESS: Operations = { readL, writeL };
const LITTLE_ENDIAN: Operations = { readLLE: readL, writeLLE: writeL };

/** Every type with the label in its method names; `Uint8Clamped` has a second one. */
const labels = (): (readonly [type: Scalar, label: string])[] => [
  ...allTypes.map((type) => [type, type.label] as const),
  [u8c as unknown as Scalar, 'ClampedUint8'], // its values are numbers
];

/** Puts methods on `prototype` that call `operations` on `type`. */
function install(prototype: object, type: Scalar, label: string, operations: Operations): void {
  for (const [name, operation] of Object.entries(operations))
    Object.assign(prototype, {
      [name.replace('L', label)](this: LinearMemory & ScalarWrapper, a: never, b: never, c: never) {
        return operation(type, this, a, b, c);
      },
    });
}

/** Puts `allocInt32`, `allocInt32Array` and the like on the prototype of a {@link ScalarAllocator}. */
export function installScalarAllocators(prototype: object): void {
  for (const [type, label] of labels()) install(prototype, type, label, ALLOC);
}

/** Puts `readInt32BE`, `wrapInt32`, `readInt32Atomic`, `heapInt32` and the like on the prototype of a heap. */
export function installScalarMethods(prototype: object): void {
  for (const [type, label] of labels()) {
    const isBig = type.size > 8;
    install(prototype, type, label, PLAIN);
    if (isBig) install(prototype, type, label, LITTLE_ENDIAN);
    else install(prototype, type, label, ATOMIC);
    if (isBig || label !== type.label) install(prototype, type, label, ACCESS);
    if (type.Elements.name === `${label}Array`)
      Object.defineProperty(prototype, `heap${label}`, { configurable: true, get: wholeMemoryView(type) });
  }
}

/** Returns a getter of the whole memory as elements of a type: the same view until the memory grows. */
function wholeMemoryView({ Elements, size }: Scalar): (this: LinearMemory) => ArrayBufferView {
  const views: WeakMap<object, ArrayBufferView> = new WeakMap();
  return function () {
    const { buffer, byteLength } = this.refresh();
    const count = Math.floor(byteLength / size);
    let view = views.get(buffer);
    if (view?.byteLength === count * size) return view;
    try {
      view = new Elements(buffer, 0, count);
    } catch (error) {
      throw countError(error, count);
    }
    views.set(buffer, view);
    return view;
  };
}
