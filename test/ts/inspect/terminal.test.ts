// A recording as text.
import { expect, test } from 'vitest';
import { formatRecording } from '../../../ts/inspect/terminal.ts';
import { addressText, bytesText, countText, timeText } from '../../../ts/inspect/units.ts';
import { SEED } from '../../support/prng.ts';
import { makeRecording, recordingOf } from '../../support/recording.ts';

test('numbers', () => {
  expect([0, 1, 1023, 1024, 1536, 10_240, 102_400, 1024 ** 2, 5.25 * 1024 ** 3, -2048].map(bytesText)).toEqual(['0 B', '1 B', '1023 B', '1 KiB', '1.5 KiB', '10 KiB', '100 KiB', '1 MiB', '5.25 GiB', '-2 KiB']); // prettier-ignore
  expect([0, 999, 1000, 1234567, -1234].map(countText)).toEqual(['0', '999', '1,000', '1,234,567', '-1,234']);
  expect([0, 0.0123, 1, 12.345, 999.9, 61_234].map(timeText)).toEqual(['0 us', '12 us', '1 ms', '12.3 ms', '1000 ms', '61.23 s']); // prettier-ignore
  expect([16, 2 ** 32 + 1].map(addressText)).toEqual(['0x00000010', '0x100000001']);
});

test('a leak with its stack, a map, and a curve', () => {
  const events = recordingOf(
    ['alloc', 1024, 1024],
    ['alloc', 2048, 64],
    ['alloc', 3072, 1024],
    ['free', 2048, 0],
  );
  const frames = ['inner', 'step', 'own', 'main'].map((name, i) => ({ name, file: i < 2 ? 'wasm://wasm/1' : '/app/src/own.mjs', line: i < 2 ? 0 : i, column: 1 })); // prettier-ignore
  const text = formatRecording({ ...events, stacks: [[], frames], sites: Uint32Array.of(1, 1, 1, 1) }, { width: 40, base: '/app/' }); // prettier-ignore
  expect(text).toContain('events, 4 events');
  expect(text).toContain('live   2 KiB in 2 blocks');
  expect(text).toContain('peak   2.06 KiB after 2 us');
  // 16 bytes to a character: 64 characters of each block, as many of the gap.
  expect(text).toContain('Heap by address, 16 B to a character');
  const map = text.split('\n').filter((line) => /^ +[0-9a-f]+ {2}/.test(line)).map((line) => line.slice(12)).join(''); // prettier-ignore
  expect(map).toBe('█'.repeat(64) + ' '.repeat(64) + '█'.repeat(64));
  expect(text).toContain('Never freed: 2 KiB in 2 blocks');
  expect(text).toContain('    2 KiB  2 blocks\n           at inner wasm://wasm/1\n           at own src/own.mjs:2:1\n           at main src/own.mjs:3:1\n           and 1 more'); // prettier-ignore
  expect(text).not.toContain('\u001b');
});

test('reports, unmatched frees, nothing at all', () => {
  const report = { kind: 'double-free', address: 8, size: 4, at: 8, allocated: 1, freed: 0, found: 1, message: 'twice\u001b[31m', event: 0 } as const; // prettier-ignore
  const stacks = [[], [{ name: 'f', file: 'a.js', line: 1, column: 1 }]];
  const text = formatRecording({ ...recordingOf(['free', 8, 0]), stacks, reports: [report] });
  expect(text).toContain('double-free: twice?[31m');
  expect(text).toContain('  allocated\n           at f a.js:1:1');
  expect(text).toContain('1 frees match no recorded block');
  expect(text).toContain('No leaks');
  expect(formatRecording(recordingOf())).toContain('Nothing was allocated.');
});

test('no line is wider than the terminal, but for paths', () => {
  const recording = { ...makeRecording({ seed: SEED, events: 3000, live: 300 }), stacks: Array.from({ length: 201 }, () => []) }; // prettier-ignore
  const lines = formatRecording(recording, { width: 60 }).split('\n');
  expect(lines.length).toBeGreaterThan(15);
  for (const line of lines.filter((each) => !/^gaps/.test(each))) expect(line.length).toBeLessThanOrEqual(60);
});
