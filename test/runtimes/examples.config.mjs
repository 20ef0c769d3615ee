// The examples that need another runtime or a C compiler, in Node.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/runtimes/{examples,pages}.test.ts'],
    pool: 'forks',
    testTimeout: 120000,
    hookTimeout: 60000,
  },
});
