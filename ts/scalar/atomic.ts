// SPDX-License-Identifier: MIT
// Atomic loads and stores of every row up to 8 bytes: sequentially consistent, as all atomics of wasm and of
// JavaScript are. The engine has them for integers; the other rows travel as their bits.
import { ArgumentTypeError } from '../errors.ts';
import type { Address } from '../memory/address.ts';
import type { ElementsClass, LinearMemory } from '../memory/memory.ts';
import type { Scalar, ScalarValue } from './scalar.ts';

const { load, store } = Atomics;
// One scratch cell seen as every integer width and as bytes: turns the bits of a row into its value and back.
const scratch = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8));
type Cells = Uint8Array | Uint16Array | Uint32Array;
const CELLS: Readonly<Record<number, ElementsClass<Cells>>> = {
  1: Uint8Array,
  2: Uint16Array,
  4: Uint32Array,
};

/**
 * Returns the value at `address`, loaded in one indivisible step. f32 and f64 keep every number and -0; the
 * payload of a NaN is the engine's choice.
 * @throws {MisalignedError} when the address is not a multiple of the row's size
 * @throws {OutOfBoundsError} {@link ArgumentTypeError} as `row.read`
 */
export function atomicLoad<T extends ScalarValue>(row: Scalar<T>, memory: LinearMemory, address: Address): T {
  const at = memory.locate(address, row.size, cellSize(row));
  const { buffer } = memory.data;
  const Cell = CELLS[row.size];
  if (Cell) scratch.setUint32(0, load(new Cell(buffer, at, 1), 0), true);
  else scratch.setBigUint64(0, load(new BigUint64Array(buffer, at, 1), 0), true);
  return row.get(scratch, 0);
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
  if (typeof value !== row.kind) throw new ArgumentTypeError(`a ${row.kind} for ${row.name}`, value);
  const at = memory.locate(address, row.size, cellSize(row));
  const { buffer } = memory.data;
  row.set(scratch, 0, value);
  const Cell = CELLS[row.size];
  if (Cell) store(new Cell(buffer, at, 1), 0, scratch.getUint32(0, true));
  else store(new BigUint64Array(buffer, at, 1), 0, scratch.getBigUint64(0, true));
}

/** Bytes of the row's cell. @throws {ArgumentTypeError} when no engine has a cell that wide */
function cellSize({ name, size }: { name: string; size: number }): number {
  if (size > 8) throw new ArgumentTypeError('a row of at most 8 bytes', name);
  return size;
}
