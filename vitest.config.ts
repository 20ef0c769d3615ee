import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromium } from './tools/setup.mjs';

// The same test files run in Node and in a browser, except those named *.node.test.ts. Cross-origin isolated,
// so that shared memory is there.
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--js-flags=--expose-gc',
]; // prettier-ignore

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          execArgv: ['--expose-gc'],
          include: ['test/ts/**/*.test.ts', 'test/package/**/*.test.ts'],
          testTimeout: 60000,
          hookTimeout: 60000,
        },
      },
      {
        logLevel: 'warn',
        server: { headers },
        optimizeDeps: { include: ['fast-check'] },
        test: {
          name: 'chromium',
          include: ['test/ts/**/*.test.ts'],
          exclude: ['**/*.node.test.ts'],
          testTimeout: 60000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath: chromium() ?? '', args } }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
