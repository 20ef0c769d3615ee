// Guard mode on real packages: the same answers, and no report that is false. Ten of them work hard.
import { describe, expect, test } from 'vitest';
import type { HeapCoverage } from '../../ts/debug/index.ts';

interface Line {
  readonly did?: boolean;
  readonly got?: unknown;
  readonly error?: string;
  readonly reports?: readonly string[];
  readonly coverage?: readonly HeapCoverage[];
}
interface Corpus {
  corpusPrograms(): Promise<Record<string, unknown>>;
  runProgram(name: string, program: string, options: string, times?: string): Promise<Line>;
}
const { corpusPrograms, runProgram } = (await import('../../tools/corpus.mjs')) as unknown as Corpus;
const packages = Object.keys(await corpusPrograms());
const guarded = (name: string, times = 1): Promise<Line> =>
  runProgram(name, 'inspect.mjs', '{"guard":true}', String(times));

/** wabt 1.0.39 writes the NUL of a name one byte behind the block that it allocates for it: `allocateCString`. */
const OVERFLOWS: Readonly<Record<string, RegExp>> = {
  wabt: /^overflow: byte 5 of a block of 5 bytes at 0x[0-9a-f]+ was written$/,
};

function expectNoFalseReport(name: string, { did, got, error, reports }: Line): void {
  expect({ did, got, error }).toEqual({ did: true });
  const found = OVERFLOWS[name];
  if (found === undefined) expect(reports).toEqual([]);
  else expect(reports).toEqual([expect.stringMatching(found)]);
}

describe('once', () => {
  test.each(packages)('%s', async (name) => {
    expectNoFalseReport(name, await guarded(name));
  });
});

describe('worked hard', () => {
  test.each<[string, number, number]>([
    ['sql.js', 1000, 200_000],
    ['manifold-3d', 500, 80_000],
    ['@imagemagick/magick-wasm', 100, 15_000],
    ['@rdkit/rdkit', 500, 150_000],
    ['@hpcc-js/wasm-graphviz', 300, 100_000],
    ['argon2-browser', 1000, 10_000],
    ['vscode-oniguruma', 500, 10_000],
    ['@swc/wasm', 300, 20_000],
    ['@resvg/resvg-wasm', 300, 10_000],
    ['@automerge/automerge', 200, 100_000],
    ['parquet-wasm', 200, 40_000],
    ['tiktoken', 1, 400_000],
  ])('%s, %i times', async (name, times, allocations) => {
    const line = await guarded(name, times);
    expectNoFalseReport(name, line);
    const [most] = [...(line.coverage ?? [])].sort((a, b) => b.allocations - a.allocations);
    expect(most).toMatchObject({ isGuarded: true, unmatchedFrees: 0, unseenFrees: 0 });
    expect(most?.allocations).toBeGreaterThan(allocations);
  });
});
