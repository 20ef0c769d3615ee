// The examples of the README of wasm-heap-manager as programs: only the import is changed. Where
// the README has a name that its own package lacks, the name is here.
import * as peer051 from 'wasm-heap-manager';
import * as peer010 from 'wasm-heap-manager-0.1.0';
import { afterEach, describe, expect, test } from 'vitest';
import * as linmem from '../../../ts/index.ts';
import { fakeModule, type Module } from '../../support/heap.ts';
import { call, has } from './libraries.ts';

const { createWasmHeapManager, wrapEmscriptenModuleHeap } = linmem;

let module: Module = fakeModule();
/** A module's heap, its functions as a program has them: not bound to anything. */
function start(options?: linmem.WasmHeapManagerOptions): linmem.WasmHeapManager {
  module = fakeModule();
  const { malloc, free } = { malloc: module.malloc.bind(module), free: module.free.bind(module) };
  return createWasmHeapManager(() => module.memory.buffer, malloc, free, options);
}
afterEach(() => expect(module.badFrees).toEqual([]));

describe('making a manager', () => {
  test('from the parts of an Emscripten module, and from the module', () => {
    module = fakeModule();
    const emscripten = {
      HEAPU8: new Uint8Array(module.memory.buffer),
      _malloc: (bytes: number) => module.malloc(bytes),
      _free: (address: number) => module.free(address),
    };
    const { _malloc, _free } = emscripten;
    const parts = createWasmHeapManager(() => emscripten.HEAPU8.buffer, _malloc, _free);
    const whole = wrapEmscriptenModuleHeap(emscripten);
    const ref = parts.allocInt32(-7);
    expect(whole.readInt32(ref.address)).toBe(-7);
    ref.free();
    expect(whole.allocFloat32Array(3).elementCount).toBe(3);
  });
  test('over a memory with an allocator that never frees', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1000 });
    let next = 8;
    const upToMultiple = (value: number, of: number): number => value + ((of - (value % of)) % of);
    const bump = (bytes: number): number => {
      const at = next;
      next = upToMultiple(at + Math.ceil(bytes), 8);
      if (next > memory.buffer.byteLength)
        memory.grow(Math.ceil((next - memory.buffer.byteLength) / 65536) + 1);
      return at;
    };
    const manager = createWasmHeapManager(() => memory.buffer, bump, () => {}); // prettier-ignore
    const [first, second] = [manager.allocUint8Array(70000), manager.allocFloat64(2.5)];
    expect([first.address, second.address, second.value]).toEqual([8, 70008, 2.5]);
    first.free();
    second.free();
  });
});

// Label, value, another that it is not at first, bytes, the view's class if the README has a view.
const NUMBERS = [
  ['Int8', -5, 1, Int8Array],
  ['Uint8', 200, 1, Uint8Array],
  ['ClampedUint8', 255, 1, Uint8ClampedArray],
  ['Uint8Clamped', 255, 1, Uint8ClampedArray],
  ['Int16', -500, 2, Int16Array],
  ['Uint16', 50000, 2, Uint16Array],
  ['Int32', -70000, 4, Int32Array],
  ['Uint32', 4000000000, 4, Uint32Array],
  ['BigInt64', -5n, 8, BigInt64Array],
  ['BigUint64', 2n ** 63n, 8, BigUint64Array],
  ['Float32', 0.5, 4, Float32Array],
  ['Float64', 0.1, 8, Float64Array],
  ['Pointer32', 1024, 4, Uint32Array],
  ['Pointer53', 2 ** 53 - 1, 8, undefined],
  ['Pointer64', 2n ** 64n - 1n, 8, BigUint64Array],
] as const;

describe.each(NUMBERS)('%s', (label, value, bytes, View) => {
  const zero = typeof value === 'bigint' ? 0n : 0;
  const on = (heap: linmem.WasmHeapManager, operation: string, ...args: unknown[]): unknown =>
    call(heap, operation.replace('T', label), ...args);

  test('is read and written at an address, plainly and atomically', () => {
    const heap = start();
    on(heap, 'writeT', 512, value);
    expect(on(heap, 'readT', 512)).toBe(value);
    on(heap, 'writeTAtomic', 520, value);
    expect(on(heap, 'readTAtomic', 520)).toBe(value);
  });
  test.runIf(View)('is viewed as elements', () => {
    const heap = start();
    on(heap, 'writeT', 512 + bytes, value);
    const view = on(heap, 'viewTArray', 512, 2) as Int8Array;
    expect(view).toBeInstanceOf(View);
    expect([...view]).toEqual([zero, value]);
  });
  test('is allocated, used through its ref, and freed', () => {
    const heap = start();
    const ref = on(heap, 'allocT') as linmem.NumericRef;
    expect([ref.value, ref.read(), ref.readAtomic()]).toEqual([zero, zero, zero]);
    expect(ref.write(value)).toBe(ref);
    expect([ref.value, on(heap, 'readT', ref.address)]).toEqual([value, value]);
    expect([ref.allocatedByteSize, ref.allocatedByteCount, ref.allocatedBytesView.length]).toEqual([
      bytes,
      bytes,
      bytes,
    ]);
    ref.clear();
    expect([ref.writeAtomic(value).read(), ref.isFreed, ref.isNotFreed]).toEqual([value, false, true]);
    expect((on(heap, 'allocT', value) as linmem.NumericRef).value).toBe(value);
    const borrowed = on(heap, 'wrapT', ref.address) as linmem.NumericRef;
    expect(borrowed.value).toBe(value);
    ref.free();
    expect([ref.isFreed, ref.isNotFreed]).toEqual([true, false]);
    expect(() => ref.value).toThrow();
    heap.freeAll();
    expect(module.live.size).toBe(0);
  });
  test('is allocated as an array, used by index, and freed', () => {
    const heap = start();
    const ref = on(heap, 'allocTArray', 3) as linmem.TypedArrayRef;
    expect([ref.elementCount, ref.bytesPerElement, ref.allocatedByteSize]).toEqual([3, bytes, 3 * bytes]);
    expect(ref.writeAt(1, value)).toBe(ref);
    ref.writeAtomicAt(2, value);
    expect([ref.readAt(0), ref.readAtomicAt(1), ref.readAt(2)]).toEqual([zero, value, value]);
    if (View) expect([...(ref.view as Int8Array)]).toEqual([zero, value, value]);
    const same = on(heap, 'wrapTArray', ref.address, 3) as linmem.TypedArrayRef;
    expect(same.readAt(2)).toBe(value);
    const copy = on(
      heap,
      'allocTArray',
      label === 'Pointer53' ? ref.toArray() : ref.view,
    ) as linmem.TypedArrayRef;
    expect(copy.readAt(1)).toBe(value);
    ref.clear();
    expect(same.readAt(2)).toBe(zero);
    ref.free();
    copy.free();
    expect([ref.isFreed, module.live.size]).toEqual([true, 0]);
  });
});

test('Pointer53 arrays are made of a BigUint64Array, which is what their view is', () => {
  const heap = start();
  const ref = heap.allocPointer53Array(new BigUint64Array([1024n, 2n ** 40n]) as never);
  expect([ref.readAt(0), ref.readAt(1)]).toEqual([1024, 2 ** 40]);
});
test.each(['BigUint128', 'BigUint256', 'BigUint128LE', 'BigUint256LE'])('%s is read and written', (label) => {
  const heap = start();
  call(heap, `write${label}`, 512, 2n ** 100n + 5n);
  expect(call(heap, `read${label}`, 512)).toBe(2n ** 100n + 5n);
});

describe.each([
  ['Ascii', 1, 'plain text'],
  ['Utf8', 1, 'Zürich 東京 🗼'],
  ['Utf16', 2, 'Zürich 東京 🗼'],
  ['Utf32', 4, 'Zürich 東京 🗼'],
])('NUL-terminated %s', (encoding, bytes, text) => {
  const there = has(`readNullTerminated${encoding}String`);
  // UTF-8 refs may have only a part of these members.
  const whole = has('readNullTerminatedUtf16String');
  const on = (heap: linmem.WasmHeapManager, operation: string, ...args: unknown[]): unknown =>
    call(heap, `${operation}NullTerminated${encoding}String`, ...args);
  type StringRef = linmem.Ref & {
    value: string;
    read(): string;
    write(text: string): StringRef;
    readonly [name: string]: unknown;
  };
  const elements =
    encoding === 'Utf8'
      ? new TextEncoder().encode(text).length
      : encoding === 'Utf32'
        ? [...text].length
        : text.length;

  test.skipIf(!there)('is written without a capacity, and read', () => {
    const heap = start();
    expect(on(heap, 'write', 512, text)).toBe(elements);
    expect(on(heap, 'read', 512)).toBe(text);
    expect(on(heap, 'read', 512, elements + 1)).toBe(text);
    expect(() => on(heap, 'read', 512, elements)).toThrow();
    expect(() => on(heap, 'write', 512, text, elements)).toThrow();
    expect(on(heap, 'write', 512, text, elements + 1)).toBe(elements);
  });
  test.skipIf(!whole)('is allocated for a number of elements', () => {
    const heap = start();
    const ref = on(heap, 'alloc', 40) as StringRef;
    expect([ref.value, ref.encodedElementCount, ref.allocatedElementCount]).toEqual(['', 0, 41]);
    expect(ref.write(text)).toBe(ref);
    expect([ref.value, ref.read()]).toEqual([text, text]);
    expect([ref.encodedElementCount, ref.encodedByteLength, ref.encodedByteCount]).toEqual([
      elements,
      elements * bytes,
      elements * bytes,
    ]);
    expect(ref.bytesPerElement).toBe(bytes);
    expect((ref.encodedElementsView as Uint8Array).length).toBe(elements);
    expect((ref.encodedElementsView as Uint8Array).BYTES_PER_ELEMENT).toBe(bytes);
    expect((ref.encodedBytesView as Uint8Array).length).toBe(elements * bytes);
    expect((ref.allocatedElementsView as Uint8Array).length).toBe(41);
    expect([ref.allocatedByteSize, ref.allocatedBytesView.length]).toEqual([41 * bytes, 41 * bytes]);
    ref.clear();
    expect(ref.value).toBe('');
    ref.free();
    expect([ref.isFreed, module.live.size]).toEqual([true, 0]);
  });
  test.skipIf(!whole)('is allocated for a text, and wrapped at its address', () => {
    const heap = start();
    const ref = on(heap, 'alloc', text) as StringRef;
    expect([ref.value, ref.allocatedElementCount]).toEqual([text, elements + 1]);
    expect((on(heap, 'wrap', ref.address) as StringRef).value).toBe(text);
    expect((on(heap, 'wrap', ref.address, elements + 1) as StringRef).read()).toBe(text);
    on(heap, 'write', 512, text);
    const borrowed = on(heap, 'wrap', 512) as StringRef;
    expect([borrowed.value, borrowed.encodedElementCount]).toEqual([text, elements]);
    expect(call(heap, 'getElementCountOfNullTerminatedString', 512, bytes)).toBe(elements);
    ref.free();
  });
});

describe('the options', () => {
  test('clearAllocatedRegions', () => {
    const dirty = (clearAllocatedRegions?: boolean): number => {
      const heap = start(clearAllocatedRegions === undefined ? {} : { clearAllocatedRegions });
      heap.heapUint8.fill(7, 1024);
      return heap.allocUint8Array(4).readAt(0);
    };
    expect([dirty(), dirty(true), dirty(false)]).toEqual([0, 0, 7]);
  });
  test.each(['never', 'whenEmpty', 'always'] as const)('pollingMode %s', (pollingMode) => {
    const heap = start({ pollingMode });
    heap.writeInt32(512, 5);
    expect(heap.readInt32(512)).toBe(5);
  });
  test('trackAllocations: live blocks are listed and freed together', () => {
    const heap = start();
    const refs = [heap.allocInt32(5), heap.allocUint8Array(10), heap.allocNullTerminatedUtf8String('hello')];
    heap.wrapInt32(512);
    expect(heap.allocatedHeapRefs).toEqual(refs);
    expect(heap.totalAllocatedByteCount).toBe(4 + 10 + 6);
    heap.freeAll();
    expect([heap.allocatedHeapRefs, refs.map((ref) => ref.isFreed)]).toEqual([[], [true, true, true]]);
    expect(() => start({ trackAllocations: false }).allocatedHeapRefs).toThrow();
  });
  test('enableGarbageCollection of version 0.1.0 is accepted', () =>
    expect(start({ enableGarbageCollection: true }).allocInt32(5).value).toBe(5));
});

// Private in the types of wasm-heap-manager, or exported but never reachable.
const INTERNAL = new Set([
  'registerHeapRefIfNeeded', 'unregisterHeapRefIfNeeded', 'registerFinalizerIfEnabled', 'updateCacheIfNeeded',
  'setCachedHeap', 'updateCache', 'assertNotFreed', 'DataType', 'PointerRef', 'getElementCountOfNullTerminatedUtf8String',
]); // prettier-ignore

describe.each([
  ['0.5.1', peer051],
  ['0.1.0', peer010],
])('every name of version %s is here', (_version, peer) => {
  const missing = (names: string[], target: object): string[] =>
    names.filter((name) => !(name in target) && !INTERNAL.has(name));
  const namesOf = (prototype: object): string[] =>
    prototype === Object.prototype
      ? []
      : [...Object.getOwnPropertyNames(prototype), ...namesOf(Object.getPrototypeOf(prototype) as object)];
  type Class = { prototype: object } | undefined;

  test('among the exports', () => expect(missing(Object.keys(peer), linmem)).toEqual([]));
  const classes = Object.entries(peer).filter(
    ([name, value]) => typeof value === 'function' && name in linmem && !/^[cw]|^NumericRef/.test(name),
  );
  test.each(classes)('among the members of %s', (name, theirs) => {
    const ours = (linmem as unknown as Record<string, Class>)[name]?.prototype ?? {};
    expect(missing(namesOf((theirs as { prototype: object }).prototype), ours)).toEqual([]);
  });
  test('the defaults of the options are the same', () => {
    const { enableGarbageCollection, ...defaults } = peer.defaultWasmHeapManagerOptions as Record<
      string,
      unknown
    >;
    expect(linmem.defaultWasmHeapManagerOptions).toMatchObject(defaults);
    expect(linmem.defaultWasmHeapManagerOptions.enableGarbageCollection).toBe(
      enableGarbageCollection ?? false,
    );
  });
});
