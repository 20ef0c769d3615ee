// The bytes of a recorder's log, as csrc/recorder_internal.h describes them. test/c/test_recorder.c writes random ones.
import { expect, test } from 'vitest';
import { LogReader } from '../../../ts/debug/recorder-log.ts';
import { EventKind } from '../../../ts/debug/recording.ts';

const TIME = 8;
const WORDS = 16;
const SITE = 32;

/** The events of chunks: kind, time, address, size, previous, site. */
function read(...chunks: readonly number[][]): number[][] {
  const events: number[][] = [];
  const reader = new LogReader((...event) => events.push(event));
  for (const chunk of chunks) reader.read(Uint8Array.from(chunk));
  return events;
}

test('an event has what its first byte says, and the rest of the event before', () => {
  expect(
    read([
      ...[EventKind.alloc | TIME | WORDS | SITE, 16, 2 * 8, 100, 7],
      ...[EventKind.free | WORDS, 0],
      ...[EventKind.alloc | TIME, 4, 2 * 3, 5],
    ]),
  ).toEqual([
    [EventKind.alloc, 2, 64, 100, 0, 7],
    [EventKind.free, 2, 64, 0, 0, 7],
    [EventKind.alloc, 2.5, 67, 5, 0, 7],
  ]);
});

test('addresses go down too, and those of a realloc are relative to the new one', () => {
  expect(read([EventKind.alloc, 20, 1, EventKind.realloc, 2 * 6 - 1, 9, 2 * 6])).toEqual([
    [EventKind.alloc, 0, 10, 1, 0, 0],
    [EventKind.realloc, 0, 4, 9, 10, 0],
  ]);
});

test('numbers of several bytes, up to addresses of 64-bit memories', () => {
  const eightBytes = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02]; // 2 * 2^49
  expect(read([EventKind.alloc | WORDS, ...eightBytes, 0x80, 0x01])).toEqual([
    [EventKind.alloc, 0, 2 ** 52, 128, 0, 0],
  ]);
});

test('a chunk goes on where the one before ended', () => {
  expect(read([EventKind.alloc | TIME | SITE, 8, 20, 1, 3], [EventKind.free, 0], [])).toEqual([
    [EventKind.alloc, 1, 10, 1, 0, 3],
    [EventKind.free, 1, 10, 0, 0, 3],
  ]);
});
