// The tests that need much time or memory, in Node.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/slow/**/*.test.ts', 'test/ts/call/leaks.node.test.ts'],
    env: { LEAK_CALLS: '1000000' },
    testTimeout: 300_000,
    pool: 'forks',
    fileParallelism: false,
  },
});
