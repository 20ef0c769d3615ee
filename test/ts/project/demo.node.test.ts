// The demo: npm run demo takes ten seconds, so its modules are only loaded, by Node, which resolves every import.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';

const parts = readdirSync('examples/demo').filter((file) => file.endsWith('.mjs') && file !== 'demo.mjs');

test.each(parts)('%s of the demo loads, with all names that it imports', (file) => {
  const code = `await import('./examples/demo/${file}')`;
  const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});
