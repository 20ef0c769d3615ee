// The bundlers, in Node.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/bundlers/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 60000,
  },
});
