// C declarations at run time: what they become, and what is wrong with them.
import { describe, expect, test } from 'vitest';
import {
  ArgumentTypeError,
  cdef,
  DeclarationError,
  f32,
  i32,
  struct,
  type StructType,
} from '../../../ts/index.ts';

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
