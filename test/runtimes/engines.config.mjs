// The test files in the engine that runs vitest itself: Node of several versions, Deno, Bun.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/ts/**/*.test.ts', 'test/package/package.test.ts'],
    exclude: process.env.ENGINE_IS_NODE ? [] : ['**/*.node.test.ts', 'test/package/**'],
    setupFiles: ['test/runtimes/engine.setup.ts'],
    provide: { engine: process.env.ENGINE },
    pool: 'forks',
    execArgv: process.env.ENGINE_IS_NODE ? ['--expose-gc'] : [],
    testTimeout: 60000,
  },
});
