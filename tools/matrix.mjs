// node tools/matrix.mjs: the whole C suite, natively under ASan and UBSan, once for every permitted value of every build
// option: LM_ALIGN (config.h), LM_LEAN and LM_SHARED, in 64 and 32 bits. A part of npm run test:all.
import { availableParallelism } from 'node:os';
import { cmake } from './build.mjs';
import { run, say, setup } from './setup.mjs';

/** By word size: the options that differ from those of npm test, which runs the defaults and LM_LEAN in 64 bits. */
const BUILDS = [
  { bits: 64, options: ['LM_ALIGN=32'] },
  { bits: 64, options: ['LM_ALIGN=64'] },
  { bits: 64, options: ['LM_ALIGN=64', 'LM_LEAN'] },
  { bits: 64, options: ['LM_SHARED'] },
  { bits: 32, options: ['LM_ALIGN=16'] },
  { bits: 32, options: ['LM_ALIGN=32'] },
  { bits: 32, options: ['LM_ALIGN=64'] },
  { bits: 32, options: ['LM_LEAN'] },
  { bits: 32, options: ['LM_SHARED'] },
];

const started = Date.now();
const jobs = String(Math.max(1, availableParallelism()));
setup('test');
for (const { bits, options } of BUILDS) {
  const name = `matrix-${bits}-${options.join('-').replaceAll('=', '')}`;
  say(`C tests with ${options.join(', ')}, ${bits} bits`);
  const defines = options.filter((option) => option !== 'LM_LEAN').join(';');
  const flags = ['-DLM_SANITIZE=ON', `-DLM_DEFINES=${defines}`, ...(bits === 32 ? ['-DLM_M32=ON'] : [])];
  if (options.includes('LM_LEAN')) flags.push('-DLM_LEAN=ON');
  run('ctest', ['--test-dir', cmake(name, flags), '--output-on-failure', '--no-tests=error', '-j', jobs]);
}
say(`all ${BUILDS.length} builds passed in ${Math.round((Date.now() - started) / 1000)} s`);
