import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { coreBytes } from '../../../ts/index.ts';
import { alphabet, text } from '../../../ts/core/wasm.gen.ts';

test('coreBytes returns the module that was built, in a new array each time', () => {
  const bytes = coreBytes();
  expect(Buffer.from(bytes).equals(readFileSync('build/wasm/linmem_heap.wasm'))).toBe(true);
  bytes.fill(0);
  expect([...coreBytes().subarray(0, 8)]).toEqual([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
});

test('the text of the core has no character that is escaped in a string, a template or HTML', () => {
  expect(text).toMatch(/^[ -~]+$/);
  for (const character of '\'"`\\$<') expect(text).not.toContain(character);
  expect(new Set(alphabet).size).toBe(alphabet.length);
});
