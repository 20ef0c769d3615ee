// Modules built by the installed Emscripten: with views exported, with the memory exported, with neither, and with
// assertions, whose getters abort.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findMallocNames } from '../../../ts/interop/find-malloc.ts';
import {
  captureEmscriptenHeap,
  captureInstances,
  i32,
  ModuleError,
  wrapEmscriptenModuleHeap,
  wrapHeap,
  type WasmHeapManager,
} from '../../../ts/index.ts';
import { runEmcc } from '../../support/emcc.ts';

const folder = mkdtempSync(join(tmpdir(), 'linmem-emcc-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SOURCE = `
#include <stdlib.h>
#include <string.h>
int sum(const int *p, int n) { int s = 0; while (n--) s += *p++; return s; }
int *grown(int n) { int *p = malloc(n); p[0] = 7; return p; }
char *twice(const char *s) { char *t = malloc(2 * strlen(s) + 1); strcpy(t, s); strcat(t, s); return t; }
`;
const COMMON = [
  '-sMODULARIZE', '-sEXPORT_ES6', '-sENVIRONMENT=web', '-sALLOW_MEMORY_GROWTH', '-sUSE_ES6_IMPORT_META=0',
  '-sEXPORTED_FUNCTIONS=_malloc,_free,_sum,_twice,_grown',
]; // prettier-ignore
const FORMS = {
  views: ['-O1', '-sEXPORTED_RUNTIME_METHODS=HEAPU8'],
  memory: ['-O1', '-sEXPORTED_RUNTIME_METHODS=wasmMemory'],
  bare: ['-O1'],
  assertions: ['-O0', '-sASSERTIONS=2'],
  minified: ['-O3'],
  'minified-emmalloc': ['-O3', '-sMALLOC=emmalloc'],
  wasm2js: ['-O1', '-sWASM=0', '-sEXPORTED_RUNTIME_METHODS=HEAPU8'],
  'safe-heap': ['-O1', '-sSAFE_HEAP=1', '-sASSERTIONS=1', '-sEXPORTED_RUNTIME_METHODS=HEAPU8'],
  'four-gib': ['-O1', '-sMAXIMUM_MEMORY=4GB', '-sEXPORTED_RUNTIME_METHODS=wasmMemory'],
  // Of the functions only one that does not allocate, and nothing of the runtime.
  'no-malloc': ['-O1', '-sEXPORTED_FUNCTIONS=_sum'],
  'no-malloc-assertions': ['-O0', '-sASSERTIONS=1', '-sEXPORTED_FUNCTIONS=_sum'],
  'no-malloc-minified': ['-O3', '-sEXPORTED_FUNCTIONS=_sum'],
  emmalloc: ['-O1', '-sMALLOC=emmalloc', '-sEXPORTED_RUNTIME_METHODS=wasmMemory'],
};
type Form = keyof typeof FORMS;

interface Module {
  _sum(address: number, count: number): number;
  _twice(address: number): number;
  _grown(bytes: number): number;
}
type Factory = (options: object) => Promise<Module>;

const start = async (form: Form): Promise<Module> => {
  const path = join(folder, `${form}.mjs`);
  // Modules with assertions look for the browser they were built for.
  Object.assign(globalThis, { window: globalThis });
  const { default: factory } = (await import(/* @vite-ignore */ path)) as { default: Factory };
  return factory(form === 'wasm2js' ? {} : { wasmBinary: readFileSync(join(folder, `${form}.wasm`)) });
};

beforeAll(() => {
  writeFileSync(join(folder, 'module.c'), SOURCE);
  for (const [form, flags] of Object.entries(FORMS))
    runEmcc(['module.c', ...COMMON, ...flags, '-o', `${form}.mjs`], folder);
}, 120_000);

/** The work of a real program: arrays and strings in, C functions called, a block of C's freed. */
function work(heap: WasmHeapManager, module: Module): void {
  const array = heap.allocInt32Array(Array.from({ length: 100_000 }, (_, i) => i));
  expect(module._sum(array.address, array.length)).toBe((99_999 * 100_000) / 2 | 0); // prettier-ignore
  const text = heap.allocNullTerminatedUtf8String('ab\u00e9');
  const made = module._twice(text.address);
  expect(heap.readNullTerminatedUtf8String(made)).toBe('ab\u00e9ab\u00e9');
  heap.free(made);
  expect(text.value).toBe('ab\u00e9');
  const big = heap.allocUint8Array(40_000_000);
  expect(array.at(-1)).toBe(99_999);
  for (const ref of [big, text, array]) ref.free();
  expect(heap.statistics.liveBlocks).toBe(0);
}

const allocating = (Object.keys(FORMS) as Form[]).filter((form) => !form.startsWith('no-malloc'));
describe.each(allocating)('a module with %s', (form) => {
  test('is captured and usable', async () => {
    const { module, heap } = await captureEmscriptenHeap(() => start(form));
    work(heap, module);
  });
});
describe.each(['views', 'memory', 'emmalloc', 'wasm2js', 'safe-heap', 'four-gib'] as const)(
  'a module with %s',
  (form) => {
    test('is wrapped and usable', async () => {
      const module = await start(form);
      work(wrapEmscriptenModuleHeap(module), module);
    });
  },
);
test.each(['no-malloc', 'no-malloc-assertions', 'no-malloc-minified'] as const)(
  'a module that exports %s is read and written, and alloc names the flags',
  async (form) => {
    const { module, heap } = await captureEmscriptenHeap(() => start(form));
    const high = heap.byteLength - 8;
    heap.writeInt32(high, 40);
    heap.writeInt32(high + 4, 2);
    expect(module._sum(high, 2)).toBe(42);
    expect(() => heap.allocInt32(1)).toThrow(ModuleError);
    expect(() => heap.allocInt32(1)).toThrow(
      expect.objectContaining({ code: 'MODULE', flags: expect.stringContaining('_malloc,_free') as string }),
    );
    expect(module._sum(high, 2)).toBe(42);
  },
);
test('wrapping a module with assertions does not abort it, and the error names the missing flag', async () => {
  const module = await start('assertions');
  let heap: WasmHeapManager | undefined;
  try {
    heap = wrapEmscriptenModuleHeap(module);
  } catch (error) {
    expect(error).toBeInstanceOf(ModuleError);
    expect((error as ModuleError).flags).toContain('-sEXPORTED_RUNTIME_METHODS=wasmMemory');
  }
  if (heap) work(heap, module);
  expect(module._sum(0, 0)).toBe(0);
});

describe.each(['minified', 'minified-emmalloc'] as const)('a module with short names: %s', (form) => {
  const bytes = (): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(join(folder, `${form}.wasm`)));
  const captured = (): ReturnType<typeof captureEmscriptenHeap<Module>> =>
    captureEmscriptenHeap(() => start(form));

  test('shows malloc and free by its binary alone', async () => {
    const { module, exports } = await captured();
    const names = findMallocNames(bytes());
    const glue = module as Module & Record<'_malloc' | '_free', unknown>;
    // The glue's functions are around the exports, or become them when they are called first.
    const heap = wrapHeap(exports ?? {}, { bytes: bytes() });
    work(heap, module);
    const of = (name = ''): unknown => exports?.[name];
    if (typeof glue._malloc === 'function' && /^\d+$/.test(glue._malloc.name))
      expect([of(names?.malloc), of(names?.free)]).toEqual([glue._malloc, glue._free]);
    expect(names?.malloc).toMatch(/^\w{1,2}$/);
  });
  test('is not searched if the option analysis is off, or the binary is not known', async () => {
    const { exports = {} } = await captured();
    for (const options of [{}, { bytes: bytes(), analysis: false }])
      expect(() => wrapHeap(exports, options).alloc(8)).toThrow(ModuleError);
  });
  // emmalloc allocates only once the glue has called the module's constructors.
  test.skipIf(form !== 'minified')('has its binary seen by a capture, however it is started', async () => {
    const starts: Record<string, () => Promise<object>> = {
      bytes: () => start(form),
      module: async () => new WebAssembly.Instance(new WebAssembly.Module(bytes()), await importsOf(form)),
      compiled: async () =>
        new WebAssembly.Instance(await WebAssembly.compile(bytes()), await importsOf(form)),
      streamed: async () =>
        (await WebAssembly.instantiateStreaming(response(bytes()), await importsOf(form))).instance,
    };
    for (const begin of Object.values(starts)) {
      const { instances } = await captureInstances(begin);
      const { heap } = await captureEmscriptenHeap(begin);
      expect(instances.length).toBe(1);
      heap.allocFloat64Array(10).free();
    }
  });
});

const response = (bytes: Uint8Array<ArrayBuffer>): Response =>
  new Response(bytes, { headers: { 'Content-Type': 'application/wasm' } });

/** Imports that satisfy a module: functions that do nothing. */
async function importsOf(form: Form): Promise<WebAssembly.Imports> {
  const module = await WebAssembly.compile(readFileSync(join(folder, `${form}.wasm`)));
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module))
    (imports[from] ??= {})[name] = () => 0;
  return imports;
}

test.each(['views', 'memory', 'wasm2js'] as const)(
  'slices and refs stay right when a call of %s grows the memory',
  async (form) => {
    const module = await start(form);
    const heap = wrapEmscriptenModuleHeap(module);
    const slice = heap.allocSlice(i32, 1000);
    const ref = heap.allocInt32(1);
    const text = heap.allocNullTerminatedUtf8String('kept');
    const before = heap.byteLength;
    const made = module._grown(2 * before);
    expect(heap.byteLength).toBeGreaterThan(before);
    slice.set(999, 5);
    ref.value = 6;
    expect([slice.at(999), ref.value, text.value, heap.readInt32(made)]).toEqual([5, 6, 'kept', 7]);
    expect(module._sum(slice.ptr, 1000)).toBe(5);
    expect(module._sum(ref.address, 1)).toBe(6);
    heap.free(made);
  },
);

test('a module of 4 GiB is worked on above 2 GiB', async () => {
  const { module, heap } = await captureEmscriptenHeap(() => start('four-gib'), {
    clearAllocatedRegions: false, // it would take seconds
  });
  const big = Array.from({ length: 5 }, () => heap.alloc(2 ** 29));
  expect(Math.max(...big)).toBeGreaterThan(2 ** 31);
  const ref = heap.allocInt32Array([1, 2, 3]);
  const high = heap.alloc(2 ** 20);
  heap.writeInt32(high, 42);
  expect([module._sum(high, 1), module._sum(ref.address, 3), heap.readInt32(high)]).toEqual([42, 6, 42]);
  heap.freeAll();
});
