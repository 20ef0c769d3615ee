// SPDX-License-Identifier: MIT
import { expect, test } from 'vitest';
import { draw, shade, shares } from '../../../examples/demo/draw.mjs';

const blocks = [
  { address: 16, size: 48, state: 'live' },
  { address: 64, size: 16, state: 'free' },
  { address: 80, size: 8, state: 'live' },
  { address: 88, size: 56, state: 'top' },
];

test('the shares of all cells add up to the live bytes', () => {
  for (const cells of [1, 3, 8, 200]) {
    const sum = shares(blocks, cells).reduce((a, b) => a + b, 0);
    expect((sum * 128) / cells).toBeCloseTo(56, 9);
  }
});

test('a cell holds the share of its own bytes', () => {
  expect([...shares(blocks, 8)]).toEqual([1, 1, 1, 0, 0.5, 0, 0, 0]);
});

test('an empty cell is a dot, and only a cell above 95 % is drawn full', () => {
  expect([0, 0.01, 0.5, 0.7, 0.94, 0.95, 1].map((share) => shade(share)).join('')).toBe('·░▒▓▓██');
});

test('draw starts each line with its address, and uses colours only if asked', () => {
  expect(draw(blocks, { lines: 2, width: 4 })).toEqual(['   0x000010 ███·', '   0x000050 ▒···']);
  expect(draw(blocks, { lines: 1, width: 8, colour: true })[0]).toContain('\x1b[36m███\x1b[0m');
});
