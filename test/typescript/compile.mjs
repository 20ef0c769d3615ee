// Compiles a program of a user with a TypeScript compiler, against the declarations in dist/.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../tools/setup.mjs';

/** The errors of the program with any `lib`. A type that is `any` by mistake makes an expected error missing. */
const PROGRAM = `
import { coreBytes, createHeap, createHeapSync, i32, LinmemAggregateError, ModuleError, WasmModule } from 'linmem';
import type { LinmemHeap, ModuleBytes, WebAssemblyMemory } from 'linmem';
export const heap: LinmemHeap = createHeapSync();
export const promise: Promise<LinmemHeap> = createHeap({ module: coreBytes() });
export const n: number = i32.read(heap, heap.allocFloat64(1.5).address);
export const memory: WebAssemblyMemory = heap.memory;
export const buffer: ArrayBuffer = heap.memory.buffer;
export const pages: number = heap.memory.grow(1);
export const bytes: ModuleBytes = coreBytes();
export const copy: Uint8Array = heap.readBytes(8, 8);
createHeapSync({ memory });
WasmModule.fromMemory(heap.memory);
heap.allocInt32(1)[Symbol.dispose]();
export const f = (error: unknown) =>
  error instanceof ModuleError ? [error.cause, error.code] : error instanceof LinmemAggregateError ? error.errors : [];
// @ts-expect-error a memory has no such property: it is not any
heap.memory.nothing;
// @ts-expect-error a number
export const text: string = heap.memory.grow(1);
// @ts-expect-error not a memory
createHeapSync({ memory: 5 });
// @ts-expect-error no such method
heap.allocInt32(1).nothing();
`;

/** With lib.dom or lib.webworker: linmem's types are the global ones, so that both can be assigned to the other. */
const WITH_GLOBALS = `
export const given: WebAssembly.Memory = heap.memory;
createHeapSync({ memory: new WebAssembly.Memory({ initial: 1 }) });
export const module: Promise<LinmemHeap> = WebAssembly.compile(coreBytes()).then((module) => createHeap({ module }));
export const exports: WebAssembly.Exports = {} as import('linmem').WebAssemblyExports;
export const table: import('linmem').WebAssemblyTable = {} as WebAssembly.Table;
export const response: import('linmem').FetchResponse = {} as Response;
`;

const STRICT = { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };

/** Programs by what their users set. `tsc --init` of TypeScript 7 sets what `node` has. */
export const SETTINGS = {
  'ES2020, node16': { lib: ['es2020'], module: 'node16' },
  'no DOM, Node, nodenext': { lib: ['esnext'], module: 'nodenext', types: ['node'] },
  'DOM, bundler': { lib: ['es2022', 'dom'], module: 'esnext', moduleResolution: 'bundler' },
  'web worker, bundler': { lib: ['esnext', 'webworker'], module: 'esnext', moduleResolution: 'bundler', ...STRICT },
}; // prettier-ignore

/**
 * Compiles the program, and `more`, with the settings called `name`. Returns the errors.
 * @param {string} modules a folder node_modules with the compiler
 * @param {string} compiler its name there
 * @param {keyof typeof SETTINGS} name
 * @param {{ more?: string; node?: string }} options `node`: the name there of the declarations of Node
 */
export function compile(modules, compiler, name, { more = '', node = '@types/node' } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'linmem-types-'));
  try {
    mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
    symlinkSync(ROOT, join(folder, 'node_modules/linmem'));
    symlinkSync(join(modules, node), join(folder, 'node_modules/@types/node'));
    const { module = '', lib = [] } = SETTINGS[name];
    const program = PROGRAM + (/dom|webworker/.test(lib.join()) ? WITH_GLOBALS : '') + more;
    writeFileSync(join(folder, 'esm.mts'), program);
    if (module.startsWith('node')) writeFileSync(join(folder, 'cjs.cts'), program);
    const options = {
      noEmit: true,
      strict: true,
      skipLibCheck: false,
      target: 'es2020',
      types: [],
      ...SETTINGS[name],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options }));
    const tsc = join(modules, compiler, 'bin/tsc');
    return spawnSync(process.execPath, [tsc, '-p', folder], { cwd: folder, encoding: 'utf8' }).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
