// The public API: the declarations in dist/, as users compile against them.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

interface ApiTool {
  report(entry: string): { text: string; unexported: string[] };
  committedReport(entry: string): string;
  editorNames(name: string): string[];
}
let api: ApiTool;
beforeAll(async () => {
  api = (await import('../../tools/api.mjs')) as ApiTool;
});

describe.each(['linmem', 'linmem-debug', 'linmem-inspect'])('the report of %s', (entry) => {
  let report: { text: string; unexported: string[] };
  beforeAll(() => {
    report = api.report(entry);
  });
  test('is the one that is committed', () =>
    expect(
      report.text,
      'the public API has changed: run npm run api, commit the reports in api/ and say so in the CHANGELOG',
    ).toBe(api.committedReport(entry)));
  test('names no type that the package does not export', () => expect(report.unexported).toEqual([]));
});

test('an editor shows no internal name on a heap', () => {
  const names = api.editorNames('LinmemHeap');
  for (const name of ['alloc', 'readInt32', 'allocInt32', 'createHeapArena', 'usableSize'])
    expect(names).toContain(name);
  for (const name of ['data', 'views', 'setView', 'table', 'untracked', 'allocateWith', 'allocationAt'])
    expect(names).not.toContain(name);
});

describe('the declarations compile for users, and in them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'linmem-api-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(process.cwd(), join(folder, 'node_modules/linmem'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Compiles `source` against the declarations in dist/, which are checked too. Returns the errors. */
  const compile = (name: string, source: string, lib: string): string => {
    writeFileSync(join(folder, name), source);
    const options = [
      '--noEmit', '--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--skipLibCheck', 'false',
      '--module', 'nodenext', '--target', 'es2022', '--types', '', '--lib', lib,
    ]; // prettier-ignore
    const tsc = join(process.cwd(), 'node_modules/typescript/bin/tsc');
    return spawnSync(process.execPath, [tsc, ...options, name], { cwd: folder, encoding: 'utf8' }).stdout;
  };
  const typesOf = (file: string): string =>
    readFileSync(`test/types/${file}.test-d.ts`, 'utf8').replace('../../ts/index.ts', 'linmem');

  test.each([
    ['api', 'es2024,esnext.disposable,dom'],
    ['api', 'es2022,dom'],
    ['struct', 'es2022,dom'],
    ['cdef', 'es2022,dom'],
  ])('%s.test-d.ts holds with lib %s', (file, lib) =>
    expect(compile(`${file}.mts`, typesOf(file), lib)).toBe(''),
  );
  test('an error is found', () =>
    expect(compile('wrong.mts', `import { i32 } from 'linmem'; i32.nothing();`, 'es2022,dom')).toContain(
      'TS2339',
    ));
  test('no class whose constructor is internal can be constructed', () =>
    expect(
      compile('construct.mts', `import { Int32Ref } from 'linmem'; new Int32Ref();`, 'es2022,dom'),
    ).toContain('TS2674'));
});
