// npx linmem bindings: of a header with includes, annotations, bit-fields and everything else, to TypeScript that
// compiles and works.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  bind, f32, i32, releaseTemporaries, struct, voidp, wrapEmscriptenModuleHeap, type EnumType, type Signature, type StructType,
  type WasmHeapManager,
} from '../../../ts/index.ts'; // prettier-ignore
import { Built } from '../../support/emcc.ts';

const folder = mkdtempSync(join(tmpdir(), 'linmem-cli-'));
const GENERATED = 'test/ts/cli/library.gen.ts';
const ODD = 'test/ts/cli/odd.gen.ts';
const built = new Built('test/ts/call/library.c');
const HEADER = `
#ifndef LIBRARY_H
#define LIBRARY_H
#include <stdint.h>
#include <time.h>
#include "more.h"
#define LIMIT (16 * 2)
#define RATIO 1.5f
#define NAME "text"
struct node { int32_t value; struct node *next; };
struct mixed { char name[LIMIT]; unsigned low : 3, : 0, high : 5; struct { int a; union { float f; int i; }
 value; } inner; point_t many[2]; void (*act)(int); struct node *nodes[2]; uint8_t rest[]; };
typedef enum { RED, GREEN, BLUE } color_t;
typedef struct counter counter_t;
int add(int a, int b);
int count_bytes(const char *s);
_Owned_ char *make_greeting(const char *who);
_Owned_by_(counted_free) char *counted_text(int n);
void scale(_In_reads_(n) const float *in, _Out_writes_(n) float *out, int n, float k);
_Success_(return == 0) int divide(int a, int b, _Out_ int *quot, _Out_ int *rem);
int each_item(int n, int (*cb)(int i, void *user), void *user);
int list_sum(const struct node *node);
color_t next_color(color_t c);
counter_t *counter_new(void);
int counter_add(counter_t *c, int n);
void counter_free(counter_t *c);
static inline int twice(int x) { return 2 * x; }
static inline float half(float x) { return x * .5f + 0.f; }
typedef struct __attribute__((aligned(16))) state_ { unsigned char opaque[32]; } state;
typedef state other_state;
struct first { union { int i; float f; }; struct node *next; int value; };
typedef int (*run_state)(state *s, struct tm *when);
#endif
`;
const MORE =
  '#pragma once\ntypedef struct { int32_t id; float x, y; } point_t;\nvoid move_point(_Inout_ point_t *p, float dx, float dy);\n';

const run = (...args: string[]) =>
  spawnSync(process.execPath, ['bin/linmem.mjs', 'bindings', ...args], { encoding: 'utf8' });
const header = join(folder, 'library.h');
const output = join(folder, 'library.ts');

beforeAll(() => {
  writeFileSync(header, HEADER);
  writeFileSync(join(folder, 'more.h'), MORE);
  built.build('cli', ['-O1', '-sALLOW_MEMORY_GROWTH', '-sALLOW_TABLE_GROWTH']);
}, 120_000);
afterAll(() => {
  built.dispose();
  rmSync(folder, { recursive: true });
  rmSync(GENERATED, { force: true });
  rmSync(ODD, { force: true });
});

test('a header becomes a library', async () => {
  const { stderr, status } = run(header, '-I', folder, '--lib', 'bindLibrary', '-o', output);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const source = readFileSync(output, 'utf8');
  run(header, '-o', output, '--lib', 'bindLibrary');
  expect(readFileSync(output, 'utf8')).toBe(source); // the same again
  expect(source).not.toMatch(/twice|strftime|time_t|RATIO|__/);
  expect(readFileSync(join(folder, 'library.checks.c'), 'utf8')).toContain('offsetof(struct mixed, inner)');
  // A struct has the name of its typedef, which C programs use; another name is an alias.
  expect(source).toContain("export const state = struct('state_', {");
  expect(source).toContain('export const other_state = state;\n');
  expect(source).not.toContain('state_ =');
  cpSync(output, GENERATED);
  writeFileSync(GENERATED, source.replace("'linmem'", "'../../../ts/index.ts'"));
  const tsc = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'test/tsconfig.json'], {
    encoding: 'utf8',
  });
  expect(tsc.stdout).toBe('');

  const made = (await import(/* @vite-ignore */ `${process.cwd()}/${GENERATED}`)) as {
    bindLibrary(module: object, heap: WasmHeapManager): Record<string, (...args: unknown[]) => unknown>;
    constants: object;
    mixed: { size: number };
  };
  const module = await built.start('cli');
  const heap = wrapEmscriptenModuleHeap(module);
  const lib = made.bindLibrary(module, heap);
  expect([lib.add?.(1, 2), lib.make_greeting?.('x'), lib.divide?.(7, 2)]).toEqual([3, 'hello x', [3, 1]]);
  expect([lib.scale?.([1], 3), lib.next_color?.('RED')]).toEqual([Float32Array.of(3), 'GREEN']);
  expect(lib.move_point?.({ x: 1 }, 1, 1)).toEqual({ id: 0, x: 2, y: 1 });
  expect(lib.each_item?.(3, (i: number) => i, null)).toBe(3);
  specialised(source, lib, bind(module, heap, { grow_by: [voidp, [i32]] }).grow_by, heap);
  expect(made.constants).toEqual({ LIMIT: 32, RED: 0, GREEN: 1, BLUE: 2 });
  expect(made.mixed.size).toBe(84);
}, 120_000);

/** Functions that take structs have separate code, which does the same as that of bind. */
function specialised(
  source: string,
  lib: Record<string, (...args: unknown[]) => unknown>,
  grow: (bytes: number) => unknown,
  heap: WasmHeapManager,
): void {
  expect(source).toMatch(/specialize\(bind\([\s\S]*move_point\(a, b, c\)[\s\S]*store_point_t\(call, p, a\)/);
  const move = lib.move_point as (...args: unknown[]) => unknown;
  const full = { id: 2 ** 31, x: 1, y: 0.1 };
  const moved = { id: -(2 ** 31), x: 2, y: Math.fround(Math.fround(0.1) + 1) };
  expect(move(full, 1, 1)).toEqual(moved);
  grow(2 ** 24);
  expect(move(full, 1, 1)).toEqual(moved);
  expect(move({ y: 1 }, 0, 0)).toEqual({ id: 0, x: 0, y: 1 });
  const Point = struct('point_t', { id: i32, x: f32, y: f32 });
  const point = Point.alloc(heap, { x: 1 });
  expect([move(point, 1, 0), point.x]).toEqual([{ id: 0, x: 2, y: 0 }, 2]);
  const growing = {
    id: 1,
    x: 2,
    get y() {
      grow(2 ** 24);
      return 3;
    },
  };
  expect(move(growing, 0, 0)).toEqual({ id: 1, x: 2, y: 3 });
  point.free();
  for (const [args, message] of [
    [[full, 1], /3 arguments for move_point, got 2/],
    [[full, 1, 2, 3], /3 arguments for move_point, got 4/],
    [[{ ...full, z: 1 }, 1, 2], /a field of point_t/],
    [[{ id: 1, x: 'x', y: 1 }, 1, 2], /number/],
    [[full, 1n, 2], /number/],
    [[null, 1, 2], /point_t/],
    [[point, 1, 2], /freed/],
  ] as const)
    expect(() => move(...args)).toThrow(message);
  releaseTemporaries(lib);
  expect(heap.statistics.liveBlocks).toBe(0);
}

test('structs that refer to each other, names that are taken, and functions that take what JavaScript has not', async () => {
  const text = join(folder, 'odd.h');
  const made = join(folder, 'odd.ts');
  writeFileSync(
    text,
    `#include <stdarg.h>
    #include <stdio.h>
    #pragma pack(push, 1)
    struct tight { char c; int size; };
    #pragma pack(pop)
    struct b; struct a { struct b *b; struct b **all; struct b *two[2]; }; struct b { struct a *a; int size; };
    #define size other_size
    struct list { int yield; }; typedef struct { int x; } package; enum i32 { LARGE = 0xFFFFFFFF };
    #define BIG 0xFFFFFFFFFFFFFFFFull
    int print(const char *format, va_list all);
    int hook(void (*report)(const char *, ...), int (*outer)(int (*inner)(int)));
    void *__attribute__((malloc)) take(struct list *l, package *p, FILE *file);
    double _Complex left_out(void); long double left_out_too(void); int left_out_as_well(const char *, ...);
    static inline int with_complex(double _Complex x);
    `,
  );
  expect(run(text, '-o', made).stderr).toBe('');
  const source = readFileSync(made, 'utf8');
  writeFileSync(ODD, source.replace("'linmem'", "'../../../ts/index.ts'"));
  const { functions, constants, tight, a, i32_ } = (await import(
    /* @vite-ignore */ `${process.cwd()}/${ODD}`
  )) as {
    functions: Record<string, Signature>;
    constants: object;
    [struct: string]: unknown;
  };
  expect(Object.keys(functions)).toEqual(['print', 'hook', 'take']);
  expect(functions.hook?.[1].map(({ name }) => name)).toEqual(['void *', 'i32 (*)(void *)']);
  expect(constants).toEqual({ LARGE: 4294967295, BIG: 18446744073709551615n });
  expect([(tight as StructType).size, (a as StructType).size]).toEqual([5, 16]);
  expect((i32_ as EnumType<string>).base.name).toBe('u32');
  expect(source).toMatch(/const list_ = struct[\s\S]*const package_ = struct/);
}, 60_000);

test('a header with the name of a system header finds that one too', () => {
  const text = join(folder, 'errno.h');
  writeFileSync(text, '#include <errno.h>\nstruct own { int x; };\n');
  expect(run(text, '-o', join(folder, 'errno.ts')).stderr).toBe('');
  expect(readFileSync(join(folder, 'errno.ts'), 'utf8')).toMatch(/const own = struct/);
  rmSync(text);
});

test.each([
  [['gone.h', '-o', output], /gone\.h: no such file/],
  [[header], /usage/],
  [[header, '-o', output, '--what'], /unknown option --what/],
  [[header, '-o', output, '--lib', '1x'], /--lib takes a JavaScript identifier/],
  [[header, '-o', output, '--lib', 'class'], /--lib takes a JavaScript identifier/],
  [[folder, '-o', output], /^\S*linmem-cli-\S*: EISDIR[^\n]*\n$/],
  [[header, '-I', folder, '-o', join(folder, 'gone/library.ts')], /^\S*gone\/library\.ts: ENOENT[^\n]*\n$/],
])('%j is refused', (args, message) => {
  const { stderr, status } = run(...args);
  expect(status).toBe(1);
  expect(stderr).toMatch(message);
});
test('an error says where in the header', () => {
  const bad = join(folder, 'bad.h');
  writeFileSync(bad, 'int f(_In_reads_(k) int *p, int n);\n');
  const { stderr, status } = run(bad, '-o', join(folder, 'bad.ts'));
  expect(status).toBe(1);
  expect(stderr).toMatch(/_In_reads_\(\.\.\.\) must name a parameter[\s\S]*int f\(/);
  expect(stderr).toMatch(/bad\.h:1:7: /);
  writeFileSync(join(folder, 'inner.h'), '#define A 1\n\nint ok(void);\nint f(int a;\n');
  writeFileSync(bad, '/* one\n two */\n#include "inner.h"\nint z;\n');
  expect(run(bad, '-o', join(folder, 'bad.ts')).stderr).toMatch(
    /inner\.h:4:12: expected , or \) after a parameter, found ;\n {2}int f\(int a;\n$/,
  );
  writeFileSync(bad, 'int f(int;\n');
  expect(run(bad, '-o', join(folder, 'bad.ts')).status).toBe(1);
  expect(existsSync(join(folder, 'bad.ts'))).toBe(false);
});
