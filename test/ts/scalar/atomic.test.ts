import { describe, expect, test } from 'vitest';
import {
  ArgumentTypeError,
  atomicLoad,
  atomicStore,
  LinearMemory,
  MisalignedError,
  OutOfBoundsError,
  rows,
  u128,
  type Scalar,
  type ScalarValue,
} from '../../../ts/index.ts';

const narrow = (rows as unknown as readonly Scalar<ScalarValue>[]).filter((row) => row.size <= 8);
const sample = (row: Scalar<ScalarValue>): ScalarValue =>
  row.kind === 'bigint' ? 77n : row.kind === 'boolean' ? true : row.name.startsWith('f') ? -2.5 : 77;

describe.each([false, true])('in memory with shared: %s', (shared) => {
  const memory = new LinearMemory(new WebAssembly.Memory({ initial: 1, maximum: 4, shared }));
  test.each(narrow)('$name is stored and loaded whole', (row) => {
    memory.fill(96, 32, 0x11);
    atomicStore(row, memory, 104, sample(row));
    expect(atomicLoad(row, memory, 104)).toBe(sample(row));
    expect(row.read(memory, 104)).toBe(sample(row));
    expect(memory.readBytes(96, 8).every((byte) => byte === 0x11)).toBe(true);
    expect(memory.readBytes(104 + row.size, 8).every((byte) => byte === 0x11)).toBe(true);
  });
  test.each(narrow.filter((row) => row.size > 1))(
    '$name refuses a misaligned address and stores nothing',
    (row) => {
      memory.fill(96, 32);
      expect(() => atomicLoad(row, memory, 97)).toThrow(MisalignedError);
      const act = (): void => atomicStore(row, memory, 97, sample(row));
      expect(act).toThrow(expect.objectContaining({ code: 'MISALIGNED', address: 97, align: row.size }));
      expect(memory.readBytes(96, 32).every((byte) => byte === 0)).toBe(true);
    },
  );
  test.each(narrow)('$name refuses addresses outside and values of another type', (row) => {
    expect(() => atomicLoad(row, memory, memory.byteLength)).toThrow(OutOfBoundsError);
    expect(() => atomicStore(row, memory, NaN, sample(row))).toThrow(OutOfBoundsError);
    expect(() => atomicStore(row, memory, 8, 'x' as never)).toThrow(ArgumentTypeError);
  });
});

test('atomics follow a memory that grew', () => {
  const wasm = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true });
  const memory = new LinearMemory(wasm);
  wasm.grow(1);
  for (const row of narrow) atomicStore(row, memory, 65536 + 8, sample(row));
  for (const row of narrow.slice(-1)) expect(atomicLoad(row, memory, 65536 + 8)).toBe(sample(row));
});

test('a row wider than 8 bytes has no atomics, and says so', () => {
  const memory = new LinearMemory(new WebAssembly.Memory({ initial: 1 }));
  expect(() => atomicLoad(u128, memory, 0)).toThrow(ArgumentTypeError);
  expect(() => atomicStore(u128, memory, 0, 1n)).toThrow(ArgumentTypeError);
});
