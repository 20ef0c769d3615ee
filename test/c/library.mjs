// SPDX-License-Identifier: MIT
// Links a module of malloc, free, calloc and realloc with liblinmem.a and with liblinmem_small.a at -Oz, holds the
// sizes of both, allocates in both, and reads the lines about refused calls. Compiling malloc.c for shared memory, and
// linking it into a program with shared memory, must fail with a message that says why.
//   node library.mjs BUILD_FOLDER EMCC
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import assert from 'node:assert/strict';

const [folder, emcc] = process.argv.slice(2);
const out = join(folder, 'library-test');
const csrc = fileURLToPath(new URL('../../csrc', import.meta.url));
const NAMES = ['malloc', 'free', 'calloc', 'realloc'];
const INCLUDE = `-I${csrc}/include`;

// Bytes, raw. dlmalloc has 10,892 here, emmalloc 3,466.
const LIMITS = { linmem: 12_000, linmem_small: 6_500 };

function run(command, ...args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  assert.equal(status, 0, `${command} ${args.join(' ')}\n${stdout}${stderr}`);
}

function link(library, ...sources) {
  return linkNames(NAMES, library, ...sources);
}

function linkNames(names, library, ...sources) {
  const output = join(out, `${library}.wasm`);
  const flags = ['-Oz', '-sSTANDALONE_WASM', '--no-entry', '-sALLOW_MEMORY_GROWTH', '-sMALLOC=none'];
  flags.push(`-sEXPORTED_FUNCTIONS=${names.map((name) => `_${name}`)}`);
  run(emcc, ...flags, join(out, 'empty.c'), ...sources, join(folder, `lib/lib${library}.a`), '-o', output);
  return readFileSync(output);
}

/** Runs a command that must fail with a message. */
function refuse(message, command, ...args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  assert.notEqual(status, 0, `${command} ${args.join(' ')} succeeded`);
  assert.match(stdout + stderr, message);
}

/** Instantiates a module; `lines` are what it writes, each after the number of its file. */
function instantiate(bytes) {
  const lines = [];
  const fd_write = (file, piece) => {
    const [at, length] = new Uint32Array(exports.memory.buffer, piece, 2);
    lines.push(`${file} ${Buffer.from(exports.memory.buffer, at, length)}`);
    return 0;
  };
  const imports = { env: { emscripten_notify_memory_growth() {} }, wasi_snapshot_preview1: { fd_write } };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
  exports._initialize?.();
  return { exports, lines };
}

/** Allocates, grows and frees blocks of many sizes, and checks that they do not overlap. */
function use(bytes) {
  const { exports, lines } = instantiate(bytes);
  const words = (p, count) => new Uint32Array(exports.memory.buffer, p, count);
  const blocks = [];
  for (let i = 0; i < 3000; i++) {
    const size = 8 + ((i * 37) % 2000);
    let p = i % 2 ? exports.malloc(size) : exports.calloc(size, 1);
    assert.ok(p > 0 && p % 8 === 0 && (i % 2 || words(p, size >> 2).every((word) => word === 0)));
    words(p, 1)[0] = i;
    if (i % 5 === 0) p = exports.realloc(p, 2 * size);
    blocks.push(p);
  }
  for (const [i, p] of blocks.entries()) assert.equal(words(p, 1)[0], i);
  for (const p of blocks) exports.free(p);
  assert.equal(exports.memory.buffer.byteLength, 2 ** 24, '3.5 MB of blocks fit the initial memory');
  const p = exports.malloc(5000);
  const address = `0x${p.toString(16).padStart(8, '0')}`;
  exports.free(p);
  exports.free(p);
  assert.equal(exports.realloc(p + 1, 8), 0);
  assert.deepEqual(lines, [
    `2 linmem: free(${address}): already free\n`,
    `2 linmem: realloc(0x${(p + 1).toString(16).padStart(8, '0')}): not a live block\n`,
  ]);
}

/** A double free traps after its line in a build that asks for it; the lean build links nothing that writes. */
function options() {
  const flags = ['-DLM_ABORT_ON_REFUSAL', INCLUDE];
  const { exports, lines } = instantiate(link('linmem', ...flags, join(csrc, 'malloc_refused.c')));
  const p = exports.malloc(5000);
  exports.free(p);
  assert.throws(() => exports.free(p), WebAssembly.RuntimeError);
  assert.equal(lines.length, 1);
  const lean = link('linmem', '-DLM_LEAN', INCLUDE, join(csrc, 'malloc.c'));
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(lean));
  assert.deepEqual(
    imports.filter(({ name }) => name === 'fd_write'),
    [],
  );
}

/** The functions that are not in NAMES report too. */
function others() {
  const names = ['malloc', 'free', 'reallocarray', 'malloc_usable_size'];
  const { exports, lines } = instantiate(linkNames(names, 'linmem'));
  const p = exports.malloc(5000);
  assert.equal(exports.malloc_usable_size(0), 0);
  assert.equal(exports.malloc_usable_size(p + 8), 0);
  exports.free(p);
  assert.equal(exports.malloc_usable_size(p), 0);
  assert.equal(exports.reallocarray(p, 0x4000_0001, 4), 0);
  assert.deepEqual(
    lines.map((line) => line.replace(/0x[0-9a-f]+/, (digits) => `p+${digits - p}`)),
    [
      '2 linmem: malloc_usable_size(p+8): not a live block\n',
      '2 linmem: malloc_usable_size(p+0): already free\n',
      '2 linmem: realloc(p+0): already free\n',
    ],
  );
}

/** The documented way without CMake: these three files have all functions of the family. */
function plainSources() {
  const files = ['malloc.c', 'malloc_refused.c', 'heap_inspect.c'].map((name) => join(csrc, name));
  const flags = ['-sMALLOC=none', '-sSTANDALONE_WASM', '--no-entry', '-O1', INCLUDE];
  flags.push('-sEXPORTED_FUNCTIONS=_malloc,_memalign,_malloc_usable_size,_malloc_trim,_mallinfo');
  run(emcc, ...flags, join(out, 'empty.c'), ...files, '-o', join(out, 'plain.wasm'));
}

/** No object file of malloc.c links into a program with shared memory, whatever features it was compiled with. */
function threads() {
  const malloc = join(csrc, 'malloc.c');
  const object = join(out, 'malloc.o');
  const compile = (...flags) => [emcc, ...flags, INCLUDE, '-c', malloc, '-o', object];
  for (const flags of [
    ['-pthread'],
    ['-matomics'],
    ['-matomics', '-mbulk-memory'],
    ['-D__EMSCRIPTEN_WASM_WORKERS__'],
  ])
    refuse(/linmem's malloc is not thread-safe/, ...compile(...flags));
  for (const flags of [[], ['-mbulk-memory']]) {
    run(...compile(...flags));
    const program = [join(out, 'main.c'), object, join(csrc, 'malloc_refused.c'), INCLUDE, '-sMALLOC=none'];
    refuse(/--shared-memory is disallowed/, emcc, '-pthread', ...program, '-o', join(out, 'threads.js'));
  }
  console.log('no object file of malloc.c links into a program with shared memory');
}

run('cmake', '--build', folder, '--target', 'linmem_libraries');
mkdirSync(out, { recursive: true });
writeFileSync(join(out, 'empty.c'), 'int nothing;\n');
writeFileSync(join(out, 'main.c'), '#include <stdlib.h>\nint main(void) { return malloc(1) == 0; }\n');
for (const [library, limit] of Object.entries(LIMITS)) {
  const bytes = link(library);
  console.log(`${library}: ${bytes.length} bytes, gzip ${gzipSync(bytes, { level: 9 }).length}`);
  assert.ok(bytes.length <= limit, `lib${library}.a: ${bytes.length} bytes, at most ${limit} are allowed`);
  use(bytes);
  const shared = ['-pthread', '-sMALLOC=none', join(out, 'main.c'), join(folder, `lib/lib${library}.a`)];
  const message = /--shared-memory is disallowed by .*linmem_malloc_is_not_thread_safe/;
  refuse(message, emcc, ...shared, '-o', join(out, 'threads.js'));
}
options();
others();
plainSources();
threads();
