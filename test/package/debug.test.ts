// linmem/debug in the packed tarball: test runners, types, bundles.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROGRAMS } from '../bundlers/programs.mjs';
import { InstalledPackage, output } from '../support/installed.ts';

let installed: InstalledPackage;
let folder: string;
beforeAll(() => {
  installed = new InstalledPackage();
  folder = installed.project('debug', { vitest: join(process.cwd(), 'node_modules/vitest') });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
}, 60_000);
afterAll(() => installed.dispose());

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
/** Runs a command that may fail; returns its status and all that it prints. */
const runs = (command: string, args: readonly string[]): { status: number | null; text: string } => {
  const { NODE_TEST_CONTEXT: _, ...rest } = process.env; // node:test would take itself for a child of another run
  const env = { ...rest, NODE_OPTIONS: '', FORCE_COLOR: '0', NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8', env });
  return { status, text: stdout + stderr };
};
const node = (...args: string[]) => runs(process.execPath, args);

/** Two tests: the first leaks three blocks at line 6, the second leaks nothing. */
const SUITE = (header: string): string => `${header}
import { createHeapSync } from 'linmem';
import { expectNoLeaks } from 'linmem/debug';
const heap = createHeapSync();
function leaky() {
  heap.allocInt32(1);
}
test('leaks', () => expectNoLeaks(heap, () => [leaky, leaky, leaky].forEach((act) => act())));
test('does not', async () => {
  await expectNoLeaks(heap, async () => heap.allocInt32(1).free());
});
`;
const FAILURE =
  /3 blocks of 12 bytes leaked:\s+3 blocks of i32, 12 bytes, allocated at leaky \(.*(?:one\.test\.mjs|two\.mjs):6:\d+\)/;

describe('expectNoLeaks names the sites in the failure', () => {
  test('of Vitest', () => {
    write('one.test.mjs', SUITE(`import { test } from 'vitest';`));
    const { status, text } = node(
      join(process.cwd(), 'node_modules/vitest/vitest.mjs'),
      'run',
      'one.test.mjs',
    );
    expect(text).toMatch(FAILURE);
    expect(text).toMatch(/1 failed \| 1 passed/);
    expect(status).toBe(1);
  });
  test('of node:test', () => {
    write('two.mjs', SUITE(`import { test } from 'node:test';`));
    const { status, text } = node('--test', '--test-reporter=spec', 'two.mjs');
    expect(text).toMatch(FAILURE);
    expect(text).toMatch(/pass 1\n[\s\S]*fail 1\n/);
    expect(status).toBe(1);
  });
});

test('the types of linmem/debug resolve, and add the methods to managers', () => {
  const tsc = (name: string) =>
    runs(process.execPath, [
      join(process.cwd(), 'node_modules/typescript/bin/tsc'),
      '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom', '--types', '', name,
    ]); // prettier-ignore
  write(
    'a.mts',
    `import { createHeapSync } from 'linmem';
import { expectNoLeaks, type Leak } from 'linmem/debug';
const heap = createHeapSync({ callSites: 1 / 16 });
const leaks: Leak[] = heap.leaks({ since: heap.mark() });
const n: number = expectNoLeaks(heap, () => leaks.length);
const p: Promise<string> = expectNoLeaks(heap, async () => heap.record().name);
console.log(n, p);
`,
  );
  expect(tsc('a.mts')).toEqual({ status: 0, text: '' });
  write('b.mts', `import { createHeapSync } from 'linmem';\ncreateHeapSync({ callSites: true });\n`);
  expect(tsc('b.mts').text).toContain("'true' is not assignable to type");
});

describe('without an import of linmem/debug', () => {
  test('the option throws an error that names it, and nothing else changes', () => {
    write(
      'off.mjs',
      `import { createHeapSync } from 'linmem';
for (const callSites of ['all', 1, 'none'])
  try {
    createHeapSync({ callSites });
  } catch ({ name, code, message }) {
    console.log(name, code, message);
  }
const heap = createHeapSync({ callSites: false });
console.log(heap.allocInt32(5).value, heap.leaks);
`,
    );
    const { text } = node('off.mjs');
    expect(text.split('\n')).toEqual([
      'ArgumentTypeError INVALID_TYPE expected an import of linmem/debug for the option callSites, got "all"',
      'ArgumentTypeError INVALID_TYPE expected an import of linmem/debug for the option callSites, got 1',
      'ArgumentTypeError INVALID_TYPE expected an import of linmem/debug for the option callSites, got "none"',
      '5 undefined',
      '',
    ]);
  });
  /** The modules of the package that a bundle has. */
  const modulesIn = async (contents: string): Promise<string[]> => {
    const result = await build({
      stdin: { contents, resolveDir: folder },
      ...{ bundle: true, minify: true, format: 'esm', write: false, metafile: true, logLevel: 'error' },
    });
    const [{ inputs } = { inputs: {} }] = Object.values(result.metafile?.outputs ?? {});
    return Object.entries(inputs as Record<string, { bytesInOutput: number }>).flatMap(
      ([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : []),
    );
  };
  test.each(Object.entries({ ...PROGRAMS, everything: `export * from 'linmem'` }))(
    'a bundle has nothing of it: %s',
    async (_, program) => {
      const modules = await modulesIn(program);
      expect(modules.length).toBeGreaterThan(3);
      expect(modules.filter((file) => /\/dist\/(debug|inspect)\//.test(file))).toEqual([]);
    },
  );
  test.each([[`import 'linmem/debug';`], [`import { expectNoLeaks } from 'linmem/debug'; expectNoLeaks();`]])(
    'and a bundle of %s has what the option needs',
    async (program) => {
      const modules = await modulesIn(
        `${program} import { createHeapSync } from 'linmem'; createHeapSync();`,
      );
      for (const file of ['install.js', 'heap-tracker.js', 'call-sites.js'])
        expect(modules.some((each) => each.endsWith(`/debug/${file}`))).toBe(true);
    },
  );
});

test('a bundle with it finds leaks and double frees', async () => {
  const contents = `import { createHeapSync } from 'linmem';
import 'linmem/debug';
const heap = createHeapSync({ callSites: 'all' });
globalThis.leaky = function leaky() { return heap.allocInt32(1); };
leaky();
console.log(heap.leaks().map(({ bytes, count, type, stack }) => [bytes, count, type, stack.some(({ name }) => /leaky/.test(name))]));
`;
  await build({
    stdin: { contents, resolveDir: folder },
    ...{ bundle: true, format: 'esm', outfile: join(folder, 'bundle.mjs'), logLevel: 'error' },
  });
  expect(output(process.execPath, ['bundle.mjs'], folder)).toBe("[ [ 4, 1, 'i32', true ] ]\n");
  expect(readdirSync(folder)).toContain('bundle.mjs');
  expect(readFileSync(join(folder, 'bundle.mjs'), 'utf8')).toContain('captureStackTrace');
});
