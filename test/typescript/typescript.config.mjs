// The declarations in every supported compiler, in Node.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/typescript/**/*.test.ts'],
    testTimeout: 120_000,
  },
});
