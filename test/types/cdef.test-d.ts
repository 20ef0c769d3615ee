// The types that TypeScript infers from C declarations. Never run.
import { bind, cdef, type WasmHeapManager } from '../../ts/index.ts';

declare const heap: WasmHeapManager;
declare const module: object;
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function is<_T extends true>(): void {}

const C = cdef(`
  #define MAX 16
  /* a comment; with a semicolon */
  typedef struct { int32_t id; float x, y; } point_t; // another one;
  struct node { int value; struct node *next; point_t points[3]; char name[MAX]; unsigned a : 3, b : 5; int (*act)(int); uint8_t rest[]; };
  enum color { RED, GREEN = 5, BLUE };
  typedef struct sqlite3 sqlite3;
  typedef struct stmt_s stmt;
  typedef int (*compare)(const void *, const void *);
  typedef unsigned long size;
  _Owned_ char *make_greeting(const char *who);
  _Owned_(sqlite3_free) char *made(void);
  void scale(_In_reads_(n) const float *in, _Out_writes_(n) float *out, int n, float k);
  _Success_(return == 0) int divide(int a, int b, _Out_ int *quot, _Out_ int *rem);
  _Success_(return == 100 || return == 101) int step(stmt *s);
  int each_item(int n, int (*cb)(int i, void *user), void *user);
  _Success_(return == 0) int sqlite3_open(const char *file, _Out_ sqlite3 **db);
  int use(sqlite3 *db);
  enum color next(enum color c);
  long long big(unsigned long a, uint64_t b);
  void move(_Inout_ point_t *p, float dx);
  point_t *find(const point_t *p, size n, compare c);
  int join(_In_reads_(n) const char **list, int n);
  int twice(_Inout_updates_(n) int *list,
            int n);
  point_t value(point_t p, unsigned char);
  int printf(const char *format, ...);
`);
const lib = bind(module, heap, C.functions);

is<Equal<ReturnType<typeof lib.make_greeting>, string | null>>();
is<Equal<Parameters<typeof lib.made>, []>>();
is<Equal<typeof lib.divide, (args_0: number, args_1: number) => [number, number]>>();
is<Equal<ReturnType<typeof lib.step>, 100 | 101>>();
is<Equal<ReturnType<typeof lib.next>, 'RED' | 'GREEN' | 'BLUE'>>();
is<Equal<Parameters<typeof lib.big>, [number, bigint]>>();
is<Equal<ReturnType<typeof lib.big>, bigint>>();
is<Equal<keyof typeof C.constants, 'MAX' | 'RED' | 'GREEN' | 'BLUE'>>();
const scaled: Float32Array = lib.scale([1, 2], 2);
const sum: number = lib.each_item(3, (i, user) => i + (user ?? 0), null);
const db = lib.sqlite3_open('file');
lib.use(db);
// @ts-expect-error a handle of another kind
lib.step(db);
const moved: { id: number; x: number; y: number } = lib.move({ x: 1 }, 2);
const found: number | undefined = lib.find({ id: 1 }, 3, (a, b) => (a ?? 0) - (b ?? 0))?.y;
lib.join(['a', null]);
const twice: [number, Int32Array] = lib.twice([1]);
const value: number = lib.value({ x: 1 }, 3).x;
// @ts-expect-error a string
lib.make_greeting({});
// @ts-expect-error two arguments
lib.divide(1);
// @ts-expect-error hidden
lib.scale([1], [2], 3);
// @ts-expect-error variadic functions are left out
lib.printf('x');

const node = C.types.node.alloc(heap, { value: 1, points: [{ x: 1 }], name: 'n' });
const x: number | undefined = node.next?.next?.points.at(1).x;
const name: string = node.name;
const bit: number = node.a + node.b;
const act: number | null = node.act;
const rest: Uint8Array = node.rest.view;
// @ts-expect-error a number
node.value = 'x';
// @ts-expect-error no such field
node.nothing;
const long = cdef('long f(size_t n);', { pointerSize: 8 });
is<Equal<Parameters<ReturnType<typeof bind<typeof long.functions>>['f']>, [bigint]>>();

// Structs inside structs: named ones, those with a tag, and anonymous ones, whose members are those of the whole.
const N = cdef(`
  typedef struct {
    int kind;
    struct { int32_t a; union { float f; int i; } value; } inner, *more, many[2];
    union {
      int number;
      struct { short low, high; };
    };
    struct tagged { int t; } tagged;
    struct only_a_tag { int u; };
    enum { ON, OFF } state;
    double last;
  } outer_t;
  void take(const outer_t *o, struct tagged *t);
`);
const outer = N.types.outer_t.alloc(heap, { kind: 1, inner: { a: 2, value: { f: 1 } }, high: 3, last: 4 });
is<Equal<keyof ReturnType<typeof N.types.outer_t.read>, 'kind' | 'inner' | 'more' | 'many' | 'number' | 'low' | 'high' | 'tagged' | 'state' | 'last'>>(); // prettier-ignore
const nested: number[] = [
  outer.inner.value.f,
  outer.many.at(1).a,
  outer.number + outer.low + outer.high,
  outer.tagged.t,
  N.types.tagged.size,
  N.types.outer_t.offsetOf('high'),
];
const inner: number | undefined = outer.more?.value.i;
is<Equal<typeof outer.state, 'ON' | 'OFF'>>();
// @ts-expect-error no such field
outer.inner.nothing;
// @ts-expect-error it defines a tag, and no member
outer.u;
bind(module, heap, N.functions).take({ low: 1 }, { t: 3 });
// @ts-expect-error a number
bind(module, heap, N.functions).take(null, { t: 'x' });

const R = cdef(`
  _Ret_writes_(n) const float *a(_Out_ int *n, _Out_ int *m);
  _Owned_ _Ret_writes_(n) void *b(_Out_ size_t *n);
  _Ret_writes_(n) _Owned_(done) point *c(int n);
  typedef struct { int x; } point;
  int (d)(_In_reads_(n) const void *bytes, int n);
  int e(int (*print)(const char *, ...), int (*two)(int (*one)(int)));
`);
const returned = bind(module, heap, R.functions);
is<Equal<ReturnType<typeof returned.a>, [Float32Array | null, number]>>();
is<Equal<ReturnType<typeof returned.b>, Uint8Array | null>>();
is<Equal<ReturnType<typeof returned.c>, { x: number }[] | null>>();
is<Equal<Parameters<typeof returned.a>, []>>();
returned.d([1, 2]);
returned.e(8, (address) => address ?? 0);

export const used = [scaled, sum, moved, found, twice, value, x, name, bit, act, rest, nested, inner];
