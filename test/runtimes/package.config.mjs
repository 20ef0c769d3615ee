// The packed package in every runtime, started from Node.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/runtimes/package.test.ts'],
    pool: 'forks',
    testTimeout: 120000,
    hookTimeout: 60000,
  },
});
