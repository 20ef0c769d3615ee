// SPDX-License-Identifier: MIT
// Compiles the heap with values of the build options: those that config.h permits must compile, and others must be
// refused by a message that names the option and says what it may be.
//   node options.mjs COMPILER WORD_BYTES FLAGS...
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import assert from 'node:assert/strict';

const [compiler, word, ...flags] = process.argv.slice(2);
const csrc = fileURLToPath(new URL('../../csrc', import.meta.url));
const least = 2 * Number(word);

const aligns = [least, 32, 64, '(16)', '16u', '0x20', '(2*sizeof(size_t))'];
const wrong = [0, 1, 2, 3, 4, least / 2, 12, 24, 48, 63, 65, 128, 65536, -1, -8, -64, '(1<<31)', 4294967296];
wrong.push('8+8', '2*8', 'sizeof(size_t)*2', '64-48', '32/2');
const switches = ['LM_DEBUG', 'LM_LEAN', 'LM_SHARED', 'LM_ABORT_ON_REFUSAL'];

function compile(...defines) {
  const args = ['-std=c11', '-fsyntax-only', `-I${csrc}/include`, ...flags];
  args.push(...defines.map((define) => `-D${define}`));
  const files = ['heap.c', 'arena.c', 'malloc_refused.c'].map((name) => `${csrc}/${name}`);
  return spawnSync(compiler, [...args, ...files], { encoding: 'utf8' });
}

function accepts(...defines) {
  const { status, stderr } = compile(...defines);
  assert.equal(status, 0, `${defines.join(' ')}\n${stderr}`);
}

function refuses(message, ...defines) {
  const { status, stderr } = compile(...defines);
  assert.notEqual(status, 0, `${defines.join(' ')} was accepted`);
  assert.match(stderr, message);
}

for (const align of aligns) accepts(`LM_ALIGN=${align}`);
for (const align of wrong) refuses(/LM_ALIGN: a power of two from two words to 64/, `LM_ALIGN=${align}`);
for (const name of switches) {
  accepts(name);
  accepts(`${name}=1`);
  for (const value of ['0', '', '2', '-1', 'OFF'])
    refuses(new RegExp(`${name}.*define each as 1 or not at all`), `${name}=${value}`);
}
refuses(/LM_ABORT_ON_REFUSAL has no effect with LM_LEAN/, 'LM_LEAN', 'LM_ABORT_ON_REFUSAL');
console.log(`${aligns.length} alignments permitted, ${wrong.length} refused; ${switches.length} switches`);
