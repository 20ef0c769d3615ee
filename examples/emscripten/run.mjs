// SPDX-License-Identifier: MIT
// Builds the example in every way there is to find linmem, with every malloc of Emscripten's in its place, and runs it.
//   node examples/emscripten/run.mjs [FOLDER]   FOLDER holds what is built; else a temporary one
import { mkdtempSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** Runs a module as a command in a process of its own; returns what it printed. */
function output(wasm) {
  const args = ['--no-warnings', fileURLToPath(import.meta.url), '--run', wasm];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.equal(status, 0, `${wasm}: ${stderr}`);
  return stdout;
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
    for (const malloc of by === 'subdirectory' ? ['none', 'dlmalloc', 'emmalloc', 'sbrk'] : ['none']) {
      const text = output(join(build, `example_${malloc}.wasm`));
      if (by === 'subdirectory' && malloc === 'none') process.stdout.write(text);
      assert.match(text, /^2101 different words in \d+ bytes of arena\n/);
      assert.match(text, /aligned 0, usable 1, posix_memalign 0 28, too much 1 errno 1\nstrdup works\n$/);
      console.log(
        `by ${by}, over ${malloc}: ${readFileSync(join(build, `example_${malloc}.wasm`)).length} bytes, ran`,
      );
    }
  }
}
