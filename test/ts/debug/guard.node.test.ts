// Guard mode in builds of Emscripten, of Rust and on sql.js: a planted overflow of one byte, a write after a free, and a
// write after a realloc are found; work without errors reports nothing.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EventKind, inspect, type InspectedHeap, type InspectOptions } from '../../../ts/debug/index.ts';
import { captureInstances } from '../../../ts/index.ts';
import { prng } from '../../support/prng.ts';
import { runEmcc } from '../../support/emcc.ts';

const folder = mkdtempSync(join(tmpdir(), 'linmem-guard-'));
afterAll(() => rmSync(folder, { recursive: true }));

const C = `
#include <stdlib.h>
char *make(int n) { return malloc(n); }
char *zeroed(int n) { return calloc(n, 3); }
char *resize(char *p, int old, int n) { return realloc(p, n); }
char *again(char *p, int n) { return realloc(p, n + 1); } // so that realloc is not inlined into its only caller
void put(char *p, int i, int value) { p[i] = value; }
int look(char *p, int i) { return p[i]; }
void drop(char *p, int n) { free(p); }
`;
const RUST = `
use std::alloc::{alloc, alloc_zeroed, dealloc, realloc, Layout};
fn layout(n: usize) -> Layout { Layout::from_size_align(n, 8).unwrap() }
#[no_mangle] pub unsafe extern "C" fn make(n: usize) -> *mut u8 { alloc(layout(n)) }
#[no_mangle] pub unsafe extern "C" fn zeroed(n: usize) -> *mut u8 { alloc_zeroed(layout(3 * n)) }
#[no_mangle] pub unsafe extern "C" fn resize(p: *mut u8, old: usize, n: usize) -> *mut u8 { realloc(p, layout(old), n) }
#[no_mangle] pub unsafe extern "C" fn put(p: *mut u8, i: usize, value: u8) { p.add(i).write_volatile(value) }
#[no_mangle] pub unsafe extern "C" fn look(p: *mut u8, i: usize) -> u8 { p.add(i).read_volatile() }
#[no_mangle] pub unsafe extern "C" fn drop(p: *mut u8, n: usize) { dealloc(p, layout(n)) }
`;
const NAMES = ['make', 'zeroed', 'resize', 'again', 'put', 'look', 'drop'];
const exported = `-sEXPORTED_FUNCTIONS=${NAMES.map((name) => `_${name}`).join()}`;
const emcc = (...flags: string[]) => ['emcc', 'guard.c', '--no-entry', exported, ...flags];
const RUSTC = '/usr/bin/rustc'; // Debian's, which has the target
const hasRust = existsSync(RUSTC) && existsSync('/usr/lib/rustlib/wasm32-unknown-unknown');
const rustc = [RUSTC, '--target', 'wasm32-unknown-unknown', '--crate-type', 'cdylib', '-O', 'guard.rs'];

/** Programs by name: the command that builds each, without its output, and whether it can be built here. */
const BUILDS: readonly (readonly [name: string, command: readonly string[], isHere: boolean])[] = [
  ['emcc -O2, without names', emcc('-O2'), true],
  ['emcc -O1 -g2, with names', emcc('-O1', '-g2'), true],
  ['emcc -O2, malloc exported', emcc('-O2', `${exported},_malloc,_free,_realloc`), true],
  ['rustc -O, with names', rustc, hasRust],
];

type Program = Record<'make' | 'zeroed' | 'resize' | 'put' | 'look' | 'drop', (...args: number[]) => number>;

async function start(
  file: string,
  options: InspectOptions,
): Promise<{ program: Program; heap: InspectedHeap }> {
  const imports = new Proxy({}, { get: () => new Proxy({}, { get: () => () => 0 }) });
  const { result, heap } = await inspect(async () => {
    const { instance } = await WebAssembly.instantiate(
      readFileSync(join(folder, file)),
      imports as WebAssembly.Imports,
    );
    (instance.exports._initialize as (() => void) | undefined)?.();
    return instance.exports;
  }, options);
  return { program: result as unknown as Program, heap };
}

beforeAll(() => {
  writeFileSync(join(folder, 'guard.c'), C);
  writeFileSync(join(folder, 'guard.rs'), RUST);
});

describe.each(BUILDS.filter(([, , isHere]) => isHere))('%s', (name, [program = '', ...args]) => {
  const file = `${name.replaceAll(/\W+/g, '-')}.wasm`;
  let p: Program;
  let heap: InspectedHeap;
  beforeAll(async () => {
    const env = { ...process.env, NODE_PATH: '/usr/share/nodejs' };
    const { status, stderr } = spawnSync(program, [...args, '-o', file], {
      cwd: folder,
      encoding: 'utf8',
      env,
    });
    if (status !== 0) throw new Error(stderr);
  }, 120_000);
  const restart = async (options: InspectOptions = { guard: true, stacks: 'all' }): Promise<void> => {
    ({ program: p, heap } = await start(file, options));
  };

  test('is guarded', async () => {
    await restart();
    expect(heap.coverage).toMatchObject([{ isRecorded: true, isGuarded: true }]);
  });

  test('an overflow of one byte is found by checkNow, and at the free', async () => {
    await restart();
    const address = p.make(21);
    p.put(address, 20, 1);
    expect(heap.checkNow()).toEqual([]);
    p.put(address, 21, 1);
    const [report, ...others] = heap.checkNow();
    expect(others).toEqual([]);
    expect(report).toMatchObject({ kind: 'overflow', address, size: 21, at: address + 21, freed: [] });
    expect(report?.allocated.some(({ name: place }) => /make/.test(place))).toBe(true);
    expect(heap.checkNow().length).toBe(1); // each is reported once
    p.put(address, 22, 1);
    p.drop(address, 21);
    expect(heap.reports).toMatchObject([{}, { kind: 'overflow', at: address + 22 }]);
    expect(heap.reports[1]?.found.some(({ name: place }) => /drop/.test(place))).toBe(true);
  });

  test('a write after a free is found, with both stacks', async () => {
    await restart();
    const address = p.make(40);
    p.drop(address, 40);
    expect(heap.checkNow()).toEqual([]);
    p.put(address, 7, 1);
    const [report] = heap.checkNow();
    expect(report).toMatchObject({ kind: 'write-after-free', address, size: 40, at: address + 7 });
    expect(report?.allocated.some(({ name: place }) => /make/.test(place))).toBe(true);
    expect(report?.freed.some(({ name: place }) => /drop/.test(place))).toBe(true);
  });

  test('a write after a free is found when the block leaves the quarantine', async () => {
    await restart({ guard: { quarantine: 1000 } });
    const address = p.make(40);
    p.drop(address, 40);
    p.put(address, 0, 1);
    expect(heap.reports).toEqual([]);
    for (let i = 0; i < 30; i++) p.drop(p.make(100), 100);
    expect(heap.reports).toMatchObject([{ kind: 'write-after-free', address, at: address }]);
  });

  test('a write through the old address after a realloc is found', async () => {
    await restart();
    const address = p.make(40);
    const barrier = p.make(8); // so that it cannot grow where it is
    p.put(address, 39, 5);
    const moved = p.resize(address, 40, 4000);
    expect(moved).not.toBe(address);
    expect(p.look(moved, 39)).toBe(5);
    p.put(address, 3, 1);
    expect(heap.checkNow()).toMatchObject([{ kind: 'write-after-free', address, size: 40, at: address + 3 }]);
    p.drop(moved, 4000);
    p.drop(barrier, 8);
    expect(heap.liveBlocks).toBe(0);
  });

  test('a double free is reported and not passed on', async () => {
    await restart();
    const address = p.make(40);
    p.drop(address, 40);
    p.drop(address, 40);
    expect(heap.reports).toMatchObject([{ kind: 'double-free', address, size: 40 }]);
    expect(p.make(40)).not.toBe(p.make(40));
  });

  const SEED = Number(process.env.SEED ?? Date.now() % 1e6);
  test(`random work without errors reports nothing, and blocks keep their bytes (SEED=${SEED})`, async () => {
    await restart({ guard: { quarantine: 5000 } });
    const below = prng(SEED);
    const blocks: { address: number; size: number; value: number }[] = [];
    for (let i = 0; i < 4000; i++) {
      const at = below(blocks.length + 1);
      const block = blocks[at];
      const kind = below(10);
      if (!block || kind < 4) {
        const size = 3 * (1 + below(100));
        const address = kind % 2 ? p.make(size) : p.zeroed(size / 3);
        if (kind % 2 === 0) expect([p.look(address, 0), p.look(address, size - 1)]).toEqual([0, 0]);
        blocks.push({ address, size, value: 0 });
      } else {
        if (block.value) expect([p.look(block.address, 0), p.look(block.address, block.size - 1)]).toEqual([block.value, block.value]); // prettier-ignore
        if (kind < 7) (blocks.splice(at, 1), p.drop(block.address, block.size));
        else {
          const size = 1 + below(400);
          block.address = p.resize(block.address, block.size, size);
          if (block.value) expect(p.look(block.address, 0)).toBe(block.value);
          block.size = size;
          p.put(block.address, 0, block.value);
          p.put(block.address, size - 1, block.value);
        }
      }
      const last = blocks[below(blocks.length || 1)];
      if (!last) continue;
      last.value = 1 + below(100);
      p.put(last.address, 0, last.value);
      p.put(last.address, last.size - 1, last.value);
    }
    expect(heap.checkNow()).toEqual([]);
    expect(heap.liveBlocks).toBe(blocks.length);
    expect(heap.liveBytes).toBe(blocks.reduce((sum, { size }) => sum + size, 0));
    expect(heap.coverage).toMatchObject([{ unmatchedFrees: 0, unseenFrees: 0 }]);
  });
});

test('an allocator of which not enough is known is not guarded, and coverage says so', async () => {
  const args = [
    ...emcc('-O2', '-sMALLOC=emmalloc', `${exported},_malloc,_free`).slice(1),
    '-o',
    'emmalloc.wasm',
  ];
  runEmcc(args, folder);
  const { program, heap } = await start('emmalloc.wasm', { guard: true });
  const [coverage] = heap.coverage;
  if (!coverage?.isGuarded) expect(coverage?.notes.join()).toMatch('guard mode is off');
  const address = program.make(10);
  program.drop(program.resize(address, 10, 5000), 5000);
  expect(heap.checkNow()).toEqual([]);
}, 120_000);

test('emmalloc without names is found, although what it gets memory from looks like malloc too', async () => {
  const args = [...emcc('-O2', '-sMALLOC=emmalloc').slice(1), '-o', 'plain-emmalloc.wasm'];
  runEmcc(args, folder);
  const { program, heap } = await start('plain-emmalloc.wasm', {});
  const blocks = Array.from({ length: 500 }, (_, i) => program.make(1 + ((i * 37) % 900)));
  expect(heap).toMatchObject({ liveBlocks: 500, allocations: 500 });
  for (const address of blocks) program.drop(address, 0);
  expect(heap).toMatchObject({ liveBlocks: 0, liveBytes: 0, frees: 500 });
  expect(heap.coverage).toMatchObject([{ unmatchedFrees: 0, unseenFrees: 0 }]);
  expect(heap.coverage[0]?.functions.map(({ does, how }) => `${does} ${how}`)).toEqual(expect.arrayContaining(['malloc shape', 'free shape'])); // prettier-ignore
}, 120_000);

test('the memory grows at the first allocation, and not once freed blocks wait', async () => {
  const limits = ['-sALLOW_MEMORY_GROWTH=1', '-sINITIAL_MEMORY=131072', '-sTOTAL_STACK=32768'];
  const args = [...emcc('-O2', ...limits).slice(1), '-o', 'growing.wasm'];
  runEmcc(args, folder);
  const { program, heap } = await start('growing.wasm', { guard: true });
  const grows = (): number => {
    const { kinds, length } = heap.record();
    return kinds.slice(0, length).filter((kind) => kind === EventKind.grow).length;
  };
  expect(heap.coverage).toMatchObject([{ isGuarded: true }]);
  program.drop(program.make(1000), 1000);
  const before = grows();
  for (let i = 0; i < 5000; i++) program.drop(program.make(100 + (i % 900)), 0);
  expect(grows()).toBe(before);
  expect(heap.checkNow()).toEqual([]);
}, 120_000);

describe('sql.js', () => {
  interface SqlJs {
    _malloc(size: number): number;
    _free(address: number): void;
    Database: new () => { run(sql: string): void; exec(sql: string): { values: unknown[][] }[] };
  }
  async function startSql(): Promise<{ SQL: SqlJs; bytes: () => Uint8Array; heap: InspectedHeap }> {
    const require = createRequire(import.meta.url);
    delete require.cache[require.resolve('sql.js')];
    const load = () => captureInstances(() => (require('sql.js') as () => Promise<SqlJs>)());
    const { result, heap } = await inspect(load, { guard: true });
    const memory = result.instances.find((one) => one.memory)?.memory as WebAssembly.Memory;
    return { SQL: result.result, bytes: () => new Uint8Array(memory.buffer), heap };
  }

  test('an overflow and a write after a free are found', async () => {
    const { SQL, bytes, heap } = await startSql();
    expect(heap.coverage[0]).toMatchObject({ isGuarded: true });
    const [over, after] = [SQL._malloc(50), SQL._malloc(60)];
    bytes()[over + 50] = 1;
    SQL._free(after);
    bytes()[after + 59] = 1;
    expect(heap.checkNow()).toMatchObject([
      { kind: 'overflow', address: over, size: 50, at: over + 50 },
      { kind: 'write-after-free', address: after, size: 60, at: after + 59 },
    ]);
  });

  test('a database that works hard reports nothing', async () => {
    const { SQL, heap } = await startSql();
    const db = new SQL.Database();
    db.run('create table t(a integer primary key, b text)');
    db.run('with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000) insert into t select i, hex(zeroblob(i % 500)) from n'); // prettier-ignore
    db.run(
      'create index i on t(b); update t set b = b || a where a % 3 = 0; delete from t where a % 5 = 0; vacuum',
    );
    expect(db.exec('select count(*), sum(length(group_b)) from (select group_concat(b) as group_b from t group by a % 7)')[0]?.values[0]?.[0]).toBe(7); // prettier-ignore
    expect(heap.checkNow()).toEqual([]);
    expect(heap.coverage[0]).toMatchObject({ isGuarded: true, unmatchedFrees: 0, unseenFrees: 0 });
  });
});
