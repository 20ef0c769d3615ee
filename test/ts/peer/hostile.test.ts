// Hostile input, by family: addresses, growth, re-entrancy, lifetimes, strings, collection, limits, other modules'
// heaps. Each case throws a typed error before a byte or a state has changed, or gives the exact result; after it the
// heap's table is as before and the next ordinary use works.
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  createHeapSync,
  createWasmHeapManager,
  i32,
  u8,
  type Ref,
  type ScalarArrayRef,
  type WasmHeapManager,
} from '../../../ts/index.ts';
import * as L from '../../../ts/index.ts';
import { codecs } from '../../../ts/text/codecs.ts';
import { fakeHeap, fakeModule, type Fake } from '../../support/heap.ts';
import { collect, collects, outcome } from './libraries.ts';

let made: Fake[] = [];
/** A heap that must have no live block and no wrong free at the end of its test. */
function start(...args: Parameters<typeof fakeHeap>): Fake {
  const fake = fakeHeap(...args);
  made.push(fake);
  return fake;
}
/** Runs `act`, and holds that it changed no byte, no account, and that the heap still works. Gives its outcome. */
function unchanged({ heap, module }: Fake, act: () => unknown): unknown {
  const before = [heap.readBytes(0, heap.byteLength), module.live.size, module.badFrees.length] as const;
  const result = outcome(act);
  expect([module.live.size, module.badFrees.length]).toEqual([before[1], before[2]]);
  expect(sameBytes(heap.readBytes(0, before[0].length), before[0]), 'a byte was changed').toBe(true);
  const ref = heap.allocInt32(7);
  expect(ref.value).toBe(7);
  ref.clear();
  ref.free();
  return result;
}
const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

afterEach(() => {
  const all = made;
  made = [];
  for (const { heap, module } of all) {
    heap.freeAll();
    expect([module.live.size, module.badFrees]).toEqual([0, []]);
  }
});

/** Every kind of operation with an address. */
const OPERATIONS: Record<string, (heap: WasmHeapManager, address: never) => unknown> = {
  read: (heap, at) => heap.readInt32(at),
  'read 8': (heap, at) => heap.readInt8(at),
  'read 256': (heap, at) => heap.readBigUint256(at),
  'read half': (heap, at) => heap.readFloat16(at),
  write: (heap, at) => heap.writeInt32(at, 1),
  'write 8': (heap, at) => heap.writeUint8(at, 1),
  'write 128': (heap, at) => heap.writeBigUint128(at, 1n),
  type: (heap, at) => i32.read(heap, at),
  'big-endian read': (heap, at) => heap.readInt32BE(at),
  'big-endian write': (heap, at) => heap.writeInt32BE(at, 1),
  'atomic load': (heap, at) => heap.readInt32Atomic(at),
  'atomic store': (heap, at) => heap.writeInt32Atomic(at, 1),
  'atomic add': (heap, at) => heap.addInt32Atomic(at, 1),
  view: (heap, at) => heap.viewUint8Array(at, 4),
  wrap: (heap, at) => heap.wrapInt32(at),
  'wrap array': (heap, at) => heap.wrapInt32Array(at, 1),
  'wrap string': (heap, at) => heap.wrapNullTerminatedUtf8String(at, 4),
  'read string': (heap, at) => heap.readNullTerminatedUtf8String(at),
  'read sized string': (heap, at) => heap.readUtf8String(at, 4),
  'write string': (heap, at) => heap.writeNullTerminatedUtf8String(at, 'text', 8),
  'read bytes': (heap, at) => heap.readBytes(at, 4),
  'write bytes': (heap, at) => heap.writeBytes(at, new Uint8Array(4).fill(9)),
  fill: (heap, at) => heap.fill(at, 4, 9),
  'copy to': (heap, at) => heap.copy(at, 512, 4),
  'copy from': (heap, at) => heap.copy(512, at, 4),
  free: (heap, at) => heap.free(at),
  realloc: (heap, at) => heap.realloc(at, 16),
  adopt: (heap, at) => heap.adopt(at, 4),
};
const refused = (act: (heap: WasmHeapManager, address: never) => unknown, address: unknown): unknown => {
  const fake = start();
  return unchanged(fake, () => act(fake.heap, address as never));
};

describe('addresses and numbers', () => {
  describe.each(Object.entries(OPERATIONS))('%s', (_operation, act) => {
    test.each([NaN, Infinity, -Infinity, 1000.5, -0.5, -1, -4, 2 ** 32, 2 ** 32 + 8, 2 ** 53, -(2 ** 53), 1e300])(
      'at %s is out of bounds',
      (address) => expect(refused(act, address)).toBe('throws OUT_OF_BOUNDS'),
    ); // prettier-ignore
    test.each([-1n, 2n ** 32n, 2n ** 53n, 2n ** 64n])('at %s is out of bounds', (address) =>
      expect(refused(act, address)).toBe('throws OUT_OF_BOUNDS'),
    );
    test.each(['16', [24], true, null, undefined, {}, () => 8, Symbol('8'), new Number(8)])(
      'at %o is refused by type',
      (address) => expect(refused(act, address)).toBe('throws INVALID_TYPE'),
    );
  });
  test('-0 is 0, and address 0 is memory for raw reads and writes, NULL for the rest', () => {
    const fake = start();
    const { heap } = fake;
    heap.writeInt32(-0, 5);
    expect([heap.readInt32(0), i32.read(heap, 0n), heap.viewInt32Array(0, 1)[0]]).toEqual([5, 5, 5]);
    expect(outcome(() => heap.free(0))).toBe(undefined);
    expect(outcome(() => heap.free(-0))).toBe(undefined);
    expect(outcome(() => heap.free(0n))).toBe(undefined);
    for (const wrap of [
      () => heap.wrapInt32(0),
      () => heap.wrapInt32Array(-0, 2),
      () => heap.wrapNullTerminatedUtf8String(0n),
    ])
      expect(unchanged(fake, wrap)).toBe('throws INVALID_TYPE');
  });
  test('an access at the end lies inside completely or is refused', () => {
    const fake = start();
    const { heap } = fake;
    const end = heap.byteLength;
    for (let short = 1; short < 4; short++) {
      expect(unchanged(fake, () => heap.readInt32(end - short))).toBe('throws OUT_OF_BOUNDS');
      expect(unchanged(fake, () => heap.writeInt32(end - short, -1))).toBe('throws OUT_OF_BOUNDS');
    }
    heap.writeInt32(end - 4, -2);
    expect(heap.readInt32(end - 4)).toBe(-2);
    expect(heap.viewUint8Array(end, 0).length).toBe(0);
    expect(heap.readUtf8String(end, 0)).toBe('');
    expect(heap.readBytes(end, 0).length).toBe(0);
  });
  test('numbers out of range wrap as in a typed array', () => {
    const { heap } = start();
    const model = { Uint8: Uint8Array, Int32: Int32Array, Uint16: Uint16Array } as const;
    for (const value of [NaN, 300, -1, 1.5, 2 ** 32, 2 ** 32 + 5, Infinity, -0.9])
      for (const [label, Elements] of Object.entries(model)) {
        (heap as unknown as Record<string, (at: number, x: number) => void>)[`write${label}`]?.(512, value);
        expect(new Elements(heap.readBytes(512, Elements.BYTES_PER_ELEMENT).buffer)[0]).toBe(
          new Elements([value])[0],
        );
      }
    heap.writeBigInt64(512, 2n ** 64n + 5n);
    expect(heap.readBigInt64(512)).toBe(5n);
    heap.writeBigInt64(512, -(2n ** 63n) - 1n);
    expect(heap.readBigInt64(512)).toBe(2n ** 63n - 1n);
  });
  test('-0 and NaN stay through both floats, plainly and atomically', () => {
    const { heap } = start();
    for (const value of [-0, NaN]) {
      for (const write of [
        'writeFloat32',
        'writeFloat64',
        'writeFloat32Atomic',
        'writeFloat64Atomic',
      ] as const) {
        heap[write](512, value);
        expect(heap[write.replace('write', 'read') as 'readFloat32'](512)).toBe(value);
      }
    }
  });
  test.each<unknown>([5, '5', true, null, undefined, {}, { valueOf: () => 5n }])(
    '%o is no bigint',
    (value) => {
      const fake = start();
      for (const write of [
        'writeBigInt64',
        'writeBigUint128',
        'writePointer64',
        'writeBigUint64Atomic',
      ] as const)
        expect(unchanged(fake, () => fake.heap[write](512, value as never))).toBe('throws INVALID_TYPE');
    },
  );
  test.each<unknown>([5n, '5', true, null, undefined, {}, { valueOf: () => 5 }, [5]])(
    '%o is no number',
    (value) => {
      const fake = start();
      for (const write of [
        'writeInt8',
        'writeUint8Clamped',
        'writeFloat64',
        'writePointer53',
        'writeInt32Atomic',
      ] as const)
        expect(unchanged(fake, () => fake.heap[write](512, value as never))).toBe('throws INVALID_TYPE');
    },
  );
});

/** Every function that takes a memory, a heap, a type or a name, with that argument. */
const TAKERS: Record<string, (value: never, heap: WasmHeapManager) => unknown> = {
  readBytes: (memory) => L.readBytes(memory, 512, 4),
  writeBytes: (memory) => L.writeBytes(memory, 512, new Uint8Array(4)),
  fillBytes: (memory) => L.fillBytes(memory, 512, 4),
  copyBytes: (memory) => L.copyBytes(memory, 512, 520, 4),
  readBigEndian: (memory) => L.readBigEndian(i32, memory, 512),
  writeBigEndian: (memory) => L.writeBigEndian(i32, memory, 512, 1),
  atomicLoad: (memory) => L.atomicLoad(i32, memory, 512),
  atomicStore: (memory) => L.atomicStore(i32, memory, 512, 1),
  atomicExchange: (memory) => L.atomicExchange(i32, memory, 512, 1),
  atomicCompareExchange: (memory) => L.atomicCompareExchange(i32, memory, 512, 1, 2),
  atomicUpdate: (memory) => L.atomicUpdate('add', i32, memory, 512, 1),
  atomicNotify: (memory) => L.atomicNotify(memory, 512),
  atomicWait: (memory) => L.atomicWait(memory, 512, 0, 0),
  createHeapArena: (heap) => L.createHeapArena(heap, 64),
  attachArena: (heap) => L.attachArena(heap, 512),
  frameArenaOf: (heap) => L.frameArenaOf(heap),
  allocHeapSlice: (heap) => L.allocHeapSlice(heap, i32, 4),
  sliceFromHandle: (heap) => L.sliceFromHandle(heap, {} as never),
  'handle of sliceFromHandle': (handle, heap) => L.sliceFromHandle(heap, handle),
  runScope: (heap) => L.runScope(heap, () => 1),
  createDriver: (heap) => L.createDriver(heap),
  bind: (heap) => L.bind({ f: () => 0 }, heap, {}),
  'type of readBigEndian': (type, heap) => L.readBigEndian(type, heap, 512),
  'type of writeBigEndian': (type, heap) => L.writeBigEndian(type, heap, 512, 1 as never),
  'type of atomicLoad': (type, heap) => L.atomicLoad(type, heap, 512),
  'type of atomicStore': (type, heap) => L.atomicStore(type, heap, 512, 1 as never),
  'operation of atomicUpdate': (operation, heap) => L.atomicUpdate(operation, i32, heap, 512, 1),
  'module of bind': (module, heap) => L.bind(module, heap, { f: [i32, []] }),
  'type of wrapScalarArray': (type, heap) => heap.wrapScalarArray(type, 512, 2),
  'name of an enumeration': (name) => L.enumeration(name, ['A']),
  'values of an enumeration': (values) => L.enumeration('E', values),
  'base of an enumeration': (base) => L.enumeration('E', ['A'], base),
  'element of array': (type) => L.array(type, 2),
  'target of pointer': (type) => L.pointer(type),
  'base of bits': (type) => L.bits(type, 2),
  'base of bigEndian': (type) => L.bigEndian(type),
  'base of aligned': (type) => L.aligned(8, type),
  anonymous: (type) => L.anonymous(type),
  inout: (type) => L.inout(type),
  checked: (type) => L.checked(type),
  callback: (type) => L.callback(i32, [type]),
  'headers of layoutChecks': (headers) => L.layoutChecks({}, [headers]),
  'options of a 64-bit manager': (options, { heapGetter }) =>
    L.createWasmHeapManager64(heapGetter, () => 0n, () => 0n, options),
  'allocate of a manager': (allocate, { heapGetter }) => L.createWasmHeapManager(heapGetter, allocate, () => 0),
  'signature of bind': (signature, heap) => L.bind({ f: () => 0 }, heap, { f: signature }),
  'result of bind': (result, heap) => L.bind({ f: () => 0 }, heap, { f: [result, []] }),
  'parameter of bind': (type, heap) => L.bind({ f: (x: number) => x }, heap, { f: [i32, [type]] }),
  'field of a struct': (type) => L.struct('S', { x: type }),
  out: (type) => L.out(type),
  owned: (type) => L.owned(type),
  'parameters of callback': (types) => L.callback(i32, types),
  'result of callback': (type) => L.callback(type, []),
  'element of list': (type) => L.list(type),
  'element of outList': (type) => L.outList(type, 0),
  outCount: (type) => L.outCount(type),
  'type of countOf': (type) => L.countOf(0, type),
  'success codes': (success) => L.checked(i32, { success }),
  'type of createCallback': (type, heap) => L.createCallback(L.bind({ f: () => 0 }, heap, {}), type, (() => 0) as never),
  'anonymous first': (type) => L.struct('S', { ...L.anonymous(L.struct('', { a: i32 })), x: type }),
  'functions for specialize': (make, heap) => L.specialize(L.bind({ f: () => 0 }, heap, {}), make),
}; // prettier-ignore
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();
const OTHER_KINDS: Record<string, unknown> = {
  null: null, NaN, '-1': -1, bigint: 5n, true: true, symbol: Symbol('s'), 'a revoked proxy': revoked,
  'an object with hooks': { [Symbol.toPrimitive]: fail, valueOf: fail, toString: fail },
}; // prettier-ignore

describe('values of another kind', () => {
  describe.each(Object.entries(TAKERS))('%s', (_taker, act) => {
    test.each(Object.keys(OTHER_KINDS))('refuses %s by type', (kind) => {
      const fake = start();
      expect(unchanged(fake, () => act(OTHER_KINDS[kind] as never, fake.heap))).toMatch(
        /^throws (INVALID_TYPE|MODULE)$/,
      );
    });
  });
  test('a memory of WebAssembly is no heap, and gets no property', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    for (const act of [() => L.frameArenaOf(memory as never), () => L.readBytes(memory as never, 0, 4)])
      expect(outcome(act)).toBe('throws INVALID_TYPE');
    expect(Object.keys(memory)).toEqual([]);
  });
  test.each([
    ['ptr32', L.ptr32, [NaN, 1.5, -(2 ** 31) - 1, 2 ** 32, 1e300]],
    ['ptr53', L.ptr53, [NaN, 1.5, -1, 2 ** 53, Infinity]],
    ['ptr64', L.ptr64, [-1n, 2n ** 64n]],
  ] as const)('a %s out of range is no argument of a C function', (_name, type, all) => {
    const fake = start();
    const lib = L.bind({ f: () => 0 }, fake.heap, { f: [i32, [type]] });
    for (const value of all)
      expect(unchanged(fake, () => lib.f(value as never))).toBe('throws INVALID_RANGE');
  }); // prettier-ignore
  test('a clamped byte is clamped as an argument too', () => {
    const lib = L.bind({ f: (x: number) => x }, start().heap, { f: [i32, [L.u8c]] });
    expect([lib.f(300), lib.f(-5), lib.f(1.5), lib.f(NaN)]).toEqual([255, 0, 2, 0]);
  });
});
function fail(): never {
  throw new Error('a hook ran');
}

describe('lengths', () => {
  test.each([NaN, -1, 1.5, 2 ** 53, Infinity, -Infinity])('%s is refused as a count everywhere', (count) => {
    const fake = start();
    const { heap } = fake;
    for (const act of [
      () => heap.alloc(count),
      () => heap.allocInt32Array(count),
      () => heap.allocNullTerminatedUtf8String(count),
      () => heap.wrapInt32Array(512, count),
      () => heap.viewInt32Array(512, count),
      () => heap.readBytes(512, count),
      () => heap.fill(512, count),
      () => heap.copy(512, 512, count),
      () => heap.readUtf8String(512, count),
      () => heap.adopt(512, count),
    ])
      expect(unchanged(fake, act)).toBe('throws INVALID_RANGE');
  });
  test.each([2 ** 30, 2 ** 30 + 4, 2 ** 32, 2 ** 53 - 1])(
    '%s elements are refused, not wrapped to few',
    (count) => {
      const fake = start();
      const { heap } = fake;
      expect(unchanged(fake, () => heap.allocUint8Array(count))).toBe('throws OUT_OF_MEMORY');
      for (const act of [() => heap.allocInt32Array(count), () => heap.allocFloat64Array(count)])
        expect(unchanged(fake, act)).toMatch(/^throws (OUT_OF_MEMORY|INVALID_RANGE)$/);
      for (const act of [() => heap.wrapInt32Array(512, count), () => heap.viewInt32Array(512, count)])
        expect(unchanged(fake, act)).toMatch(/^throws (OUT_OF_BOUNDS|INVALID_RANGE)$/);
    },
  );
  test('decode takes the length of the bytes themselves, and refuses what has none', () => {
    const bytes = Object.defineProperty(new Uint8Array([65, 66]), 'length', { value: 9 });
    expect(L.utf8.decode(bytes)).toBe('AB');
    const { buffer } = new WebAssembly.Memory({ initial: 1 });
    for (const wrong of [null, undefined, 5, 'text', {}, [65], { length: 1, 0: 65 }, revoked])
      expect(outcome(() => L.utf16.decode(wrong as never))).toBe('throws INVALID_TYPE');
    const memory = new WebAssembly.Memory({ initial: 1 });
    const stale = new Uint8Array(memory.buffer, 0, 4);
    const growing = { get nul(): 'allow' { memory.grow(1); return 'allow'; } }; // prettier-ignore
    expect(outcome(() => L.utf8.decode(stale, growing))).toBe('throws INVALID_TYPE');
    expect(L.utf8.decode(new Uint8Array(buffer, 0, 0))).toBe('');
  });
  test('a count of -0 is 0', () => {
    const { heap } = start();
    const scope = heap.scope();
    const made = [
      heap.wrapInt32Array(512, -0),
      heap.allocInt32Array(-0),
      heap.allocInt32Array(2).resize(-0),
      heap.allocSlice(i32, -0),
      scope.allocInt32Array(-0),
      scope.allocI32(-0),
    ];
    expect(made.flatMap(({ length, byteLength }) => [length, byteLength])).toEqual(
      made.flatMap(() => [0, 0]),
    );
    scope.end();
  });
  const boast = (length: unknown): never => ({ length, 0: 1 }) as never;
  test.each([NaN, -1, 1.5, 2 ** 53])('a source with length %s is refused', (length) => {
    const fake = start();
    expect(unchanged(fake, () => fake.heap.allocInt32Array(boast(length)))).toBe('throws INVALID_RANGE');
  });
  test.each(['1', 1n, null, undefined, {}])('a source whose length is %o is refused', (length) => {
    const fake = start();
    expect(unchanged(fake, () => fake.heap.allocInt32Array(boast(length)))).toBe('throws INVALID_TYPE');
  });
  test('a source with length 2^53 - 1 is out of memory, before anything is allocated', () => {
    const fake = start();
    expect(unchanged(fake, () => fake.heap.allocInt32Array(boast(2 ** 53 - 1)))).toMatch(/^throws [A-Z_]+$/);
  });
  test('a source with more values than the target array is refused', () => {
    const fake = start();
    const array = fake.heap.allocInt32Array(4);
    expect(unchanged(fake, () => array.set(boast(2 ** 45)))).toBe('throws INVALID_RANGE');
  });
});

describe('growth', () => {
  test('memory.grow(0) and growth inside malloc leave every ref, string and array usable', () => {
    const { heap, module } = start();
    const [ref, array, text] = [
      heap.allocInt32(5),
      heap.allocInt32Array([1, 2]),
      heap.allocNullTerminatedUtf8String('a'),
    ];
    const view = array.view;
    for (const grow of [() => module.memory.grow(0), () => heap.allocUint8Array(100000)]) {
      grow();
      expect(view.length).toBe(0); // the engine's own, and stale: it reads undefined
      expect([ref.value, array.at(1), text.value, array.view[1]]).toEqual([5, 2, 'a', 2]);
      ref.value = 5;
      array.setAt(1, 2);
      text.value = 'a';
    }
  });
  test.each(codecs)(
    'a memory that grows under every malloc takes strings in $name, and values, whole',
    ({ label }) => {
      const { heap, module } = start();
      const { malloc } = module;
      let grown = 0;
      module.malloc = (bytes) => {
        if (grown < 12) module.memory.grow(1);
        grown++;
        return malloc.call(module, bytes);
      };
      const methods = heap as unknown as Record<string, (...given: unknown[]) => { value: string }>;
      for (const text of ['a', 'abc '.repeat(10), 'abc '.repeat(300)]) {
        for (const framing of ['NullTerminated', '', 'Fixed', 'Prefixed', 'Paired'])
          expect(methods[`alloc${framing}${label}String`]?.(text).value).toBe(text);
        expect(heap.allocInt32Array([1, 2, 3]).toArray()).toEqual([1, 2, 3]);
      }
      expect(grown).toBeGreaterThan(12);
    },
  );
  test('an iterator over an array continues while the memory grows', () => {
    const { heap, module } = start();
    const array = heap.allocInt32Array([1, 2, 3, 4]);
    const seen: number[] = [];
    for (const value of array) {
      seen.push(value);
      if (seen.length < 4) module.memory.grow(1);
    }
    expect(seen).toEqual([1, 2, 3, 4]);
  });
  test('a source that lies in the same memory is moved as memmove does, both ways', () => {
    const { heap } = start();
    const array = heap.allocInt32Array([1, 2, 3, 4, 5, 6]);
    array.set(array.view.subarray(0, 4), 2);
    expect(array.toArray()).toEqual([1, 2, 1, 2, 3, 4]);
    array.set(array.view.subarray(2, 6), 0);
    expect(array.toArray()).toEqual([1, 2, 3, 4, 3, 4]);
    array.copyFrom(array.subarray(0, 4), 1);
    expect(array.toArray()).toEqual([1, 1, 2, 3, 4, 4]);
    array.subarray(1, 5).copyTo(array, 0);
    expect(array.toArray()).toEqual([1, 2, 3, 4, 4, 4]);
    const bytes = new Uint8Array(heap.viewUint8Array(array.address, 8));
    heap.writeBytes(array.address + 4, heap.viewUint8Array(array.address, 8));
    expect([...heap.viewUint8Array(array.address + 4, 8)]).toEqual([...bytes]);
  });
  test('a memory that cannot grow is out of memory at once, and its blocks stay', () => {
    const heap = createHeapSync({ initialBytes: 65536, maximumBytes: 65536 });
    const ref = heap.allocInt32(5);
    expect(() => heap.alloc(65536)).toThrow(expect.objectContaining({ code: 'OUT_OF_MEMORY', size: 65536 }));
    expect([ref.value, heap.holds(), heap.statistics.liveBlocks]).toEqual([5, true, 1]);
  });
  test('growth from 65,535 to 65,536 pages: the last block ends at 2^32, and there is none beyond', () => {
    let memory: WebAssembly.Memory;
    let next = 2 ** 32 - 16;
    try {
      memory = new WebAssembly.Memory({ initial: 65535 });
    } catch {
      return; // a machine or browser that does not give so much address space
    }
    const heap = createWasmHeapManager(memory, () => next, () => undefined, { clearAllocatedRegions: false }); // prettier-ignore
    expect(outcome(() => heap.alloc(16))).toBe('throws MODULE'); // not grown yet: no such bytes
    try {
      memory.grow(1);
    } catch {
      return;
    }
    const last = heap.allocInt32Array([1, 2, 3, 4]);
    expect([last.address, heap.byteLength, last.at(3), heap.readInt32(-4)]).toEqual([next, 2 ** 32, 4, 4]);
    expect(heap.wrapUint8Array(-16, 16).view.length).toBe(16);
    next = -8; // as wasm returns it
    expect(outcome(() => heap.alloc(9))).toBe('throws MODULE');
    expect(outcome(() => heap.readInt32(2 ** 32 - 3))).toBe('throws OUT_OF_BOUNDS');
    expect(outcome(() => last.view.length)).toBe(4);
  });
  test('an attempt to transfer the buffer away leaves the heap usable', () => {
    const { heap, module } = start();
    const ref = heap.allocInt32(5);
    outcome(() => structuredClone(module.memory.buffer, { transfer: [module.memory.buffer] }));
    expect(ref.value).toBe(5);
  });
  test('a getter that returns another buffer each time, or a detached one, gives an error or an exact value, never undefined', () => {
    let calls = 0;
    const restless = createWasmHeapManager(() => new ArrayBuffer(64 + calls++), () => 8, () => undefined); // prettier-ignore
    expect(outcome(() => restless.readInt32(8))).toBe(0);
    const gone = new ArrayBuffer(64);
    let current = new ArrayBuffer(64);
    const heap = createWasmHeapManager(() => current, () => 8, () => undefined); // prettier-ignore
    const ref = heap.allocInt32(5);
    structuredClone(gone, { transfer: [gone] });
    structuredClone(current, { transfer: [current] });
    current = gone;
    for (const act of [
      () => ref.value,
      () => heap.readInt8(8),
      () => heap.viewInt8Array(8, 1),
      () => heap.alloc(4),
    ])
      expect(outcome(act)).toBe('throws MODULE');
    expect(outcome(() => (ref.value = 6))).toBe('throws MODULE');
  });
});

describe('re-entrancy', () => {
  test('a value that runs code is refused before it runs', () => {
    const fake = start();
    let ran = 0;
    const value = { valueOf: () => (ran++, fake.module.memory.grow(1), 5) } as never;
    for (const act of [
      () => fake.heap.writeInt32(512, value),
      () => fake.heap.allocInt32(value),
      () => fake.heap.allocInt32Array([value]),
      () => fake.heap.writeInt32Atomic(512, value),
      () => fake.heap.alloc(value),
      () => fake.heap.viewInt8Array(512, value),
    ])
      expect(unchanged(fake, act)).toBe('throws INVALID_TYPE');
    expect(ran).toBe(0);
    // As an address it may be converted, which does no harm: it is refused all the same.
    expect(unchanged(fake, () => fake.heap.readInt32(value))).toBe('throws INVALID_TYPE');
    expect(unchanged(fake, () => fake.heap.writeInt32(value, 5))).toBe('throws INVALID_TYPE');
  });
  /** A source of `values` that runs `act` at index 1. */
  const hooked = (values: number[], act: () => void): never =>
    new Proxy(values, {
      get(target, name, receiver): unknown {
        if (name === '1') act();
        return Reflect.get(target, name, receiver);
      },
    }) as never;
  test('a source that grows the memory, allocates, or frees other blocks is written completely', () => {
    const { heap, module } = start();
    const other = heap.allocInt32(1);
    const acts = [() => module.memory.grow(1), () => heap.allocUint8Array(100), () => other.free()];
    for (const act of acts) {
      expect(heap.allocInt32Array(hooked([1, 2, 3], act)).toArray()).toEqual([1, 2, 3]);
      if (act === acts[2]) continue;
      expect(
        heap
          .allocInt32Array(4)
          .set(hooked([4, 5, 6], act), 1)
          .toArray(),
      ).toEqual([0, 4, 5, 6]);
    }
  });
  test('a source that frees the array it is written to writes nothing', () => {
    const fake = start();
    const { heap } = fake;
    const array = heap.allocInt32Array([1, 2, 3]);
    let young: ScalarArrayRef<number> | undefined;
    const source = hooked([7, 8, 9], () => {
      array.free();
      young = heap.allocInt32Array([4, 5, 6]);
    });
    expect(outcome(() => array.set(source))).toBe('throws FREED');
    expect([young?.address === array.address, young?.toArray()]).toEqual([true, [4, 5, 6]]);
  });
  test('a getter that throws in the middle of a copy leaves everything unchanged', () => {
    const fake = start();
    const array = fake.heap.allocInt32Array([1, 2, 3]);
    const source = hooked([7, 8, 9], () => {
      throw new Error('in the middle');
    });
    expect(unchanged(fake, () => array.set(source))).toBe('throws Error');
    expect(unchanged(fake, () => fake.heap.allocInt32Array(source))).toBe('throws Error');
    expect(array.toArray()).toEqual([1, 2, 3]);
  });
  test('a source that shrinks is refused', () => {
    const fake = start();
    const shrinking = [1, 2, 3];
    const source = hooked(shrinking, () => (shrinking.length = 2));
    expect(unchanged(fake, () => fake.heap.allocInt32Array(source))).toBe('throws INVALID_TYPE');
  });
  test('a source whose length getter grows the memory is written; one whose length getter frees the target is not', () => {
    const { heap, module } = start();
    const array = heap.allocInt32Array(4);
    const source = (act: () => void): never =>
      ({ get length() { act(); return 2; }, 0: 8, 1: 9 }) as never; // prettier-ignore
    const grow = (): unknown => module.memory.grow(1);
    expect(array.set(source(grow), 1).toArray()).toEqual([0, 8, 9, 0]);
    expect(heap.allocInt32Array(source(grow)).toArray()).toEqual([8, 9]);
    let young: ScalarArrayRef<number> | undefined;
    const free = (): void => {
      array.free();
      young = heap.allocInt32Array([4, 5, 6, 7]);
    };
    expect(outcome(() => array.set(source(free)))).toBe('throws FREED');
    expect([young?.address === array.address, young?.toArray()]).toEqual([true, [4, 5, 6, 7]]);
  });
  test('the length of a source is read once', () => {
    const fake = start();
    let asked = 0;
    const growing = { get length() { return asked++ === 0 ? 2 : 1000; }, 0: 1, 1: 2, 2: 3 }; // prettier-ignore
    expect(fake.heap.allocInt32Array(growing as never).length).toBe(2);
  });
  test('an object that converts to a string is refused, and its code does not run', () => {
    const fake = start();
    let ran = 0;
    const text = { toString: () => (ran++, 'x'), [Symbol.toPrimitive]: () => (ran++, 'x') } as never;
    const ref = fake.heap.allocNullTerminatedUtf8String('abc');
    for (const act of [
      () => fake.heap.writeNullTerminatedUtf8String(512, text, 8),
      () => fake.heap.allocNullTerminatedUtf8String(text),
      () => (ref.value = text),
    ])
      expect(unchanged(fake, act)).toBe('throws INVALID_TYPE');
    expect(ran).toBe(0);
  });
  test.each<unknown>([
    new String('text'),
    Symbol('text'),
    5,
    5n,
    true,
    null,
    ['text'],
    () => 'text',
    new Uint8Array(4),
  ])('%o is no string, in any encoding and framing', (text) => {
    const fake = start();
    const methods = fake.heap as unknown as Record<string, (...given: unknown[]) => unknown>;
    for (const { label } of codecs) {
      const call = (name: string, ...given: unknown[]): unknown =>
        unchanged(fake, () => methods[name.replace('*', label)]?.(...given));
      expect(call('writeNullTerminated*String', 512, text, 64)).toBe('throws INVALID_TYPE');
      expect(call('write*String', 512, text, 64)).toBe('throws INVALID_TYPE');
      expect(call('writeFixed*String', 512, text, 16)).toBe('throws INVALID_TYPE');
      expect(call('writePrefixed*String', 512, text, 4, 16)).toBe('throws INVALID_TYPE');
      expect(call('writePaired*String', 512, text, 600, 4, 16)).toBe('throws INVALID_TYPE');
      expect(call('byteLengthOf*String', text)).toBe('throws INVALID_TYPE');
      if (text === 5) continue; // a capacity of 5 elements
      for (const framing of ['NullTerminated', '', 'Fixed', 'Prefixed', 'Paired'])
        expect(call(`alloc${framing}*String`, text)).toBe('throws INVALID_TYPE');
    }
  });
  test('functions that a page replaces later have no effect: Atomics, the coders', () => {
    const { heap } = start();
    const text = heap.allocNullTerminatedUtf8String('Grüße, '.repeat(20));
    const wrong = (): never => {
      throw new Error('replaced');
    };
    const spies = (['load', 'store', 'add', 'compareExchange', 'exchange'] as const).map((name) =>
      vi.spyOn(Atomics, name).mockImplementation(wrong),
    );
    vi.stubGlobal('TextDecoder', wrong);
    vi.stubGlobal('TextEncoder', wrong);
    try {
      heap.writeFloat32Atomic(512, 1.5);
      expect([heap.addFloat32Atomic(512, 1), heap.readFloat32Atomic(512)]).toEqual([1.5, 2.5]);
      expect(text.write('Grüße').value).toBe('Grüße');
    } finally {
      vi.unstubAllGlobals();
      for (const spy of spies) spy.mockRestore();
    }
  });
  test('a replaced TypedArray.prototype.set has no effect', () => {
    const { heap } = start();
    const { set } = Uint8Array.prototype;
    let written: number[];
    Object.getPrototypeOf(Uint8Array.prototype).set = () => undefined;
    try {
      written = heap.allocInt32Array([1, 2, 3]).toArray();
    } finally {
      Object.getPrototypeOf(Uint8Array.prototype).set = set;
    }
    expect(written).toEqual([1, 2, 3]);
  });
  test('an allocator that frees, allocates and grows when called keeps the table right', () => {
    const module = fakeModule();
    const { malloc } = module;
    const { heap } = start({}, module);
    const cache = heap.allocUint8Array(64);
    let inner: Ref | undefined;
    module.malloc = (bytes) => {
      module.malloc = malloc; // once
      cache.free();
      inner = heap.allocInt32(9);
      module.memory.grow(1);
      return malloc.call(module, bytes);
    };
    const ref = heap.allocInt32(5);
    expect([ref.value, cache.isFreed, inner?.isFreed, heap.statistics.liveBlocks]).toEqual([
      5,
      true,
      false,
      2,
    ]);
    expect(heap.allocatedHeapRefs.length).toBe(2);
  });
});

describe('lifetimes', () => {
  test('every use of a freed ref throws, through the ref, its parts and its aliases', () => {
    const fake = start();
    const { heap } = fake;
    const array = heap.allocInt32Array([1, 2, 3, 4]);
    const { address } = array;
    const part = array.subarray(1).subarray(1);
    const [one, two] = [heap.wrapInt32(address), heap.wrapInt32Array(address, 4)];
    heap.free(address);
    const young = heap.allocInt32Array([5, 6, 7, 8]);
    expect(young.address).toBe(address);
    for (const act of [
      () => array.at(0),
      () => array.setAt(0, 9),
      () => array.view,
      () => array.set([9]),
      () => array.fill(9),
      () => array.clear(),
      () => array.toArray(),
      () => [...array],
      () => array.subarray(0).at(0),
      () => array.allocatedBytesView,
      () => array.readAtomicAt(0),
      () => array.writeAtomicAt(0, 9),
      () => array.copyTo([]),
      () => array.copyFrom([9]),
      () => array.assertLive(),
      () => part.at(0),
      () => part.setAt(0, 9),
      () => one.value,
      () => (one.value = 9),
      () => one.readAtomic(),
      () => one.writeAtomic(9),
      () => one.clear(),
      () => two.at(0),
      () => two.fill(9),
      () => young.copyFrom(array),
    ])
      // prettier-ignore
      expect(unchanged(fake, act), String(act)).toBe('throws FREED');
    for (const act of [() => array.free(), () => array.resize(8)])
      expect(unchanged(fake, act)).toBe('throws DOUBLE_FREE');
    for (const act of [() => one.free(), () => two.free(), () => part.free()])
      expect(unchanged(fake, act)).toBe('throws NOT_OWNED');
    array.dispose();
    expect(young.toArray()).toEqual([5, 6, 7, 8]);
  });
  test('a wrong bound of a subarray is refused', () => {
    const fake = start();
    const array = fake.heap.allocInt32Array(4);
    for (const edge of [NaN, 1.5, 5, -5, 2 ** 32, Infinity]) {
      expect(unchanged(fake, () => array.subarray(edge))).toBe('throws INVALID_RANGE');
      expect(unchanged(fake, () => array.subarray(0, edge))).toBe('throws INVALID_RANGE');
      expect(unchanged(fake, () => array.fill(1, edge))).toBe('throws INVALID_RANGE');
    }
    for (const edge of ['1', 1n, null]) expect(unchanged(fake, () => array.subarray(edge as never))).toBe('throws INVALID_TYPE'); // prettier-ignore
  });
  test.each(['fake module', 'own heap'])('an address that is no block of the %s is not freed', (which) => {
    const heap = which === 'own heap' ? createHeapSync() : start().heap;
    const [a, b] = [heap.allocUint8Array(64), heap.allocUint8Array(64)];
    for (const off of [1, 4, 8, 63])
      expect(outcome(() => heap.free(a.address + off))).toBe('throws NOT_OWNED');
    expect(outcome(() => createHeapSync().free(a))).toBe('throws WRONG_HEAP');
    if (which === 'own heap')
      for (const wrong of [8, a.address - 8, b.address + 64, heap.byteLength - 8])
        expect(outcome(() => heap.free(wrong))).toBe('throws NOT_OWNED');
    expect([a.isFreed, b.isFreed, heap.statistics.liveBlocks]).toEqual([false, false, 2]);
    heap.freeAll();
  });
  test.each(['freeAll', 'freeElements'])('%s frees each once, when freeing one frees its siblings', (how) => {
    const { heap, module } = start();
    const refs = [1, 2, 3].map((value) => heap.allocInt32(value));
    const pointers = heap.allocPointer32Array(refs.map(({ address }) => address));
    const { free } = module;
    module.free = (address) => {
      free.call(module, address);
      for (const ref of refs) ref.dispose();
    };
    if (how === 'freeAll') heap.freeAll();
    // Those that their sibling freed are freed already: that is said, once all are.
    else expect(outcome(() => pointers.free({ freeElements: true }))).toBe('throws AGGREGATE');
    expect([module.live.size, module.badFrees, heap.statistics.frees]).toEqual([0, [], 4]);
    module.free = free;
  });
  test('a block whose body throws frees its allocations once', () => {
    const { heap, module } = start();
    const body = (): void => {
      const ref = heap.allocInt32(1);
      try {
        ref.free();
        throw new Error('body');
      } finally {
        ref.dispose(); // what `using` calls
        ref.dispose();
      }
    };
    expect(body).toThrow('body');
    expect([module.live.size, module.badFrees]).toEqual([0, []]);
  });
});

describe('strings', () => {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  test.each([
    'c0 80', 'e0 80 80', 'f0 80 80 80', 'ed a0 80', 'ed bf bf', 'f4 90 80 80', 'f8 88 80 80 80', 'ff', 'fe', '80',
    'e2 82', 'f0 9f 98', '61 e2 82 62', 'ef bb bf ef bb bf', 'c3 28', 'f0 28 8c 28',
  ])('bytes %s are read as the WHATWG decoder reads them, short and long, sized and terminated', (hex) => {
    const { heap } = start();
    const bytes = hex.split(' ').map((byte) => parseInt(byte, 16));
    for (const before of [0, 15, 16, 17, 23, 24, 25, 63, 64, 65, 1024]) {
      const all = new Uint8Array([...Array<number>(before).fill(0x61), ...bytes]);
      heap.writeBytes(2048, all);
      heap.writeUint8(2048 + all.length, 0);
      expect(heap.readNullTerminatedUtf8String(2048)).toBe(decoder.decode(all));
      expect(heap.readUtf8String(2048, all.length)).toBe(decoder.decode(all));
    }
  }); // prettier-ignore
  test('U+FEFF stays at the start and everywhere, at every length', () => {
    const { heap } = start();
    for (const length of [0, 1, 15, 16, 17, 21, 22, 23, 24, 25, 63, 64, 65, 1024, 5000])
      for (const text of [
        `\uFEFF${'a'.repeat(length)}`,
        `${'a'.repeat(length)}\uFEFF`,
        `\uFEFF\uFEFF${'é'.repeat(length)}`,
      ]) {
        const ref = heap.allocNullTerminatedUtf8String(text);
        expect(ref.value).toBe(text);
        ref.free();
      }
  });
  test('ropes, slices, one-byte and two-byte strings give the same bytes on both sides of each threshold', () => {
    const { heap } = start();
    for (const length of [0, 1, 15, 16, 17, 23, 24, 25, 63, 64, 65, 255, 256, 1023, 4096]) {
      const flat = 'abcdefgh'.repeat(Math.ceil(length / 8)).slice(0, length);
      const rope = flat.slice(0, length >> 1) + flat.slice(length >> 1);
      const wide = `${flat}東`.slice(0, -1);
      for (const text of [flat, rope, wide, `xx${flat}`.slice(2)]) {
        heap.writeNullTerminatedUtf8String(2048, text, length + 1);
        expect(heap.readNullTerminatedUtf8String(2048, length + 1)).toBe(flat);
        expect(heap.readUint8(2048 + length)).toBe(0);
      }
    }
  });
  test('a capacity that ends inside a character, or leaves no space for the NUL, writes nothing', () => {
    const fake = start();
    const { heap } = fake;
    heap.fill(512, 32, 0x78);
    for (const [text, bytes] of [['é', 2], ['東', 3], ['🗼', 4], ['ab', 2], ['aé🗼', 7]] as const) {
      for (let capacity = 0; capacity <= bytes; capacity++)
        expect(unchanged(fake, () => heap.writeNullTerminatedUtf8String(512, text, capacity))).toBe('throws ENCODING');
      expect(heap.writeNullTerminatedUtf8String(512, text, bytes + 1)).toBe(bytes);
      expect(heap.readNullTerminatedUtf8String(512, bytes + 1)).toBe(text);
    } // prettier-ignore
    expect(unchanged(fake, () => heap.writeNullTerminatedUtf8String(512, '', 0))).toBe('throws ENCODING');
    expect(heap.writeNullTerminatedUtf8String(512, '', 1)).toBe(0);
  });
  test('the end of the memory ends a string', () => {
    const fake = start();
    const { heap } = fake;
    const end = heap.byteLength;
    heap.fill(end - 100, 100, 0x61);
    for (const back of [1, 8, 16, 24, 25, 100]) {
      expect(unchanged(fake, () => heap.readNullTerminatedUtf8String(end - back))).toBe('throws ENCODING');
      expect(unchanged(fake, () => heap.readUtf8String(end - back, back + 1))).toBe('throws OUT_OF_BOUNDS');
    }
    expect(heap.writeNullTerminatedUtf8String(end - 1, '')).toBe(0);
    expect(heap.readNullTerminatedUtf8String(end - 1)).toBe('');
    expect(unchanged(fake, () => heap.readNullTerminatedUtf8String(end))).toMatch(
      /^throws (ENCODING|OUT_OF_BOUNDS)$/,
    );
  });
  test('strings of 130,000 characters and more, of every width, come back', () => {
    const { heap } = start();
    for (const unit of ['a', 'é', '東', '🗼']) {
      const text = unit.repeat(130001);
      const ref = heap.allocNullTerminatedUtf8String(text);
      expect(ref.value === text).toBe(true);
      ref.free();
    }
  });
  test('a strict read that fails does not affect the next one', () => {
    const { heap } = start();
    heap.writeBytes(512, new Uint8Array([0xe2, 0x82, 0]));
    heap.writeBytes(520, new Uint8Array([0xac, 0x61, 0]));
    for (let i = 0; i < 3; i++) {
      expect(outcome(() => heap.readNullTerminatedUtf8String(512, 8, { invalid: 'throw' }))).toBe(
        'throws ENCODING',
      );
      expect(heap.readNullTerminatedUtf8String(512)).toBe('\uFFFD');
      expect(heap.readNullTerminatedUtf8String(520)).toBe('\uFFFDa');
      heap.writeNullTerminatedUtf8String(528, '€', 8);
      expect(heap.readNullTerminatedUtf8String(528, 8, { invalid: 'throw' })).toBe('€');
    }
  });
  test('lone surrogates are U+FFFD, or refused by index when asked', () => {
    const { heap } = start();
    for (const [text, index] of [['\uD83D', 0], ['a\uDE00', 1], ['\uDE00\uD83D', 0], [`${'é'.repeat(40)}\uD83D`, 40]] as const) {
      heap.writeNullTerminatedUtf8String(512, text);
      expect(heap.readNullTerminatedUtf8String(512)).toBe(text.replace(/[\uD800-\uDFFF]/g, '\uFFFD'));
      expect(() => heap.writeNullTerminatedUtf8String(512, text, 200, { surrogates: 'throw' })).toThrow(
        expect.objectContaining({ code: 'ENCODING', index }),
      );
    } // prettier-ignore
  });
});

describe('garbage collection', () => {
  test.runIf(collects)('refs keep their heap alive', async () => {
    const module = fakeModule();
    const ref = (() => fakeHeap({ enableGarbageCollection: true }, module).heap.allocInt32(5))();
    await collect(() => false, 10);
    expect([ref.value, module.live.size]).toEqual([5, 1]);
    ref.free();
    expect(module.live.size).toBe(0);
  });
  test.runIf(collects)('a ref that is found again through a WeakRef is still valid', async () => {
    const { heap, module } = start({ enableGarbageCollection: true });
    const weak = (() => new WeakRef(heap.allocInt32(5)))();
    const again = weak.deref();
    await collect(() => false, 5);
    expect([again?.value, module.live.size]).toEqual([5, 1]);
  });
  test.runIf(collects)(
    'a finalizer whose free frees siblings, or throws, leaves each freed once',
    async () => {
      const { heap, module } = start({ enableGarbageCollection: true });
      const sibling = heap.allocInt32(1);
      const { free } = module;
      let [thrown, calls] = [0, 0];
      module.free = (address) => {
        calls++;
        if (address !== sibling.address) sibling.dispose();
        if (thrown === 0 && address !== sibling.address) {
          thrown++;
          throw new Error('no');
        }
        free.call(module, address);
      };
      (() => {
        for (let i = 0; i < 20; i++) heap.allocInt32(i);
      })();
      await collect(() => heap.statistics.liveBlocks <= 1);
      expect([thrown, calls, sibling.isFreed, module.live.size, heap.statistics.liveBlocks]).toEqual([1, 21, true, 1, 1]); // prettier-ignore
      module.free = free;
    },
  );
  test.runIf(collects)('the blocks of 20,000 unreachable refs are freed once each', async () => {
    let [live, frees] = [0, 0];
    const memory = new WebAssembly.Memory({ initial: 8 });
    const heap = createWasmHeapManager(memory, () => (live++, 1024 + 16 * live), () => (frees++, live--), {
      enableGarbageCollection: true,
    }); // prettier-ignore
    (() => {
      for (let i = 0; i < 20000; i++) {
        const ref = heap.allocInt32Array(new Int32Array([i]));
        if (i % 3 === 0) ref.free();
      }
    })();
    await collect(() => heap.statistics.liveBlocks === 0, 200);
    expect([heap.statistics.liveBlocks, heap.statistics.frees, frees, live]).toEqual([0, 20000, 20000, 0]);
  });
  // A browser keeps the modules that it has loaded.
  test.runIf(typeof document === 'undefined')(
    'an engine without FinalizationRegistry and WeakRef works without collection',
    async () => {
      vi.stubGlobal('FinalizationRegistry', undefined);
      vi.stubGlobal('WeakRef', undefined);
      vi.resetModules();
      try {
        const bare = (await import('../../../ts/index.ts?bare' as string)) as {
          createHeapSync: typeof createHeapSync;
          createWasmHeapManager: typeof createWasmHeapManager;
        };
        const heap = bare.createHeapSync();
        const ref = heap.allocInt32(5);
        expect(ref.value).toBe(5);
        ref.free();
        const module = fakeModule();
        const collecting = bare.createWasmHeapManager(
          module.memory,
          (bytes) => module.malloc(bytes),
          (address) => module.free(address),
          { enableGarbageCollection: true, gcPressure: 1 },
        );
        const array = collecting.allocInt32Array([1, 2]);
        expect([array.toArray(), collecting.statistics.liveBlocks]).toEqual([[1, 2], 1]);
        array.free();
        expect([module.live.size, module.badFrees]).toEqual([0, []]);
      } finally {
        vi.unstubAllGlobals();
      }
    },
  );
  test('a ref cannot be cloned into another thread, where it would own the block a second time', () => {
    const { heap } = start();
    expect(outcome(() => structuredClone(heap.allocInt32(5)))).toMatch(/^throws/);
    expect(outcome(() => structuredClone(createHeapSync().allocInt32Array(5)))).toMatch(/^throws/);
  });
});

describe('limits', () => {
  test('bytes across 2^31 are at the same addresses for every accessor', () => {
    const memory = new WebAssembly.Memory({ initial: 32769 });
    const heap = createWasmHeapManager(memory, () => -(2 ** 31) - 8 + 16, () => undefined); // prettier-ignore
    const at = 2 ** 31 - 6;
    heap.writeBigUint128(at, 2n ** 127n + 5n);
    expect(heap.readBigUint128(at)).toBe(2n ** 127n + 5n);
    heap.writeNullTerminatedUtf8String(at, 'across the line', 32);
    expect(heap.readNullTerminatedUtf8String(at)).toBe('across the line');
    expect(heap.wrapNullTerminatedUtf8String(at).encodedBytesView.length).toBe(15);
    const array = heap.wrapFloat64Array(2 ** 31 - 16, 4).set([1, 2, 3, 4]);
    expect([array.at(-1), heap.readFloat64(-(2 ** 31) + 8), u8.view(heap, 2 ** 31 - 16, 32).length]).toEqual([
      4, 4, 32,
    ]);
    array.copyFrom(array.subarray(0, 3), 1).fill(9, 0, 1);
    expect(array.toArray()).toEqual([9, 1, 2, 3]);
    expect(heap.allocInt32(7).address).toBe(2 ** 31 + 8);
  });
  test('an address beyond 2^53 is refused, never rounded', () => {
    const fake = start();
    for (const address of [2n ** 53n, 2n ** 53n + 1n, 2n ** 63n])
      expect(unchanged(fake, () => fake.heap.readInt8(address))).toBe('throws OUT_OF_BOUNDS');
  });
  test('sums of sizes stay exact above 2^32', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const heap = createWasmHeapManager(memory, () => 1024, () => undefined, { clearAllocatedRegions: false }); // prettier-ignore
    for (let i = 0; i < 70000; i++) {
      heap.alloc(64000);
      heap.free(1024);
    }
    expect(heap.statistics).toMatchObject({
      liveBytes: 0,
      frees: 70000,
      allocations: 70000,
      peakBytes: 64000,
    });
  });
});

describe("other modules' heaps", () => {
  test.each([
    [() => 0, 'throws OUT_OF_MEMORY'],
    [() => undefined, 'throws MODULE'],
    [() => -1, 'throws MODULE'],
    [() => 65535, 'throws MODULE'],
    [() => 2n ** 40n, 'throws MODULE'],
    [() => '1024', 'throws MODULE'],
    [() => { throw new WebAssembly.RuntimeError('unreachable'); }, 'throws OUT_OF_MEMORY'],
  ])('a malloc like %o leaves the book as it was', (malloc, wanted) => {
    const heap = createWasmHeapManager(new WebAssembly.Memory({ initial: 1 }), malloc as () => number, () => undefined);
    for (const act of [
      () => heap.alloc(8), () => heap.allocFloat64(1), () => heap.allocInt32Array([1, 2]), () => heap.alloc(8, 4096),
      () => heap.allocNullTerminatedUtf8String('text'),
    ])
      expect(outcome(act)).toBe(wanted);
    expect(heap.statistics).toMatchObject({ liveBlocks: 0, liveBytes: 0, allocations: 0 });
  }); // prettier-ignore
  test('a block that the module freed, and malloc gave out again, belongs to its new ref alone', () => {
    const { heap, module } = fakeHeap();
    const old = heap.allocInt32(5);
    module.free(old.address); // C frees it behind the manager
    const young = heap.allocInt32(6);
    expect(young.address).toBe(old.address);
    expect([old.isFreed, heap.statistics.liveBlocks, heap.statistics.liveBytes]).toEqual([true, 1, 4]);
    expect(outcome(() => old.free())).toBe('throws DOUBLE_FREE');
    young.free();
    expect(module.badFrees).toEqual([]);
  });
  test('a free that throws leaves the block allocated, and can be repeated', () => {
    const { heap, module } = start();
    const ref = heap.allocInt32(5);
    const { free } = module;
    module.free = () => {
      throw new WebAssembly.RuntimeError('unreachable');
    };
    expect(outcome(() => ref.free())).toBe('throws RuntimeError');
    expect([ref.isFreed, ref.value, heap.statistics.liveBlocks]).toEqual([false, 5, 1]);
    module.free = free;
    ref.free();
  });
  test('a memory that is replaced by a shorter one is out of bounds, and the old bytes are not read', () => {
    let memory = new WebAssembly.Memory({ initial: 2 });
    const heap = createWasmHeapManager(() => memory.buffer, () => 70000, () => undefined); // prettier-ignore
    const ref = heap.allocInt32(5);
    const old = memory;
    memory = new WebAssembly.Memory({ initial: 1 });
    old.grow(1); // the old buffer is gone
    expect(outcome(() => ref.value)).toBe('throws OUT_OF_BOUNDS');
    expect(outcome(() => heap.readInt32(70000))).toBe('throws OUT_OF_BOUNDS');
  });
});
