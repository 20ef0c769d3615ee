import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ArgumentTypeError,
  EncodingError,
  utf8,
  utf8ByteLength,
  type TextOptions,
} from '../../../ts/index.ts';
import { loneSurrogate, toPolicy } from '../../../ts/text/policy.ts';
import { decodeLoop } from '../../../ts/text/utf8.ts';
import { SEED } from '../../support/prng.ts';

const encodeUtf8 = (text: string, options?: TextOptions) => utf8.encode(text, options);
const decodeUtf8 = (bytes: Uint8Array, at: number, options?: TextOptions) => utf8.decode(bytes, options, at);

const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
  maxLength: 40,
});

test(`any string comes back, its lone surrogates as U+FFFD (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const bytes = encodeUtf8(text);
      expect(bytes.length).toBe(utf8ByteLength(text));
      expect(decodeUtf8(bytes, 0)).toBe(text.toWellFormed());
      expect(loneSurrogate(text) >= 0).toBe(!text.isWellFormed());
    }),
    { seed: SEED },
  );
});

test('every code point comes back', () => {
  for (let plane = 0; plane <= 0x10; plane++) {
    let text = '';
    for (let low = 0; low < 0x10000; low++) {
      const point = plane * 0x10000 + low;
      if (point < 0xd800 || point > 0xdfff) text += String.fromCodePoint(point);
    }
    const bytes = encodeUtf8(text, { surrogates: 'throw' });
    expect(bytes.length).toBe(utf8ByteLength(text));
    expect(decodeUtf8(bytes, 0, { invalid: 'throw' }) === text).toBe(true);
  }
});

test.each([
  ['a lone high one at the end', 'a\ud800', 1],
  ['a lone high one', '\ud800a', 0],
  ['a lone low one', 'ab\udc00', 2],
  ['a reversed pair', '\udc00\ud800', 0],
  ['a pair and then a high one', '\ud83d\ude00\ud83d', 2],
])('the policy throw refuses %s and names its index', (_what, text, index) => {
  expect(() => encodeUtf8(text, { surrogates: 'throw' })).toThrow(EncodingError);
  expect(() => encodeUtf8(text, { surrogates: 'throw' })).toThrow(
    expect.objectContaining({ code: 'ENCODING', index }),
  );
  expect(decodeUtf8(encodeUtf8(text), 0)).toBe(text.toWellFormed());
});

describe('bytes that are not UTF-8', () => {
  test.each([
    ['an overlong NUL', [0xc0, 0x80], '\ufffd\ufffd'],
    ['an overlong 3-byte form', [0xe0, 0x80, 0x80], '\ufffd\ufffd\ufffd'],
    ['a surrogate', [0xed, 0xa0, 0x80], '\ufffd\ufffd\ufffd'],
    ['a point above U+10FFFF', [0xf4, 0x90, 0x80, 0x80], '\ufffd\ufffd\ufffd\ufffd'],
    ['a byte that starts nothing', [0xff], '\ufffd'],
    ['a cut character at the end', [0x61, 0xe2, 0x82], 'a\ufffd', 65],
  ])(
    '%s reads as the WHATWG decoder has it, and the policy throw refuses it',
    (_what, bytes, text, index = 64) => {
      const data = new Uint8Array(bytes);
      expect(decodeUtf8(data, 64)).toBe(text);
      expect(() => decodeUtf8(data, 64, { invalid: 'throw' })).toThrow(expect.objectContaining({ index }));
      expect(decodeUtf8(new Uint8Array([0x41]), 0)).toBe('A');
      expect(decodeUtf8(new Uint8Array([0x41]), 0, { invalid: 'throw' })).toBe('A');
    },
  );
});

test('of every two first bytes, those that begin a character are those of the Unicode standard, table 3-7', () => {
  const policy = toPolicy({});
  for (let lead = 0x80; lead < 0x100; lead++)
    for (let second = 0; second < 0x100; second++) {
      const more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
      const bytes = new Uint8Array([lead, second, 0x80, 0x80].slice(0, 1 + more));
      const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
      const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
      const isValid = lead >= 0xc2 && lead <= 0xf4 && second >= low && second <= high;
      const text = decodeLoop(bytes, 0, bytes.length, policy, 0);
      if (isValid === text.includes('\ufffd')) expect([lead, second, text]).toEqual(isValid);
      if (text !== decodeUtf8(bytes, 0)) expect([lead, second, text]).toEqual(decodeUtf8(bytes, 0));
    }
});

test('a leading U+FEFF stays, in short and in long text', () => {
  for (const text of ['\ufeff', '\ufeffhi', '\ufeff'.padEnd(5000, 'x')]) {
    expect(decodeUtf8(encodeUtf8(text), 0)).toBe(text);
    expect(decodeUtf8(encodeUtf8(text), 0, { invalid: 'throw' })).toBe(text);
  }
});

test('bytes in shared and in resizable buffers decode in every engine', () => {
  const shared = new Uint8Array(
    new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer,
    8,
    6,
  );
  const resizable = new Uint8Array(new ArrayBuffer(16, { maxByteLength: 32 }), 8, 6);
  for (const bytes of [shared, resizable]) {
    bytes.set(encodeUtf8('h\u00e9 \u20ac'.slice(0, 3)));
    expect(decodeUtf8(bytes.subarray(0, 4), 8)).toBe('h\u00e9 ');
  }
});

test.each([5, 5n, null, undefined, {}, new String('x'), Symbol('x')])('%s is no string', (value) => {
  expect(() => encodeUtf8(value as never)).toThrow(ArgumentTypeError);
  expect(() => utf8ByteLength(value as never)).toThrow(ArgumentTypeError);
});
