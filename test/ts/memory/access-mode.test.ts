import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createWasmHeapManager,
  FreedError,
  LinearMemory,
  OutOfBoundsError,
  scalarTypes,
  type Scalar,
  type ScalarValue,
  type WasmHeapManager,
} from '../../../ts/index.ts';
import { prng, SEED } from '../../support/prng.ts';

const all = scalarTypes as unknown as readonly Scalar<ScalarValue>[];
const PAGE = 65536;
const ones = (type: Scalar<ScalarValue>): ScalarValue =>
  type.kind === 'bigint' ? 1n : type.kind === 'boolean' ? true : 1;
/** Asked in another form than the library does; Node 20 has no navigator. */
const isV8 = /Chrom|Node|Deno/.test(globalThis.navigator?.userAgent ?? 'Node');

const accessMode = LinearMemory.prototype.mode;
const currentMode = (): number => (accessMode.G3 ? 3 : accessMode.G2 ? 2 : 1);
function setMode(mode: number): void {
  delete accessMode.G2;
  delete accessMode.G3;
  if (mode > 1) accessMode.G2 = true;
  if (mode > 2) accessMode.G3 = true;
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
  setMode(1);
});

/** The styles of reading and writing at an address, each as a separate function in the source. */
const styles: Record<string, (type: Scalar<ScalarValue>) => Access> = {
  type: (type) => ({
    read: (at) => type.read(heap, at),
    write: (at, value) => type.write(heap, at, value),
  }),
  method: ({ label }) => {
    const methods = heap as unknown as Record<string, (...given: unknown[]) => ScalarValue>;
    return {
      read: (at) => methods[`read${label}`]?.call(heap, at) as ScalarValue,
      write: (at, value) => void methods[`write${label}`]?.call(heap, at, value),
    };
  },
  ref: (type) => ({
    read: (at) => type.wrap(heap, at).value,
    write(at, value) {
      type.wrap(heap, at).value = value;
    },
  }),
};
interface Access {
  read(at: number): ScalarValue;
  write(at: number, value: ScalarValue): void;
}

describe.each([1, 2, 3])('in access mode %i', (mode) => {
  describe.each(Object.keys(styles))('a %s', (style) => {
    test.each(all)('of $name reads and writes up to the last byte, and not beyond', (type) => {
      const { read, write } = (styles[style] as (typeof styles)[string])(type);
      for (const at of [8, 9, PAGE - type.size]) {
        setMode(mode);
        write(at, ones(type));
        expect(read(at)).toBe(ones(type));
        expect(currentMode(), 'nothing failed').toBe(mode);
      }
      for (const at of [PAGE - type.size + 1, PAGE, -1, 0.5, Number.NaN]) {
        setMode(mode);
        expect(() => read(at)).toThrow(OutOfBoundsError);
        setMode(mode);
        expect(() => write(at, ones(type))).toThrow(OutOfBoundsError);
      }
    });
    test.each(all)('of $name works after the memory grew, in old bytes and new', (type) => {
      const { read, write } = (styles[style] as (typeof styles)[string])(type);
      setMode(mode);
      write(16, ones(type));
      memory.grow(1);
      expect(read(16)).toBe(ones(type));
      memory.grow(1);
      setMode(mode);
      write(2 * PAGE, ones(type));
      expect(read(2 * PAGE)).toBe(ones(type));
    });
  });
  test.each(all)('a ref to $name refuses every use after the free', (type) => {
    const ref = type.alloc(heap, ones(type));
    ref.free();
    for (const use of [() => ref.value, () => ref.write(ones(type))]) {
      setMode(mode);
      expect(use).toThrow(FreedError);
    }
  });
});

/** A value that each type stores as it is. */
const sample = (type: Scalar<ScalarValue>, n: number): ScalarValue =>
  type.kind === 'bigint' ? BigInt(n) : type.kind === 'boolean' ? n % 2 === 1 : n;

// Enough iterations that engines optimize the code, and deoptimize it.
test(`hot accesses are right while the memory grows (SEED=${SEED})`, () => {
  const random = prng(SEED);
  memory = new WebAssembly.Memory({ initial: 1, maximum: 64 });
  for (let round = 0; round < 40; round++) {
    if (round % 3 === 2) memory.grow(1);
    for (const style of Object.values(styles)) {
      const type = all[random(all.length)] as Scalar<ScalarValue>;
      const { read, write } = style(type);
      for (let i = 0; i < 3000; i++) {
        const last = memory.buffer.byteLength - type.size;
        const at = i % 50 === 0 ? last : 1 + random(last); // 0 is NULL to refs
        const value = sample(type, random(100));
        write(at, value);
        if (read(at) !== value) expect.fail(`${type.name} at ${at}: ${read(at)}, not ${value}`);
        if (i % 1000 === 0) expect(() => read(last + 1)).toThrow(OutOfBoundsError);
      }
    }
  }
});

describe('the access mode', () => {
  test('changes after each access that met a growth, up to the third, if the engine is V8', () => {
    const found = [0, 1, 2].map(() => {
      memory.grow(1);
      heap.readInt32(0);
      return currentMode();
    });
    expect(found).toEqual(isV8 ? [2, 3, 3] : [1, 1, 1]);
  });
  test('stays when an access met a growth beyond the old end', () => {
    memory.grow(1);
    expect(heap.readInt32(PAGE)).toBe(0);
    expect(currentMode()).toBeLessThan(3);
  });
  test('is not the slow one after a few refused accesses', () => {
    const refused = (act: () => unknown): void => expect(act).toThrow();
    for (let i = 0; i < 3; i++) {
      refused(() => heap.readInt32(PAGE - 3));
      refused(() => heap.writeInt32(2 ** 30, 1));
    }
    const ref = heap.allocInt32(1);
    ref.free();
    refused(() => ref.value);
    expect(currentMode()).toBe(isV8 ? 2 : 1);
  });
  test('stays after refusals without a DataView: NaN, fractions, pointers', () => {
    for (const at of [Number.NaN, 0.5, Number.POSITIVE_INFINITY])
      expect(() => heap.readInt32(at)).toThrow(OutOfBoundsError);
    for (let i = 0; i < 40; i++) {
      expect(() => heap.writePointer32(8, 0.5)).toThrow();
      expect(() => heap.writeInt32(8, '1' as never)).toThrow(TypeError);
    }
    expect(currentMode()).toBe(1);
  });
  test('is the third after many refused accesses, each of which may cost a call site', () => {
    for (let i = 0; i < 40; i++) expect(() => heap.readInt32(2 ** 30)).toThrow(OutOfBoundsError);
    expect(currentMode()).toBe(isV8 ? 3 : 1);
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
    expect([at, own.readInt32(at), currentMode()]).toEqual([2048, 1, 1]);
  });
  test('stays for a bigint address, and after errors other than of an access', () => {
    expect(heap.readInt32(8n)).toBe(0);
    expect(() => heap.readInt32('8' as never)).toThrow(TypeError);
    expect(currentMode()).toBe(1);
  });
});
