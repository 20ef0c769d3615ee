// SPDX-License-Identifier: MIT
// The size of refs and tokens in V8 (B3 of ts/memory/allocation.ts).
import { expect, test } from 'vitest';
import { createHeapSync } from '../../../ts/index.ts';

const COUNT = 1e5;
/** Returns the bytes of JavaScript objects that each of many results of `make` adds, without the heap's table. */
function bytesOf(make: () => object): number {
  const all = new Array<object | undefined>(COUNT).fill(undefined);
  const used = (): number => {
    (globalThis as { gc?: () => void }).gc?.();
    return process.memoryUsage().heapUsed;
  };
  for (let i = 0; i < 100; i++) all[i] = make(); // V8 shortens objects of a class after the first ones
  const before = used();
  for (let i = 0; i < COUNT; i++) all[i] = make();
  const bytes = used() - before;
  expect(all.length).toBe(COUNT);
  return bytes / COUNT;
}

test('a ref with its token takes 128 bytes, a string 160, and no more than a tenth above that', () => {
  const heap = createHeapSync({ initialBytes: 2 ** 24 });
  const tokens = 8 * 1.6; // the table's list of tokens: 8 bytes a slot
  expect(bytesOf(() => heap.allocInt32(7))).toBeLessThan((128 + tokens) * 1.1);
  expect(bytesOf(() => heap.allocUtf8String('a short string'))).toBeLessThan((160 + tokens) * 1.1);
});
