// C declarations at run time, bound to a library; whole headers, and how long TypeScript takes. See also cdef.test.ts.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  bind, CallError, cdef, i32, releaseTemporaries, StructType, wrapEmscriptenModuleHeap,
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
