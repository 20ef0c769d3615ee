// linmem/debug from the packed tarball in Jest, which requires the CommonJS build.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InstalledPackage } from '../support/installed.ts';

const JEST = join(process.cwd(), 'test/runtimes/node_modules/jest/bin/jest.js');
let installed: InstalledPackage;
let folder: string;
beforeAll(() => {
  installed = new InstalledPackage();
  folder = installed.project('jest');
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
}, 60_000);
afterAll(() => installed.dispose());

test('expectNoLeaks names the sites in the failure of Jest', () => {
  const suite = `
const { createHeapSync } = require('linmem');
const { expectNoLeaks } = require('linmem/debug');
const heap = createHeapSync();
function leaky() {
  heap.allocInt32(1);
}
test('leaks', () => expectNoLeaks(heap, () => [leaky, leaky, leaky].forEach((act) => act())));
test('does not', async () => {
  await expectNoLeaks(heap, async () => heap.allocInt32(1).free());
});
test('call sites', () => {
  const other = createHeapSync({ callSites: 'all' });
  leaky();
  other.allocInt32(1);
  expect(other.leaks()).toMatchObject([{ bytes: 4, count: 1, type: 'i32', site: { line: 15 } }]);
});
`;
  writeFileSync(join(folder, 'one.test.js'), suite);
  const env = { ...process.env, NODE_OPTIONS: '', FORCE_COLOR: '0', NO_COLOR: '1' };
  const args = [JEST, '--rootDir', folder, '--runInBand', '--no-cache', '--no-watchman'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    env,
  });
  const text = stdout + stderr;
  // Jest names the functions of a stack by the names in its source maps: here the function that is called.
  expect(text).toMatch(
    /3 blocks of 12 bytes leaked:\s+3 blocks of i32, 12 bytes, allocated at \w+ \(.*one\.test\.js:6:\d+\)/,
  );
  expect(text).toContain('Tests:       1 failed, 2 passed, 3 total');
  expect(status).toBe(1);
}, 60_000);
