// npm test: everything, from a fresh machine on.
import { availableParallelism } from 'node:os';
import { build, cmake } from './build.mjs';
import { check } from './check.mjs';
import { installPackages, run, say, setup } from './setup.mjs';

const started = Date.now();

setup('test');
installPackages('test/corpus', '--omit=optional');
build();
check();
testC();
say('TypeScript, in Node and in Chromium (vitest)');
run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run']);
say(`all passed in ${Math.round((Date.now() - started) / 1000)} s`);

/** The C tests: natively under the sanitizers in 64 and 32 bits and in the lean build, and as wasm. */
function testC() {
  const native = [['native', ['-DLM_SANITIZE=ON']]];
  if (process.platform === 'linux') native.push(['native32', ['-DLM_SANITIZE=ON', '-DLM_M32=ON']]);
  native.push(['lean', ['-DLM_SANITIZE=ON', '-DLM_LEAN=ON']]);
  for (const [name, options] of native) {
    say(`C tests, ${name} under ASan and UBSan`);
    ctest(cmake(name, options));
  }
  say('C tests, as wasm');
  ctest(cmake('wasm', ['-DCMAKE_TOOLCHAIN_FILE=emscripten.cmake']));
}

function ctest(folder) {
  const jobs = String(Math.max(1, availableParallelism()));
  run('ctest', ['--test-dir', folder, '--output-on-failure', '--no-tests=error', '-j', jobs]);
}
