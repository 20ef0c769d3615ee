import { describe, expect, test } from 'vitest';
import {
  fillBytes,
  readBytes,
  ArgumentRangeError,
  ArgumentTypeError,
  atomicCompareExchange,
  atomicExchange,
  atomicLoad,
  atomicNotify,
  atomicStore,
  atomicUpdate,
  atomicWait,
  atomicWaitAsync,
  bool,
  f32,
  f64,
  i64,
  LinearMemory,
  MisalignedError,
  ModuleError,
  OutOfBoundsError,
  ptr53,
  scalarTypes,
  u128,
  u8,
  u8c,
  type Scalar,
  type ScalarValue,
} from '../../../ts/index.ts';
import { elsewhere } from '../../support/thread.ts';

const narrow = (scalarTypes as unknown as readonly Scalar<ScalarValue>[]).filter((type) => type.size <= 8);
const sample = (type: Scalar<ScalarValue>): ScalarValue =>
  type.kind === 'bigint' ? 77n : type.kind === 'boolean' ? true : type.name.startsWith('f') ? -2.5 : 77;

describe.each([false, true])('in memory with shared: %s', (shared) => {
  const memory = new LinearMemory(new WebAssembly.Memory({ initial: 1, maximum: 4, shared }));
  test.each(narrow)('$name is stored and loaded', (type) => {
    fillBytes(memory, 96, 32, 0x11);
    atomicStore(type, memory, 104, sample(type));
    expect(atomicLoad(type, memory, 104)).toBe(sample(type));
    expect(type.read(memory, 104)).toBe(sample(type));
    expect(readBytes(memory, 96, 8).every((byte) => byte === 0x11)).toBe(true);
    expect(readBytes(memory, 104 + type.size, 8).every((byte) => byte === 0x11)).toBe(true);
  });
  test.each(narrow.filter((type) => type.size > 1))(
    '$name refuses a misaligned address and stores nothing',
    (type) => {
      fillBytes(memory, 96, 32);
      expect(() => atomicLoad(type, memory, 97)).toThrow(MisalignedError);
      const act = (): void => atomicStore(type, memory, 97, sample(type));
      expect(act).toThrow(expect.objectContaining({ code: 'MISALIGNED', address: 97, align: type.size }));
      expect(readBytes(memory, 96, 32).every((byte) => byte === 0)).toBe(true);
    },
  );
  test.each(narrow)('$name refuses addresses outside and values of another type', (type) => {
    expect(() => atomicLoad(type, memory, memory.byteLength)).toThrow(OutOfBoundsError);
    expect(() => atomicStore(type, memory, NaN, sample(type))).toThrow(OutOfBoundsError);
    expect(() => atomicStore(type, memory, 8, 'x' as never)).toThrow(ArgumentTypeError);
  });
});

test('atomics follow a memory that grew', () => {
  const wasm = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true });
  const memory = new LinearMemory(wasm);
  wasm.grow(1);
  for (const type of narrow) atomicStore(type, memory, 65536 + 8, sample(type));
  for (const type of narrow.slice(-1)) expect(atomicLoad(type, memory, 65536 + 8)).toBe(sample(type));
});

describe('exchange, compareExchange and updates', () => {
  const memory = new LinearMemory(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }));
  test.each(narrow)('$name exchanges, and compares before it exchanges', (type) => {
    const [a, b] = type.kind === 'bigint' ? [3n, 9n] : type.kind === 'boolean' ? [true, false] : [3, 9];
    type.write(memory, 64, a);
    expect(atomicExchange(type, memory, 64, b)).toBe(a);
    expect(atomicCompareExchange(type, memory, 64, a, a)).toBe(b);
    expect(type.read(memory, 64)).toBe(b);
    expect(atomicCompareExchange(type, memory, 64, b, a)).toBe(b);
    expect(type.read(memory, 64)).toBe(a);
  });
  test.each(narrow.filter((type) => type.kind !== 'boolean'))(
    '$name adds, subtracts, ands, ors and xors',
    (type) => {
      const of = (n: number): ScalarValue => (type.kind === 'bigint' ? BigInt(n) : n);
      const steps = [['add', 12, 18], ['sub', 5, 13], ['and', 12, 12], ['or', 3, 15], ['xor', 5, 10]] as const; // prettier-ignore
      type.write(memory, 64, of(6));
      let before = 6;
      for (const [operation, operand, after] of steps) {
        expect(atomicUpdate(operation, type, memory, 64, of(operand))).toBe(of(before));
        expect(type.read(memory, 64)).toBe(of(after));
        before = after;
      }
    },
  );
  test('sums are stored as the type stores numbers: wrapped, clamped, rounded, or refused', () => {
    u8.write(memory, 64, 250);
    atomicUpdate('add', u8, memory, 64, 10);
    u8c.write(memory, 72, 250);
    atomicUpdate('add', u8c, memory, 72, 10);
    f32.write(memory, 80, 0.1);
    atomicUpdate('add', f32, memory, 80, 0.2);
    i64.write(memory, 88, 2n ** 63n - 1n);
    atomicUpdate('add', i64, memory, 88, 1n);
    expect([u8.read(memory, 64), u8c.read(memory, 72), i64.read(memory, 88)]).toEqual([4, 255, -(2n ** 63n)]);
    expect(f32.read(memory, 80)).toBe(Math.fround(Math.fround(0.1) + 0.2));
    ptr53.write(memory, 96, 2 ** 53 - 1);
    expect(() => atomicUpdate('add', ptr53, memory, 96, 1)).toThrow(ArgumentRangeError);
    expect(ptr53.read(memory, 96)).toBe(2 ** 53 - 1);
  });
  test('bools support and, or and xor, but not add and sub', () => {
    bool.write(memory, 64, true);
    expect(atomicUpdate('and', bool, memory, 64, false)).toBe(true);
    expect(atomicUpdate('or', bool, memory, 64, true)).toBe(false);
    expect(atomicUpdate('xor', bool, memory, 64, true)).toBe(true);
    expect(bool.read(memory, 64)).toBe(false);
    expect(() => atomicUpdate('add', bool, memory, 64, true)).toThrow(ArgumentTypeError);
  });
  test('values of another type are refused and nothing is stored', () => {
    f64.write(memory, 64, 1.5);
    expect(() => atomicUpdate('add', f64, memory, 64, 1n as never)).toThrow(ArgumentTypeError);
    expect(() => atomicExchange(f64, memory, 64, '1' as never)).toThrow(ArgumentTypeError);
    expect(() => atomicCompareExchange(f64, memory, 64, null as never, 1)).toThrow(ArgumentTypeError);
    expect(f64.read(memory, 64)).toBe(1.5);
  });
  test('concurrent sums of floats from several threads are complete', async () => {
    const shared = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const own = new LinearMemory(shared);
    // The other threads add by the same loop of compare-exchange, written out: they have no imports.
    const code = `
      const cell = new BigUint64Array(memory.buffer, 0, 1), data = new DataView(new ArrayBuffer(8));
      for (let i = 0; i < 20000; i++) for (;;) {
        const before = Atomics.load(cell, 0);
        data.setBigUint64(0, before); data.setFloat64(0, data.getFloat64(0) + 1);
        if (Atomics.compareExchange(cell, 0, before, data.getBigUint64(0)) === before) break;
      }`;
    const others = [elsewhere(shared, code), elsewhere(shared, code)];
    let done = false;
    void Promise.all(others).then(() => {
      done = true;
    });
    let mine = 0;
    while (!done) {
      for (let i = 0; i < 1000; i++, mine++) atomicUpdate('add', f64, own, 0, 1);
      await new Promise((resolve) => setTimeout(resolve));
    }
    expect(atomicLoad(f64, own, 0)).toBe(mine + 40000);
  });
});

describe('wait and notify', () => {
  test('waitAsync wakes when another thread notifies', async () => {
    const shared = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const memory = new LinearMemory(shared);
    const woken = atomicWaitAsync(memory, 64, 0, 20_000);
    const code = `const cell = new Int32Array(memory.buffer); Atomics.store(cell, 16, 5); while (Atomics.notify(cell, 16) === 0);`;
    await elsewhere(shared, code);
    expect(await woken).toBe('ok');
    expect(await atomicWaitAsync(memory, 64, 0)).toBe('not-equal');
    expect(await atomicWaitAsync(memory, 64, 5, 1)).toBe('timed-out');
    expect(await atomicWaitAsync(memory, 72, 0n, 1)).toBe('timed-out');
    expect(atomicNotify(memory, 64)).toBe(0);
  });
  test('waiting is refused if the memory or the thread cannot wait', async () => {
    const unshared = new LinearMemory(new WebAssembly.Memory({ initial: 1 }));
    const shared = new LinearMemory(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }));
    expect(() => atomicWait(unshared, 64, 0, 1)).toThrow(ModuleError);
    expect(() => atomicWait(shared, 66, 0, 1)).toThrow(MisalignedError);
    expect(() => atomicWait(shared, 68, 0n, 1)).toThrow(MisalignedError);
    for (const wrong of [0.5, 2 ** 31, NaN, '0', null])
      expect(() => atomicWait(shared, 64, wrong as never, 1)).toThrow(ArgumentTypeError);
    await expect(atomicWaitAsync(unshared, 64, 0, 1)).rejects.toThrow(ModuleError);
    expect(() => atomicNotify(shared, 65536)).toThrow(OutOfBoundsError);
  });
});

test('a type wider than 8 bytes has no atomics, and the error says so', () => {
  const memory = new LinearMemory(new WebAssembly.Memory({ initial: 1 }));
  expect(() => atomicLoad(u128, memory, 0)).toThrow(ArgumentTypeError);
  expect(() => atomicStore(u128, memory, 0, 1n)).toThrow(ArgumentTypeError);
});
