import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createWasmHeapManager,
  FreedError,
  OutOfBoundsError,
  scalarTypes,
  type Scalar,
  type ScalarValue,
  type WasmHeapManager,
} from '../../../ts/index.ts';
import { accessMode, recordFault } from '../../../ts/memory/access-mode.ts';
import { prng, SEED } from '../../support/prng.ts';

const all = scalarTypes as unknown as readonly Scalar<ScalarValue>[];
const PAGE = 65536;
const ones = (row: Scalar<ScalarValue>): ScalarValue =>
  row.kind === 'bigint' ? 1n : row.kind === 'boolean' ? true : 1;
/** Asked in another form than the library does; Node 20 has no navigator. */
const isV8 = /Chrom|Node|Deno/.test(globalThis.navigator?.userAgent ?? 'Node');

const wayNow = (): number => (accessMode.third ? 3 : accessMode.second ? 2 : 1);
function setWay(way: number): void {
  delete accessMode.second;
  delete accessMode.third;
  if (way > 1) accessMode.second = true;
  if (way > 2) accessMode.third = true;
}

let memory: WebAssembly.Memory;
let heap: WasmHeapManager;
beforeEach(() => {
  memory = new WebAssembly.Memory({ initial: 1, maximum: 4 });
  heap = createWasmHeapManager(
    () => memory.buffer,
    () => 1024,
    () => undefined,
  );
});
afterEach(() => {
  setWay(1);
});

/** The ways in which a program reads and writes at an address, each a function of its own in the source. */
const styles: Record<string, (row: Scalar<ScalarValue>) => Access> = {
  row: (row) => ({
    read: (at) => row.read(heap, at),
    write: (at, value) => row.write(heap, at, value),
  }),
  method: ({ label }) => {
    const methods = heap as unknown as Record<string, (...given: unknown[]) => ScalarValue>;
    return {
      read: (at) => methods[`read${label}`]?.call(heap, at) as ScalarValue,
      write: (at, value) => void methods[`write${label}`]?.call(heap, at, value),
    };
  },
  ref: (row) => ({
    read: (at) => row.wrap(heap, at).value,
    write(at, value) {
      row.wrap(heap, at).value = value;
    },
  }),
};
interface Access {
  read(at: number): ScalarValue;
  write(at: number, value: ScalarValue): void;
}

describe.each([1, 2, 3])('in access mode %i', (way) => {
  describe.each(Object.keys(styles))('a %s', (style) => {
    test.each(all)('of $name reads and writes up to the last byte, and not beyond', (row) => {
      const { read, write } = (styles[style] as (typeof styles)[string])(row);
      for (const at of [8, 9, PAGE - row.size]) {
        setWay(way);
        write(at, ones(row));
        expect(read(at)).toBe(ones(row));
        expect(wayNow(), 'nothing failed').toBe(way);
      }
      for (const at of [PAGE - row.size + 1, PAGE, -1, 0.5, Number.NaN]) {
        setWay(way);
        expect(() => read(at)).toThrow(OutOfBoundsError);
        setWay(way);
        expect(() => write(at, ones(row))).toThrow(OutOfBoundsError);
      }
    });
    test.each(all)('of $name works after the memory grew, in old bytes and new', (row) => {
      const { read, write } = (styles[style] as (typeof styles)[string])(row);
      setWay(way);
      write(16, ones(row));
      memory.grow(1);
      expect(read(16)).toBe(ones(row));
      memory.grow(1);
      setWay(way);
      write(2 * PAGE, ones(row));
      expect(read(2 * PAGE)).toBe(ones(row));
    });
  });
  test.each(all)('a ref to $name refuses every use after the free', (row) => {
    const ref = row.alloc(heap, ones(row));
    ref.free();
    for (const use of [() => ref.value, () => ref.write(ones(row))]) {
      setWay(way);
      expect(use).toThrow(FreedError);
    }
  });
});

/** A value that each row stores as it is. */
const sample = (row: Scalar<ScalarValue>, n: number): ScalarValue =>
  row.kind === 'bigint' ? BigInt(n) : row.kind === 'boolean' ? n % 2 === 1 : n;

// Enough of each that engines compile it, and that they have to take back what they assumed.
test(`hot accesses are right while the memory grows (SEED=${SEED})`, () => {
  const random = prng(SEED);
  memory = new WebAssembly.Memory({ initial: 1, maximum: 64 });
  for (let round = 0; round < 40; round++) {
    if (round % 3 === 2) memory.grow(1);
    for (const style of Object.values(styles)) {
      const row = all[random(all.length)] as Scalar<ScalarValue>;
      const { read, write } = style(row);
      for (let i = 0; i < 3000; i++) {
        const last = memory.buffer.byteLength - row.size;
        const at = i % 50 === 0 ? last : 1 + random(last); // 0 is NULL to refs
        const value = sample(row, random(100));
        write(at, value);
        if (read(at) !== value) expect.fail(`${row.name} at ${at}: ${read(at)}, not ${value}`);
        if (i % 1000 === 0) expect(() => read(last + 1)).toThrow(OutOfBoundsError);
      }
    }
  }
});

describe('the access mode', () => {
  test('changes after each access that failed, up to the third, if the engine is V8', () => {
    const found = [0, 1, 2].map(() => {
      memory.grow(1);
      heap.readInt32(0);
      return wayNow();
    });
    expect(found).toEqual(isV8 ? [2, 3, 3] : [1, 1, 1]);
  });
  test('stays when the heap grew the memory to allocate a block', () => {
    const own = createWasmHeapManager(
      memory,
      () => memory.grow(1) * 1024, // where the memory was before it grew
      () => undefined,
      { clearAllocatedRegions: false },
    );
    own.alloc(8);
    own.writeInt32(0, 1);
    const at = own.alloc(8);
    own.writeInt32(at, own.readInt32(0));
    expect([at, own.readInt32(at), wayNow()]).toEqual([2048, 1, 1]);
  });
  test('stays for a bigint address, and after errors other than of an access', () => {
    expect(heap.readInt32(8n)).toBe(0);
    expect(() => heap.readInt32('8' as never)).toThrow(TypeError);
    expect(wayNow()).toBe(1);
  });
  test('has at most three values', () => {
    for (let i = 0; i < 5; i++) recordFault();
    expect(wayNow()).toBe(isV8 ? 3 : 1);
  });
});
