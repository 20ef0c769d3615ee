// SPDX-License-Identifier: MIT
// Atomics of every row up to 8 bytes: sequentially consistent, as all atomics of wasm and of JavaScript are.
//
//   A1  The engine has atomics for integers. Every other row (floats, clamped, checked pointers, bool) travels as
//       its bits, and what changes it is a loop of compare-exchange.
import { ArgumentTypeError, ModuleError } from '../errors.ts';
import { toCount, type Address } from '../memory/address.ts';
import { isShared, type ElementsClass, type LinearMemory } from '../memory/memory.ts';
import { assertKind, type Scalar, type ScalarValue } from './scalar.ts';

/** What two numbers, bigints or booleans become. */
export type AtomicOperation = 'add' | 'sub' | 'and' | 'or' | 'xor';

type Cell = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;
const CELLS: Readonly<Record<number, ElementsClass<Cell>>> = {
  1: Uint8Array,
  2: Uint16Array,
  4: Uint32Array,
  8: BigUint64Array,
};
// The engine's own, as they are at import; typed for any cell, where the engine's types want one kind at a time.
type Verb = (cell: Cell, index: 0, ...bits: (number | bigint)[]) => number | bigint;
const { load, store, exchange, compareExchange, add, sub, and, or, xor } = Atomics as unknown as Record<
  AtomicOperation | 'load' | 'store' | 'exchange' | 'compareExchange',
  Verb
>;
export const updates: Readonly<Record<AtomicOperation, Verb>> = { add, sub, and, or, xor };
const scratch = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8));

/**
 * Returns the value at `address`, loaded in one indivisible step. f32 and f64 keep every number and -0; the
 * payload of a NaN is the engine's choice.
 * @throws {MisalignedError} when the address is not a multiple of the row's size
 * @throws {OutOfBoundsError} {@link ArgumentTypeError} as `row.read`
 */
export function atomicLoad<T extends ScalarValue>(row: Scalar<T>, memory: LinearMemory, address: Address): T {
  return toValue(row, load(cellAt(row, memory, address), 0));
}

/**
 * Stores `value` at `address` in one indivisible step. Errors as {@link atomicLoad}.
 * @throws {ArgumentTypeError} when the value has the wrong type
 */
export function atomicStore<T extends ScalarValue>(
  row: Scalar<T>,
  memory: LinearMemory,
  address: Address,
  value: T,
): void {
  const bits = toBits(row, value);
  store(cellAt(row, memory, address), 0, bits);
}

/** Stores `value` and returns what was there, in one indivisible step. Errors as {@link atomicStore}. */
export function atomicExchange<T extends ScalarValue>(
  row: Scalar<T>,
  memory: LinearMemory,
  address: Address,
  value: T,
): T {
  const bits = toBits(row, value);
  return toValue(row, exchange(cellAt(row, memory, address), 0, bits));
}

/**
 * Stores `value` if `expected` is there, and returns what was there, in one indivisible step. What is compared
 * are the bits: -0 is not 0, and a NaN is one of the same bits only. Errors as {@link atomicStore}.
 */
export function atomicCompareExchange<T extends ScalarValue>(
  row: Scalar<T>,
  memory: LinearMemory,
  address: Address,
  expected: T,
  value: T,
): T {
  const before = toBits(row, expected);
  const after = toBits(row, value);
  return toValue(row, compareExchange(cellAt(row, memory, address), 0, before, after));
}

/**
 * Combines the value at `address` with `value`, stores the result as the row stores numbers (wrapped, rounded or
 * clamped), and returns what was there, in one indivisible step. `and`, `or` and `xor` of a row that is no
 * integer are those of JavaScript's operators on its numbers. Errors as {@link atomicStore}.
 * @throws {ArgumentTypeError} for sums of bools
 */
export function atomicUpdate<T extends ScalarValue>(
  operation: AtomicOperation,
  row: Scalar<T>,
  memory: LinearMemory,
  address: Address,
  value: T,
): T {
  const bits = toBits(row, value);
  const cell = cellAt(row, memory, address);
  // The engine's own integers wrap as its arithmetic does: Int8, BigUint64; not Uint8Clamped, nor pointers.
  if (/int\d+$/i.test(row.label)) return toValue(row, updates[operation](cell, 0, bits));
  for (;;) {
    const before = load(cell, 0);
    const old = toValue(row, before);
    const after = toBits(row, combine(operation, old, value));
    if (compareExchange(cell, 0, before, after) === before) return old;
  }
}

/**
 * Sleeps until {@link atomicNotify} wakes it, if the 4 or 8 bytes at `address` are `value`; returns why it woke.
 * Not on a browser's main thread, where the engine refuses to sleep.
 * @param value an int32_t as a number, or an int64_t as a bigint
 * @param timeout milliseconds, without end unless given
 * @throws {ModuleError} when the memory is not shared: nobody could wake it
 */
export function atomicWait(
  memory: LinearMemory,
  address: Address,
  value: number | bigint,
  timeout?: number,
): 'ok' | 'not-equal' | 'timed-out' {
  const cell = waitCell(memory, address, value, timeout);
  return Atomics.wait(cell as Int32Array, 0, value as number, timeout); // the cell is of the value's kind
}

/** As {@link atomicWait}, without sleeping: resolves when it would wake. */
export async function atomicWaitAsync(
  memory: LinearMemory,
  address: Address,
  value: number | bigint,
  timeout?: number,
): Promise<'ok' | 'not-equal' | 'timed-out'> {
  const cell = waitCell(memory, address, value, timeout);
  return Atomics.waitAsync(cell as Int32Array, 0, value as number, timeout).value; // as above
}

/** Wakes up to `count` who wait at `address`, all unless given; returns how many woke. */
export function atomicNotify(memory: LinearMemory, address: Address, count?: number): number {
  if (count !== undefined && count !== Infinity) toCount(count, 'a count of sleepers');
  return Atomics.notify(memory.view(Int32Array, address, 1), 0, count);
}

function waitCell(
  memory: LinearMemory,
  address: Address,
  value: number | bigint,
  timeout: number | undefined,
): Int32Array | BigInt64Array {
  if (timeout !== undefined && (typeof timeout !== 'number' || Number.isNaN(timeout)))
    throw new ArgumentTypeError('a timeout in milliseconds', timeout);
  const isWide = typeof value === 'bigint';
  if (!isWide && (typeof value !== 'number' || value !== (value | 0)))
    throw new ArgumentTypeError('an int32 (number) or an int64 (bigint)', value);
  const cell = memory.view<Int32Array | BigInt64Array>(isWide ? BigInt64Array : Int32Array, address, 1);
  if (!isShared(memory)) throw new ModuleError('waiting needs a shared memory', { missing: ['shared'] });
  return cell;
}

/** The cell of the row at `address`. @throws {ArgumentTypeError} when no engine has a cell that wide */
function cellAt<T extends ScalarValue>(row: Scalar<T>, memory: LinearMemory, address: Address): Cell {
  const Cells = CELLS[row.size];
  if (!Cells) throw new ArgumentTypeError('a row of at most 8 bytes', row.name);
  const at = memory.locate(address, row.size, row.size); // first, as it renews the view
  return new Cells(memory.data.buffer, at, 1);
}

function toBits<T extends ScalarValue>(row: Scalar<T>, value: T): number | bigint {
  assertKind(row, value);
  if (row.size > 8) return 0; // cellAt refuses the row
  scratch.setBigUint64(0, 0n);
  row.set(scratch, 0, value);
  return row.size === 8 ? scratch.getBigUint64(0, true) : scratch.getUint32(0, true);
}

function toValue<T extends ScalarValue>(row: Scalar<T>, bits: number | bigint): T {
  if (typeof bits === 'bigint') scratch.setBigUint64(0, bits, true);
  else scratch.setUint32(0, bits, true);
  return row.get(scratch, 0);
}

function combine<T extends ScalarValue>(operation: AtomicOperation, old: T, value: T): T {
  if (typeof old === 'boolean' && (operation === 'add' || operation === 'sub'))
    throw new ArgumentTypeError('a row of numbers', 'bool');
  const [a, b] = [old as number, value as number]; // or both bigint or boolean: the operators are the same
  const results = { add: () => a + b, sub: () => a - b, and: () => a & b, or: () => a | b, xor: () => a ^ b };
  const result = results[operation]();
  return (typeof old === 'boolean' ? result !== 0 : result) as T;
}
