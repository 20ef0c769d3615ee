// Shared by the tests of the codecs: a model of each encoding, texts, and memories of every kind.
import fc from 'fast-check';
import { LinearMemory } from '../../ts/index.ts';
import { fakeHeap, type Fake } from './heap.ts';

/** The plain model: code points to elements, lone surrogates to U+FFFD. */
export const MODEL: Record<string, (points: number[]) => number[]> = {
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
export const MAX_POINT: Record<string, number> = { Ascii: 0x7f, Latin1: 0xff };
export const pointsOf = (text: string): number[] =>
  [...text.toWellFormed()].map((c) => c.codePointAt(0) ?? 0);
const unit = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }),
  fc.integer({ min: 0x80, max: 0xffff }),
  fc.integer({ min: 0xd7ff, max: 0xe000 }),
);
export const textOf = (maxPoint = 0xffff) =>
  fc
    .array(unit, { maxLength: 70 })
    .map((units) => units.map((u) => String.fromCharCode(Math.min(u, maxPoint))).join(''));

export const { heap, module }: Fake = fakeHeap();
export const memories: [string, LinearMemory][] = [
  ['unshared', heap],
  ['shared', new LinearMemory(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }))],
  ['resizable', new LinearMemory({ buffer: new ArrayBuffer(65536, { maxByteLength: 131072 }) })],
];
