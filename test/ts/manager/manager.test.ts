import { afterEach, describe, expect, test } from 'vitest';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  createWasmHeapManager,
  DoubleFreeError,
  FreedError,
  i8,
  ModuleError,
  NotOwnedError,
  OutOfMemoryError,
  scalarTypes,
  WasmHeapManager,
} from '../../../ts/index.ts';
import { fakeHeap, fakeModule, type Fake } from '../../support/heap.ts';
import { prng, SEED } from '../../support/prng.ts';

let made: Fake[] = [];
const fake = (...args: Parameters<typeof fakeHeap>): Fake => {
  const one = fakeHeap(...args);
  made.push(one);
  return one;
};
afterEach(() => {
  for (const { module } of made) {
    expect([...module.live.keys()], 'blocks still live').toEqual([]);
    expect(module.badFrees, 'wrong frees that reached the allocator').toEqual([]);
  }
  made = [];
});

describe('alloc and free', () => {
  test('blocks do not overlap, are cleared, and are counted', () => {
    const { heap, module } = fake();
    heap.fill(1024, 60000, 0xee);
    const blocks = [1, 7, 8, 100, 4096].map((bytes) => [heap.alloc(bytes), bytes] as const);
    for (const [at, bytes] of blocks)
      expect(heap.readBytes(at, bytes).every((byte) => byte === 0)).toBe(true);
    expect(heap.statistics).toEqual({
      liveBlocks: 5,
      liveBytes: 4212,
      peakBytes: 4212,
      allocations: 5,
      frees: 0,
    });
    for (const [at] of blocks) heap.free(at);
    expect(heap.statistics).toEqual({
      liveBlocks: 0,
      liveBytes: 0,
      peakBytes: 4212,
      allocations: 5,
      frees: 5,
    });
    expect(module.live.size).toBe(0);
  });
  test('an allocation of 0 bytes is a distinct block', () => {
    const { heap } = fake();
    const [a, b] = [heap.alloc(0), heap.alloc(0)];
    expect(a).not.toBe(b);
    heap.free(a);
    heap.free(b);
  });
  test.each([NaN, -1, -0.5, 1.5, 2 ** 53, Infinity])('a size of %s is refused', (size) =>
    expect(() => fake().heap.alloc(size)).toThrow(
      expect.objectContaining({ code: 'INVALID_RANGE', value: size }),
    ),
  );
  test.each(['8', undefined, null, {}, 8n])('a size of type %s is refused', (size) =>
    expect(() => fake().heap.alloc(size as never)).toThrow(ArgumentTypeError),
  );
  test.each([2 ** 32, 2 ** 32 + 8, 2 ** 53 - 1, 2 ** 31])(
    '%s bytes are out of memory, not a wrapped size',
    (size) =>
      expect(() => fake().heap.alloc(size)).toThrow(expect.objectContaining({ code: 'OUT_OF_MEMORY', size })),
  );
  test.each([0, 3, 2 ** 17, NaN])('an alignment of %s is refused', (align) =>
    expect(() => fake().heap.alloc(8, align)).toThrow(ArgumentRangeError),
  );
  test('blocks are aligned to any power of two up to 65,536, also if the allocator cannot align', () => {
    for (const module of [fakeModule(), fakeModule(undefined, 1)]) {
      const { heap } = fake({}, module);
      const odd = heap.alloc(5, 1);
      for (let align = 1; align <= 65536; align *= 2) {
        const at = heap.alloc(10, align);
        expect(at % align).toBe(0);
        heap.free(at);
      }
      const double = heap.allocFloat64(2.5);
      expect(double.address % 8).toBe(0);
      double.free();
      heap.free(odd);
    }
  });
  test('NULL is freed without doing anything', () => {
    const { heap } = fake();
    heap.free(0);
    heap.free(0n);
    heap.free(-0);
  });
  test.each([NaN, 1.5, -1, 2 ** 53, 2 ** 32])('free of address %s is refused', (address) =>
    expect(() => fake().heap.free(address)).toThrow(
      expect.objectContaining({ code: 'OUT_OF_BOUNDS', address }),
    ),
  );
  test.each(['16', null, undefined, {}])('free of %s is refused', (address) =>
    expect(() => fake().heap.free(address as never)).toThrow(ArgumentTypeError),
  );
});

test('with clearAllocatedRegions false a scalar is still 0, and arrays keep the old bytes', () => {
  const { heap } = fake({ clearAllocatedRegions: false });
  heap.fill(1024, 1024, 0xee);
  const refs = [heap.allocInt32(), heap.allocInt32(0), heap.allocBigInt64(), heap.allocFloat64(0)];
  expect(refs.map((ref) => Number(ref.value))).toEqual([0, 0, 0, 0]);
  const array = heap.allocUint8Array(4);
  expect(array.toArray()).toEqual([0xee, 0xee, 0xee, 0xee]);
  heap.freeAll();
});

describe('wrong frees never reach the allocator', () => {
  test('twice by address, by ref and then by address, by address and then by ref', () => {
    const { heap } = fake();
    const at = heap.alloc(8);
    heap.free(at);
    expect(() => heap.free(at)).toThrow(DoubleFreeError);
    const ref = heap.allocInt32(1);
    ref.free();
    expect(() => heap.free(ref.address)).toThrow(
      expect.objectContaining({ code: 'DOUBLE_FREE', address: ref.address }),
    );
    const other = heap.allocInt32(1);
    heap.free(other.address);
    expect(() => other.free()).toThrow(DoubleFreeError);
    expect(() => other.value).toThrow(FreedError);
  });
  test('inside a block', () => {
    const { heap } = fake();
    const array = heap.allocInt32Array(8);
    for (const off of [1, 4, 31]) expect(() => heap.free(array.address + off)).toThrow(NotOwnedError);
    expect(array.at(0)).toBe(0);
    array.free();
  });
  test('a freed ref does not free the block that reused its address', () => {
    const { heap } = fake();
    const old = heap.allocInt32(1);
    const { address } = old;
    old.free();
    const young = heap.allocInt32(2);
    expect(young.address).toBe(address);
    expect(() => old.free()).toThrow(DoubleFreeError);
    expect(() => old.value).toThrow(FreedError);
    expect(young.value).toBe(2);
    young.free();
  });
  test('a block of the module is passed to its free, or adopted and then checked', () => {
    const { heap, module } = fake();
    heap.free(module.malloc(16));
    const at = heap.adopt(module.malloc(16), 16);
    expect(heap.statistics.liveBytes).toBe(16);
    expect(() => heap.adopt(at, 16)).toThrow(NotOwnedError);
    expect(() => heap.adopt(at + 8, 4)).toThrow(NotOwnedError);
    expect(() => heap.adopt(0, 4)).toThrow(NotOwnedError);
    heap.free(at);
    expect(() => heap.free(at)).toThrow(DoubleFreeError);
    const again = module.malloc(16);
    expect(again).toBe(at);
    heap.free(heap.adopt(again, 16));
  });
});

describe('realloc', () => {
  test.each([false, true])(
    "keeps the bytes and invalidates the old refs (the module's realloc: %s)",
    (native) => {
      const module = fakeModule();
      const realloc = (at: number, bytes: number): number => {
        const to = module.malloc(bytes);
        if (to) {
          new Uint8Array(module.memory.buffer).copyWithin(
            to,
            at,
            at + Math.min(module.live.get(at) ?? 0, bytes),
          );
          module.free(at);
        }
        return to;
      };
      const { heap } = fake(native ? { realloc } : {}, module);
      const old = heap.allocInt32Array([1, 2, 3, 4]);
      const at = heap.realloc(old.address, 32);
      expect(heap.wrapInt32Array(at, 4).toArray()).toEqual([1, 2, 3, 4]);
      expect(() => old.at(0)).toThrow(FreedError);
      const less = heap.realloc(at, 8);
      expect(heap.wrapInt32Array(less, 2).toArray()).toEqual([1, 2]);
      expect(() => heap.realloc(less, 2 ** 31)).toThrow(OutOfMemoryError);
      expect(heap.wrapInt32Array(less, 2).toArray()).toEqual([1, 2]);
      expect(() => heap.realloc(less + 1, 8)).toThrow(NotOwnedError);
      heap.free(less);
      expect(() => heap.realloc(less, 8)).toThrow(DoubleFreeError);
      expect(heap.statistics.liveBlocks).toBe(0);
    },
  );
});

describe('freeAll', () => {
  test('frees all live blocks, and after an error continues and reports it', () => {
    const { heap, module } = fake();
    const refs = [heap.allocInt32(1), heap.allocInt32(2), heap.allocInt32(3)];
    const { free } = module;
    module.free = (address) => {
      if (address === refs[1]?.address) throw new Error('not this one');
      free.call(module, address);
    };
    expect(() => heap.freeAll()).toThrow(AggregateError);
    expect(refs.map((ref) => ref.isFreed)).toEqual([true, false, true]);
    expect(refs[1]?.value).toBe(2);
    module.free = free;
    heap.freeAll();
    expect(heap.statistics.liveBlocks).toBe(0);
  });
});

describe('allocators that misbehave', () => {
  const at = (answer: unknown): WasmHeapManager => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    return createWasmHeapManager(
      memory,
      () => answer as number,
      () => undefined,
    );
  };
  test.each([undefined, null, '16', NaN, 1.5, -(2 ** 31) - 1, 65536, 65535, 2 ** 53, -1, 2n ** 60n, -1n])(
    'one that returns %s is a ModuleError, and nothing counts as allocated',
    (answer) => {
      const heap = at(answer);
      expect(() => heap.alloc(8)).toThrow(ModuleError);
      expect(() => heap.allocFloat64(1)).toThrow(ModuleError);
      expect(heap.statistics.liveBlocks).toBe(0);
    },
  );
  test.each([0, 0n])('one that returns %s is out of memory', (answer) =>
    expect(() => at(answer).alloc(8)).toThrow(OutOfMemoryError),
  );
  test('one that returns a bigint is supported', () => expect(at(1024n).allocInt32(5).address).toBe(1024));
  test('one that throws passes its error on, and nothing counts as allocated', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const heap = createWasmHeapManager(memory, () => { throw new Error('trap'); }, () => undefined); // prettier-ignore
    expect(() => heap.alloc(8)).toThrow('trap');
    expect(heap.statistics.allocations).toBe(0);
  });
  test('one that calls back from free cannot free the block twice', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    let frees = 0;
    const heap: WasmHeapManager = createWasmHeapManager(
      memory,
      () => 1024,
      () => {
        frees++;
        expect(() => ref.free()).toThrow(DoubleFreeError);
      },
    );
    const ref = heap.allocInt32(1);
    ref.free();
    expect(frees).toBe(1);
  });
});

test('every allocation that fails, once or repeatedly, leaks no block and leaves the heap usable', () => {
  const program = (heap: WasmHeapManager): void => {
    const refs = [
      heap.allocInt32(1),
      heap.allocFloat64Array([1, 2, 3]),
      heap.allocNullTerminatedUtf8String('text'),
    ];
    const raw = heap.realloc(heap.alloc(10), 2000);
    heap.free(heap.alloc(16, 256));
    for (const ref of refs) ref.free();
    heap.free(raw);
  };
  let failures = 0;
  for (const forEver of [false, true])
    for (let k = 1; ; k++) {
      const { heap, module } = fake();
      module.failAt = k;
      module.keepsFailing = forEver;
      let failed = false;
      try {
        program(heap);
      } catch (error) {
        expect(error).toBeInstanceOf(OutOfMemoryError);
        failed = true;
        failures++;
      }
      module.failAt = 0;
      heap.freeAll();
      program(heap);
      if (!failed) break;
    }
  expect(failures).toBeGreaterThan(10);
});

test(`a random program keeps every value it wrote (SEED=${SEED})`, () => {
  const below = prng(SEED);
  const { heap } = fake();
  const live = new Map<number, number[]>();
  for (let step = 0; step < 3000; step++) {
    const [at, values] = [...live][below(live.size || 1)] ?? [0, []];
    if (live.size < 30 && below(3) > 0) {
      const fresh = Array.from({ length: below(60) }, () => below(256));
      live.set(heap.allocUint8Array(fresh).address, fresh);
    } else if (at !== 0 && below(4) === 0) {
      const size = below(80);
      live.delete(at);
      const to = heap.realloc(at, size);
      const kept = [...values.slice(0, size)];
      while (kept.length < size) kept.push(0);
      heap.writeBytes(to, new Uint8Array(kept));
      live.set(to, kept);
    } else if (at !== 0) {
      expect([...heap.viewUint8Array(at, values.length)]).toEqual(values);
      heap.free(at);
      live.delete(at);
    }
  }
  for (const [at, values] of live) expect([...heap.viewUint8Array(at, values.length)]).toEqual(values);
  expect(heap.statistics.liveBlocks).toBe(live.size);
  heap.freeAll();
});

describe('createWasmHeapManager', () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const none = (): number => 0;
  test.each([
    [5, none, none],
    [memory, 5, none],
    [memory, none, null],
  ])('refuses wrong arguments (%#)', (...args) => {
    expect(() =>
      createWasmHeapManager(...(args as unknown as [() => ArrayBuffer, () => number, () => void])),
    ).toThrow(ArgumentTypeError);
  });
  test('refuses an unknown option and one of a wrong type', () => {
    expect(() => createWasmHeapManager(memory, none, none, { clearAllocatedRegion: true } as never)).toThrow(
      ArgumentTypeError,
    );
    expect(() => createWasmHeapManager(memory, none, none, { realloc: 5 } as never)).toThrow(
      ArgumentTypeError,
    );
    expect(() => createWasmHeapManager(memory, none, none, null as never)).toThrow(ArgumentTypeError);
  });
  test('takes a function or a memory, and asks the function again after growth', () => {
    const grown = new WebAssembly.Memory({ initial: 1 });
    const heap = createWasmHeapManager(() => grown.buffer, none, none);
    grown.grow(1);
    heap.writeUint8(65536, 5);
    expect(heap.readUint8(65536)).toBe(5);
    expect(heap).toBeInstanceOf(WasmHeapManager);
  });
});

describe('the methods of the scalar types', () => {
  const { heap } = fakeHeap();
  test.each(scalarTypes.map((type) => [type.label, type] as const))(
    '%s exist and do the same as the type',
    (label, type) => {
      const methods = heap as unknown as Record<string, (...args: unknown[]) => unknown>;
      const value = type.kind === 'bigint' ? 9n : type.kind === 'boolean' ? true : 9;
      methods[`write${label}`]?.(256, value);
      expect(methods[`read${label}`]?.(256)).toBe(value);
      expect((methods[`view${label}Array`]?.(256, 1) as ArrayBufferView).byteLength).toBe(type.size);
      for (const method of [`alloc${label}`, `wrap${label}`, `alloc${label}Array`, `wrap${label}Array`])
        expect(methods[method]).toBeTypeOf('function');
      if (type.size > 8) return expect(methods[`read${label}Atomic`]).toBeUndefined();
      methods[`write${label}Atomic`]?.(264, value);
      expect(methods[`read${label}Atomic`]?.(264)).toBe(value);
    },
  );
  test('the whole-memory views are current after growth', () => {
    const { heap: own, module } = fakeHeap();
    const before = own.heapInt32;
    expect(before).toBe(own.heapInt32);
    module.memory.grow(1);
    expect(own.heapInt32.length).toBe(32768);
    expect(own.heapFloat64.length).toBe(16384);
    expect(own.heapDataView.byteLength).toBe(131072);
  });
});

describe('the names of the methods', () => {
  test('leave the prototypes their constructors, and add only methods', () => {
    const { heap } = fakeHeap();
    const scope = heap.scope((s) => s);
    for (const object of [Object.getPrototypeOf(heap), Object.getPrototypeOf(scope)] as object[]) {
      for (let at = object; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
        const found = Object.getOwnPropertyDescriptor(at, 'constructor');
        expect(found).toEqual({ value: found?.value, writable: true, enumerable: false, configurable: true });
        expect((found?.value as { prototype: object }).prototype).toBe(at);
        const { mode, ...methods } = Object.getOwnPropertyDescriptors(at) as PropertyDescriptorMap;
        expect(mode?.enumerable, 'the access mode').toBeFalsy();
        for (const { value, get } of Object.values(methods)) expect(typeof (get ?? value)).toBe('function');
      }
    }
  });
  test('of wasm-heap-manager are all there', () => {
    const { heap } = fakeHeap();
    for (const name of [
      'readClampedUint8',
      'writeClampedUint8',
      'viewClampedUint8Array',
      'allocClampedUint8',
      'allocClampedUint8Array',
      'wrapClampedUint8',
      'readBigUint128LE',
      'writeBigUint256LE',
      'readBigUint128',
      'readUint8Clamped',
      'readPointer53Atomic',
    ])
      // prettier-ignore
      expect(heap).toHaveProperty(name);
    heap.writeClampedUint8(512, 300);
    expect(heap.readUint8Clamped(512)).toBe(255);
    heap.writeBigUint128LE(512, 7n);
    expect(heap.readBigUint128(512)).toBe(7n);
  });
  test('with BE are big-endian', () => {
    const { heap } = fakeHeap();
    heap.writeUint32BE(513, 0x01020304);
    expect([...heap.readBytes(513, 4)]).toEqual([1, 2, 3, 4]);
    expect([heap.readUint32BE(513), heap.readUint16BE(514)]).toEqual([0x01020304, 0x0203]);
    heap.writeBigInt128BE(512, -2n);
    expect(heap.readUint8(527)).toBe(0xfe);
    expect(heap.readBigInt128BE(512)).toBe(-2n);
    expect(() => heap.writeUint32BE(65533, 1)).toThrow(expect.objectContaining({ code: 'OUT_OF_BOUNDS' }));
    expect(() => heap.writeUint32BE(8, 1n as never)).toThrow(ArgumentTypeError);
  });
});

test('an initial value of -0 is written', () => {
  const { heap } = fake();
  expect(heap.allocFloat64(-0).value).toBe(-0);
  heap.freeAll();
});

test('a string written inside a block without a capacity stops at the end of the block', () => {
  const { heap } = fake();
  const block = heap.allocUint8Array(8);
  const next = heap.allocUint8Array(8);
  expect(() => heap.writeNullTerminatedUtf8String(block.address + 4, '1234')).toThrow(
    expect.objectContaining({ code: 'ENCODING', capacity: 4 }),
  );
  heap.writeNullTerminatedUtf8String(block.address + 4, '123');
  const inside = heap.wrapNullTerminatedUtf8String(block.address + 4);
  expect([inside.byteLength, inside.value]).toEqual([4, '123']);
  expect(() => inside.write('1234')).toThrow(expect.objectContaining({ code: 'ENCODING' }));
  expect(next.toArray()).toEqual(new Array(8).fill(0));
  heap.freeAll();
  expect(() => inside.value).toThrow(FreedError);
});

describe('options', () => {
  test('trackAllocations false: no lists, refs are still checked', () => {
    const { heap, module } = fake({ trackAllocations: false });
    const ref = heap.allocInt32(5);
    const array = heap.allocInt32Array([1, 2]).resize(3);
    expect(array.toArray()).toEqual([1, 2, 0]);
    for (const list of [
      () => heap.statistics,
      () => heap.allocatedHeapRefs,
      () => heap.totalAllocatedByteCount,
      () => heap.freeAll(),
    ])
      expect(list).toThrow(ArgumentTypeError);
    ref.free();
    expect(() => ref.value).toThrow(FreedError);
    expect(() => ref.free()).toThrow(DoubleFreeError);
    array.free();
    const aligned = heap.alloc(8, 4096);
    heap.free(aligned);
    heap.free(heap.alloc(8));
    expect(module.live.size).toBe(0);
  });
  test('the lists have the owning refs in order of allocation', () => {
    const { heap } = fake();
    const refs = [heap.allocInt32(1), heap.allocFloat64Array(2), heap.allocNullTerminatedUtf8String('a')];
    heap.wrapInt32(refs[0]?.address ?? 0);
    expect(heap.allocatedHeapRefs).toEqual(refs);
    expect(heap.totalAllocatedByteCount).toBe(4 + 16 + 2);
    refs[1]?.free();
    expect(heap.allocatedHeapRefs).toEqual([refs[0], refs[2]]);
    heap.freeAll();
  });
  describe.each(['whenEmpty', 'always', 'never'] as const)(
    'nullCheck, with pollingMode %s',
    (pollingMode) => {
      test.each<[string, (heap: WasmHeapManager, at: number | bigint) => unknown]>([
        ['read', (heap, at) => heap.readInt32(at)],
        ['read 8', (heap, at) => i8.read(heap, at)],
        ['read 128', (heap, at) => heap.readBigUint128(at)],
        ['read half', (heap, at) => heap.readFloat16(at)],
        ['big-endian read', (heap, at) => heap.readInt32BE(at)],
        ['write', (heap, at) => heap.writeInt32(at, 9)],
        ['write 8', (heap, at) => heap.writeUint8(at, 9)],
        ['write 256', (heap, at) => heap.writeBigUint256(at, 9n)],
        ['atomic store', (heap, at) => heap.writeInt32Atomic(at, 9)],
        ['view', (heap, at) => heap.viewInt32Array(at, 2)],
        ['fill', (heap, at) => heap.fill(at, 4, 9)],
        ['write bytes', (heap, at) => heap.writeBytes(at, new Uint8Array(4).fill(9))],
        ['copy', (heap, at) => heap.copy(at, 64, 4)],
        ['wrap', (heap, at) => heap.wrapInt32(at)],
      ])('%s at 0 is refused, and at 8 is not', (_operation, act) => {
        const memory = new WebAssembly.Memory({ initial: 1 });
        const heap = createWasmHeapManager(memory, () => 64, () => undefined, { nullCheck: true, pollingMode }); // prettier-ignore
        for (const at of [0, -0, 0n])
          expect(() => act(heap, at)).toThrow(expect.objectContaining({ code: 'INVALID_TYPE', value: at }));
        expect([...new Uint8Array(memory.buffer, 0, 8)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
        expect(() => act(heap, 8)).not.toThrow();
        expect(heap.free(0)).toBe(undefined);
        const ref = heap.allocInt32(5);
        expect([ref.value, (ref.value = 6), heap.readInt32(64)]).toEqual([5, 6, 6]);
        if (pollingMode === 'never') return;
        memory.grow(1);
        expect(() => act(heap, 0)).toThrow(expect.objectContaining({ code: 'INVALID_TYPE' }));
        heap.writeInt32(65536, 8);
        expect([ref.value, heap.readInt32(65536)]).toEqual([6, 8]);
      });
    },
  );
  test.each([-0.1, 1.1, NaN, '1'])('a gcPressure of %s is refused', (gcPressure) => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const options = { enableGarbageCollection: true, gcPressure: gcPressure as number };
    expect(() => createWasmHeapManager(memory, () => 0, () => undefined, options)).toThrow(); // prettier-ignore
  });
});
