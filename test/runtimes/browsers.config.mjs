// The test files in Firefox and in WebKitGTK, and again in Chromium, to count them. The files and
// headers are those of vitest.config.ts.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import root from '../../vitest.config.ts';
import { firefox, webkit } from './providers.mjs';

const chromium = root.test.projects.find(({ test }) => test.name === 'chromium');

const project = (name, engine, browser = {}) => ({
  ...chromium,
  test: {
    ...chromium.test,
    name,
    provide: { engine },
    setupFiles: ['test/runtimes/engine.setup.ts'],
    browser: { ...chromium.test.browser, ...browser },
  },
});

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    projects: [
      project('chromium', 'Chrome/'),
      project('firefox', 'Firefox/', { provider: firefox(), instances: [{ browser: 'firefox' }] }),
      project('webkit', 'AppleWebKit(?!.*Chrom)', { provider: webkit(), instances: [{ browser: 'webkit' }] }),
    ],
  },
});
