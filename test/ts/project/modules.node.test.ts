// The rules of the source layout that a machine can check: the order of modules, import circles, file sizes.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

/** The modules, lowest first. A file imports from its own module or from a lower one. */
const MODULES = {
  ts: ['errors', 'memory', 'scalar', 'text', 'heap', 'arena', 'manager', 'core', 'interop', 'struct', 'call', 'debug', 'inspect', 'cli', 'index'],
  c: ['config build', 'pages', 'allocator', 'boundary', 'segregated', 'heap tlsf buddy bestfit bump', 'arena', 'slice', 'malloc', 'recorder', 'linmem', 'exports layout'],
}; // prettier-ignore

const filesIn = (folder: string, ending: RegExp): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => ending.test(file))
    .map((file) => join(folder, file));
const lines = (file: string): number => readFileSync(file, 'utf8').split('\n').length - 1;

const ts = filesIn('ts', /\.ts$/);
const c = filesIn('csrc', /\.[ch]$/);

/** Returns the imports of a file, type-only ones included. */
const importsOf = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/(?:from|import) ?\(?['"]([^'"]+)['"]/g)].map(
    ([, path = '']) => path,
  );
const includesOf = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/#include "([^"]+)"/g)].map(([, path = '']) => path);

/** Returns a circle in a graph as the list of its files, or an empty list. */
function circleIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const next of graph.get(file) ?? []) {
      const circle = visit(next, [...path, file]);
      if (circle.length > 0) return circle;
    }
    done.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const circle = visit(file, []);
    if (circle.length > 0) return circle;
  }
  return [];
}

test('circleIn finds a circle, and none where there is none', () => {
  const graph = (edges: Record<string, string[]>) => new Map(Object.entries(edges));
  expect(circleIn(graph({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }))).toEqual([]);
  expect(circleIn(graph({ a: ['b'], b: ['c'], c: ['b'] }))).toEqual(['b', 'c', 'b']);
});

describe('the order of modules in ts/', () => {
  const moduleOf = (path: string): number =>
    MODULES.ts.indexOf(path.split('/')[1]?.replace(/\.ts$/, '') ?? '');
  test.each(ts)('%s imports only from its own module or a lower one', (file) => {
    expect(moduleOf(file), `${file} is in a module`).toBeGreaterThanOrEqual(0);
    for (const path of importsOf(file)) {
      // The page of the inspector is bundled with the packages that it uses.
      if (file.startsWith('ts/inspect/page/') && path === 'uplot') continue;
      expect(path, `${file} imports no package`).toMatch(/^\.\.?\//);
      expect(moduleOf(join(dirname(file), path)), `${file} -> ${path}`).toBeLessThanOrEqual(moduleOf(file));
    }
  });
  test('no circle of imports between any two files, type-only imports included', () => {
    const graph = new Map(ts.map((file) => [file, importsOf(file).map((path) => join(dirname(file), path))]));
    expect([...graph.values()].flat().length).toBeGreaterThan(100);
    expect(circleIn(graph)).toEqual([]);
  });
  test('only core knows the compiled module', () => {
    const knows = ts.filter(
      (file) => /wasm\.gen/.test(readFileSync(file, 'utf8')) && !file.endsWith('wasm.gen.ts'),
    );
    expect(knows.every((file) => file.startsWith('ts/core/'))).toBe(true);
    expect(knows.length).toBeGreaterThan(0);
  });
});

describe('the order of modules in csrc/', () => {
  const nameOf = (path: string): string =>
    path
      .split('/')
      .pop()
      ?.replace(/\.[ch]$/, '') ?? '';
  // A private header or a part of a large file (heap_inspect.c) belongs to the module of its first word.
  const moduleOf = (path: string): number =>
    MODULES.c.findIndex((module) =>
      module.split(' ').some((word) => nameOf(path) === word || nameOf(path).startsWith(`${word}_`)),
    );
  test.each(c)(
    '%s includes only from its own module or a lower one, and no libc but the freestanding headers',
    (file) => {
      expect(moduleOf(file), `${file} is in a module`).toBeGreaterThanOrEqual(0);
      for (const path of includesOf(file))
        expect(moduleOf(path), `${file} -> ${path}`).toBeLessThanOrEqual(moduleOf(file));
      const system = [...readFileSync(file, 'utf8').matchAll(/#include <([^>]+)>/g)].map(([, path]) => path);
      expect(system.filter((path) => !/^(std(def|int|bool|align)|limits)\.h$/.test(path ?? ''))).toEqual([]);
    },
  );
  test('no circle of includes between any two files', () => {
    const graph = new Map(
      c.map((file) => [
        file,
        includesOf(file).map(
          (path) => c.find((other) => other.endsWith(`/${path.split('/').pop()}`)) ?? path,
        ),
      ]),
    );
    expect([...graph.values()].flat().length).toBeGreaterThan(20);
    expect(circleIn(graph)).toEqual([]);
  });
});

describe('sizes', () => {
  const generated = /\.gen\.ts$/;
  test.each(ts.filter((file) => !generated.test(file)))('%s has at most 300 lines', (file) =>
    expect(lines(file)).toBeLessThanOrEqual(300),
  );
  test.each(c)('%s has at most 500 lines', (file) => expect(lines(file)).toBeLessThanOrEqual(500));
});

describe('the package', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, unknown>;
  test('is ESM, free of side effects but those of linmem/debug, without runtime dependencies and install scripts', () => {
    expect(manifest).toMatchObject({ type: 'module' });
    // The entries of workerd and the edge set the core.
    const entries = ['debug/index', 'debug/install', 'index.workerd', 'index.edge-light'];
    expect(manifest.sideEffects).toEqual(entries.map((name) => `./dist/${name}.js`));
    expect(manifest.dependencies).toBeUndefined();
    const scripts = Object.keys(manifest.scripts as object);
    expect(scripts.filter((name) => /^(pre|post)?(install|prepare|prepublish)/.test(name))).toEqual([]);
  });
  test('has a lock file without download addresses', () =>
    expect(readFileSync('package-lock.json', 'utf8')).not.toMatch(/"resolved"|https?:\/\/registry/));
});

test('a mark of a pure call stands before a call, or else bundlers warn of it', () => {
  const misplaced = /\/\* @__PURE__ \*\/(?! new [\w.]+\(| [\w.]+\(|\n? *\(\(\) =>| [\w.]+\()/g;
  expect('/* @__PURE__ */ typeof x').toMatch(misplaced);
  expect('/* @__PURE__ */ !/a/.test(x)').toMatch(misplaced);
  for (const file of ts) expect(readFileSync(file, 'utf8').match(misplaced), file).toBeNull();
});
