// The packed tarball, installed into an empty folder. Prints the sizes.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { measureSizes, readSizes } from '../../tools/size-table.mjs';
import { text } from '../../ts/core/wasm.gen.ts';
import { sizes } from '../bundlers/bundlers.mjs';
import { PROGRAMS } from '../bundlers/programs.mjs';
import * as index from '../../ts/index.ts';
import { examplesOf } from '../support/readme.ts';

const folder = mkdtempSync(join(tmpdir(), 'linmem-package-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(command: string, args: string[], cwd = folder): string {
  const result = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

const installed = join(folder, 'node_modules/linmem');
let tarball = '';
let files: { path: string; size: number }[] = [];
beforeAll(() => {
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--pack-destination', folder], process.cwd()),
  ) as [{ filename: string; size: number; files: typeof files }];
  tarball = join(folder, packed.filename);
  files = packed.files;
  console.log(`tarball: ${files.length} files, ${packed.size} bytes`);
  writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true }');
  run('npm', ['install', '--no-audit', '--no-fund', '--offline', `./${packed.filename}`]);
}, 120_000);

describe('the tarball', () => {
  test('has the compiled code, its types, the C sources and the licence, and no tests', () => {
    const paths = files.map(({ path }) => path);
    for (const wanted of [
      'dist/index.js',
      'dist/index.d.ts',
      'csrc/heap.c',
      'CMakeLists.txt',
      'emscripten.cmake',
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
    ])
      expect(paths).toContain(wanted);
    expect(
      paths.filter((path) => /^(test|bench|tools|examples\/demo|build|node_modules)\//.test(path)),
    ).toEqual([]);
    // The sources of what is shipped compiled, and is built by files that are not shipped.
    expect(
      paths.filter((path) => /^(ts\/inspect\/page\/|csrc\/(exports|layout|recorder))/.test(path)),
    ).toEqual([]);
  });
  test('has every file that a source map or a declaration map names', () => {
    const paths = new Set(files.map(({ path }) => path));
    const maps = [...paths].filter((path) => path.endsWith('.map'));
    expect(maps.length).toBeGreaterThan(300);
    const missing = maps.flatMap((map) => {
      const { sources } = JSON.parse(readFileSync(join(installed, map), 'utf8')) as { sources: string[] };
      return sources.map((source) => join(dirname(map), source)).filter((source) => !paths.has(source));
    });
    expect(missing).toEqual([]);
  });
  test('has the notice of uPlot wherever the page of the inspector is', () => {
    const notice = readFileSync('node_modules/uplot/LICENSE', 'utf8').match(/^Copyright.*$/m)?.[0] ?? '?';
    const withUplot = files
      .map(({ path }) => path)
      .filter((path) => /\.(js|ts)$/.test(path))
      .filter((path) => readFileSync(join(installed, path), 'utf8').includes('.u-legend'));
    expect(withUplot.length).toBeGreaterThanOrEqual(2);
    for (const path of withUplot) expect(readFileSync(join(installed, path), 'utf8'), path).toContain(notice);
  });
  test('builds and installs the libraries by CMake', () => {
    const [source, build, to] = ['node_modules/linmem', 'cmake-build', 'cmake-installed'];
    run('cmake', ['-S', source, '-B', build, '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=Release']);
    run('cmake', ['--build', build]);
    run('cmake', ['--install', build, '--prefix', to]);
    const program = `#include <linmem/linmem.h>
      static _Alignas(16) char range[65536];
      int main(void) {
        lm_heap *heap = lm_heap_init(range, sizeof range, lm_pages_none, 0);
        return heap && lm_heap_alloc(heap, 100) ? 0 : 1;
      }`;
    writeFileSync(join(folder, 'main.c'), program);
    run('cc', ['main.c', '-I', `${to}/include`, `${to}/lib/liblinmem_core.a`, '-o', 'main']);
    run('./main', []);
  });
  test('names no path of the machine it was built on', () => {
    for (const { path } of files) {
      const text = readFileSync(join(folder, 'node_modules/linmem', path), 'utf8');
      expect(text.includes(process.cwd()), path).toBe(false);
    }
  });
  test('can be imported and required, and types resolve', () => {
    writeFileSync(
      join(folder, 'a.mjs'),
      `import { createHeapSync } from 'linmem'; console.log(createHeapSync().allocInt32(5).value);`,
    );
    writeFileSync(
      join(folder, 'b.cjs'),
      `const { createHeapSync } = require('linmem'); console.log(createHeapSync().allocInt32(6).value);`,
    );
    expect(run(process.execPath, ['a.mjs'])).toBe('5\n');
    expect(run(process.execPath, ['--no-warnings', 'b.cjs'])).toBe('6\n');
    expect(run(process.execPath, ['--no-experimental-require-module', 'b.cjs'])).toBe('6\n'); // the CommonJS build
    writeFileSync(
      join(folder, 'c.mts'),
      `import { createHeapSync, i32, type WasmHeapManager } from 'linmem';\nconst heap: WasmHeapManager = createHeapSync();\nconst n: number = i32.read(heap, heap.allocFloat64(1.5).address);\nconst big: bigint = heap.readBigInt64(8);\nconsole.log(n, big);\n`,
    );
    const tsc = join(process.cwd(), 'node_modules/typescript/bin/tsc');
    run(process.execPath, [
      tsc,
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--lib',
      'es2022,dom',
      '--types',
      '',
      'c.mts',
    ]);
  });
  test('gives the same classes to import and to require', () => {
    writeFileSync(
      join(folder, 'e.mjs'),
      `import { createRequire } from 'node:module'; import * as imported from 'linmem';
       const required = createRequire(import.meta.url)('linmem');
       console.log(Object.keys(imported).filter((name) => imported[name] !== required[name]).length);`,
    );
    const all = Object.keys(index).length;
    expect(run(process.execPath, ['--no-warnings', 'e.mjs'])).toBe('0\n');
    // Without require of ES modules there are two copies.
    expect(Number(run(process.execPath, ['--no-experimental-require-module', 'e.mjs']))).toBeGreaterThan(
      all / 2,
    );
  });
  test('the CommonJS build exports the same names, and no module that nothing reaches is shipped', () => {
    writeFileSync(join(folder, 'f.cjs'), `console.log(Object.keys(require('linmem')).sort().join());`);
    const names = run(process.execPath, ['--no-experimental-require-module', 'f.cjs']).trim().split(',');
    expect(names).toEqual(Object.keys(index).sort());
    const empty = files.filter(({ path }) => {
      const text = readFileSync(join(folder, 'node_modules/linmem', path), 'utf8');
      return /^dist\/(?!cjs|linmem\.min).*\.js$/.test(path) && !/^(export (?!\{\};)|import )/m.test(text);
    });
    expect(empty).toEqual([]);
  });
  test("runs the README's examples that need nothing else", () => {
    const examples = examplesOf(readFileSync(join(folder, 'node_modules/linmem/README.md'), 'utf8'));
    const own = examples.filter(({ code }) => !/from '(?!linmem')/.test(code));
    expect(own.length).toBeGreaterThanOrEqual(2);
    for (const { line, code, output } of own) {
      writeFileSync(join(folder, `readme-${line}.mjs`), code);
      expect(
        run(process.execPath, [`readme-${line}.mjs`])
          .trim()
          .split('\n')
          .filter(Boolean),
      ).toEqual(output);
    }
  });
  test('are-the-types-wrong finds nothing wrong, but for resolution without exports', () => {
    const attw = join(process.cwd(), 'node_modules/@arethetypeswrong/cli/dist/index.js');
    // core.wasm is a module of WebAssembly, which require cannot load.
    const args = [
      '--profile',
      'node16',
      '--exclude-entrypoints',
      'core.wasm',
      '--format',
      'ascii',
      '--no-emoji',
    ];
    expect(run(process.execPath, [attw, tarball, ...args])).toContain('"linmem/debug"');
  });
  test('npm would publish it, with provenance', () => {
    const { publishConfig } = JSON.parse(readFileSync('package.json', 'utf8')) as { publishConfig: object };
    expect(publishConfig).toEqual({ access: 'public', provenance: true });
    const args = ['publish', '--dry-run', '--ignore-scripts', '--json', '--provenance=false', tarball];
    expect(run('npm', args)).toContain('"name": "linmem"');
  });
  test('publint finds no error and no warning', () =>
    expect(
      run(process.execPath, [
        join(process.cwd(), 'node_modules/publint/src/cli.js'),
        '--strict',
        join(folder, 'node_modules/linmem'),
      ]),
    ).not.toMatch(/Errors|Warnings/));
});

describe('bundles', () => {
  const bundle = async (source: string): Promise<string> => {
    const result = await build({
      stdin: { contents: source, resolveDir: folder },
      logLevel: 'error',
      bundle: true,
      minify: true,
      format: 'esm',
      write: false,
    });
    return result.outputFiles[0]?.text ?? '';
  };
  /** Prints the sizes of a bundle and compares them with their limits. Lower a limit whenever a bundle got smaller. */
  const expectSizes = (name: string, code: string, max: { minified?: number; gzipped?: number }): void => {
    const { minified, gzipped } = sizes(code);
    console.log(`${name}: ${minified} bytes minified, ${gzipped} gzipped`);
    expect(minified).toBeLessThanOrEqual(max.minified ?? Infinity);
    expect(gzipped).toBeLessThanOrEqual(max.gzipped ?? Infinity);
  };
  const WASM = text.slice(0, 40);

  const LIMITS: Record<keyof typeof PROGRAMS, number> = {
    'one type': 2_420,
    'a heap with three types': 20_290,
    "the same in linmem's own memory": 28_130,
    wrapEmscriptenModuleHeap: 43_290,
    createHeapSync: 45_010,
    everything: 95_310,
  };
  test.each(Object.keys(LIMITS) as (keyof typeof PROGRAMS)[])(
    'of %s is within its limit, gzipped',
    async (program) => expectSizes(program, await bundle(PROGRAMS[program]), { gzipped: LIMITS[program] }),
  );
  test('have the sizes of the README to 1 %, which node tools/size-table.mjs writes', async () => {
    const rows = readSizes();
    const measured = await measureSizes();
    expect(rows.map(([name]) => name)).toEqual(measured.map(([name]) => name));
    const wrong = rows.filter((row, i) =>
      [1, 2].some((k) => {
        const size = Number(measured[i]?.[k]);
        return Math.abs(Number(row[k]) - size) > Math.max(size / 100, 51); // the table has a decimal
      }),
    );
    expect(wrong).toEqual([]);
  });
  test('the file for pages has the size of its guide to 2 %', () => {
    const guide = readFileSync('docs/guide/bundlers.md', 'utf8');
    const [, said = ''] = /all of linmem in one ES module, (\d+) KB compressed/.exec(guide) ?? [];
    const { gzipped } = sizes(readFileSync('dist/linmem.min.js', 'utf8'));
    expect(Math.abs(Number(said) * 1000 - gzipped)).toBeLessThan(gzipped / 50);
  });
  const HEAPS = 'createHeapSync, wrapEmscriptenModuleHeap, i32, f32, utf8';
  const sizeOf = async (names: string): Promise<number> =>
    sizes(await bundle(`import { ${names} } from 'linmem'; globalThis.all = [${names}];`)).gzipped;
  test.each([
    ['struct', 7_420],
    ['struct, bind, callback, out, list', 18_850],
    ['struct, bind, callback, out, list, cdef', 30_450],
  ])('%s adds at most %i bytes to a heap, gzipped', async (names, max) => {
    const bytes = (await sizeOf(`${HEAPS}, ${names}`)) - (await sizeOf(HEAPS));
    console.log(`${names}: ${bytes} bytes gzipped, added to a heap`);
    expect(bytes).toBeLessThanOrEqual(max);
  });
  test('a struct without bit-fields and flexible arrays carries neither', async () => {
    const code = await bundle(`export { struct } from 'linmem'`);
    for (const other of ['a width of', 'a bit-field', ' elements for '])
      expect(code, other).not.toContain(other);
    const more = await bundle(`export { struct, bits, flexible } from 'linmem'`);
    for (const other of ['a width of', 'a bit-field', ' elements for ']) expect(more).toContain(other);
  });
  test('a heap without methods and without core carries neither arenas nor wasm', async () => {
    const code = await bundle(`export { Heap } from 'linmem'`);
    for (const other of [WASM, 'createHeapArena', 'captureEmscriptenHeap']) expect(code).not.toContain(other);
  });
  test('a heap of its own carries the wasm', async () =>
    expect(await bundle(PROGRAMS.createHeapSync)).toContain(WASM));
  test('wrapping a module carries no wasm', async () => {
    const code = await bundle(`export { wrapEmscriptenModuleHeap, captureEmscriptenHeap } from 'linmem'`);
    expect(code).not.toContain(WASM);
  });
  test('one type with a memory carries no other type, no text and no heap', async () => {
    const code = await bundle(`export { u32, LinearMemory } from 'linmem'`);
    expect(code).toContain('"u32"');
    for (const other of [
      '"i8"',
      'Float64',
      WASM,
      'TextDecoder',
      'freeAll',
      'Atomics',
      'reverse',
      'byteOffset',
    ])
      expect(code).not.toContain(other);
    expectSizes('one type with a memory', code, { minified: 5_950 });
  });
  test('minified code keeps one call site per access mode', async () => {
    // read: three modes, and a short form; write: the same; and get and set. ref.value: three modes each.
    const code = await bundle(`export { i32, LinearMemory, Int32Ref } from 'linmem'`);
    expect(code.split('.getInt32(')).toHaveLength(9);
    expect(code.split('.setInt32(')).toHaveLength(9);
  });
  test('a class of refs without a heap knows its type and carries no other', async () => {
    const code = await bundle(`export { Int32Ref, Int32ArrayRef, LinearMemory } from 'linmem'`);
    for (const other of ['"u32"', 'Float64', WASM, 'TextDecoder', 'freeAll'])
      expect(code).not.toContain(other);
    writeFileSync(join(folder, 'refs.mjs'), code);
    writeFileSync(
      join(folder, 'd.mjs'),
      `import { Int32Ref, Int32ArrayRef, LinearMemory } from './refs.mjs';
       const memory = new LinearMemory({ buffer: new ArrayBuffer(64) });
       const block = { memory, live: true };
       const ref = new Int32Ref(memory, 8, block, false);
       ref.value = 5;
       const array = new Int32ArrayRef(memory, 8, 2, block, false);
       array.setAt(1, ref.value + 1);
       console.log(ref.type.name, ref.value, ref.byteLength, array.type.name, [...array], array.byteLength);`,
    );
    expect(run(process.execPath, ['d.mjs'])).toBe('i32 5 4 i32 [ 5, 6 ] 8\n');
  });
  test('linmem/debug is in no bundle that does not import it, and its own has no methods of a heap', async () => {
    const marks = ['keepWatching', 'double-free', 'off', 'no allocator found'];
    const everything = await bundle(`export * from 'linmem'`);
    for (const mark of ['keepWatching', 'no allocator found', 'invalid-free'])
      expect(everything).not.toContain(mark);
    const debug = await bundle(`export { inspect } from 'linmem/debug'`);
    for (const mark of marks) expect(debug).toContain(mark);
    expectSizes('linmem/debug', debug, { gzipped: 63_130 });
  });
  test('an import without names bundles nothing', async () => {
    expect(await bundle(`import 'linmem'`)).toBe('');
  });
});
