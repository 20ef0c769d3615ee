// The page "coming from WasmGPU" has every name of its memory side, and every name of linmem's that it gives exists.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as linmem from '../../../ts/index.ts';

/** The names of WasmGPU 0.10, by the object that has them. */
const THEIRS = {
  access: ['WasmGPU.driver', 'WasmGPU.createHeapArena', 'WasmGPU.frameArena', 'initWebAssembly'],
  types: ['WasmPtr', 'WasmSliceKind', 'WasmSliceDType', 'WasmSliceHandle', 'WasmTypedArrayConstructor'],
  driver: ['buffer', 'bytes', 'isSharedMemory', 'requireSharedMemory', 'view', 'viewOn', 'viewFromHandle', 'createHeapArena', 'heap.allocF32', 'frame.allocF32'].map((name) => `driver.${name}`),
  slice: ['kind', 'dtype', 'ptr', 'length', 'byteLength', 'isAlive', 'assertAlive', 'buffer', 'view', 'write', 'handle', 'free', 'FinalizationRegistry'],
  frameArena: ['init', 'reset', 'alloc', 'allocF32', 'allocF64', 'epoch', 'usedBytes', 'capBytes'].map((name) => `frameArena.${name}`),
  frames: ['WasmGPU.run', 'WasmGPU.render'],
  arena: ['new WasmHeapArena', 'basePtr', 'capBytes', 'epoch', 'usedBytes', 'reset', 'destroy', 'alloc', 'allocF32', 'allocF64', 'allocU32', 'allocI32', 'allocU8'],
  wasm: ['memory', 'seed', 'allocF32', 'freeF32', 'allocF64', 'freeF64', 'allocU32', 'freeU32', 'allocBytes', 'freeBytes', 'f32view', 'f64view', 'u32view', 'i32view', 'u8view', 'writeF32', 'writeF64', 'readF32Array', 'readF64Array'].map((name) => `wasm.${name}`),
  rust: ['alloc', 'free', 'alloc_f32', 'free_f32', 'alloc_f64', 'free_f64', 'alloc_u32', 'free_u32', 'frame_arena_init', 'frame_arena_reset', 'frame_arena_epoch', 'frame_arena_used', 'frame_arena_cap', 'frame_alloc', 'frame_alloc_f32', 'frame_alloc_f64', 'seed'].map((name) => `wasmgpu_${name}`),
  build: ['SIMD', 'SHARED_MEMORY', 'INITIAL_MB', 'MAX_MB', 'WASM_OPT'].map((name) => `WASMGPU_${name}`),
  owner: ['CPUndarray'],
}; // prettier-ignore

const page = readFileSync('docs/coming-from-wasmgpu.md', 'utf8');
/** The cells of the tables with a name of WasmGPU, or its meaning. */
const scalarTypes = [...page.matchAll(/^\| (.*?) +\| (.*?) +\|$/gm)].map(([, left = '', right = '']) => ({
  left,
  right,
}));
const spans = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);

describe.each(Object.entries(THEIRS))('every name of WasmGPU: %s', (_where, names) => {
  const listed = scalarTypes.flatMap(({ left }) => spans(left)).map((span) => span.replace(/\(.*/, ''));
  test.each(names)('%s', (name) => expect(listed).toContain(name));
});

/** Every name that linmem has: exports, members, fields, scalarTypes, error codes, C functions. */
function ours(): Set<string> {
  const heap = linmem.createHeapSync();
  const arena = heap.createHeapArena(4096);
  const slice = arena.allocF32(1);
  const driver = linmem.createDriver(heap);
  const things = [linmem, heap, arena, slice, slice.handle(), heap.frameArena, driver, driver.heap];
  const names = new Set(linmem.scalarTypes.map(({ name }) => name as string));
  const classes = Object.values(linmem as object).filter((value) => typeof value === 'function');
  for (const thing of [...things, ...classes.map(({ prototype }) => prototype as object | undefined)])
    for (let each = thing; each && each !== Object.prototype; each = Object.getPrototypeOf(each) as object)
      for (const name of Object.getOwnPropertyNames(each)) names.add(name);
  for (const [name] of readFileSync('ts/index.ts', 'utf8').matchAll(/\w+/g)) names.add(name); // types, too
  for (const file of ['errors', 'core/heap', 'core/core-allocator', 'arena/arena-options', 'heap/options'])
    for (const [, name = ''] of readFileSync(`ts/${file}.ts`, 'utf8').matchAll(/(?:readonly |\| ')(\w+)/g))
      names.add(name); // options and error codes
  for (const file of readdirSync('csrc/include/linmem'))
    for (const [name] of readFileSync(`csrc/include/linmem/${file}`, 'utf8').matchAll(/\blm_\w+/g))
      names.add(name);
  return names;
}
/** Names of arguments and of placeholders for a heap, an arena and the like. */
const GIVEN = ['act', 'address', 'arena', 'bytes', 'callback', 'ctor', 'driver', 'frame', 'heap', 'mark', 'p', 'size', 'source', 'true', 'truncate', 'using', 'values', 'instanceof']; // prettier-ignore

test('every name of linmem on the page exists', () => {
  const known = ours();
  const given = scalarTypes
    .flatMap(({ right }) => spans(right))
    .flatMap((span) => span.match(/[A-Za-z_]\w*/g) ?? []);
  expect(given.length).toBeGreaterThan(150);
  expect([...new Set(given)].filter((name) => !known.has(name) && !GIVEN.includes(name))).toEqual([]);
});

test('the table of the arena ABI has the offsets of the fields', async () => {
  const { arenaLayout } = await import('../../../ts/arena/arena-layout.ts');
  const text = readFileSync('docs/arena.md', 'utf8');
  for (const [column, word] of [
    [1, 4],
    [2, 8],
  ] as const) {
    const shown = Object.fromEntries(
      [...text.matchAll(/^\| `?(\w+)`? +\| +(\d+) +\| +(\d+) +\|/gm)].map((row) => [
        row[1],
        Number(row[column + 1]),
      ]),
    );
    const { base, top, end, magic, chunks, chunk, below, size } = arenaLayout(word);
    expect(shown).toEqual({ base, top, end, magic, chunks, chunk, below, size, state: 16 + 6 * word });
    expect(text).toContain(`| ${16 + 4 * 4}, ${16 + 5 * 4}       | ${16 + 4 * 8}, ${16 + 5 * 8}       |`);
  }
});
