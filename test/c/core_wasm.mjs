// SPDX-License-Identifier: MIT
// Checks the shape of the core module, and that it works in every kind of memory up to 4 GiB.
//   node core_wasm.mjs linmem_heap.wasm
import { readFileSync } from 'node:fs';
import assert from 'node:assert/strict';

const bytes = readFileSync(process.argv[2]);
const core = new WebAssembly.Module(bytes);

/** The ids of the sections, in order. */
function sections() {
  const ids = [];
  for (let at = 8; at < bytes.length;) {
    ids.push(bytes[at++]);
    let size = 0;
    for (let shift = 0, more = 1; more; shift += 7) {
      more = bytes[at] & 0x80;
      size |= (bytes[at++] & 0x7f) << shift;
    }
    at += size;
  }
  return ids;
}

function open(memory, base = 0, size = memory.buffer.byteLength - base, grow = 1) {
  const { exports } = new WebAssembly.Instance(core, { env: { memory } });
  const heap = exports.lm_heap_open(base, size, grow) >>> 0;
  const call = (name, ...args) => exports[`lm_heap_${name}`](heap, ...args) >>> 0;
  return { heap, call };
}

const GLOBAL = 6;
const DATA = 11;
const tests = {
  'the only import is env.memory'() {
    assert.deepEqual(WebAssembly.Module.imports(core), [{ module: 'env', name: 'memory', kind: 'memory' }]);
  },
  'there is no data segment and no global, so no shadow stack'() {
    assert.ok(!sections().includes(DATA) && !sections().includes(GLOBAL), `sections ${sections()}`);
  },
  'the exports are the heap operations and the version'() {
    const operations = 'alloc alloc_aligned calloc check free holds open realloc stats usable_size walk';
    const names = WebAssembly.Module.exports(core).map((e) => e.name);
    assert.deepEqual(names.sort(), [
      'lm_abi_version',
      ...operations.split(' ').map((operation) => `lm_heap_${operation}`),
    ]);
  },
  'it links to memories with and without a maximum'() {
    for (const maximum of [undefined, 1, 2, 1024, 65536]) {
      const { heap, call } = open(new WebAssembly.Memory({ initial: 1, maximum }));
      assert.equal(heap, 16);
      assert.ok(call('alloc', 1000) > 0);
      assert.equal(call('alloc', 200000) > 0, maximum === undefined || maximum > 2);
      assert.equal(call('holds'), 1);
    }
  },
  'the first small block ends within 4 KiB of the base'() {
    const { call } = open(new WebAssembly.Memory({ initial: 1 }));
    assert.ok(call('alloc', 16) + 16 <= 4096);
  },
  'it grows by whole pages and no more than it needs'() {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { call } = open(memory);
    call('alloc', 65536);
    assert.equal(memory.buffer.byteLength, 2 * 65536);
  },
  'pages that another takes in between stay theirs'() {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { call } = open(memory);
    for (let i = 0; i < 20; i++) {
      const page = memory.grow(1) * 65536;
      new Uint8Array(memory.buffer, page, 65536).fill(0x77);
      const p = call('calloc', 1, 100000);
      assert.ok(p > 0 && (p + 100000 <= page || p >= page + 65536));
      assert.ok(new Uint8Array(memory.buffer, page, 65536).every((byte) => byte === 0x77));
    }
    assert.equal(call('holds'), 1);
  },
  'it uses memory to the last page of 4 GiB, and takes it all back'() {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
    const { call } = open(memory);
    const blocks = [];
    for (const size of [2 ** 30, 2 ** 26, 2 ** 20, 2 ** 16, 4096, 100, 0]) {
      for (let p; (p = call('alloc', size));) {
        assert.ok(p + call('usable_size', p) <= 2 ** 32);
        blocks.push(p);
      }
    }
    assert.equal(memory.buffer.byteLength, 2 ** 32);
    const highest = blocks.reduce((a, b) => Math.max(a, b), 0);
    assert.ok(highest > 2 ** 32 - 65536);
    const last = new Uint8Array(memory.buffer, highest, call('usable_size', highest)).fill(0xff);
    assert.equal(call('holds'), 1);
    assert.ok(call('realloc', highest, last.length + 4) === 0 && call('check', highest) === 0);
    for (const p of blocks) assert.equal(call('free', p), 0);
    assert.equal(call('holds'), 1);
    assert.ok(call('alloc', 2147221503) > 0 && call('alloc', 2147221504) === 0);
  },
  'a heap can lie at the very end of 4 GiB'() {
    const memory = new WebAssembly.Memory({ initial: 65536, maximum: 65536 });
    const { heap, call } = open(memory, 2 ** 32 - 65536, 65536);
    assert.equal(heap, 2 ** 32 - 65536);
    let p;
    let end = 0;
    while ((p = call('alloc', 100))) end = Math.max(end, p + call('usable_size', p));
    assert.ok(end <= 2 ** 32 && end > 2 ** 32 - 200);
    assert.equal(call('holds'), 1);
    assert.equal(call('check', 2 ** 32 - 4), 1);
    assert.equal(call('check', 2 ** 32 - 8), 1);
  },
};

for (const [name, test] of Object.entries(tests)) {
  try {
    test();
  } catch (error) {
    console.error(`FAILED ${name}`);
    throw error;
  }
}
console.log(`${Object.keys(tests).length} claims hold, ${bytes.length} bytes`);
