// SPDX-License-Identifier: MIT
// Atomic operations on every type up to 8 bytes. All are sequentially consistent, as in wasm and JavaScript.
//
//   A1  Engines have atomics for integers only. Every other type (floats, clamped bytes, checked pointers, bool) is
//       stored as its bits, and updated by a compare-exchange loop.
import { ArgumentTypeError, ModuleError } from '../errors.ts';
import { toCount, type Address } from '../memory/address.ts';
import { assertMemory, isShared, type ElementsClass } from '../memory/buffers.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { assertKind, assertType, type ScalarDescriptor, type ScalarValue } from './descriptor.ts';

/** An operation on two values of one type. */
export type AtomicOperation = 'add' | 'sub' | 'and' | 'or' | 'xor';

type Cell = Uint8Array | Uint16Array | Uint32Array | Int32Array | BigInt64Array | BigUint64Array;
/** By size in bytes. */
const CELLS: Readonly<Record<number, ElementsClass<Cell>>> = {
  1: Uint8Array,
  2: Uint16Array,
  4: Uint32Array,
  8: BigUint64Array,
};

const UPDATES: readonly AtomicOperation[] = ['add', 'sub', 'and', 'or', 'xor'];

type Operation = (cell: Cell, index: 0, ...bits: (number | bigint)[]) => number | bigint;
/** The engine's operations, typed for any cell. */
type Operations = Readonly<
  Record<AtomicOperation | 'load' | 'store' | 'exchange' | 'compareExchange', Operation>
>;
// Taken at import: a page that replaces them later has no effect here. Some engines have none, nor shared memories.
export const engine: Operations = /* @__PURE__ */ (() => {
  const all = Object(globalThis.Atomics) as Operations; // see Operations
  const names = [...UPDATES, 'load', 'store', 'exchange', 'compareExchange'] as const;
  return Object.fromEntries(names.map((name) => [name, all[name]])) as Operations;
})();
const scratch = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8));

/**
 * Returns the value at `address`, loaded atomically. f32 and f64 keep every number and -0; the payload of a NaN is
 * implementation-defined.
 * @throws {MisalignedError} if the address is not a multiple of the type's size
 * @throws {OutOfBoundsError} {@link ArgumentTypeError} as `type.read`
 */
export function atomicLoad<T extends ScalarValue>(
  type: ScalarDescriptor<T>,
  memory: LinearMemory,
  address: Address,
): T {
  return toValue(type, engine.load(cellAt(type, memory, address), 0));
}

/**
 * Stores `value` at `address` atomically. Throws as {@link atomicLoad}.
 * @throws {ArgumentTypeError} if the value has the wrong type
 */
export function atomicStore<T extends ScalarValue>(
  type: ScalarDescriptor<T>,
  memory: LinearMemory,
  address: Address,
  value: T,
): void {
  const bits = toBits(type, value);
  engine.store(cellAt(type, memory, address), 0, bits);
}

/** Stores `value` atomically and returns the previous value. Throws as {@link atomicStore}. */
export function atomicExchange<T extends ScalarValue>(
  type: ScalarDescriptor<T>,
  memory: LinearMemory,
  address: Address,
  value: T,
): T {
  const bits = toBits(type, value);
  return toValue(type, engine.exchange(cellAt(type, memory, address), 0, bits));
}

/**
 * Stores `value` atomically if the current value is `expected`, and returns the previous value. The bits are compared:
 * -0 is not 0, and a NaN equals only a NaN with the same bits. Throws as {@link atomicStore}.
 */
export function atomicCompareExchange<T extends ScalarValue>(
  type: ScalarDescriptor<T>,
  memory: LinearMemory,
  address: Address,
  expected: T,
  value: T,
): T {
  const before = toBits(type, expected);
  const after = toBits(type, value);
  return toValue(type, engine.compareExchange(cellAt(type, memory, address), 0, before, after));
}

/**
 * Atomically replaces the value at `address` by `old OP value`, stored as the type stores numbers (wrapped, rounded or
 * clamped), and returns the previous value. `and`, `or` and `xor` of a type that is not an integer type use
 * JavaScript's operators on numbers. Throws as {@link atomicStore}.
 * @throws {ArgumentTypeError} if the operation is unknown, or add or sub of bools
 */
export function atomicUpdate<T extends ScalarValue>(
  operation: AtomicOperation,
  type: ScalarDescriptor<T>,
  memory: LinearMemory,
  address: Address,
  value: T,
): T {
  if (!UPDATES.includes(operation)) throw new ArgumentTypeError(`one of ${UPDATES.join(', ')}`, operation);
  const bits = toBits(type, value);
  const cell = cellAt(type, memory, address);
  // The engine's integers wrap as its arithmetic does: Int8, BigUint64; not Uint8Clamped, nor pointers.
  if (/int\d+$/i.test(type.label)) return toValue(type, engine[operation](cell, 0, bits));
  for (;;) {
    const before = engine.load(cell, 0);
    const old = toValue(type, before);
    const after = toBits(type, combine(operation, old, value));
    if (engine.compareExchange(cell, 0, before, after) === before) return old;
  }
}

/** The result of waiting. */
export type WaitResult = 'ok' | 'not-equal' | 'timed-out';

/**
 * Blocks the thread until {@link atomicNotify} wakes it, if the 4 or 8 bytes at `address` equal `value`. Browsers refuse
 * to block their main thread.
 * @param value an int32 as a number, or an int64 as a bigint
 * @param timeout in milliseconds. Default: no timeout
 * @throws {ModuleError} if the memory is not shared: no other thread could wake this one
 */
export function atomicWait(
  memory: LinearMemory,
  address: Address,
  value: number | bigint,
  timeout?: number,
): WaitResult {
  const cell = waitCell(memory, address, value, timeout);
  return Atomics.wait(cell as Int32Array, 0, value as number, timeout); // the cell is of the value's type
}

/**
 * As {@link atomicWait}, but resolves instead of blocking.
 * @throws {ModuleError} also if the engine has no `Atomics.waitAsync`
 */
export async function atomicWaitAsync(
  memory: LinearMemory,
  address: Address,
  value: number | bigint,
  timeout?: number,
): Promise<WaitResult> {
  const cell = waitCell(memory, address, value, timeout);
  if (typeof Atomics.waitAsync !== 'function')
    throw new ModuleError('this engine has no Atomics.waitAsync; call wait() in a worker', {
      missing: ['Atomics.waitAsync'],
    });
  return Atomics.waitAsync(cell as Int32Array, 0, value as number, timeout).value; // as above
}

/** Wakes up to `count` threads that wait at `address` and returns how many it woke. `count` defaults to all. */
export function atomicNotify(memory: LinearMemory, address: Address, count?: number): number {
  if (count !== undefined && count !== Infinity) toCount(count, 'a count of threads');
  assertMemory(memory);
  const cell = memory.view(Int32Array, address, 1);
  return isShared(memory) ? Atomics.notify(cell, 0, count) : 0; // no thread waits
}

function waitCell(
  memory: LinearMemory,
  address: Address,
  value: number | bigint,
  timeout: number | undefined,
): Int32Array | BigInt64Array {
  if (timeout !== undefined && (typeof timeout !== 'number' || Number.isNaN(timeout)))
    throw new ArgumentTypeError('a timeout in milliseconds', timeout);
  const isInt64 = typeof value === 'bigint';
  if (!isInt64 && (typeof value !== 'number' || value !== (value | 0)))
    throw new ArgumentTypeError('an int32 (number) or an int64 (bigint)', value);
  assertMemory(memory);
  const cell = memory.view<Int32Array | BigInt64Array>(isInt64 ? BigInt64Array : Int32Array, address, 1);
  if (!isShared(memory)) throw new ModuleError('waiting needs a shared memory', { missing: ['shared'] });
  return cell;
}

/** Returns the value at `address` as an integer cell. @throws {ArgumentTypeError} if the type is larger than 8 bytes */
function cellAt<T extends ScalarValue>(
  type: ScalarDescriptor<T>,
  memory: LinearMemory,
  address: Address,
): Cell {
  assertType(type);
  assertMemory(memory);
  if (!engine.load) throw new ModuleError('this engine has no Atomics');
  const Cells = CELLS[type.size];
  if (!Cells) throw new ArgumentTypeError('a type of at most 8 bytes', type.name);
  const at = memory.locate(address, type.size, type.size); // first: it renews the view
  return new Cells(memory.data.buffer, at, 1);
}

function toBits<T extends ScalarValue>(type: ScalarDescriptor<T>, value: T): number | bigint {
  assertType(type);
  assertKind(type, value);
  if (type.size > 8) return 0; // cellAt refuses the type
  scratch.setBigUint64(0, 0n);
  type.set(scratch, 0, value);
  return type.size === 8 ? scratch.getBigUint64(0, true) : scratch.getUint32(0, true);
}

function toValue<T extends ScalarValue>(type: ScalarDescriptor<T>, bits: number | bigint): T {
  if (typeof bits === 'bigint') scratch.setBigUint64(0, bits, true);
  else scratch.setUint32(0, bits, true);
  return type.get(scratch, 0);
}

function combine<T extends ScalarValue>(operation: AtomicOperation, old: T, value: T): T {
  if (typeof old === 'boolean' && (operation === 'add' || operation === 'sub'))
    throw new ArgumentTypeError('a type of numbers', 'bool');
  const [a, b] = [old as number, value as number]; // or both bigint or boolean: the operators are the same
  const results = { add: () => a + b, sub: () => a - b, and: () => a & b, or: () => a | b, xor: () => a ^ b };
  const result = results[operation]();
  return (typeof old === 'boolean' ? result !== 0 : result) as T;
}
