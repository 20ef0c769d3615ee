// npx linmem inspect, as a program.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeRecording } from '../../../ts/inspect/decode.ts';
import { Replay } from '../../../ts/inspect/replay.ts';
import { leaksOf } from '../../../ts/inspect/sites.ts';
import { folder, linmem, write } from '../../support/cli.ts';

const sqlJs = pathToFileURL(join(process.cwd(), 'node_modules/sql.js/dist/sql-wasm.js')).href;

describe('inspect', () => {
  beforeAll(() => {
    write(
      'app.mjs',
      `import initSqlJs from '${sqlJs}';
const SQL = await initSqlJs();
const database = new SQL.Database();
database.run('create table t (a integer, b text)');
export function forgetStatement() {
  return database.prepare('select * from t where a = ?');
}
for (let i = 0; i < 100; i++) forgetStatement(); // the first ones lie in memory that SQLite has already
console.log('arguments', process.argv.slice(2).join(' '));
if (process.argv[2] === 'exit') process.exit(7);
if (process.argv[2] === 'throw') throw new Error('the program failed');
`,
    );
  });

  test('runs the program, prints its leaks and a map, and writes the recording', () => {
    const { status, stdout, stderr } = linmem(
      'inspect',
      '--out',
      'heap.lmh',
      '--stacks=all',
      'app.mjs',
      '--port',
      'x',
    );
    expect([status, stdout]).toEqual([0, 'arguments --port x\n']);
    expect(stderr).toMatch(/module 1: [\d,]+ allocations, [\d,]+ frees; malloc \(function \d+\), free/);
    expect(stderr).toContain('Heap by address');
    expect(stderr).toMatch(/Never freed: [\d.]+ KiB in \d+ blocks/);
    expect(stderr).toMatch(/at forgetStatement app\.mjs:6:\d+/);
    const recording = decodeRecording(readFileSync(join(folder, 'heap.lmh')));
    expect(recording.name).toBe('app.mjs');
    const leaks = leaksOf(new Replay(recording)).filter(({ site }) => recording.stacks[site]?.some(({ name }) => name === 'forgetStatement')); // prettier-ignore
    expect(leaks.reduce((sum, { blocks }) => sum + blocks, 0)).toBeGreaterThanOrEqual(50);
  });
  test.each<[string, string[], string]>([
    ['--out=after.lmh', ['app.mjs', '--out=after.lmh', '--quiet'], ''],
    [
      '--out after.lmh between its own',
      ['app.mjs', 'a', '--out', 'after.lmh', '--quiet', '-q', 'b'],
      'a -q b',
    ],
    [
      'its own behind --',
      ['--out=after.lmh', 'app.mjs', '--quiet', '--', '--out=x', '--live', '--'],
      '--out=x --live --',
    ],
  ])('options behind the program: %s', (_, args, own) => {
    rmSync(join(folder, 'after.lmh'), { force: true });
    expect(linmem('inspect', ...args)).toMatchObject({ status: 0, stdout: `arguments ${own}\n`, stderr: '' });
    expect(decodeRecording(readFileSync(join(folder, 'after.lmh'))).length).toBeGreaterThan(100);
    expect(existsSync(join(folder, 'x'))).toBe(false);
  });
  test('a program that calls process.exit, and one that throws, are reported with their exit codes', () => {
    const exit = linmem('inspect', '--quiet', '--out=exit.lmh', 'app.mjs', 'exit');
    expect([exit.status, exit.stderr]).toEqual([7, '']);
    expect(decodeRecording(readFileSync(join(folder, 'exit.lmh'))).length).toBeGreaterThan(100);
    const thrown = linmem('inspect', 'app.mjs', 'throw');
    expect(thrown.status).toBe(1);
    expect(thrown.stderr).toContain('the program failed');
    expect(thrown.stderr).toContain('Never freed');
  });
  test('a program without a module says so', () => {
    write('plain.mjs', `console.log('hello')`);
    const { status, stdout, stderr } = linmem('inspect', '--out=none.lmh', 'plain.mjs');
    expect([status, stdout]).toEqual([1, 'hello\n']);
    expect(stderr).toContain('instantiated no WebAssembly module');
    expect(stderr).toContain('none.lmh was not written');
    expect(existsSync(join(folder, 'none.lmh'))).toBe(false);
  });
  test.each<[string, string[], RegExp]>([
    ['no program', ['inspect'], /^usage: linmem inspect/],
    ['a program that is not there', ['inspect', 'nowhere.mjs'], /nowhere\.mjs: no such file/],
    ['an unknown option', ['inspect', '--fast', 'app.mjs'], /unknown option --fast/],
    ['a value that is missing', ['inspect', '--out'], /--out needs a value/],
    ['a value that is missing behind the program', ['inspect', 'app.mjs', '--out'], /--out needs a value/],
    ['stacks of more than all', ['inspect', '--stacks=3/2', 'app.mjs'], /--stacks takes entry, all, off/],
    ['a format that is none', ['inspect', '--out=heap.zip', 'app.mjs'], /heap\.zip: the file name needs an extension for its format/],
  ])('%s', (_, args, message) => {
    const { status, stdout, stderr } = linmem(...args);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
  }); // prettier-ignore
});
