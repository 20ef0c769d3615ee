// SPDX-License-Identifier: MIT
// Checks the modules of the strategies: their shape and size, and that they work in every kind of memory.
//   node strategies_wasm.mjs FOLDER
import { readFileSync } from 'node:fs';
import assert from 'node:assert/strict';

const [folder] = process.argv.slice(2);
const PAGE = 65536;
const GLOBAL = 6;
const DATA = 11;
const STRATEGIES = ['tlsf', 'bestfit', 'buddy', 'bump'];
const OPERATIONS =
  'alloc alloc_aligned calloc check free holds open realloc reset stats usable_size walk'.split(' ');

const load = (name) => {
  const bytes = readFileSync(`${folder}/${name}.wasm`);
  return { bytes, module: new WebAssembly.Module(bytes) };
};

/** The ids of a module's sections, in order. */
function sections(bytes) {
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

function open(strategy, memory, base = 0, size = memory.buffer.byteLength - base, grow = 1) {
  const { exports } = new WebAssembly.Instance(load(`linmem_${strategy}`).module, { env: { memory } });
  const heap = exports[`lm_${strategy}_open`](base, size, grow) >>> 0;
  return { heap, call: (operation, ...args) => exports[`lm_${strategy}_${operation}`](heap, ...args) >>> 0 };
}

function openAs(strategy, memory, heapBase) {
  const { module } = load(`linmem_as_${strategy}`);
  const { exports } = new WebAssembly.Instance(module, { env: { memory, heap_base: heapBase } });
  const allocate = (size) => exports.allocate_memory(size) >>> 0;
  return { allocate, free: exports.free_memory, reset: exports.reset_memory };
}

const walle = () => {
  const { exports } = new WebAssembly.Instance(load('linmem_walle').module);
  return {
    ...exports,
    allocate: (size) => exports.allocate(size) >>> 0,
    bytes: () => new Uint8Array(exports.memory.buffer),
  };
};

const each = (claim, test) => STRATEGIES.map((strategy) => [`${strategy}: ${claim}`, () => test(strategy)]);
const eachAs = (claim, test) =>
  ['tlsf', 'buddy', 'bump'].map((strategy) => [
    `${strategy} for AssemblyScript: ${claim}`,
    () => test(strategy),
  ]);

const tests = [
  ...each('the only import is env.memory, and there is no data segment and no global', (strategy) => {
    const { bytes, module } = load(`linmem_${strategy}`);
    assert.deepEqual(WebAssembly.Module.imports(module), [{ module: 'env', name: 'memory', kind: 'memory' }]);
    assert.ok(!sections(bytes).includes(DATA) && !sections(bytes).includes(GLOBAL), `sections ${sections(bytes)}`);
  }),
  ...each('the exports are the operations', (strategy) => {
    const names = WebAssembly.Module.exports(load(`linmem_${strategy}`).module).map((e) => e.name);
    assert.deepEqual(names.sort(), OPERATIONS.map((operation) => `lm_${strategy}_${operation}`));
  }),
  ...each('it links to memories with and without a maximum, and grows them', (strategy) => {
    for (const maximum of [undefined, 1, 2, 1024, 65536]) {
      const { heap, call } = open(strategy, new WebAssembly.Memory({ initial: 1, maximum }));
      assert.equal(heap, 16);
      assert.ok(call('alloc', 1000) > 0);
      assert.equal(call('alloc', 200000) > 0, maximum === undefined || maximum > 2);
      assert.equal(call('holds'), 1);
    }
  }),
  ...each('someone else may grow the memory in between, and keeps what he got', (strategy) => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { call } = open(strategy, memory);
    const theirs = [];
    for (let size = 1000; size < 100_000; size += 9000) {
      const page = memory.grow(1) * PAGE;
      new Uint8Array(memory.buffer, page, PAGE).fill(0x77);
      theirs.push(page);
      const p = call('alloc', size);
      assert.ok(p > 0 && call('holds') === 1);
      new Uint8Array(memory.buffer, p, size).fill(0xff);
    }
    for (const page of theirs)
      assert.ok(new Uint8Array(memory.buffer, page, PAGE).every((byte) => byte === 0x77));
    assert.equal(call('holds'), 1);
  }),
  ...each('bytes, frees and refusals are as the header says', (strategy) => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { call } = open(strategy, memory, 1024);
    const p = call('calloc', 10, 10);
    assert.ok(p > 0 && call('usable_size', p) >= 100 && p % 8 === 0);
    new Uint8Array(memory.buffer, p, 100).fill(7);
    const q = call('realloc', p, 100_000);
    assert.deepEqual([...new Uint8Array(memory.buffer, q, 100)], Array(100).fill(7));
    assert.equal(call('alloc_aligned', 10, 4096) % 4096, 0);
    assert.equal(call('alloc', -1) + call('alloc_aligned', 8, 3) + call('calloc', 65536, 65536), 0);
    assert.ok(call('free', q) === 0 && call('free', q) > 0 && call('free', q + 4) === 1 && call('free', 0) === 0);
    assert.equal(call('holds'), 1);
    call('reset');
    assert.equal(new Uint32Array(memory.buffer, call('stats'), 1)[0], 0);
    assert.equal(call('holds'), 1);
  }),
  ...each('what is not one gives 0', (strategy) => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { exports } = new WebAssembly.Instance(load(`linmem_${strategy}`).module, { env: { memory } });
    for (const wrong of [0, 1, 16, 1024, 65536, -16]) {
      for (const operation of OPERATIONS.filter((name) => name !== 'open')) {
        const result = exports[`lm_${strategy}_${operation}`](wrong, 8, 8, 8);
        assert.ok(operation === 'reset' || result === (operation === 'free' || operation === 'check' ? 1 : 0), operation);
      }
    }
  }),
  ...each('it uses memory to the last page of 4 GiB', (strategy) => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
    const { call } = open(strategy, memory);
    const blocks = [];
    for (let size = 2 ** 30; size >= 4096; size /= 2)
      for (let p; (p = call('alloc', size));) {
        assert.ok(p + call('usable_size', p) <= 2 ** 32);
        blocks.push(p);
      }
    assert.ok(memory.buffer.byteLength > 2 ** 32 - 2 ** 25);
    new Uint8Array(memory.buffer, blocks.at(-1), 4096).fill(0xff);
    assert.equal(call('holds'), 1);
    for (const p of blocks) assert.equal(call('free', p), 0);
    assert.equal(call('holds'), 1);
  }),
  ...each('it can lie at the very end of 4 GiB', (strategy) => {
    const memory = new WebAssembly.Memory({ initial: 65536, maximum: 65536 });
    const { call } = open(strategy, memory, 2 ** 32 - PAGE, PAGE);
    let p;
    let end = 0;
    while ((p = call('alloc', 100))) end = Math.max(end, p + call('usable_size', p));
    assert.ok(end <= 2 ** 32 && end > 2 ** 32 - 300);
    assert.ok(call('holds') === 1 && call('check', 2 ** 32 - 8) > 0 && call('check', 2 ** 32 - 4) > 0);
  }),
  ...each('init, malloc, calloc, realloc and free are at most 2.5 KB', (strategy) => {
    const { bytes } = load(`linmem_${strategy}_four`);
    console.log(`${strategy}: ${bytes.length} bytes; all operations ${load(`linmem_${strategy}`).bytes.length}`);
    assert.ok(bytes.length <= 2560, `${bytes.length} bytes`);
  }),
  ...eachAs('the imports are the memory and heap_base', (strategy) => {
    const { bytes, module } = load(`linmem_as_${strategy}`);
    const imports = WebAssembly.Module.imports(module).map((i) => `${i.module}.${i.name} ${i.kind}`);
    assert.deepEqual(imports.sort(), ['env.heap_base global', 'env.memory memory']);
    assert.ok(!sections(bytes).includes(DATA) && bytes.length <= 2560, `${bytes.length} bytes`);
  }),
  ...eachAs('blocks are 8-byte aligned, above heap_base, and 1 GiB at most', (strategy) => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { allocate } = openAs(strategy, memory, 5003);
    new Uint8Array(memory.buffer, 0, 5003).fill(0x77);
    for (let size = 1; size < 3000; size += 7) {
      const p = allocate(size);
      assert.ok(p > 5003 && p % 8 === 0);
      new Uint8Array(memory.buffer, p, size).fill(0xff);
    }
    assert.ok(memory.buffer.byteLength > PAGE, 'it grew');
    assert.ok(new Uint8Array(memory.buffer, 0, 5003).every((byte) => byte === 0x77));
    assert.equal(allocate(0) + allocate(2 ** 30 + 1) + allocate(-1) + allocate(2 ** 31), 0);
    assert.ok(allocate(2 ** 30) > 0);
  }),
  ...eachAs('a program may have filled its memory, and may not be allowed to grow', (strategy) => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
    const { allocate, free } = openAs(strategy, memory, PAGE - 8);
    assert.ok(allocate(100) >= PAGE && allocate(2 * PAGE) === 0);
    const full = openAs(strategy, new WebAssembly.Memory({ initial: 1, maximum: 1 }), PAGE);
    assert.equal(full.allocate(8), 0);
    full.free(8), full.reset(), free(PAGE);
  }),
  ...eachAs('reset_memory gives the first address again', (strategy) => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { allocate, free, reset } = openAs(strategy, memory, 1024);
    const first = allocate(100);
    for (let i = 0; i < 1000; i++) free(allocate(200));
    free(0), free(first + 8), free(2 ** 31), allocate(100);
    reset();
    assert.equal(allocate(100), first);
    assert.equal(openAs(strategy, memory, 1024).allocate(100) > first, true, 'another instance goes on');
  }),
  ['WALL-E: the module imports nothing and exports its six names', () => {
    const { bytes, module } = load('linmem_walle');
    assert.deepEqual(WebAssembly.Module.imports(module), []);
    const names = WebAssembly.Module.exports(module).map((e) => `${e.name} ${e.kind}`);
    assert.deepEqual(names.sort(), ['allocate function', 'deallocate function', 'memory memory', 'nil global', 'reallocate function', 'size function']);
    assert.equal(walle().nil.value, 0);
    assert.ok(!sections(bytes).includes(DATA));
    console.log(`walle: ${bytes.length} bytes`);
    assert.ok(bytes.length <= 2560, `${bytes.length} bytes`);
  }],
  ['WALL-E: a freed block is handed out once (1, 2)', () => {
    const { allocate, deallocate, bytes } = walle();
    const a = allocate(16);
    deallocate(a);
    const [b, c, d] = [allocate(16), allocate(16), allocate(16)];
    assert.ok(b === a && c !== b && d !== c && d !== b);
    bytes().fill(100, b, b + 16);
    assert.ok(allocate(100) > d);
  }],
  ['WALL-E: a block freed twice is freed once (3)', () => {
    const { allocate, deallocate } = walle();
    const a = allocate(16);
    deallocate(a), deallocate(a), deallocate(a + 4);
    assert.notEqual(allocate(16), allocate(16));
  }],
  ['WALL-E: sizes that would wrap are refused (4)', () => {
    const { allocate, nil } = walle();
    const a = allocate(8);
    for (const size of [0xfffffff0, -1, 2 ** 31, 2 ** 32 - 8]) assert.equal(allocate(size), nil.value);
    assert.ok(allocate(8) > a);
  }],
  ['WALL-E: a reallocate that fails leaves the block (5)', () => {
    const { allocate, reallocate, size, memory, bytes, nil } = walle();
    const a = allocate(100);
    bytes().fill(9, a, a + 100);
    const low = bytes().slice(0, a);
    while (memory.buffer.byteLength < 2 ** 31) memory.grow(8192); // so that it cannot have 2 GiB more
    assert.equal(reallocate(a, 2 ** 31 - 2 ** 20), nil.value);
    assert.ok(size(a) === 100 && bytes().subarray(a, a + 100).every((byte) => byte === 9) && low.length === a);
  }],
  ['WALL-E: nil is no block (6)', () => {
    const { allocate, deallocate, reallocate, size } = walle();
    deallocate(0);
    const a = reallocate(0, 8);
    assert.ok(size(0) === 0 && a > 0 && size(a) === 8 && allocate(0) === 0 && reallocate(a, 0) === 0 && size(a) === 0);
  }],
  ['WALL-E: every block is a multiple of 8 (7)', () => {
    const { allocate } = walle();
    for (let size = 1; size < 200; size++) assert.equal(allocate(size) % 8, 0);
  }],
  ['WALL-E: free neighbours join, and a large hole serves a small request (8)', () => {
    const { allocate, deallocate, memory } = walle();
    const blocks = Array.from({ length: 60 }, () => allocate(1000));
    const before = memory.buffer.byteLength;
    for (const p of blocks) deallocate(p);
    assert.ok(allocate(32000) > 0 && memory.buffer.byteLength === before);
    const [hole] = [allocate(1000), allocate(8)];
    deallocate(hole);
    assert.equal(allocate(700), hole);
  }],
  ['WALL-E: memory grows by the pages it needs (9)', () => {
    const { allocate, memory } = walle();
    assert.ok(allocate(PAGE) > 0);
    assert.equal(memory.buffer.byteLength, 2 * PAGE);
  }],
  ['WALL-E: a byte past a block harms no other, and a freed block has no size (10)', () => {
    const { allocate, deallocate, size, bytes } = walle();
    const [a, b, c] = [allocate(5), allocate(8), allocate(8)];
    bytes()[a + 5] = 255;
    assert.ok(size(a) === 5 && size(b) === 8);
    bytes()[b + 15] = 255; // into the header of the next block
    assert.ok(size(c) === 0 || size(c) === 8);
    deallocate(a);
    assert.equal(size(a), 0);
  }],
  ['WALL-E: shrinking keeps the effective size, so that growing back is free', () => {
    const { allocate, reallocate, size } = walle();
    const a = allocate(1000);
    allocate(8);
    assert.ok(reallocate(a, 10) === a && size(a) === 10 && reallocate(a, 1000) === a && size(a) === 1000);
  }],
  ['WALL-E: a hole is allocated whole for at least 4/5 of its size, and cut for less', () => {
    const { allocate, deallocate, reallocate } = walle();
    const hole = allocate(1000);
    allocate(8);
    deallocate(hole);
    assert.ok(allocate(800) === hole && reallocate(hole, 1000) === hole);
    deallocate(hole);
    assert.ok(allocate(760) === hole && allocate(120) > hole && reallocate(hole, 1000) !== hole);
  }],
]; // prettier-ignore

for (const [name, test] of tests) {
  try {
    test();
  } catch (error) {
    console.error(`FAILED ${name}`);
    throw error;
  }
}
console.log(`${tests.length} claims hold`);
