// The tests of the codecs, for every engine and every part of one: whoever imports this runs them. codecs.test.ts does
// as it is, others after they have taken away what an engine may lack.
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import {
  ArgumentRangeError,
  EncodingError,
  FreedError,
  LinearMemory,
  readBytes,
  utf16,
  utf8,
} from '../../ts/index.ts';
import type { StringRef } from '../../ts/index.ts';
import { codecs } from '../../ts/text/codecs.ts';
import { toPolicy } from '../../ts/text/policy.ts';
import { decodeLoop } from '../../ts/text/utf8.ts';
import { fakeHeap } from './heap.ts';
import { SEED } from './prng.ts';

/** The plain model: code points to elements, lone surrogates to U+FFFD. */
const MODEL: Record<string, (points: number[]) => number[]> = {
  Ascii: (points) => points,
  Latin1: (points) => points,
  Utf8: (points) =>
    points.flatMap((p) =>
      p < 0x80
        ? [p]
        : p < 0x800
          ? [0xc0 | (p >> 6), 0x80 | (p & 63)]
          : p < 0x10000
            ? [0xe0 | (p >> 12), 0x80 | ((p >> 6) & 63), 0x80 | (p & 63)]
            : [0xf0 | (p >> 18), 0x80 | ((p >> 12) & 63), 0x80 | ((p >> 6) & 63), 0x80 | (p & 63)],
    ),
  Utf16: (points) => points.flatMap((p) => (p < 0x10000 ? [p] : [0xd7c0 + (p >> 10), 0xdc00 + (p & 0x3ff)])),
  Utf32: (points) => points,
};
const MOST: Record<string, number> = { Ascii: 0x7f, Latin1: 0xff };
const pointsOf = (text: string): number[] => [...text.toWellFormed()].map((c) => c.codePointAt(0) ?? 0);
const unit = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }),
  fc.integer({ min: 0x80, max: 0xffff }),
  fc.integer({ min: 0xd7ff, max: 0xe000 }),
);
const textOf = (most = 0xffff) =>
  fc
    .array(unit, { maxLength: 70 })
    .map((units) => units.map((u) => String.fromCharCode(Math.min(u, most))).join(''));

const { heap, module } = fakeHeap();
const memories: [string, LinearMemory][] = [
  ['unshared', heap],
  ['shared', new LinearMemory(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }))],
  ['resizable', new LinearMemory({ buffer: new ArrayBuffer(65536, { maxByteLength: 131072 }) })],
];
afterEach(() => expect([...module.lent.keys()], 'blocks still lent').toEqual([]));
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
        fc.property(textOf(MOST[label]), fc.integer({ min: 0, max: 3 }), (text, odd) => {
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
  test('every character it has comes back', () => {
    let text = '';
    for (let p = 0; p <= (MOST[label] ?? 0x10ffff); p++)
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
        const room = framing === 'Terminated' ? text.length : text.length - 1;
        const write = {
          Terminated: () => codec.writeTerminated(heap, 512, text, room),
          Sized: () => codec.writeSized(heap, 512, text, room),
          Fixed: () => codec.writeFixed(heap, 512, text, room),
          Prefixed: () => codec.writePrefixed(heap, 512, text, 4, room),
          Paired: () => codec.writePaired(heap, 512, text, 520, 4, room),
        }[framing] as () => number;
        expect(write).toThrow(EncodingError);
        expect(heap.readBytes(512, 256).every((byte) => byte === 0x77)).toBe(true);
      }
    },
  );
  test('a leading U+FEFF stays, where there is one', () => {
    if (MOST[label]) expect(() => codec.encode('\ufeffa')).toThrow(expect.objectContaining({ index: 0 }));
    else
      for (const text of ['\ufeff', '\ufeffhi', '\ufeff'.padEnd(5000, 'x')])
        expect(codec.decode(codec.encode(text))).toBe(text);
  });
  test('the manager has its methods, and refs of every framing hold what is written', () => {
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
  test('a field may be full, and is padded where it is not', () => {
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

test.each(codecs)('a lone surrogate in $name is replaced, refused or kept, as asked', (codec) => {
  if (MOST[codec.label]) {
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

/** Bytes, many of them of the kinds that codecs look at. */
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        0x41,
        0xc2,
        0xe0,
        0xed,
        0xf0,
        0xf4,
        0x80,
        0xbf,
        0xa0,
        0xd8,
        0xdb,
        0xdc,
        0xdf,
        0,
        0x10,
        0x11,
        0xff,
      ),
      { maxLength: 40 },
    )
    .map((bytes) => new Uint8Array(bytes)),
);
/** What is in bytes, one entry for each element: its units, none where it is no text; and its address from 0. */
type Piece = readonly [units: readonly number[] | undefined, at: number];
const PIECES: Record<string, (bytes: Uint8Array, keeps: boolean) => Piece[]> = {
  Ascii: (bytes) => [...bytes].map((b, at) => [b < 0x80 ? [b] : undefined, at]),
  Latin1: (bytes) => [...bytes].map((b, at) => [[b], at]),
  Utf16: (bytes, keeps) => {
    const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const pieces: Piece[] = [];
    for (let at = 0; at < bytes.length; at += 2) {
      if (at + 1 === bytes.length) pieces.push([undefined, at]);
      else {
        const unit = data.getUint16(at, true);
        const next = at + 3 < bytes.length ? data.getUint16(at + 2, true) : 0;
        const isPair = unit >= 0xd800 && unit < 0xdc00 && next >= 0xdc00 && next < 0xe000;
        const isLone = unit >= 0xd800 && unit < 0xe000 && !isPair;
        pieces.push([isPair ? [unit, next] : isLone && !keeps ? undefined : [unit], at]);
        if (isPair) at += 2;
      }
    }
    return pieces;
  },
  Utf32: (bytes, keeps) =>
    Array.from({ length: Math.ceil(bytes.length / 4) }, (_, i) => {
      const [a = 0, b = 0, c = 0, d] = bytes.subarray(4 * i, 4 * i + 4);
      const point = d === undefined ? -1 : a + 256 * (b + 256 * (c + 256 * d));
      const isText = point >= 0 && point <= 0x10ffff && (keeps || point < 0xd800 || point > 0xdfff);
      const units = isText ? [...String.fromCodePoint(point)].flatMap((x) => [...unitsOf(x)]) : undefined;
      return [units, 4 * i];
    }),
};
function unitsOf(text: string): number[] {
  return Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
}

test.each(codecs.filter(({ label }) => PIECES[label]))(
  `any bytes, cut ones too, read as $name as the model has them, under every policy (SEED=${SEED})`,
  (codec) =>
    fc.assert(
      fc.property(anyBytes, fc.boolean(), (bytes, keeps) => {
        const pieces = PIECES[codec.label]?.(bytes, keeps) ?? [];
        const surrogates = keeps ? 'wtf8' : 'replace';
        const text = pieces.map(([units]) => String.fromCharCode(...(units ?? [0xfffd]))).join('');
        expect(codec.decode(bytes, { surrogates })).toBe(text);
        const wrong = pieces.find(([units]) => units === undefined);
        const strict = (): string => codec.decode(bytes, { surrogates, invalid: 'throw' }, 64);
        if (wrong)
          expect(strict).toThrow(expect.objectContaining({ code: 'ENCODING', index: 64 + wrong[1] }));
        else expect(strict()).toBe(text);
        const size = codec.bytesPerElement;
        const count = Math.floor(bytes.length / size);
        for (const [, memory] of memories) {
          memory.view(Uint8Array, 1001, bytes.length).set(bytes);
          if (bytes.length % size === 0)
            expect(codec.readSized(memory, 1001, count, { surrogates })).toBe(text);
        }
      }),
      { seed: SEED, numRuns: 300 },
    ),
);
test(`any bytes read as UTF-8 by the loop as by the engine, and as the model has them (SEED=${SEED})`, () => {
  const engine = new TextDecoder('utf-8', { ignoreBOM: true });
  const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });
  const refuses = (act: () => string): boolean => {
    try {
      act();
      return false;
    } catch {
      return true;
    }
  };
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const text = engine.decode(bytes);
      expect(utf8.decode(bytes)).toBe(text);
      expect(decodeLoop(bytes, 0, bytes.length, toPolicy({}), 0)).toBe(text);
      const wrong = refuses(() => strict.decode(bytes));
      expect(refuses(() => utf8.decode(bytes, { invalid: 'throw' }))).toBe(wrong);
      expect(refuses(() => decodeLoop(bytes, 0, bytes.length, toPolicy({ invalid: 'throw' }), 0))).toBe(
        wrong,
      );
      for (const [, memory] of memories) {
        memory.view(Uint8Array, 1001, bytes.length).set(bytes);
        expect(utf8.readSized(memory, 1001, bytes.length)).toBe(text);
      }
    }),
    { seed: SEED, numRuns: 1000 },
  );
});
test('bytes above 0x7f are no ASCII, and all are Latin-1', () => {
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

describe.each(codecs)('$name, cut where it is asked to be', (codec) => {
  const { label, bytesPerElement: size } = codec;
  const model = MODEL[label] as (points: number[]) => number[];
  const write = (framing: string, text: string, room: number, options: object): number => {
    if (framing === 'Terminated') return codec.writeTerminated(heap, 512, text, room + 1, options);
    if (framing === 'Sized') return codec.writeSized(heap, 512, text, room, options);
    if (framing === 'Fixed') return codec.writeFixed(heap, 512, text, room, options);
    if (framing === 'Prefixed') return codec.writePrefixed(heap, 512, text, 4, room, options);
    return codec.writePaired(heap, 512, text, 520, 4, room, options);
  };
  const readBack = (framing: string, count: number): string => {
    if (framing === 'Terminated') return codec.readTerminated(heap, 512);
    if (framing === 'Sized') return codec.readSized(heap, 512, count);
    if (framing === 'Fixed') return codec.readFixed(heap, 512, count);
    return framing === 'Prefixed' ? codec.readPrefixed(heap, 512) : codec.readPaired(heap, 512);
  };
  test.each(['Terminated', 'Sized', 'Fixed', 'Prefixed', 'Paired'])(
    `whole characters only, %s (SEED=${SEED})`,
    (framing) =>
      fc.assert(
        fc.property(textOf(MOST[label]), fc.nat(80), (text, room) => {
          const given = text.replaceAll('\0', 'x');
          heap.fill(512, 1024, 0x77);
          // The longest prefix of whole characters that fits, one character at a time.
          let whole = '';
          for (const c of given.toWellFormed()) {
            if (model(pointsOf(whole + c)).length > room) break;
            whole += c;
          }
          const count = model(pointsOf(whole)).length;
          expect(codec.fit(given, room)).toBe(whole.length);
          expect(write(framing, given, room, { truncate: true })).toBe(count);
          expect(readBack(framing, count)).toBe(whole);
          const used = { Terminated: count + 1, Sized: count, Fixed: room }[framing];
          if (used !== undefined) expect(heap.readUint8(512 + used * size)).toBe(0x77);
          if (whole !== given.toWellFormed())
            expect(() => write(framing, given, room, { truncate: false })).toThrow(EncodingError);
        }),
        { seed: SEED },
      ),
  );
  test('a place without room for the NUL is refused all the same, and what is wrong in the rest too', () => {
    expect(() => codec.writeTerminated(heap, 512, 'a', 0, { truncate: true })).toThrow(EncodingError);
    expect(codec.writeTerminated(heap, 512, 'a', 1, { truncate: true })).toBe(0);
    expect(() => codec.writeTerminated(heap, 512, 'abc\0', 2, { truncate: true })).toThrow(EncodingError);
    expect(() =>
      codec.writeSized(heap, 512, 'abc\ud800', 2, { truncate: true, surrogates: 'throw' }),
    ).toThrow(EncodingError);
    expect(() => codec.writeSized(heap, 512, 'a', 2, { truncate: 1 } as never)).toThrow(TypeError);
  });
  test('a prefix too narrow for the count is room for as many as it can tell', () => {
    expect(codec.writePrefixed(heap, 512, 'x'.repeat(300), 1, undefined, { truncate: true })).toBe(255);
    expect(codec.readPrefixed(heap, 512, 1)).toBe('x'.repeat(255));
  });
});
