// The tests of the codecs. Importing this file runs them: codecs.test.ts with all globals of the engine, no-buffer.test.ts
// and no-coders.test.ts without some of them.
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  EncodingError,
  FreedError,
  readBytes,
  utf16,
} from '../../ts/index.ts';
import type { StringRef } from '../../ts/index.ts';
import { codecs } from '../../ts/text/codecs.ts';
import { SEED } from './prng.ts';
import { heap, memories, MODEL, module, MAX_POINT, pointsOf, textOf } from './text-model.ts';

afterEach(() => expect([...module.live.keys()], 'blocks still live').toEqual([]));
type Methods = Record<string, (...args: unknown[]) => unknown>;
const methods = heap as unknown as Methods;
const call = (name: string, ...args: unknown[]): unknown => methods[name]?.call(heap, ...args);

describe.each(codecs)('$name', (codec) => {
  const { label, bytesPerElement: size } = codec;
  const model = MODEL[label] as (points: number[]) => number[];

  test.each(memories)(
    `text in %s memory is what the model says, at every alignment (SEED=${SEED})`,
    (_, memory) =>
      fc.assert(
        fc.property(textOf(MAX_POINT[label]), fc.integer({ min: 0, max: 3 }), (text, odd) => {
          const at = 512 + odd;
          const elements = model(pointsOf(text));
          expect(codec.writeSized(memory, at, text)).toBe(elements.length);
          const bytes = readBytes(memory, at, elements.length * size);
          expect([...bytes]).toEqual(
            elements.flatMap((e) => Array.from({ length: size }, (_, i) => (e >>> (8 * i)) & 255)),
          );
          expect(codec.byteLength(text)).toBe(bytes.length);
          expect(codec.readSized(memory, at, elements.length)).toBe(text.toWellFormed());
          if (text.includes('\0')) return;
          expect(codec.writeTerminated(memory, at, text, elements.length + 1)).toBe(elements.length);
          expect(codec.readTerminated(memory, at)).toBe(text.toWellFormed());
          expect(codec.readTerminated(memory, at, elements.length + 1)).toBe(text.toWellFormed());
          expect(() => codec.readTerminated(memory, at, elements.length)).toThrow(EncodingError);
        }),
        { seed: SEED },
      ),
  );
  test('every character of the encoding comes back', () => {
    let text = '';
    for (let p = 0; p <= (MAX_POINT[label] ?? 0x10ffff); p++)
      if (p < 0xd800 || p > 0xdfff) text += String.fromCodePoint(p);
    expect(codec.decode(codec.encode(text, { surrogates: 'throw' }), { invalid: 'throw' }) === text).toBe(
      true,
    );
  });
  test.each(['Terminated', 'Sized', 'Fixed', 'Prefixed', 'Paired'])(
    'what is too long by one element changes no byte, %s',
    (framing) => {
      heap.fill(512, 256, 0x77);
      for (const text of ['abcd', 'abcd'.repeat(10)]) {
        const capacity = framing === 'Terminated' ? text.length : text.length - 1;
        const write = {
          Terminated: () => codec.writeTerminated(heap, 512, text, capacity),
          Sized: () => codec.writeSized(heap, 512, text, capacity),
          Fixed: () => codec.writeFixed(heap, 512, text, capacity),
          Prefixed: () => codec.writePrefixed(heap, 512, text, 4, capacity),
          Paired: () => codec.writePaired(heap, 512, text, 520, 4, capacity),
        }[framing] as () => number;
        expect(write).toThrow(EncodingError);
        expect(heap.readBytes(512, 256).every((byte) => byte === 0x77)).toBe(true);
      }
    },
  );
  test('a nullable string is null at NULL, and the string elsewhere', () => {
    for (const text of ['', 'abc', 'abc'.repeat(20)]) {
      codec.writeTerminated(heap, 512, text);
      const method = `readNullable${label}String`;
      expect([codec.readNullable(heap, 512), codec.readNullable(heap, 512n)]).toEqual([text, text]);
      expect([call(method, 512), call(method, 512n)]).toEqual([text, text]);
      if (text) expect(() => codec.readNullable(heap, 512, 1)).toThrow(EncodingError);
    }
    for (const NULL of [0, -0, 0n])
      expect([codec.readNullable(heap, NULL), call(`readNullable${label}String`, NULL)]).toEqual([
        null,
        null,
      ]);
    expect(() => codec.readTerminated(heap, 0)).toThrow(ArgumentTypeError);
  });
  test('a leading U+FEFF stays, if the encoding has it', () => {
    if (MAX_POINT[label])
      expect(() => codec.encode('\ufeffa')).toThrow(expect.objectContaining({ index: 0 }));
    else
      for (const text of ['\ufeff', '\ufeffhi', '\ufeff'.padEnd(5000, 'x')])
        expect(codec.decode(codec.encode(text))).toBe(text);
  });
  test('the manager has the methods of the encoding, and refs of every framing hold what is written', () => {
    for (const word of ['NullTerminated', '', 'Fixed', 'Prefixed', 'Paired']) {
      const ref = call(`alloc${word}${label}String`, 20) as StringRef;
      expect(ref.write('hello').value).toBe('hello');
      expect(ref.encodedElementCount).toBe(5);
      expect(ref.encodedByteLength).toBe(5 * size);
      expect([...ref.encodedElementsView]).toEqual([104, 101, 108, 108, 111]);
      expect(ref.allocatedElementsView.length).toBe(ref.allocatedElementCount);
      expect(() => ref.write('x'.repeat(30))).toThrow(EncodingError);
      expect(ref.value).toBe('hello');
      const again = call(`alloc${word}${label}String`, 'abc') as StringRef;
      expect(again.value).toBe('abc');
      again.free();
      ref.free();
      expect(() => ref.value).toThrow(FreedError);
      expect(() => ref.write('a')).toThrow(FreedError);
      expect(() => ref.encodedBytesView).toThrow(FreedError);
    }
  });
  test('a field may be full, and is padded if it is not', () => {
    heap.fill(512, 64, 0x77);
    expect(codec.writeFixed(heap, 512, 'abcd', 4)).toBe(4);
    expect(codec.readFixed(heap, 512, 4)).toBe('abcd');
    codec.writeFixed(heap, 512, 'a', 4);
    expect([...heap.readBytes(512 + size, 3 * size)].every((byte) => byte === 0)).toBe(true);
    expect(heap.readUint8(512 + 4 * size)).toBe(0x77);
  });
  test.each([1, 2, 4, 8] as const)('a prefix of %i bytes counts elements', (width) => {
    codec.writePrefixed(heap, 513, 'abc', width);
    expect(heap.readUint8(513)).toBe(3);
    expect(codec.readPrefixed(heap, 513, width)).toBe('abc');
    if (width === 1) expect(() => codec.writePrefixed(heap, 513, 'x'.repeat(256), 1)).toThrow(EncodingError);
    expect(() => codec.readPrefixed(heap, 513, 3 as never)).toThrow(ArgumentRangeError);
  });
});

test.each(codecs)('a lone surrogate in $name is replaced, refused or kept, by the policy', (codec) => {
  if (MAX_POINT[codec.label]) {
    for (const surrogates of ['replace', 'throw', 'wtf8'] as const)
      expect(() => codec.encode('a\ud800', { surrogates })).toThrow(expect.objectContaining({ index: 1 }));
    return;
  }
  for (const text of ['a\ud800', '\udc00b', '\udc00\ud800', `${'x'.repeat(100)}\ud83d`]) {
    expect(codec.decode(codec.encode(text))).toBe(text.toWellFormed());
    expect(() => codec.encode(text, { surrogates: 'throw' })).toThrow(EncodingError);
    const kept = codec.encode(text, { surrogates: 'wtf8' });
    expect(codec.decode(kept, { surrogates: 'wtf8' })).toBe(text);
    expect(codec.decode(kept)).toMatch(/\ufffd/);
    expect(() => codec.decode(kept, { invalid: 'throw' })).toThrow(EncodingError);
  }
});

test('bytes above 0x7f are invalid in ASCII, and all bytes are valid in Latin-1', () => {
  const bytes = new Uint8Array([0x80, 0xc3, 0xa9, 0xff, 0x41]);
  const [ascii, latin1] = codecs;
  expect(ascii?.decode(bytes)).toBe('\ufffd\ufffd\ufffd\ufffdA');
  expect(() => ascii?.decode(bytes, { invalid: 'throw' }, 8)).toThrow(expect.objectContaining({ index: 8 }));
  expect(latin1?.decode(bytes)).toBe('\x80\xc3\xa9\xffA');
});
test('a pair without a pointer is refused unless it is empty', () => {
  heap.fill(512, 8);
  expect(utf16.readPaired(heap, 512)).toBe('');
  heap.writeUint32(516, 1);
  expect(() => utf16.readPaired(heap, 512)).toThrow(EncodingError);
});
