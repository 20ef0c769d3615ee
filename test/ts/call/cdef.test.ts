// C declarations at run time: what they become, and what is wrong with them.
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  ArgumentTypeError, cdef, countOf, createHeapSync, DeclarationError, f32, i32, i8, LinearMemory, list, outCount, owned, struct, u32, u8,
  voidp, type EnumType, type Signature, type StructType,
} from '../../../ts/index.ts'; // prettier-ignore

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
  test('have the alignment of a typedef, as C has it', () => {
    const { types, functions } = cdef(`
      typedef struct { int a, b; } wide_t __attribute__((aligned(8)));
      typedef wide_t same_t;
      typedef int far_t __attribute__((aligned(8)));
      struct holder { char c; wide_t w; char d; far_t f; same_t more[2]; };
      int use(wide_t *w);`);
    expect(types.wide_t.layout(4)).toMatchObject({ size: 8, align: 8 });
    expect(types.same_t).toBe(types.wide_t);
    expect(['w', 'd', 'f', 'more'].map((name) => types.holder.offsetOf(name as 'w'))).toEqual([
      8, 16, 24, 32,
    ]);
    expect(types.holder.size).toBe(48);
    expect(Object.keys(functions)).toEqual(['use']);
    const odd = cdef(
      'typedef struct { int a; } t __attribute__((aligned(8))); struct s { t one; int next; };',
    ).types;
    expect([odd.t.size, odd.s.offsetOf('next')]).toEqual([4, 4]);
  });
  test('leave out vectors, and what has one in it', () => {
    const C = cdef(`
      typedef float v4 __attribute__((vector_size(16)));
      typedef __attribute__((__vector_size__(16))) int w4;
      struct has { v4 v; int k; };
      struct plain { int a; };
      int take(v4 v); w4 give(void); int keep(struct plain *p);`) as unknown as {
      types: object;
      functions: object;
    };
    expect([Object.keys(C.types), Object.keys(C.functions)]).toEqual([['plain'], ['keep']]);
  });
  test('may end in an array of no elements, the older form of a flexible one', () => {
    const { old } = cdef('struct old { int n; char data[0]; };').types;
    expect([old.size, old.offsetOf('data')]).toEqual([4, 4]);
    const heap = createHeapSync();
    const one = old.alloc(heap, { n: 3, data: [1, 2, 3] });
    expect([...one.data]).toEqual([1, 2, 3]);
    one.free();
  });
  test.each(['75.f', '.5', '1e-3f', '0x1p-2', '1.5L', '1.e+5'])(
    'pass over %s in the body of a function',
    (number) => {
      const C = cdef(`static inline double f(void) { return ${number} * 2; }\nint a(void);` as string);
      expect(Object.keys(C.functions)).toEqual(['a']);
      expect(() => cdef(`struct s { int a[${number}]; };` as string)).toThrow(
        /line 1, column 18: expected an integer constant/,
      );
    },
  );
  test('read a pointer to pointers as an address: C does not say how many there are', () => {
    const { types, functions } = cdef(`
      struct node { int a; }; typedef char *text; typedef struct lib *lib_t;
      struct lists { const char **names; struct node **nodes; text *texts; lib_t *libs; char ***deep; };
      typedef void (*visit)(void *user, const char **attributes);
      int use(const char **names, struct node **nodes);`);
    const all = Object.values(types.lists.fields);
    expect(all).toEqual(Array.from({ length: 5 }, () => voidp));
    expect(types.visit.parameters[1]).toBe(voidp);
    expect(functions.use[1]).toEqual([voidp, voidp]);
    expectTypeOf(types.lists.fields.nodes).toEqualTypeOf(voidp);
    expectTypeOf(types.lists.fields.texts).toEqualTypeOf(voidp);
    expectTypeOf(types.lists.fields.libs).toEqualTypeOf(voidp);
    expectTypeOf(functions.use[1][0]).toEqualTypeOf(voidp);
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
  test('have words in any order, names in parentheses, brackets of parameters', () => {
    const { functions } = cdef(`
      long unsigned int long a(int long); unsigned b(char signed, __signed__ char); int (c)(int); char *(d)(int);
      typedef int act(int); act e;
      int f(int n, int x[static 3], int y[const], char z[restrict 2], int w[n], int v[*], int u[2][3]);
      int *__attribute__((malloc)) g(void);
      _Static_assert(sizeof(int) == 4, "int"); double __cdecl h(double);
      void i(double _Complex z); _Complex float j(void); int k(int (*act)(const char *, ...), int (*two)(int (*)(int)));
    `) as unknown as { functions: Record<string, Signature> };
    const named = Object.entries(functions).map(([name, [result, parameters]]) => [
      name,
      result.name,
      ...parameters.map((one) => one.name),
    ]);
    expect(named).toEqual([
      ['a', 'u64', 'i32'],
      ['b', 'u32', 'i8', 'i8'],
      ['c', 'i32', 'i32'],
      ['d', 'char *', 'i32'],
      ['e', 'i32', 'i32'],
      ['f', 'i32', 'i32', 'void *', 'void *', 'char *', 'void *', 'void *', 'i32[3] *'],
      ['g', 'void *'],
      ['h', 'f64', 'f64'],
      ['k', 'i32', 'void *', 'i32 (*)(void *)'],
    ]);
  });
  test('replace macros as the preprocessor does, but not annotations', () => {
    const { functions, types, constants } = cdef(`
      #define API __attribute__((visibility("default")))
      #define NUMBER INT
      #define INT int
      #define _Out_
      #define SELF SELF
      #define SIZE OTHER
      #define OTHER 2
      #define RATIO 1.5
      #define CALL(x) x
      #ifdef RATIO
      API NUMBER f(_Out_ NUMBER *p);
      #endif
      #ifdef CALL
      struct s { int x[SIZE]; };
      #endif
      #undef OTHER
      #define OTHER 3
      #ifndef NOTHING
      struct t { int x[SIZE]; };
      #endif
      #undef NUMBER
      #ifdef NUMBER
      int g(void);
      #endif
    `) as unknown as {
      functions: Record<string, Signature>;
      types: Record<string, StructType>;
      constants: unknown;
    };
    expect(Object.keys(functions)).toEqual(['f']);
    expect(functions.f?.[1].map(({ name }) => name)).toEqual(['out i32']);
    expect([types.s?.size, types.t?.size, constants]).toEqual([8, 12, { SIZE: 3, OTHER: 3 }]);
  });
  test('are packed by #pragma pack', () => {
    const { types } = cdef(`
      #pragma pack(push, 1)
      struct a { char c; int i; };
      #pragma pack(push)
      #pragma pack(2)
      struct b { char c; int i; };
      #pragma pack(pop)
      struct c { char c; int i; };
      #pragma pack(pop)
      struct d { char c; int i; };
    `) as unknown as { types: Record<string, StructType> };
    expect(Object.values(types).map((type) => type.offsetOf('i'))).toEqual([1, 2, 1, 4]);
  });
  test('of enums with large values, and of their bits', () => {
    const { types } = cdef('enum e { A, B = 0xFFFFFFFF }; enum f { C, D = 5 }; struct s { enum f f : 3; };');
    const memory = new LinearMemory(new WebAssembly.Memory({ initial: 1 }));
    const { e, s } = types as unknown as { e: EnumType<string>; s: StructType };
    memory.data.setInt32(8, -1, true);
    expect([e.base.name, e.load(memory, 8), s.read(memory, 8)]).toEqual(['u32', 'B', { f: 7 }]);
  });
  test('of a list that is returned', () => {
    const { functions } = cdef(`
      _Ret_writes_(n) const int *a(_Out_ int *n); _Owned_ _Ret_writes_(n) float *b(_Out_ size_t *n);
      _Ret_writes_(n) void *c(int n); _Ret_writes_(n) _Owned_(done) char *d(_In_reads_(n) const char *text, int n);
      int e(_In_reads_(n) const void *bytes, int n);
    `) as unknown as { functions: Record<string, Signature> };
    const { a, b, c, d, e } = functions;
    expect(a).toEqual([list(i32, 0), [outCount()]]);
    expect(b).toEqual([owned(list(f32, 0)), [outCount(u32)]]);
    expect(c).toEqual([list(u8, 0), [i32]]);
    expect(d).toEqual([owned(list(i8, 1), 'done'), [list(i8), countOf(0)]]);
    expect(e).toEqual([i32, [list(u8), countOf(0)]]);
  });
  test('with names that every object has', () => {
    const { functions, constants } = cdef(
      'int __proto__(int); int toString(void); enum e { constructor = 3 };',
    );
    expect([Object.keys(functions), Object.entries(constants)]).toEqual([
      ['__proto__', 'toString'],
      [['constructor', 3]],
    ]);
  });
  test.each([
    ['unsigned float f(void);', 1, 1, /unsigned float is not a type/],
    ['int f(short long x);', 1, 7, /short long is not a type/],
    ['int f(long long long x);', 1, 7, /long long long is not a type/],
    ['uint8_t unsigned f(void);', 1, 1, /uint8_t unsigned is not a type/],
    ['unsigned bool f(void);', 1, 15, /expected ;, found f/],
    ['int WINAPI f(int);', 1, 12, /expected ;, found f/],
    ['struct s { int a,; };', 1, 18, /expected a name, found ;/],
    ['int f(int a,);', 1, 13, /expected a parameter, found \)/],
    ['enum e { A = 0x100000000 };', 1, 10, /fit into 32 bits, got A = 4294967296/],
    ['enum e { A = 0xFFFFFFFF,\nB = -1 };', 2, 1, /fit into 32 bits, got B = -1/],
    ['enum e { A = 0xFFFFFFFF, B };', 1, 26, /fit into 32 bits, got B = 4294967296/],
    ['enum e { };', 1, 10, /expected a name, found }/],
    ['#pragma pack(3)\nstruct a { int x; };', 1, 9, /pack\(3\) is not supported/],
    ['#ifndef A\n#error define A\n#endif', 2, 2, /#error define A/],
    ['_Out_ int f(void);', 1, 1, /_Out_ has no meaning on this function/],
    ['int f(_Owned_ char *p);', 1, 7, /_Owned_ has no meaning on this parameter/],
    ['int f(_In_reads_(n) _Out_ int *p, int n);', 1, 21, /_Out_ has no meaning on this parameter/],
    ['int f(_In_reads_(n) int *p, _Out_ int n);', 1, 29, /_Out_ has no meaning/],
    ['int f(_In_reads_(n) int *p, float n);', 1, 29, /a count that is not an integer/],
    ['int f(_Out_writes_(p) int *p);', 1, 7, /must name another parameter/],
    ['_Success_(return == 0) void f(void);', 1, 1, /_Success_ has no meaning/],
    ['_Success_(return == 0) char *f(void);', 1, 1, /an integer type for checked/],
    ['_Success_(return == 0) _Owned_ char *f(void);', 1, 24, /_Owned_ has no meaning/],
    ['_Owned_ void *f(void);', 1, 1, /a value that owned\(\) can copy/],
    ['_Owned_(a, b) char *f(void);', 1, 1, /must name the function that frees/],
    ['_Ret_writes_(n) int *f(int m);', 1, 1, /must name a parameter/],
    ['_Ret_writes_(n) int *f(_Out_ float *n);', 1, 36, /a count that is not an integer/],
    ['int f(\n  int a', 2, 8, /expected , found the end|found the end/],
    ['int x;\nfoo f(void);', 2, 1, /unknown type foo/],
    ['int f(a, b)\n  int a; int b; { }', 1, 7, /K&R/],
    ['struct s { int a }', 1, 18, /expected ;, found }/],
    ['typedef int', 1, 12, /expected a name/],
    ['int f(int @);', 1, 11, /unexpected "@"/],
    ['int f(_In_reads_(k) int *p, int n);', 1, 7, /must name a parameter/],
    ['int f(_Out_ int p);', 1, 7, /not a pointer/],
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
    ['struct s { void x; };', 1, 12, /not a type of values/],
    ['struct a { struct b x; }; struct b { struct a y; };', 1, 21, /does not contain itself/],
    ['struct a { int x[0]; };', 1, 16, /flexible array/],
    ['struct a { };', 1, 1, /at least one field/],
    ['struct a { int x; float x; };', 1, 25, /a second x in a/],
    ['struct a { int x; union { int x; float y; }; };', 1, 16, /a unique name for each field of a,/],
    ['struct a { int x; };\nstruct a { float x; };', 2, 1, /struct a was declared differently/],
    ['int f(int);\nfloat f(int);', 2, 7, /f was declared differently/],
    ['int f(int); int f(char *);', 1, 17, /f was declared differently/],
    ['typedef int a; typedef float a;', 1, 30, /a was declared differently/],
    ['enum e { A = 1 }; enum g { A = 2 };', 1, 28, /A was 1 and is 2 here/],
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
      /flexible array at their end, in b.a/,
    ],
    ['union a { int n; int x[]; };', 1, 15, /flexible array/],
    ['struct a { unsigned char x : 9; };', 1, 26, /a width of 1 to 8 bits for u8, got 9/],
    ['struct a { unsigned x : 0; };', 1, 21, /a width of 1 to 32/],
    ['struct a { _Bool x : 2; };', 1, 18, /a width of 1 to 1/],
    ['struct a { float x : 3; };', 1, 18, /an integer type/],
    ['_Owned_ int f(void);', 1, 1, /_Owned_ on i32: expected a pointer to a value that owned/],
    ['int f(unknown_t *p);', 1, 7, /unknown type unknown_t/],
    ['struct nope f(void);', 1, 1, /struct nope is not defined/],
    ['f(a) int a; { }', 1, 1, /unknown type f/],
    ['int f(void) int g(void);', 1, 13, /K&R/],
    ['int f(int);\n  /* x', 2, 3, /a comment without its end/],
    ['typedef int w __attribute__((__mode__(DI)));', 1, 30, /attribute __mode__, which changes the type/],
    ['struct s { int a; };\nunion s { int a; };', 2, 1, /s is already the tag of a struct/],
    ['enum s { A };\nstruct s { int a; };', 2, 1, /s is already the tag of a enum/],
    ['#define\nint f(void);', 1, 2, /the name of a macro after #define/],
    ['#define 3 4', 1, 9, /the name of a macro after #define/],
    ['#undef "x"', 1, 8, /the name of a macro after #undef/],
    ['#ifdef\n#endif', 1, 2, /not supported: #ifdef/],
    ['#if 1\n#else\n#else\n#endif', 3, 2, /#else after #else/],
    ['#if 0\n#else\n#elif 1\n#endif', 3, 2, /#elif after #else/],
    ['extern "C" { int f(void);', 1, 26, /expected }, found the end/],
    ['struct s { int a; }\nint f(void);', 2, 1, /expected ;, found int/],
    ['int f(void)\nint g(void);', 2, 1, /expected ; after f\(\.\.\.\)/],
    [`int f(${'('.repeat(300)}`, 1, 262, /more than 256 nested levels/],
    [`${'struct s {\n'.repeat(300)}`, 257, 10, /more than 256 nested levels/],
    [`int ${'*'.repeat(1000)}f(void);`, 1, 517, /more than 256 nested levels/],
    [`enum e { A = ${'- '.repeat(1000)}1 };`, 1, 1038, /more than 256 nested levels/],
    [`typedef int a${'[1]'.repeat(1000)};`, 1, 782, /more than 256 nested levels/],
    [`enum e { A = ${'('.repeat(300)}1${')'.repeat(300)} };`, 1, 269, /more than 256 nested levels/],
    ['#define A (1/0)\nstruct s { int x[A]; };', 2, 18, /integer constant/],
    ['struct s { int x[1<<30][1<<30]; };', 1, 16, /the end of s\.x at less than 2\^31 bytes/],
    ['struct s { int x[99999999999999999999]; };', 1, 18, /integer constant/],
    ['typedef b a; typedef a b;', 1, 9, /unknown type b; declare it before/],
    ['class A { int x; };', 1, 1, /unknown type class/],
    ['struct s { int f(); };', 1, 17, /a function is not a type of values/],
    ['struct a { int x; };\nstruct b : a { int y; };', 2, 10, /expected a name, found :/],
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
  test('in text that is passed over may be anything; what JavaScript cannot pass is left out', () => {
    const { functions } = cdef(`
      #if 0
      #if VERSION > 3
      it's
      #elif foo(bar)
      #endif
      #endif
      int print(const char *format, va_list all); __int128 wide(__int128); int half(_Float16); int last(void);
    `) as unknown as { functions: Record<string, Signature> };
    expect(Object.entries(functions).map(([name, [, parameters]]) => [name, parameters.length])).toEqual([
      ['print', 2],
      ['last', 0],
    ]);
  });
  test('of a long line take time that grows with it', () => {
    const names = Array.from({ length: 4000 }, (_, i) => `int f${i}(int a, int b);`);
    const time = (text: string): number => {
      const start = performance.now();
      cdef(text);
      return performance.now() - start;
    };
    time(names.join('\n'));
    expect(time(names.join(' '))).toBeLessThan(10 * time(names.join('\n')));
  });
  test('must be text, and options what they are', () => {
    for (const options of [null, { type: {} }, { types: { a: 3 } }, { types: 'a' }])
      expect(() => cdef('int f(void);', options as never)).toThrow(ArgumentTypeError);
    expect(() => cdef(3 as never)).toThrow(ArgumentTypeError);
    expect(() => cdef('', { pointerSize: 5 as never })).toThrow(ArgumentTypeError);
  });
});
