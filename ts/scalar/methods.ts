// SPDX-License-Identifier: MIT
// Installs the methods of every scalar type (`readInt32BE`, `allocInt32` and the like) on prototypes. Their names are in
// methods.gen.ts; `readInt32` and `writeInt32` have separate code in manager/accessors.gen.ts.
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
import { scalarMethodNames } from './methods.gen.ts';
import type { Scalar, ScalarAllocator, ScalarWrapper } from './scalar.ts';

type Operation = (type: Scalar, heap: LinearMemory & ScalarWrapper, a: never, b: never, c: never) => unknown;

// The operations, each list in the order of its names in methods.gen.ts.
const ALLOC: readonly Operation[] = [
  (type, heap, value) => (heap as unknown as ScalarAllocator).allocScalar(type, value),
  (type, heap, given) => (heap as unknown as ScalarAllocator).allocScalarArray(type, given),
];
const PLAIN: readonly Operation[] = [
  readBigEndian,
  writeBigEndian,
  (type, heap, address) => heap.wrapScalar(type, address),
  (type, heap, address, count) => type.view(heap, address, count),
  (type, heap, address, count) => heap.wrapScalarArray(type, address, count),
];
const update =
  (operation: AtomicOperation): Operation =>
  (type, memory, address, value) =>
    atomicUpdate(operation, type, memory, address, value);
const ATOMIC: readonly Operation[] = [
  atomicLoad,
  atomicStore,
  atomicExchange,
  atomicCompareExchange,
  ...(['add', 'sub', 'and', 'or', 'xor'] as const).map(update),
];
const read: Operation = (type, memory, address) => type.read(memory, address);
const write: Operation = (type, memory, address, value) => type.write(memory, address, value);
const ACCESS: readonly Operation[] = [read, write, read, write];

/** Puts methods on `prototype` that call `operations` on `type`, by the space-separated `names`. */
function install(prototype: object, type: Scalar, names: string, operations: readonly Operation[]): void {
  for (const [i, name] of names.split(' ').filter(Boolean).entries()) {
    const operation = operations[i] as Operation; // there is one for each name
    Object.assign(prototype, {
      [name](this: LinearMemory & ScalarWrapper, a: never, b: never, c: never) {
        return operation(type, this, a, b, c);
      },
    });
  }
}

/** Puts `allocInt32`, `allocInt32Array` and the like on the prototype of a {@link ScalarAllocator}. */
export function installScalarAllocators(prototype: object): void {
  for (const [type, { alloc }] of scalarMethodNames) install(prototype, type, alloc, ALLOC);
}

/** Puts `readInt32BE`, `wrapInt32`, `readInt32Atomic`, `heapInt32` and the like on the prototype of a heap. */
export function installScalarMethods(prototype: object): void {
  for (const [type, { plain, atomic = '', access = '', whole }] of scalarMethodNames) {
    install(prototype, type, plain, PLAIN);
    install(prototype, type, atomic, ATOMIC);
    install(prototype, type, access, ACCESS);
    if (whole) Object.defineProperty(prototype, whole, { configurable: true, get: wholeMemoryView(type) });
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
