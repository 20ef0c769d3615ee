// More tests of the codecs, imported like text.ts: invalid bytes, and text that is truncated.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EncodingError, utf8 } from '../../ts/index.ts';
import { codecs } from '../../ts/text/codecs.ts';
import { toPolicy } from '../../ts/text/policy.ts';
import { decodeLoop } from '../../ts/text/utf8.ts';
import { SEED } from './prng.ts';
import { heap, memories, MODEL, MAX_POINT, pointsOf, textOf } from './text-model.ts';

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
  // Elements of UTF-32, most of them valid, so that the first invalid one has some before it.
  fc
    .tuple(
      fc.array(
        fc.constantFrom(
          0x41,
          0x20ac,
          0xd7ff,
          0xe000,
          0xffff,
          0x10000,
          0x10ffff,
          0xd800,
          0xdfff,
          0x110000,
          0xffffffff,
        ),
        { maxLength: 10 },
      ),
      fc.nat(3),
    )
    .map(([points, lacks]) =>
      new Uint8Array(Uint32Array.from(points).buffer).subarray(0, Math.max(0, 4 * points.length - lacks)),
    ),
);
/** The decoded pieces of bytes, one for each element: its units, undefined if invalid; and its address from 0. */
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
  `any bytes, also truncated, read as $name like in the model, under every policy (SEED=${SEED})`,
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
test(`any bytes read as UTF-8 alike by the loop, by the engine and by the model (SEED=${SEED})`, () => {
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

describe.each(codecs)('$name, truncated', (codec) => {
  const { label, bytesPerElement: size } = codec;
  const model = MODEL[label] as (points: number[]) => number[];
  const write = (framing: string, text: string, capacity: number, options: object): number => {
    if (framing === 'Terminated') return codec.writeTerminated(heap, 512, text, capacity + 1, options);
    if (framing === 'Sized') return codec.writeSized(heap, 512, text, capacity, options);
    if (framing === 'Fixed') return codec.writeFixed(heap, 512, text, capacity, options);
    if (framing === 'Prefixed') return codec.writePrefixed(heap, 512, text, 4, capacity, options);
    return codec.writePaired(heap, 512, text, 520, 4, capacity, options);
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
        fc.property(textOf(MAX_POINT[label]), fc.nat(80), (text, capacity) => {
          const given = text.replaceAll('\0', 'x');
          heap.fill(512, 1024, 0x77);
          // The longest prefix of whole characters that fits, one character at a time.
          let whole = '';
          for (const c of given.toWellFormed()) {
            if (model(pointsOf(whole + c)).length > capacity) break;
            whole += c;
          }
          const count = model(pointsOf(whole)).length;
          expect(codec.fit(given, capacity)).toBe(whole.length);
          expect(write(framing, given, capacity, { truncate: true })).toBe(count);
          expect(readBack(framing, count)).toBe(whole);
          const used = { Terminated: count + 1, Sized: count, Fixed: capacity }[framing];
          if (used !== undefined) expect(heap.readUint8(512 + used * size)).toBe(0x77);
          if (whole !== given.toWellFormed())
            expect(() => write(framing, given, capacity, { truncate: false })).toThrow(EncodingError);
        }),
        { seed: SEED },
      ),
  );
  test('the last character of each length in elements, and the first of the next', () => {
    const points = [1, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff];
    for (const point of points.filter((each) => each <= (MAX_POINT[label] ?? 0x10ffff))) {
      const text = String.fromCodePoint(point).repeat(3);
      const each = model([point]).length;
      for (let capacity = 0; capacity <= 3 * each; capacity++) {
        const whole = Math.floor(capacity / each);
        expect(codec.fit(text, capacity), `U+${point.toString(16)} in ${capacity}`).toBe(
          (whole * text.length) / 3,
        );
        expect(codec.writeSized(heap, 512, text, capacity, { truncate: true })).toBe(whole * each);
      }
    }
  });
  test('a capacity of 0 for a terminated string is refused, and invalid characters after the cut too', () => {
    expect(() => codec.writeTerminated(heap, 512, 'a', 0, { truncate: true })).toThrow(EncodingError);
    expect(codec.writeTerminated(heap, 512, 'a', 1, { truncate: true })).toBe(0);
    expect(() => codec.writeTerminated(heap, 512, 'abc\0', 2, { truncate: true })).toThrow(EncodingError);
    expect(() =>
      codec.writeSized(heap, 512, 'abc\ud800', 2, { truncate: true, surrogates: 'throw' }),
    ).toThrow(EncodingError);
    expect(() => codec.writeSized(heap, 512, 'a', 2, { truncate: 1 } as never)).toThrow(TypeError);
  });
  test('a narrow prefix limits the capacity to the largest count that it can hold', () => {
    expect(codec.writePrefixed(heap, 512, 'x'.repeat(300), 1, undefined, { truncate: true })).toBe(255);
    expect(codec.readPrefixed(heap, 512, 1)).toBe('x'.repeat(255));
  });
});
