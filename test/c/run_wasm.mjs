// SPDX-License-Identifier: MIT
// Runs one C test built as wasm: node run_wasm.mjs test.wasm [seed]. Exits 0 iff checks were made
// and all of them held: a file that runs nothing fails.
import { readFileSync } from 'node:fs';

const [file, argument] = process.argv.slice(2);
const seed = Number(argument || process.env.SEED || Date.now() % 2 ** 32) >>> 0;
let text = '';
const put = (c) => void (text += String.fromCharCode(c));
let result = 0;
try {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), { env: { put } });
  result = instance.exports.check_main(seed) >>> 0;
} finally {
  process.stdout.write(text || `no output, seed ${seed}\n`);
}
const checks = result & 0x7fffffff;
if (checks === 0) console.error(`${file}: no check was made`);
process.exit(checks > 0 && result < 2 ** 31 ? 0 : 1);
