// C declarations at run time: what they become, what is wrong with them, whole headers, and how long TypeScript takes.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ArgumentTypeError, bind, CallError, cdef, DeclarationError, f32, i32, releaseTemporaries, struct, StructType,
  wrapEmscriptenModuleHeap,
} from '../../../ts/index.ts'; // prettier-ignore
import { Built } from '../../support/emcc.ts';

const folder = mkdtempSync(join(tmpdir(), 'linmem-cdef-'));
const built = new Built('test/ts/call/library.c');
beforeAll(
  () => built.build('cdef', ['-O1', '-sALLOW_MEMORY_GROWTH', '-sALLOW_TABLE_GROWTH', '-sWASM_BIGINT']),
  120_000,
);
afterAll(() => {
  built.dispose();
  rmSync(folder, { recursive: true });
});

test('a library is bound by its declarations', async () => {
  const C = cdef(`
    typedef struct { int32_t id; float x, y; } point_t;
    typedef struct node { int32_t value; struct node *next; } node_t;
    typedef struct { double only; } single_t;
    typedef enum { RED, GREEN, BLUE } color_t;
    typedef struct counter counter_t;
    int add(int a, int b);
    int64_t add64(int64_t a, int64_t b);
    _Bool is_even(int x);
    int count_bytes(const char *s);
    _Owned_ char *make_greeting(const char *who);
    _Owned_(counted_free) char *counted_text(int n);
    void scale(_In_reads_(n) const float *in, _Out_writes_(n) float *out, int n, float k);
    float dot(_In_reads_(n) const float *a, _In_reads_(n) const float *b, int n);
    void fill_n(int n, _Out_writes_(n) uint8_t *out);
    void double_all(_Inout_updates_(n) int *p, int n);
    void move_point(_Inout_ point_t *p, float dx, float dy);
    float centroid_x(_In_reads_(n) const point_t *p, int n);
    point_t make_point(int id, float x);
    single_t twice_single(single_t s);
    int list_sum(const node_t *node);
    _Success_(return == 0) int divide(int a, int b, _Out_ int *quot, _Out_ int *rem);
    void get_name(_Out_ _Owned_ char **out);
    int each_item(int n, int (*cb)(int i, void *user), void *user);
    int join_len(_In_reads_(n) const char **list, int n);
    color_t next_color(color_t c);
    counter_t *counter_new(void);
    int counter_add(counter_t *c, int n);
    void counter_free(counter_t *c);
  `);
  const module = await built.start('cdef');
  const heap = wrapEmscriptenModuleHeap(module);
  const lib = bind(module, heap, C.functions);
  expect([lib.add(1, 2), lib.add64(2n ** 40n, 1n), lib.is_even(2)]).toEqual([3, 2n ** 40n + 1n, true]);
  expect([lib.count_bytes('é'), lib.make_greeting('x'), lib.counted_text(3)]).toEqual([2, 'hello x', 'xxx']);
  expect(lib.scale([1, 2], 2)).toEqual(Float32Array.of(2, 4));
  expect([lib.dot([1, 2], [3, 4]), lib.fill_n(2)]).toEqual([11, Uint8Array.of(0, 1)]);
  expect(() => lib.dot([1, 2], [3])).toThrow(/as many elements/);
  expect(lib.double_all([1, 2])).toEqual(Int32Array.of(2, 4));
  expect(lib.move_point({ x: 1 }, 1, 2)).toEqual({ id: 0, x: 2, y: 2 });
  expect([lib.centroid_x([{ x: 2 }]), lib.make_point(1, 2).y, lib.twice_single({ only: 2 }).only]).toEqual([
    2, 4, 4,
  ]);
  const node = C.types.node_t.alloc(heap, { value: 2, next: C.types.node.alloc(heap, { value: 3 }) });
  expect(lib.list_sum(node)).toBe(5);
  heap.freeAll();
  expect(lib.divide(7, 2)).toEqual([3, 1]);
  expect(() => lib.divide(1, 0)).toThrow(CallError);
  expect([lib.get_name(), lib.join_len(['a', 'bc']), lib.next_color('RED')]).toEqual(['abc', 3, 'GREEN']);
  expect(lib.each_item(3, (i) => i, null)).toBe(3);
  const counter = lib.counter_new();
  expect(lib.counter_add(counter, 5)).toBe(5);
  lib.counter_free(counter);
  releaseTemporaries(lib);
  expect(heap.statistics.liveBlocks).toBe(0);
});

describe('declarations', () => {
  test('of all kinds of types', () => {
    const { types, constants } = cdef(`
      #ifndef HEADER_H
      #define HEADER_H
      #ifdef __cplusplus
      extern "C" {
      #endif
      #define MAX 16
      #define FLAGS (1u << 4 | 0x3)  // and a comment
      #define NAME "text"
      #define CALL(x) x
      #define LETTER 'a'
      enum { ONE = 1, TWO, LAST = TWO + 0x10 };
      typedef unsigned char byte;
      struct inner { byte a; long b; };
      struct outer {
        struct inner one, many[2];
        char name[MAX], *text;
        unsigned int low : 3, : 0, high : 5;
        const struct outer *self;
        union { int i; float f; } value;
        struct opaque *handle;
        int (*act)(int, void *);
        double d __attribute__((aligned(16)));
        int matrix[2][3];
        byte rest[];
      };
      struct __attribute__((packed)) tight { char c; int i; };
      #ifdef __cplusplus
      }
      #endif
      #endif
    `) as unknown as { types: Record<string, StructType>; constants: Record<string, number> };
    expect(constants).toEqual({ MAX: 16, FLAGS: 19, LETTER: 97, ONE: 1, TWO: 2, LAST: 18 });
    const { outer, tight } = types;
    expect([tight?.size, outer?.offsetOf('text'), outer?.offsetOf('d'), outer?.offsetOf('rest')]).toEqual([
      5, 40, 80, 112,
    ]);
    expect(outer?.offsetOf('matrix')).toBe(88);
    expect(cdef('struct s { long a; void *p; size_t n; };', { pointerSize: 8 }).types.s.layout(8).size).toBe(
      24,
    );
  });
  test('use types that are given', () => {
    const Point = struct('point_t', { x: f32, y: f32 });
    const C = cdef('struct line { point_t from, to; }; float length(const point_t *p);', {
      types: { point_t: Point },
    });
    expect(C.types.line.size).toBe(16);
    expect(C.functions.length[1]).toHaveLength(1);
  });
  test('leave out what cannot be called, and may come twice', () => {
    const { functions } = cdef(
      'int f(int); int f(int); int printf(const char *, ...); long double l(void); extern int global; static inline int g(void);',
    );
    expect(Object.keys(functions)).toEqual(['f', 'g']);
    expect(functions.f).toEqual([i32, [i32]]);
  });
  test('may come again in other words', () => {
    const C = cdef(`
      typedef unsigned int word; typedef unsigned word; typedef struct s s; typedef struct s s;
      struct s { word a : 3; int b[2]; }; struct s { unsigned a : 3; int b[2]; };
      word f(const s *p, int n[4], int (*cb)(int a), unsigned long size);
      unsigned f(struct s *, int *, int (*)(int), unsigned long int);
      int g(); int g(int a); int g();
      enum e { A, B = 1 }; enum e { A, B };
      #define C 1
      #define C 1
    `);
    const types = C.types as unknown as Record<string, StructType>;
    expect([Object.keys(C.functions), types.s?.size]).toEqual([['f', 'g'], 12]);
  });
  test.each([
    ['int f(\n  int a', 2, 8, /expected , found the end|found the end/],
    ['int x;\nfoo f(void);', 2, 1, /unknown type foo/],
    ['int f(a, b)\n  int a; int b; { }', 1, 7, /K&R/],
    ['struct s { int a }', 1, 18, /expected ;, found }/],
    ['typedef int', 1, 12, /expected a name/],
    ['int f(int @);', 1, 11, /unexpected "@"/],
    ['int f(_In_reads_(k) int *p, int n);', 1, 7, /must name a parameter/],
    ['int f(_Out_ int p);', 1, 7, /no pointer/],
    ['struct a { struct a x; };', 1, 21, /does not contain itself/],
    ['struct z { int x : 40; };', 1, 16, /a width of 1 to 32/],
    ['struct z { int n; struct unknown u; };', 1, 19, /not defined/],
    ['struct z { int a[]; int b; };', 1, 17, /without a length/],
    ['struct z { int a[n]; };', 1, 18, /integer constant/],
    ['enum e { A = x };', 1, 14, /integer constant/],
    ['int f(int a) { return a; }', 1, 14, /body/],
    ['_Success_(return > 0) int f(void);', 1, 1, /_Success_/],
    ['#if VERSION > 3\nint x;\n#endif', 1, 2, /not supported/],
    ['#ifdef A\nint x;', 1, 2, /without #endif/],
    ['struct s { void x; };', 1, 12, /no type of values/],
    ['struct a { struct b x; }; struct b { struct a y; };', 1, 21, /does not contain itself/],
    ['struct a { int x[0]; };', 1, 16, /above 0, got 0/],
    ['struct a { };', 1, 1, /at least one field/],
    ['struct a { int x; float x; };', 1, 25, /a second x in a/],
    ['struct a { int x; union { int x; float y; }; };', 1, 16, /a field of a once/],
    ['struct a { int x; };\nstruct a { float x; };', 2, 1, /struct a is declared differently/],
    ['int f(int);\nfloat f(int);', 2, 7, /f is declared differently/],
    ['int f(int); int f(char *);', 1, 17, /f is declared differently/],
    ['typedef int a; typedef float a;', 1, 30, /a is declared differently/],
    ['enum e { A = 1 }; enum g { A = 2 };', 1, 28, /A is 1 already, and 2 here/],
    ['int f(int a, int a);', 1, 14, /a second parameter a/],
    ['struct a { char x[2147483647], y[9]; };', 1, 17, /less than 2\^31 bytes, got 2147483656/],
    ['struct a { char x[4294967296]; };', 1, 17, /got 4294967296/],
    [
      'struct a { int n; int x[]; };\nstruct b { struct a a; int m; };',
      2,
      21,
      /flexible array in b.a as the last/,
    ],
    [
      'struct a { int n; int x[]; };\nstruct b { struct a a[2]; };',
      2,
      21,
      /flexible array in b.a as the last/,
    ],
    ['union a { int n; int x[]; };', 1, 15, /flexible array/],
    ['struct a { unsigned char x : 9; };', 1, 26, /a width of 1 to 8 bits for u8, got 9/],
    ['struct a { unsigned x : 0; };', 1, 21, /a width of 1 to 32/],
    ['struct a { _Bool x : 2; };', 1, 18, /a width of 1 to 1/],
    ['struct a { float x : 3; };', 1, 18, /an integer type/],
    ['_Owned_ int f(void);', 1, 1, /_Owned_ on i32, which is no pointer/],
    ['int f(unknown_t *p);', 1, 7, /unknown type unknown_t/],
    ['struct nope f(void);', 1, 1, /struct nope is not defined/],
    ['f(a) int a; { }', 1, 1, /unknown type f/],
    ['int f(void) int g(void);', 1, 13, /K&R/],
    ['/* x', 1, 1, /found \//],
    ['\0', 1, 1, /unexpected/],
  ])('%j is refused where it is wrong', (text, line, column, message) => {
    let error: unknown;
    try {
      cdef(text);
    } catch (thrown) {
      error = thrown;
    }
    if (!(error instanceof DeclarationError)) throw error ?? new Error('not refused');
    expect(error.message).toMatch(message);
    expect([error.line, error.column, error.code]).toEqual([line, column, 'DECLARATION']);
  });
  test('must be text', () => {
    expect(() => cdef(3 as never)).toThrow(ArgumentTypeError);
    expect(() => cdef('', { pointerSize: 5 as never })).toThrow(ArgumentTypeError);
  });
});

const INCLUDE = '/usr/share/emscripten/cache/sysroot/include';
const HEADERS = ['string', 'stdlib', 'stdio', 'time', 'math', 'ctype', 'unistd', 'fcntl', 'dirent', 'locale', 'search', 'wchar', 'inttypes', 'poll', 'termios', 'signal', 'sys/stat', 'sys/socket', 'netdb', 'regex', 'glob']; // prettier-ignore
describe.skipIf(!existsSync(INCLUDE))('the headers of musl', () => {
  test('are read, and their structs are laid out as clang does', () => {
    let functions = 0;
    let structs = 0;
    const refused: string[] = [];
    for (const header of HEADERS) {
      const file = join(folder, 'header.c');
      writeFileSync(file, `#include <${header}.h>\n`);
      const common = ['--target=wasm32-unknown-emscripten', `-isystem${INCLUDE}`, '-w'];
      const text = spawnSync('clang', [...common, '-E', '-P', file], { encoding: 'utf8' }).stdout;
      let C: { functions: object; types: Record<string, unknown> };
      try {
        C = cdef(text as string, { types: { __builtin_va_list: i32 } }) as unknown as typeof C;
      } catch (error) {
        refused.push(`${header}: ${(error as Error).message}`);
        continue;
      }
      functions += Object.keys(C.functions).length;
      const own = Object.values(C.types).filter(
        (type) => type instanceof StructType && /^\w+$/.test(type.name),
      ) as StructType[];
      const checks = own.map((type) => {
        const { name, isUnion, size } = type;
        const word = text.includes(`${isUnion ? 'union' : 'struct'} ${name} `)
          ? `${isUnion ? 'union' : 'struct'} ${name}`
          : name;
        return `_Static_assert(sizeof(${word}) == ${size}, "${name}");`;
      });
      structs += checks.length;
      writeFileSync(file, `#include <${header}.h>\n${checks.join('\n')}\n`);
      const { stderr } = spawnSync('clang', [...common, '-fsyntax-only', file], { encoding: 'utf8' });
      expect(stderr, header).toBe('');
    }
    console.log(`${functions} functions, ${structs} structs; refused: ${refused.join('; ') || 'none'}`);
    expect(refused.length).toBeLessThanOrEqual(2);
    expect(functions).toBeGreaterThan(600);
  });
});

test('TypeScript infers 240 declarations in less than 3 seconds more than none', () => {
  const declarations = Array.from(
    { length: 80 },
    (_, i) =>
      `typedef struct { int32_t id; float x, y; char name[16]; struct s${i} *next; } type_${i};\n` +
      `_Success_(return == 0) int open_${i}(const char *file, _Out_ type_${i} *value, int (*cb)(int n, void *user));\n` +
      `void scale_${i}(_In_reads_(n) const float *in, _Out_writes_(n) float *out, int n, float k);\n`,
  );
  const time = (body: string): number => {
    writeFileSync(
      join('test', 'types', 'speed.gen.ts'),
      `import { bind, cdef } from '../../ts/index.ts';\n${body}`,
    );
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(process.cwd(), 'test/tsconfig.json'), include: [join(process.cwd(), 'test/types/speed.gen.ts')], compilerOptions: { typeRoots: [join(process.cwd(), 'node_modules/@types')] } }),
    ); // prettier-ignore
    // Seconds of the processor: others may use it too.
    const command = `TIMEFORMAT=%U; time ${process.execPath} node_modules/typescript-5.9/bin/tsc -p ${folder}`;
    const { stdout, stderr, status } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
    return Number(stderr) * 1000;
  };
  try {
    const before = time('export const x = [bind, cdef];\n');
    const after = time(
      `declare const heap: Parameters<typeof bind>[1];\nconst C = cdef(\`${declarations.join('')}\`);\n` +
        'export const lib = bind({}, heap, C.functions);\nexport const y: Float32Array = lib.scale_79([1], 2);\n',
    );
    console.log(`240 declarations: ${Math.round(after - before)} ms`);
    expect(after - before).toBeLessThan(3000);
  } finally {
    rmSync(join('test', 'types', 'speed.gen.ts'), { force: true });
  }
}, 120_000);
