// Packages of the corpus in Chromium: npx vitest run --config test/corpus/browser.config.mjs
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromium } from '../../tools/setup.mjs';

export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  optimizeDeps: { noDiscovery: true },
  test: {
    name: 'corpus in chromium',
    include: ['test/corpus/browser.test.mjs'],
    testTimeout: 60_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: { executablePath: chromium() ?? '', args: ['--no-sandbox', '--disable-gpu'] },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
});
