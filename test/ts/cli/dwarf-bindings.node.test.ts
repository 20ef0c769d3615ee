// npx linmem bindings of a module with debug information: DWARF 4 and 5, in the module and beside it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { BitField } from '../../../ts/index.ts';
import { makeDwarfBindings } from '../../../ts/cli/dwarf-bindings.ts';
import { prng, SEED } from '../../support/prng.ts';
import { randomStructs } from '../../support/random-struct.ts';

const folder = mkdtempSync(join(tmpdir(), 'linmem-dwarf-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (command: string, args: readonly string[]) =>
  spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NODE_PATH: '/usr/share/nodejs' },
  });

/** Compiles and links `source`; in two steps, as clang's own optimizer for WebAssembly does not know DWARF 5. */
function build(
  name: string,
  source: string,
  flags: readonly string[],
  exported: readonly string[],
): Uint8Array {
  const file = name.endsWith('.cpp') ? name : `${name}.c`;
  writeFileSync(join(folder, file), source);
  const compiled = run('clang', ['--target=wasm32', '-w', '-c', ...flags, file, '-o', `${name}.o`]);
  expect(compiled.stderr).toBe('');
  const linked = run('wasm-ld', [
    '--no-entry', '--allow-undefined', ...exported.map((one) => `--export=${one}`), `${name}.o`, '-o', `${name}.wasm`,
  ]); // prettier-ignore
  expect(linked.stderr).toBe('');
  return readFileSync(join(folder, `${name}.wasm`));
}
const options = { name: 'app.wasm', library: 'bindLibrary', pointerSize: 4 } as const;

/**
 * Whether the layout of `type` cannot be told: a bit-field that is as wide as its type is none in the debug information, which
 * then says the byte it begins in. Also if a member is such a struct.
 */
function isVague(type: unknown): boolean {
  if (type instanceof BitField) return type.width === type.base.size * 8;
  const { fields, element, base } = type as { fields?: object; element?: unknown; base?: unknown };
  return [element ?? base ?? Object.values(fields ?? {})].flat().some(isVague);
}

/** The layout of a struct as the source has it. */
function layoutIn(source: string, name: string): { size: number; offsets: Record<string, number> } {
  const [, size, offsets] =
    new RegExp(`^${name}\\.assertLayout\\(\\{ size: (\\d+), align: \\d+, offsets: \\{([^}]*)\\}`, 'm').exec(
      source,
    ) ?? [];
  const pairs = [...(offsets ?? '').matchAll(/(\w+): (\d+)/g)].map(([, key, value]) => [key, Number(value)]);
  return { size: Number(size), offsets: Object.fromEntries(pairs) as Record<string, number> };
}

const SOURCE = `
typedef unsigned char uint8_t;
typedef struct { int id; float x, y; } point_t;
struct node { int value; struct node *next; };
typedef enum { RED, GREEN = 5, NEG = -3 } color_t;
enum __attribute__((packed)) small { ONE, TWO };
struct mixed { char name[16]; unsigned low : 3, : 0, high : 5; struct { int a; union { float f; int i; } value; } inner;
  point_t many[2]; void (*act)(int); struct node *nodes[2]; struct { short s1; union { int u1; float u2; }; };
  enum small small; color_t color; const char *text; int matrix[2][3]; long double wide; uint8_t rest[]; };
typedef struct hidden hidden_t;
union both { int i; double d; };
void move_point(point_t *p, float dx, float dy) { p->x += dx; p->y += dy; }
int use(const struct mixed *m, color_t c, hidden_t *h, union both *b) { return m->low + c; }
int each(int n, int (*cb)(int, void *), void *u) { return cb(n, u); }
long long big(long long a, unsigned long b) { return a + b; }
int many(const char *format, ...) { return 0; }
static int inner(int a) { return a; }
int not_exported(int a) { return inner(a); }
`;
const EXPORTED = ['move_point', 'use', 'each', 'big', 'many'];

describe.each(['4', '5'])('DWARF %s', (version) => {
  test('gives structs, enums and functions', () => {
    const bytes = build(`app${version}`, SOURCE, [`-gdwarf-${version}`, '-O1'], EXPORTED);
    const { source } = makeDwarfBindings(bytes, options);
    expect(source).toContain(`{
  move_point: [none, [pointer(point_t), f32, f32]],
  use: [i32, [pointer(mixed), color_t, hidden, pointer(both)]],
  each: [i32, [i32, callback(i32, [i32, voidp]), voidp]],
  big: [i64, [i64, u32]],
}`);
    expect(source).toContain('ONE: 0,\n  TWO: 1,\n  RED: 0,\n  GREEN: 5,\n  NEG: -3,\n');
    expect(source).toMatch(/small: u8,[\s\S]*color: color_t,/);
    expect(layoutIn(source, 'mixed')).toEqual({
      size: 128,
      offsets: {
        name: 0, inner: 24, many: 32, act: 56, nodes: 60, s1: 68, u1: 72, u2: 72, small: 76, color: 80, text: 84,
        matrix: 88, wide: 112, rest: 128,
      },
    }); // prettier-ignore
  });

  test(`300 random structs lie where the compiler put them (SEED=${SEED})`, () => {
    const made = randomStructs(300, prng(SEED));
    const uses = made.map(({ type }) => `${type.isUnion ? 'union' : 'struct'} ${type.name} of_${type.name};`);
    const bytes = build(
      `random${version}`,
      [...made.map(({ c }) => c), ...uses].join('\n'),
      [`-gdwarf-${version}`],
      made.map(({ type }) => `of_${type.name}`),
    );
    const { source } = makeDwarfBindings(bytes, options);
    for (const { type, c } of made) {
      const { size, fields } = type.compiled(4);
      const offsets = fields.filter(({ isBits }) => !isBits).map(({ name, offset }) => [name, offset]);
      if (isVague(type) && source.includes(`// ${type.name} is left out`)) continue;
      expect(layoutIn(source, type.name), c).toMatchObject({ size, offsets: Object.fromEntries(offsets) });
    }
  }, 60_000);
});

test('classes of C++ have their bases, and templates a name of C', () => {
  const source = `
    namespace ns { template <class T> struct Vec { T *data; int size; }; enum class Kind : unsigned char { A, B }; }
    struct Base { int b; };
    struct Derived : Base { double d; ns::Vec<int> v; ns::Kind kind; int &ref; static int count; };
    extern "C" int use(Derived *d, const ns::Vec<float> &v) { return d->b + v.size + (int)d->kind; }`;
  const bytes = build('app.cpp', source, ['-gdwarf-5', '-fno-rtti'], ['use']);
  const made = makeDwarfBindings(bytes, options).source;
  expect(made).toContain('use: [i32, [pointer(Derived), pointer(Vec_float_)]],');
  expect(layoutIn(made, 'Derived')).toEqual({
    size: 32,
    offsets: { base_Base: 0, d: 8, v: 16, kind: 24, ref: 28 },
  });
});

describe('the command', () => {
  const bindings = (file: string) => {
    const output = join(folder, 'made.ts');
    rmSync(output, { force: true });
    const cli = spawnSync(
      process.execPath,
      ['bin/linmem.mjs', 'bindings', join(folder, file), '-o', output],
      {
        encoding: 'utf8',
      },
    );
    return { ...cli, source: () => readFileSync(output, 'utf8') };
  };
  test('follows -gseparate-dwarf, and leaves out the libraries of Emscripten', () => {
    writeFileSync(
      join(folder, 'emcc.c'),
      `#include <stdlib.h>\n${SOURCE}\nvoid *make(void) { return malloc(1); }\n`,
    );
    const flags = ['-g', '-gseparate-dwarf=emcc.debug.wasm', `-sEXPORTED_FUNCTIONS=${[...EXPORTED, 'malloc', 'free'].map((one) => `_${one}`).join()}`]; // prettier-ignore
    const made = run('emcc', ['emcc.c', '-w', ...flags, '-o', 'emcc.mjs']);
    expect(made.status, made.stderr).toBe(0);
    const { source, stderr } = bindings('emcc.wasm');
    expect(stderr).toBe('');
    expect(source()).toContain('move_point: [none, [pointer(point_t), f32, f32]],');
    expect(source()).not.toContain('malloc_chunk');
    renameSync(join(folder, 'emcc.debug.wasm'), join(folder, 'moved.wasm'));
    expect(bindings('emcc.wasm').stderr).toMatch(
      /its debug information is in emcc\.debug\.wasm, which does not exist/,
    );
  }, 60_000);
  test('says what is missing', () => {
    build('bare', 'int f(void) { return 1; }', [], ['f']);
    const { status, stderr } = bindings('bare.wasm');
    expect([status, stderr]).toEqual([1, expect.stringMatching(/no debug information; build it with -g/)]);
    writeFileSync(join(folder, 'cut.wasm'), readFileSync(join(folder, 'app5.wasm')).subarray(0, 900));
    expect(bindings('cut.wasm').status).toBe(1);
    expect(bindings('cut.wasm').stderr).not.toMatch(/ at /);
  });
});
