// The short form of the corpus: real packages that are small, started as they are. `npm run test:all` starts them all.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

interface Line {
  readonly worked?: boolean;
  readonly did?: boolean;
}
interface Corpus {
  corpusPrograms(): Promise<Record<string, { kind: string }>>;
  runProgram(name: string): Promise<Line>;
}

const { corpusPrograms, runProgram } = (await import('../../../tools/corpus.mjs')) as unknown as Corpus;
const programs = await corpusPrograms();
const manifest = JSON.parse(readFileSync('test/corpus/package.json', 'utf8')) as {
  dependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
};
const small = Object.keys(programs).filter((name) => name in manifest.dependencies);

test('has at least 40 packages, of which 8 are small', () => {
  expect(Object.keys(programs).length).toBeGreaterThanOrEqual(40);
  expect(small.length).toBeGreaterThanOrEqual(8);
});
test('has a lock file without download addresses', () =>
  expect(readFileSync('test/corpus/package-lock.json', 'utf8')).not.toMatch(
    /"resolved"|https?:\/\/registry/,
  ));

describe.each(small)('%s', (name) => {
  test('is reached, works on, and gives the right answer', async () => {
    const line = await runProgram(name);
    expect(line).toMatchObject({ worked: true, did: true });
  });
});
