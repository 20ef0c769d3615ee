// Modules built by the installed Emscripten: with views exported, with the memory exported, with neither, and with
// assertions, whose getters abort.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  captureEmscriptenHeap,
  ModuleError,
  wrapEmscriptenModuleHeap,
  type WasmHeapManager,
} from '../../../ts/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'linmem-emcc-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SOURCE = `
#include <stdlib.h>
#include <string.h>
int sum(const int *p, int n) { int s = 0; while (n--) s += *p++; return s; }
char *twice(const char *s) { char *t = malloc(2 * strlen(s) + 1); strcpy(t, s); strcat(t, s); return t; }
`;
const COMMON = [
  '-sMODULARIZE', '-sEXPORT_ES6', '-sENVIRONMENT=web', '-sALLOW_MEMORY_GROWTH', '-sUSE_ES6_IMPORT_META=0',
  '-sEXPORTED_FUNCTIONS=_malloc,_free,_sum,_twice',
]; // prettier-ignore
const FORMS = {
  views: ['-O1', '-sEXPORTED_RUNTIME_METHODS=HEAPU8'],
  memory: ['-O1', '-sEXPORTED_RUNTIME_METHODS=wasmMemory'],
  bare: ['-O1'],
  assertions: ['-O0', '-sASSERTIONS=2'],
  emmalloc: ['-O1', '-sMALLOC=emmalloc', '-sEXPORTED_RUNTIME_METHODS=wasmMemory'],
};
type Form = keyof typeof FORMS;

interface Module {
  _sum(address: number, count: number): number;
  _twice(address: number): number;
}
type Factory = (options: object) => Promise<Module>;

const start = async (form: Form): Promise<Module> => {
  const path = join(folder, `${form}.mjs`);
  // Modules with assertions look for the browser they were built for.
  Object.assign(globalThis, { window: globalThis });
  const { default: factory } = (await import(/* @vite-ignore */ path)) as { default: Factory };
  return factory({ wasmBinary: readFileSync(join(folder, `${form}.wasm`)) });
};

beforeAll(() => {
  writeFileSync(join(folder, 'module.c'), SOURCE);
  for (const [form, flags] of Object.entries(FORMS)) {
    const args = ['module.c', ...COMMON, ...flags, '-o', `${form}.mjs`];
    const result = spawnSync('emcc', args, { cwd: folder, encoding: 'utf8' });
    if (result.status !== 0) throw new Error(`emcc ${args.join(' ')}\n${result.stderr}`);
  }
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

describe.each(Object.keys(FORMS) as Form[])('a module with %s', (form) => {
  test('is captured and usable', async () => {
    const { module, heap } = await captureEmscriptenHeap(() => start(form));
    work(heap, module);
  });
});
describe.each(['views', 'memory', 'emmalloc'] as const)('a module with %s', (form) => {
  test('is wrapped and usable', async () => {
    const module = await start(form);
    work(wrapEmscriptenModuleHeap(module), module);
  });
});
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
