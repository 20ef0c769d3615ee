// SPDX-License-Identifier: MIT
// Runs layout.wasm.  node layout.mjs layout.wasm --print   writes ts/core/layout.gen.ts to stdout
//                    node layout.mjs layout.wasm --check FILE   fails unless FILE is just that
import { readFileSync } from 'node:fs';

const [wasm, mode, file] = process.argv.slice(2);
let text = '';
const put = (c) => void (text += String.fromCharCode(c));
const module = new WebAssembly.Module(readFileSync(wasm));
new WebAssembly.Instance(module, { env: { put } }).exports.layout_print();
if (!text.includes('export const Stats')) throw new Error('layout.wasm printed no layout');
if (mode === '--print') {
  process.stdout.write(text);
} else if (readFileSync(file, 'utf8') === text) {
  console.log(`${file} is what csrc/layout.c prints, ${text.length} characters`);
} else {
  console.error(`${file} is stale: run npm run generate`);
  process.exit(1);
}
