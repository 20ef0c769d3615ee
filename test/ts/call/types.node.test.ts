// The types of test/types/struct.test-d.ts and of the tasks, also in TypeScript 5.9.
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('TypeScript 5.9 agrees with the types of structs and calls', () => {
  const tsc = ['node_modules/typescript-5.9/bin/tsc', '-p', 'test/tsconfig.json'];
  const { stdout, status } = spawnSync(process.execPath, tsc, { encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(status).toBe(0);
}, 120_000);
