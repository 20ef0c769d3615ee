import { expect, test } from 'vitest';

test('the generated sources are what their generators write now', async () => {
  const { stale } = (await import('../../../tools/generate.mjs')) as { stale: () => Promise<string[]> };
  expect(await stale(), 'run npm run generate').toEqual([]);
});
