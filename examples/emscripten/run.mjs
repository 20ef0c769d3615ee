// SPDX-License-Identifier: MIT
// Builds and runs the example for each way to find linmem and for each malloc that linmem replaces.
//   node examples/emscripten/run.mjs [FOLDER]   FOLDER: where to build. Default: a temporary folder
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WASI } from 'node:wasi';
import assert from 'node:assert/strict';

const here = fileURLToPath(new URL('.', import.meta.url));
const linmem = join(here, '../..');
const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'linmem-emscripten-'));
const toolchain = `-DCMAKE_TOOLCHAIN_FILE=${join(linmem, 'emscripten.cmake')}`;

function run(command, ...args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`);
}

/** Runs a module as a command in a new process; returns its output. */
function output(wasm) {
  const args = ['--no-warnings', fileURLToPath(import.meta.url), '--run', wasm];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.equal(status, 0, `${wasm}: ${stderr}`);
  return stdout;
}

/** Calls malloc, the arena and the slices of the module from JavaScript. */
async function useModule(file) {
  writeFileSync(join(file, '../package.json'), '{ "type": "commonjs" }');
  const load = createRequire(import.meta.url)(resolve(file));
  const module = await load({ wasmBinary: readFileSync(file.replace(/js$/, 'wasm')) });
  const word = (address) => new DataView(module.HEAPU8.buffer).getUint32(address, true);
  const BASE = 8;
  const TOP = 12; // offsets in lm_arena
  const F64 = 12; // an lm_element
  const before = module._malloc(64);
  const arena = module._arena_open(256);
  assert.ok(before > 0 && arena % 8 === 0 && module._lm_arena_holds(arena) === 1);

  // JavaScript allocates as arena.h says, and C sees it.
  const p = word(arena + TOP);
  new DataView(module.HEAPU8.buffer).setUint32(arena + TOP, p + 24, true);
  assert.ok(p === word(arena + BASE) && module._lm_arena_used(arena) === 24);
  const q = module._lm_arena_alloc(arena, 100, 64);
  assert.ok(q % 64 === 0 && q >= p + 24);

  // The arena grows by chunks; a slice is alive until the arena is rewound to the mark.
  const mark = module._malloc(16);
  const slice = module._malloc(24);
  module._lm_arena_note(arena, mark);
  assert.equal(module._lm_slice_of_arena(slice, arena, F64, 1000), 1);
  assert.equal(module._lm_slice_bytes(slice), 8000);
  assert.ok(module._lm_slice_alive(slice, arena) === 1 && module._lm_slice_holds(slice) === 1);
  assert.ok(module._lm_arena_rewind(arena, mark) === 1 && module._lm_arena_used(arena) === q + 100 - p);
  assert.ok(module._lm_arena_alloc(arena, 2 ** 31, 8) === 0 && module._lm_arena_alloc(arena, 8, 3) === 0);
  module._lm_arena_reset(arena);
  assert.ok(module._lm_slice_alive(slice, arena) === 0 && module._lm_arena_used(arena) === 0);
  module._arena_close(arena);
  const again = module._realloc(module._calloc(10, 10), 1000);
  assert.ok(
    again > 0 && module._malloc_usable_size(again) >= 1000 && module._aligned_alloc(4096, 10) % 4096 === 0,
  );
  for (const block of [again, mark, slice, before]) module._free(block);
  const names = JSON.parse(readFileSync(join(linmem, 'cmake/exports.json'), 'utf8'));
  for (const name of names) assert.equal(typeof module[name], 'function', name);
  return names.length;
}

if (folder === '--run') {
  const wasi = new WASI({ version: 'preview1' });
  const module = new WebAssembly.Module(readFileSync(process.argv[3]));
  const imports = { wasi_snapshot_preview1: wasi.wasiImport, env: { emscripten_notify_memory_growth() {} } };
  process.exitCode = wasi.start(new WebAssembly.Instance(module, imports));
} else {
  const installed = join(folder, 'installed');
  run('cmake', '-S', linmem, '-B', join(folder, 'library'), '-G', 'Ninja', toolchain);
  run('cmake', '--build', join(folder, 'library'), '--target', 'linmem_libraries');
  run('cmake', '--install', join(folder, 'library'), '--prefix', installed);
  for (const by of ['subdirectory', 'package', 'installed']) {
    const build = join(folder, by);
    const from = `-DLINMEM_DIR=${by === 'installed' ? installed : linmem}`;
    run('cmake', '-S', here, '-B', build, '-G', 'Ninja', toolchain, `-DLINMEM_BY=${by}`, from);
    run('cmake', '--build', build);
    const all = ['none', 'small', 'dlmalloc', 'emmalloc', 'sbrk'];
    for (const malloc of by === 'subdirectory' ? all : ['none', 'small']) {
      const text = output(join(build, `example_${malloc}.wasm`));
      if (by === 'subdirectory' && malloc === 'none') process.stdout.write(text);
      assert.match(text, /^2101 different words in \d+ bytes of arena\n/);
      assert.match(text, /aligned 0, usable 1, posix_memalign 0 28, too much 1 errno 1\nstrdup works\n$/);
      console.log(
        `by ${by}, over ${malloc}: ${readFileSync(join(build, `example_${malloc}.wasm`)).length} bytes, ran`,
      );
    }
  }
  const file = join(folder, 'subdirectory/example_module.js');
  const count = await useModule(file);
  const bytes = readFileSync(file.replace(/js$/, 'wasm')).length;
  console.log(`a module that exports ${count} functions of linmem: ${bytes} bytes, ran`);
}
