// npm test: sets up the machine, builds, checks, and runs the tests in C, Node and Chromium. Prints a summary; what failed
// is printed in full.
import { availableParallelism } from 'node:os';
import { build, cmake } from './build.mjs';
import { check } from './check.mjs';
import { installPackages, run, runQuietly, say, setup } from './setup.mjs';

const started = Date.now();

setup('test');
installPackages('test/corpus', '--omit=optional');
build();
check();
testC();
say('TypeScript, in Node and in Chromium (vitest)');
run(process.execPath, [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--silent=passed-only',
  '--reporter=./tools/reporter.mjs',
]);
say(`all passed in ${Math.round((Date.now() - started) / 1000)} s`);

/** The C tests: natively under the sanitizers in 64 and 32 bits and in the lean build, and as wasm. */
function testC() {
  // Windows has no gcc with these sanitizers: there the C tests run as wasm only.
  const native = process.platform === 'win32' ? [] : [['native', ['-DLM_SANITIZE=ON']]];
  if (process.platform === 'linux') native.push(['native32', ['-DLM_SANITIZE=ON', '-DLM_M32=ON']]);
  if (native.length > 0) native.push(['lean', ['-DLM_SANITIZE=ON', '-DLM_LEAN=ON']]);
  for (const [name, options] of native) ctest(`C tests, ${name} under ASan and UBSan`, cmake(name, options));
  ctest('C tests, as wasm', cmake('wasm', ['-DCMAKE_TOOLCHAIN_FILE=emscripten.cmake']));
}

function ctest(what, folder) {
  const jobs = String(Math.max(1, availableParallelism()));
  const args = ['--test-dir', folder, '--output-on-failure', '--no-tests=error', '-j', jobs];
  const output = runQuietly('ctest', args);
  say(`${what}: ${output.match(/tests failed out of (\d+)/)?.[1]} programs passed`);
}
