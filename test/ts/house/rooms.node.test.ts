// The rules of the house that a machine can hold: the order of rooms, the sizes of files, what is generated.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

/** The rooms, lowest first. A file imports from its own room or from a lower one. */
const ROOMS = {
  ts: ['errors', 'memory', 'scalar', 'text', 'heap', 'arena', 'core', 'interop', 'struct', 'call', 'debug', 'inspect', 'index'],
  c: ['config', 'pages', 'allocator', 'heap tlsf buddy bestfit bump', 'arena', 'slice', 'malloc', 'linmem', 'exports layout'],
}; // prettier-ignore

const filesIn = (folder: string, ending: RegExp): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => ending.test(file))
    .map((file) => join(folder, file));
const lines = (file: string): number => readFileSync(file, 'utf8').split('\n').length - 1;

const ts = filesIn('ts', /\.ts$/);
const c = filesIn('csrc', /\.[ch]$/);

describe('the order of rooms in ts/', () => {
  const roomOf = (path: string): number => ROOMS.ts.indexOf(path.split('/')[1]?.replace(/\.ts$/, '') ?? '');
  test.each(ts)('%s imports only from its own room or a lower one', (file) => {
    expect(roomOf(file), `${file} is in a room`).toBeGreaterThanOrEqual(0);
    const imports = [...readFileSync(file, 'utf8').matchAll(/(?:from|import) ?\(?['"]([^'"]+)['"]/g)];
    for (const [, path = ''] of imports) {
      expect(path, `${file} imports no package`).toMatch(/^\.\.?\//);
      expect(roomOf(join(dirname(file), path)), `${file} -> ${path}`).toBeLessThanOrEqual(roomOf(file));
    }
  });
  test('only core knows the compiled module', () => {
    const knows = ts.filter(
      (file) => /wasm\.gen/.test(readFileSync(file, 'utf8')) && !file.endsWith('wasm.gen.ts'),
    );
    expect(knows.every((file) => file.startsWith('ts/core/'))).toBe(true);
    expect(knows.length).toBeGreaterThan(0);
  });
});

describe('the order of rooms in csrc/', () => {
  // A private header or a part of a large file (heap_walk.c) belongs to the room of its first word.
  const roomOf = (path: string): number => {
    const name =
      path
        .split('/')
        .pop()
        ?.replace(/\.[ch]$/, '') ?? '';
    return ROOMS.c.findIndex((room) =>
      room.split(' ').some((word) => name === word || name.startsWith(`${word}_`)),
    );
  };
  test.each(c)(
    '%s includes only from its own room or a lower one, and no libc but the freestanding headers',
    (file) => {
      expect(roomOf(file), `${file} is in a room`).toBeGreaterThanOrEqual(0);
      const source = readFileSync(file, 'utf8');
      for (const [, path = ''] of source.matchAll(/#include "([^"]+)"/g))
        expect(roomOf(path), `${file} -> ${path}`).toBeLessThanOrEqual(roomOf(file));
      const system = [...source.matchAll(/#include <([^>]+)>/g)].map(([, path]) => path);
      expect(system.filter((path) => !/^(std(def|int|bool|align)|limits)\.h$/.test(path ?? ''))).toEqual([]);
    },
  );
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
  test('is ESM, free of side effects, without runtime dependencies and install scripts', () => {
    expect(manifest).toMatchObject({ type: 'module', sideEffects: false });
    expect(manifest.dependencies).toBeUndefined();
    const scripts = Object.keys(manifest.scripts as object);
    expect(scripts.filter((name) => /^(pre|post)?(install|prepare|prepublish)/.test(name))).toEqual([]);
  });
  test('has a lock file without download addresses', () =>
    expect(readFileSync('package-lock.json', 'utf8')).not.toMatch(/"resolved"|https?:\/\/registry/));
});
