import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { coreBytes, createHeap } from '../../../ts/index.ts';

test('a file: URL is read, which fetch of Node refuses; one of no file is a ModuleError', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'linmem-core-'));
  const file = join(folder, 'core.wasm');
  writeFileSync(file, coreBytes());
  const heap = await createHeap({ module: pathToFileURL(file) });
  expect(heap.allocInt32(5).value).toBe(5);
  rmSync(folder, { recursive: true });
  await expect(createHeap({ module: pathToFileURL(file) })).rejects.toMatchObject({
    code: 'MODULE',
    cause: { code: 'ENOENT' },
  });
});
