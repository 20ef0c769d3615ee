// Builds one module per allocator, each compiled at the same level and linked without LTO, so that every call of
// malloc is a call from wasm to wasm; and one per allocator at -Oz to measure its size.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, '../..');
export const OUT = join(ROOT, 'build/bench');
const PEERS = join(ROOT, 'bench/peers/node_modules');
const EMCC = process.env.EMCC ?? 'emcc';

const run = (command, ...args) =>
  execFileSync(command, args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim(); // throws when it fails
const config = (name) => run('em-config', name);
const emscripten = config('EMSCRIPTEN_ROOT');
const llvm = config('LLVM_ROOT');
const linker = ['wasm-ld', 'wasm-ld-14'].map((name) => join(llvm, name)).find(existsSync);

const flags = ['-mbulk-memory', '-fno-strict-aliasing', '-fno-builtin-malloc', '-Icsrc/include', '-w'];
const system = join(emscripten, 'system/lib');
export const ALLOCATORS = {
  floor: { sources: ['bench/c/floor.c'], flags: [] },
  linmem: { sources: ['bench/c/linmem.c'], flags: [] },
  lean: { sources: ['bench/c/linmem.c'], flags: ['-DLM_LEAN'] },
  dlmalloc: { sources: [join(system, 'dlmalloc.c')], flags: ['-DNDEBUG'] },
  emmalloc: { sources: [join(system, 'emmalloc.c')], flags: ['-DNDEBUG'] },
};

function compile(source, level, tag, more = []) {
  const object = join(OUT, `${source.replace(/.*\//, '').replace('.c', '')}.${tag}.o`);
  run(EMCC, '-c', level, ...flags, ...more, source, '-o', object);
  return object;
}

const link = (objects, output, ...more) =>
  run(linker, '--no-entry', '-z', 'stack-size=65536', '--stack-first', ...more, ...objects, '-o', output);

/** Builds the modules of the bench. Returns the names of the allocators. */
export function build(names = Object.keys(ALLOCATORS)) {
  mkdirSync(OUT, { recursive: true });
  const sbrk = compile('bench/c/sbrk.c', '-O3', 'O3');
  const timed = [compile('bench/c/bench.c', '-O3', 'O3'), sbrk];
  const counted = [compile('bench/c/bench.c', '-O3', 'count.O3', ['-DCOUNT']), sbrk];
  for (const name of names) {
    const { sources, flags } = ALLOCATORS[name];
    const objects = sources.map((source) => compile(source, '-O3', `${name}.O3`, flags));
    link([...timed, ...objects], join(OUT, `${name}.wasm`));
    link([...counted, ...objects], join(OUT, `${name}.count.wasm`));
  }
  return [...names, ...(buildAssemblyScript(sbrk) ? ['as-tlsf'] : [])];
}

// AssemblyScript's module imports the memory of the bench; both are merged into one module.
function buildAssemblyScript(sbrk) {
  const asc = join(PEERS, '.bin/asc');
  const merge = join(PEERS, '.bin/wasm-merge');
  if (!existsSync(asc) || !existsSync(merge)) return false;
  const part = join(OUT, 'as-part.wasm');
  const bench = join(OUT, 'as-bench.wasm');
  run(
    asc,
    'bench/c/as.ts',
    '-o',
    part,
    '-O3',
    '--runtime',
    'minimal',
    '--importMemory',
    '--use',
    'abort=',
    '--memoryBase',
    '4194304',
  );
  for (const [tag, more] of [
    ['', []],
    ['.count', ['-DCOUNT']],
  ]) {
    const object = compile('bench/c/bench.c', '-O3', `as${tag}.O3`, ['-DALLOCATOR="as"', ...more]);
    link([object, sbrk], bench, '--allow-undefined', '--initial-memory=4259840');
    const output = join(OUT, `as-tlsf${tag}.wasm`);
    run(merge, bench, 'env', part, 'as', '-o', output, '--enable-bulk-memory', '--skip-export-conflicts');
  }
  return true;
}

/** Returns the size of a module that exports malloc, free, calloc and realloc, in bytes, raw and by gzip -9. */
export function sizes(names = Object.keys(ALLOCATORS)) {
  const opt = join(config('BINARYEN_ROOT'), 'bin/wasm-opt');
  return Object.fromEntries(
    names.map((name) => {
      const { sources, flags } = ALLOCATORS[name];
      const objects = [...sources, 'bench/c/sbrk.c'].map((source) =>
        compile(source, '-Oz', `${name}.Oz`, [...flags, '-fvisibility=hidden', '-DSIZE']),
      );
      const output = join(OUT, `${name}.Oz.wasm`);
      link(
        objects,
        output,
        '--strip-all',
        '--gc-sections',
        '--export-if-defined=malloc',
        '--export-if-defined=free',
        '--export-if-defined=calloc',
        '--export-if-defined=realloc',
      );
      run(opt, '-Oz', '--enable-bulk-memory', '--enable-sign-ext', output, '-o', output);
      const bytes = readFileSync(output);
      return [name, { raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length }];
    }),
  );
}
if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(build(), sizes());
