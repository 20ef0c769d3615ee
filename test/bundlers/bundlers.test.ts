// Every bundler makes a small bundle of a program that uses little, and the bundle runs. Prints the sizes.
import { spawnSync } from 'node:child_process';
import { afterAll, expect, test } from 'vitest';
import { BUNDLERS, bundle, sizes } from './bundlers.mjs';
import { record } from '../../tools/record.mjs';
import { PROGRAMS } from './programs.mjs';

const MAX_RATIO = 1.3;

const names = Object.keys(BUNDLERS);
const table: Record<string, Record<string, number>> = {};
afterAll(() => console.table(table));

const run = (code: string): string => {
  const args = ['--input-type=module', '--no-warnings', '-e', code];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return stdout + stderr;
};
/** Returns the gzipped size of a bundle of `program`, whose output must be that of the bundle of esbuild. */
const measure = async (name: string, program: keyof typeof PROGRAMS) => {
  const code = await bundle(PROGRAMS[program], name);
  const { gzipped } = sizes(code);
  table[program] = { ...table[program], [name]: gzipped };
  record('bundlers', name, { [program]: gzipped });
  return { gzipped, output: run(code) };
};

test.each(names)('%s keeps one call site per access mode', async (name) => {
  const sites = (await bundle(PROGRAMS['one type'], name)).split('.getInt32(').length - 1;
  expect(sites).toBe(5); // three modes, the short form, and `get`
});

for (const program of Object.keys(PROGRAMS) as (keyof typeof PROGRAMS)[]) {
  const expected = measure('esbuild', program);
  for (const name of names.filter((each) => each !== 'esbuild'))
    test(`${name} bundles ${program} in at most ${MAX_RATIO} times the size of esbuild's bundle`, async () => {
      const { gzipped, output } = await measure(name, program);
      const other = await expected;
      expect(output).toBe(other.output);
      expect(output).not.toContain('Error');
      expect(gzipped).toBeLessThanOrEqual(MAX_RATIO * other.gzipped);
    });
}
