// The short form of the corpus under inspect(): real packages that are small do their own jobs with the same answers, and
// the books of those with an allocator balance. `npm run test:all` starts all packages.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { HeapCoverage } from '../../../ts/debug/index.ts';

interface Line {
  readonly did?: boolean;
  readonly reports?: readonly string[];
  readonly coverage?: readonly HeapCoverage[];
}
interface Corpus {
  corpusPrograms(): Promise<Record<string, { kind: string }>>;
  runProgram(name: string, program: string): Promise<Line>;
}

const { corpusPrograms, runProgram } = (await import('../../../tools/corpus.mjs')) as unknown as Corpus;
const { dependencies } = JSON.parse(readFileSync('test/corpus/package.json', 'utf8')) as {
  dependencies: Record<string, string>;
};
const small = Object.keys(await corpusPrograms()).filter((name) => name in dependencies);
/** They have no allocator that can be followed: a garbage collector, asm.js, none at all. */
const UNSEEN = ['ammo.js', 'cjs-module-lexer', 'friendly-pow'];

describe.each(small)('%s', (name) => {
  test('gives the same answer, and its books balance', async () => {
    const { did, reports, coverage = [] } = await runProgram(name, 'inspect.mjs');
    expect(did).toBe(true);
    expect(reports).toEqual([]);
    const recorded = coverage.filter(({ isRecorded }) => isRecorded);
    expect(recorded.length > 0).toBe(!UNSEEN.includes(name));
    for (const one of recorded) expect(one).toMatchObject({ unmatchedFrees: 0, unseenFrees: 0, lost: 0 });
    if (recorded.length > 0) expect(recorded[0]?.allocations).toBeGreaterThan(0);
  });
});
