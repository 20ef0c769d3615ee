// Source maps of a bundler, and maps made by hand.
import { build } from 'esbuild';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ArgumentTypeError, createHeapSync } from '../../../ts/index.ts';
import { resolveLeaks, resolveSources, type Leak } from '../../../ts/debug/index.ts';
import { SourceMap } from '../../../ts/debug/source-map.ts';

const folder = mkdtempSync(join(tmpdir(), 'linmem-maps-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A program of two files whose strings say where they are: `file:line`. */
const SOURCES = {
  'a.ts': `import { other } from './b.ts';
interface Unused { x: number }
export function first(flag: boolean): string[] {
  if (flag) return [ 'a.ts:4' ];
  return other( 'a.ts:5' );
}
console.log(first(true), first(false), 'a.ts:7');
`,
  'b.ts': `// A comment

/** another */
export const other = (text: string): string[] => {
  return [text, 'b.ts:5'];
};
`,
};
/** Line and column, from 1, of each marker in a text. */
const markers = (text: string): [string, number, number][] =>
  [...text.matchAll(/['"]([ab]\.ts:\d+)['"]/g)].map(({ 0: _, 1: marker = '', index }) => {
    const before = text.slice(0, index).split('\n');
    return [marker, before.length, (before.at(-1)?.length ?? 0) + 1];
  });

beforeAll(() => {
  for (const [name, text] of Object.entries(SOURCES)) writeFileSync(join(folder, name), text);
});

describe('a bundle', () => {
  test.each([
    ['minified', { minify: true }],
    ['with line breaks', {}],
    ['with a source root', { sourceRoot: 'http://host/src' }],
  ])('%s: each marker is found at its line and column', async (_, options) => {
    const outfile = join(folder, 'bundle.js');
    await build({ entryPoints: [join(folder, 'a.ts')], bundle: true, sourcemap: true, outfile, ...options });
    const map = new SourceMap(readFileSync(`${outfile}.map`, 'utf8'), `${outfile}.map`);
    const found = markers(readFileSync(outfile, 'utf8'));
    expect(found).toHaveLength(4);
    const base = 'sourceRoot' in options ? 'http://host/src' : folder;
    for (const [marker, line, column] of found) {
      const [file = '', original] = marker.split(':');
      const text = SOURCES[file as keyof typeof SOURCES].split('\n')[Number(original) - 1] ?? '';
      const quoted = text.indexOf(`'${marker}'`) + 1;
      expect(map.find(line, column)).toEqual({
        file: `${base}/${file}`,
        line: Number(original),
        column: quoted,
      });
    }
  });
});

describe('a map', () => {
  const one = { version: 3, sources: ['a.js'], mappings: 'AAAA;EACE' };
  test('has positions up to the next one, and none before the first', () => {
    const map = new SourceMap(JSON.stringify(one), 'http://h/out/b.js.map');
    expect(map.find(1, 99)).toEqual({ file: 'http://h/out/a.js', line: 1, column: 1 });
    expect(map.find(2, 2)).toBeUndefined();
    expect(map.find(2, 3)).toEqual({ file: 'http://h/out/a.js', line: 2, column: 3 });
    for (const [line, column] of [
      [0, 1],
      [3, 1],
      [-1, -1],
      [NaN, 1],
    ] as const)
      expect(map.find(line, column)).toBeUndefined();
  });
  test('of sections has the positions of each', () => {
    const second = { version: 3, sources: ['c.js'], mappings: 'AAKA' };
    const sections = [
      { offset: { line: 0, column: 0 }, map: one },
      { offset: { line: 1, column: 10 }, map: second },
    ];
    const map = new SourceMap(JSON.stringify({ version: 3, sections }), '/out/b.js.map');
    expect(map.find(1, 1)).toMatchObject({ file: '/out/a.js', line: 1 });
    expect(map.find(2, 3)).toMatchObject({ file: '/out/a.js', line: 2 });
    expect(map.find(2, 11)).toEqual({ file: '/out/c.js', line: 6, column: 1 });
  });
  test('has large and negative numbers, segments without a source, and a prefix against inclusion', () => {
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const encode = (n: number): string => {
      let [text, rest] = ['', n < 0 ? -n * 2 + 1 : n * 2];
      do {
        const more = rest > 31 ? 32 : 0;
        text += digits[(rest % 32) + more];
        rest = Math.floor(rest / 32);
      } while (rest > 0);
      return text;
    };
    const segments = [[3_000_000, 0, 70_000, 2_000_000_000], [7], [5, 0, -69_999, -1_999_999_990]];
    const mappings = segments.map((numbers) => numbers.map(encode).join('')).join(',');
    const map = new SourceMap(`)]}'\n${JSON.stringify({ ...one, mappings })}`, '/b.map');
    expect(map.find(1, 3_000_000)).toBeUndefined();
    expect(map.find(1, 3_000_001)).toEqual({ file: '/a.js', line: 70_001, column: 2_000_000_001 });
    expect(map.find(1, 3_000_013)).toEqual({ file: '/a.js', line: 2, column: 11 });
  });
  test('has the schemes of bundlers', () => {
    const map = new SourceMap(
      JSON.stringify({ ...one, sources: ['webpack://app/./src/a.js'] }),
      'http://h/b.map',
    );
    expect(map.find(1, 1)?.file).toBe('webpack://app/src/a.js');
  });
  test('that is damaged gives no position that is none, and no file that is no string', () => {
    for (const mappings of ['AADA', 'AAAD', `AA${'g'.repeat(300)}BA`])
      expect(
        new SourceMap(JSON.stringify({ mappings, sources: ['a'] }), '/m').find(1, 1),
        mappings,
      ).toBeUndefined();
    for (const source of [5, {}, [1], true])
      expect(new SourceMap(JSON.stringify({ mappings: 'AAAA', sources: [source] }), 'x:').find(1, 1)).toEqual(
        {
          file: String(source),
          line: 1,
          column: 1,
        },
      );
  });
  test.each(['', 'no json', '[]', '{}', 'null', '{"mappings":5}', '{"mappings":"A A"}'])(
    '%j is refused',
    (text) => expect(() => new SourceMap(text, '/a.map')).toThrow(ArgumentTypeError),
  );
});

describe('resolveLeaks', () => {
  const at = (file: string, line = 1, column = 1) => ({ name: 'f', file, line, column });
  const leakAt = (...stack: ReturnType<typeof at>[]): Leak => ({
    bytes: 1,
    count: 1,
    type: '',
    site: stack[0],
    stack,
    addresses: [8],
  });
  const map = JSON.stringify({
    version: 3,
    sources: ['../src/a.ts', '../node_modules/linmem/dist/heap/heap.js'],
    mappings: 'AAGA,UCAA',
  });
  const files: Record<string, string> = {
    'http://h/out/a.js': 'code\n//# sourceMappingURL=wrong.map\n//# sourceMappingURL=a.js.map\n',
    'http://h/out/a.js.map': map,
    'http://h/out/inline.js': `//# sourceMappingURL=data:application/json;base64,${btoa(map)}`,
    'http://h/out/text.js': `//# sourceMappingURL=data:application/json,${encodeURIComponent(map)}`,
    'http://h/out/none.js': 'code',
    'http://h/out/broken.js': '//# sourceMappingURL=none.js',
  };
  const loads: string[] = [];
  const load = (url: string): string => {
    loads.push(url);
    if (files[url] === undefined) throw new Error('404');
    return files[url];
  };
  test.each(['a.js', 'inline.js', 'text.js'])(
    'has the original line through %s, without frames of linmem',
    async (name) => {
      const file = `http://h/out/${name}`;
      const [leak] = await resolveLeaks([leakAt(at(file, 1, 15), at(file), at(''))], load);
      expect(leak?.site).toEqual(at('http://h/src/a.ts', 4, 1));
      expect(leak?.stack).toHaveLength(2);
    },
  );
  test.each(['none.js', 'broken.js', 'gone.js'])('leaves the frames of %s as they are', async (name) => {
    const leak = leakAt(at(`http://h/out/${name}`));
    expect(await resolveLeaks([leak], load)).toEqual([leak]);
  });
  test('loads each script and each map once, and none of the engine', async () => {
    loads.length = 0;
    const leak = leakAt(
      at('node:fs'),
      at('wasm://a', 0),
      at('http://h/out/a.js'),
      at('http://h/out/a.js', 1, 2),
    );
    await resolveSources({ stacks: [[], leak.stack, leak.stack] }, load);
    expect(loads).toEqual(['http://h/out/a.js', 'http://h/out/a.js.map']);
  });
  test('reads files of Node', async () => {
    const outfile = join(folder, 'node.mjs');
    await build({ entryPoints: [join(folder, 'b.ts')], format: 'esm', sourcemap: true, outfile });
    const [marker] = markers(readFileSync(outfile, 'utf8'));
    const [leak] = await resolveLeaks([leakAt(at(outfile, marker?.[1], marker?.[2]))]);
    expect(leak?.site).toMatchObject({ file: join(folder, 'b.ts'), line: 5 });
  });
  test('of a recording resolves all stacks', async () => {
    const heap = createHeapSync({ callSites: 'all' });
    heap.alloc(8);
    const recording = heap.record();
    const resolved = await resolveSources(recording, load);
    expect(resolved).toEqual(recording);
  });
});
