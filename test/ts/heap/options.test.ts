// Options objects: own properties, read once and before anything else; what a polluted prototype holds has no effect.
import { afterEach, describe, expect, test } from 'vitest';
import {
  captureEmscriptenHeap,
  captureInstances,
  createGuestHeap,
  createHeapArena,
  createHeapSync,
  createWasmHeapManager,
  createWasmHeapManager64,
  FreedError,
  i32,
  struct,
  utf16,
  utf8,
  webassembly,
  wrapEmscriptenModuleHeap,
  wrapHeap,
} from '../../../ts/index.ts';
import { fakeHeap, fakeModule, type Module } from '../../support/heap.ts';
import { outcome } from '../peer/libraries.ts';

const other = new WebAssembly.Memory({ initial: 1 });
const broken = (): never => {
  throw new Error('of the prototype');
};
const POLLUTED = {
  attach: 8,
  attached: { alloc: broken },
  kind: 'frame',
  collected: true,
  alloc: broken,
  memory: other,
  malloc: broken,
  free: broken,
  adapter: {},
  analysis: 5,
  byteOffset: 8,
  name: 5,
  codec: utf16,
  fatal: true,
  function: broken,
  global: 5,
  pick: 5,
  signal: 5,
  watchGlobals: 5,
  allowUnsafeGuest: 5,
  calloc: broken,
  alignedAlloc: broken,
  realloc: broken,
  isFreed: broken,
  size: 1,
  nul: 'allow',
  truncate: true,
  surrogates: 'throw',
  grow: true,
  initialBytes: 2 ** 20,
  strictFrees: true,
  freeElements: true,
  nullCheck: true,
};
const prototype = Object.prototype as Record<string, unknown>;
/** Puts options on Object.prototype. Enumerable ones are in the way of code that is not tested here. */
function pollute(enumerable: boolean): void {
  for (const [name, value] of Object.entries(POLLUTED))
    Object.defineProperty(prototype, name, { value, configurable: true, enumerable, writable: true });
}
afterEach(() => {
  for (const name of Object.keys(POLLUTED)) delete prototype[name];
});

test('options on Object.prototype have no effect', () => {
  pollute(true);
  const heap = createHeapSync({});
  expect(heap.byteLength).toBe(65536);
  expect(heap.readInt32(0)).toBe(0);
  const ref = heap.allocNullTerminatedUtf8String(4);
  expect(() => ref.write('a\0b', {})).toThrow(expect.objectContaining({ code: 'ENCODING' }));
  expect(() => ref.write('too long', {})).toThrow(expect.objectContaining({ code: 'ENCODING' }));
  expect(utf8.encode('\ud800', {}).length).toBe(3);
  const arena = createHeapArena(heap, 16, 16, {});
  expect(() => arena.alloc(64)).toThrow(expect.objectContaining({ code: 'OUT_OF_MEMORY' }));
  const pointed = heap.allocInt32(1);
  heap.allocPointer32Array([pointed.address]).free({});
  expect(pointed.isFreed).toBe(false);
});

/** Functions with options and settings, each with a result that one of {@link POLLUTED} would change. */
const WITH_OPTIONS: Record<string, (module: Module) => unknown> = {
  createHeapArena: () => createHeapSync().createHeapArena(64).allocI32(4).length,
  'an arena that is full': () => outcome(() => createHeapSync().createHeapArena(64).alloc(512)),
  attachArena: () => {
    const heap = createHeapSync();
    return heap.attachArena(heap.createHeapArena(64).address).kind;
  },
  frameArena: () => createHeapSync().frameArena.init(64) > 0,
  scope: () => createHeapSync().scope((scope) => scope.allocInt32Array([1, 2]).toArray()),
  sliceFromHandle: () => {
    const heap = createHeapSync();
    return [...heap.sliceFromHandle(heap.allocSlice(i32, 2).write([1, 2]).handle())];
  },
  wrapHeap: (module) => wrapHeap(Object.assign(Object.create(null) as object, module)).byteLength,
  wrapEmscriptenModuleHeap: ({ memory, malloc, free }) =>
    wrapEmscriptenModuleHeap({ HEAPU8: new Uint8Array(memory.buffer), _malloc: malloc, _free: free })
      .byteLength,
  createWasmHeapManager: ({ memory, malloc, free }) => {
    const ref = createWasmHeapManager(memory, (bytes) => malloc(bytes), free).allocInt32Array([1, 2]);
    return ref.resize(3).toArray();
  },
  createWasmHeapManager64: ({ memory, malloc, free }) =>
    createWasmHeapManager64(memory, (bytes) => malloc(Number(bytes)), (at) => free(Number(at)), {}).allocInt32(5).value, // prettier-ignore
  createGuestHeap: ({ memory }) => outcome(() => createGuestHeap({ memory })),
  captureEmscriptenHeap: ({ memory, malloc, free }) =>
    captureEmscriptenHeap(
      () => ({ HEAPU8: new Uint8Array(memory.buffer), _malloc: malloc, _free: free }),
      {},
    ).then(({ heap }) => heap.byteLength),
  captureInstances: () => captureInstances(() => 5, {}).then(({ result }) => result),
  fromMemory: ({ memory }) => webassembly.fromMemory(memory).memory() === memory,
  fromExports: (module) => webassembly.fromExports({ ...module }, {}).memory() === module.memory,
  read: ({ memory }) => webassembly.fromMemory(memory).read(i32, { ptr: 512 }),
  view: ({ memory }) => [...webassembly.fromMemory(memory).view({ dtype: i32, ptr: 512, length: 2 }).array()],
  readBytes: ({ memory }) => webassembly.fromMemory(memory).readBytes({ ptr: 512, byteLength: 8 }).join(),
  readText: ({ memory }) => webassembly.fromMemory(memory).readText(520, 2),
  readUtf8: ({ memory }) => webassembly.fromMemory(memory).readUtf8(524, 2, {}),
  writeText: ({ memory }) => webassembly.fromMemory(memory).writeText(600, 'ab', 2),
  'a descriptor of an export': (module) =>
    webassembly.fromExports({ ...module, at: () => 512 }, {}).read(i32, { ptr: { export: 'at' } }),
  assertLayout: () => struct('s', { a: i32 }).assertLayout({ align: 4 }),
};
test.each(Object.entries(WITH_OPTIONS))('%s reads only own options', async (_name, use) => {
  const module = (): Module => {
    const made = fakeModule(new WebAssembly.Memory({ initial: 2, maximum: 16 }));
    made.malloc = made.malloc.bind(made);
    made.free = made.free.bind(made);
    new Uint8Array(made.memory.buffer).set([7, 0, 0, 0, 9, 0, 0, 0, 65, 66, 67, 68, 0xff, 0xff], 512);
    return made;
  };
  const expected: unknown = await use(module());
  const polluted = module();
  pollute(false);
  expect(await use(polluted)).toEqual(expected);
});

describe('a getter in the options of a string that frees its block', () => {
  const freeing = (free: () => void) => ({ get surrogates(): 'replace' { free(); return 'replace'; } }); // prettier-ignore
  test('makes a read and a write throw, and what took the place stays', () => {
    for (const use of ['read', 'write'] as const) {
      const { heap } = fakeHeap();
      const ref = heap.allocNullTerminatedUtf8String('old text');
      let young: { value: string } | undefined;
      const options = freeing(() => {
        ref.free();
        young = heap.allocNullTerminatedUtf8String('new text');
      });
      expect(() => (use === 'read' ? ref.read(options) : ref.write('changed', options))).toThrow(FreedError);
      expect(young?.value).toBe('new text');
    }
  });
});

test('each option is read once', () => {
  const reads: string[] = [];
  const counted = <O extends object>(options: O): O =>
    new Proxy(options, {
      get(target, name) {
        reads.push(String(name));
        return Reflect.get(target, name);
      },
    });
  createWasmHeapManager(new WebAssembly.Memory({ initial: 1 }), () => 8, () => 0, counted({ nullCheck: false, strictFrees: true })); // prettier-ignore
  createHeapSync(counted({ initialBytes: 65536 }));
  createHeapArena(createHeapSync(), 64, 16, counted({ grow: true }));
  expect(reads.sort()).toEqual(['grow', 'initialBytes', 'nullCheck', 'strictFrees']);
});
