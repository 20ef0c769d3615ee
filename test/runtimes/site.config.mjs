// The documentation site, in Node and Chromium.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/runtimes/site.test.ts'],
    pool: 'forks',
    testTimeout: 120000,
    hookTimeout: 60000,
  },
});
