import { expect, test } from 'vitest';

test('the generated sources are up to date', async () => {
  const { stale } = (await import('../../../tools/generate.mjs')) as { stale: () => Promise<string[]> };
  expect(await stale(), 'run npm run generate').toEqual([]);
});
