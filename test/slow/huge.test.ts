// Strings of the maximum length. Needs some GB and a minute: `npm run test:all` runs it, in Node.
import { freemem } from 'node:os';
import { expect, test } from 'vitest';
import { createWasmHeapManager, EncodingError, LinmemError } from '../../ts/index.ts';
import { codecs } from '../../ts/text/codecs.ts';

const GB = 2 ** 30;
const MB = 2 ** 20;
const heapOf = (bytes: number) => {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536) });
  return createWasmHeapManager(
    () => memory.buffer,
    () => 0,
    () => undefined,
  );
};
/** A string of `length` units, made of a piece. */
const long = (piece: string, length: number): string =>
  piece.repeat(Math.ceil(length / piece.length)).slice(0, length);

test.each(codecs)(
  'a string of 256 MB in $name is written and comes back',
  ({ label, bytesPerElement: size }) => {
    expect(freemem(), 'needs 4 GB of free memory').toBeGreaterThan(4 * GB);
    const heap = heapOf(257 * MB) as unknown as Record<string, (...args: unknown[]) => unknown>;
    const count = (256 * MB) / size;
    const pieces: Record<string, string> = {
      Ascii: 'abcdefgh',
      Latin1: 'caf\u00e9 bar',
      Utf16: 'Z\u00fcrich \u6771',
    };
    // In UTF-8: 1 + 2 + 3 + 2 bytes are 8; a piece of 4 units.
    const text =
      label === 'Utf8'
        ? long('a\u00e9\u6771\u00e9', count / 2)
        : long(pieces[label] ?? 'ab\u6771\u4eac', count);
    const on = (operation: string, ...args: unknown[]): unknown =>
      heap[`${operation}${label}String`]?.call(heap, ...args);
    expect(on('write', 8, text, count)).toBe(count);
    expect(on('read', 8, count) === text).toBe(true);
    expect(on('writeNullTerminated', 8, text, count + 1)).toBe(count);
    expect(on('readNullTerminated', 8) === text).toBe(true);
    expect(() => on('writeNullTerminated', 8, text, count)).toThrow(EncodingError);
    expect(on('byteLengthOf', text)).toBe(count * size);
  },
  300_000,
);

test('a string of the maximum length, or of 2^29 units, is refused if it does not fit, and nothing changes', () => {
  expect(freemem(), 'needs 4 GB of free memory').toBeGreaterThan(4 * GB);
  let text: string;
  try {
    text = 'x'.repeat(2 ** 29);
  } catch {
    text = 'x'.repeat(2 ** 29 - 24); // V8 has none that is longer
  }
  const heap = heapOf(65536) as unknown as Record<string, (...args: unknown[]) => unknown> & {
    heapUint8: Uint8Array;
  };
  heap.heapUint8.fill(0x77);
  for (const { label } of codecs)
    for (const word of ['', 'NullTerminated', 'Fixed', 'Prefixed', 'Paired']) {
      const rest = { Prefixed: [4], Paired: [1024, 4] }[word] ?? [];
      const write = heap[`write${word}${label}String`] as (...args: unknown[]) => unknown;
      expect(() => write.call(heap, 512, text, ...rest, 60000), word + label).toThrow(EncodingError);
      if (word !== 'Fixed')
        expect(() => write.call(heap, 512, text, ...rest), word + label).toThrow(LinmemError);
    }
  expect(heap.heapUint8.every((byte) => byte === 0x77)).toBe(true);
}, 300_000);

test('more bytes than a string can hold are a typed error, and the next read is right', () => {
  expect(freemem(), 'needs 4 GB of free memory').toBeGreaterThan(4 * GB);
  const heap = heapOf(2 ** 29 + 65536);
  heap.heapUint8.fill(0x61, 8, 8 + 2 ** 29);
  for (const read of [
    () => heap.readUtf8String(8, 2 ** 29),
    () => heap.readLatin1String(8, 2 ** 29),
    () => heap.readAsciiString(8, 2 ** 29),
    () => heap.readNullTerminatedUtf8String(8),
    () => heap.readUtf8String(8, 2 ** 29, { invalid: 'throw' }),
  ]) {
    let length = 0;
    try {
      length = read().length;
    } catch (error) {
      expect(error).toBeInstanceOf(EncodingError);
      expect(error).toMatchObject({ index: 8 });
    }
    expect([0, 2 ** 29]).toContain(length); // some engine may have one that long
    expect(heap.readUtf8String(8, 40)).toBe('a'.repeat(40));
  }
}, 300_000);
