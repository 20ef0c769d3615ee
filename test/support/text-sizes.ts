// More tests of the codecs, imported like text.ts: writes of every size at which the method changes, with one
// unusual character anywhere in the text, into a capacity that is too small by one, exact, or larger.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ascii, EncodingError, LinearMemory, OutOfBoundsError, type TextOptions } from '../../ts/index.ts';
import { codecs } from '../../ts/text/codecs.ts';
import { SEED } from './prng.ts';
import { MODEL, MAX_POINT } from './text-model.ts';

const PAGES = 5;
const BYTES = PAGES * 65536;
const MEMORIES: [string, LinearMemory][] = [
  ['unshared', new LinearMemory(new WebAssembly.Memory({ initial: PAGES }))],
  ['shared', new LinearMemory(new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true }))],
  ['resizable', new LinearMemory({ buffer: new ArrayBuffer(BYTES, { maxByteLength: 2 * BYTES }) })],
];
const SMALL = fc.oneof(fc.nat(70), fc.constantFrom(15, 16, 17, 20, 23, 24, 25, 31, 32, 33, 64, 65, 66));
/** The sizes of the buffer that long text is converted in, in units and in bytes. */
const LARGE = fc.constantFrom(510, 512, 4096, 5460, 5461, 5462, 10922, 10923, 16381, 16382, 16383, 16384);

const caseOf = (length: fc.Arbitrary<number>) =>
  fc.record({
    length,
    base: fc.constantFrom('a', 'a', '\u00e9', '\u0101', '\u6771', '\ud83d\uddfc'),
    odd: fc.constantFrom(
      '',
      '',
      'b',
      '\0',
      '\x7f',
      '\u0080',
      '\u00ff',
      '\u0100',
      '\u3000',
      '\ud83d',
      '\uddfc',
    ),
    where: fc.double({ min: 0, max: 1, noNaN: true }),
    capacityFor: fc.constantFrom<(count: number) => number | undefined>(
      () => undefined,
      (count) => Math.max(0, count - 1),
      (count) => count,
      (count) => count + 1,
      (count) => 2 * count,
      (count) => 3 * count,
    ),
    align: fc.nat(3),
    options: fc.constantFrom<TextOptions | undefined>(
      undefined,
      { surrogates: 'throw' },
      { surrogates: 'wtf8' },
      { nul: 'allow' },
    ),
    terminated: fc.boolean(),
    end: fc.constantFrom('', '', 'just', 'over'),
  });

/** Returns the elements of a text by the model; undefined if the encoding lacks one of its characters. */
function elementsOf(label: string, text: string, options: TextOptions | undefined): number[] | undefined {
  if (options?.surrogates === 'throw' && !text.isWellFormed()) return undefined;
  const maxPoint = MAX_POINT[label] ?? Infinity;
  const kept = options?.surrogates === 'wtf8' || maxPoint < Infinity ? text : text.toWellFormed();
  const points = [...kept].map((c) => c.codePointAt(0) as number);
  return points.every((point) => point <= maxPoint) ? MODEL[label]?.(points) : undefined;
}

/** Index of the first byte that is not as the model has it, with 0x77 around it; -1 where there is none. */
function difference(bytes: Uint8Array, at: number, elements: number[], size: number): number {
  const inside = elements.length * size;
  for (let i = 0, k = -at; i < bytes.length; i++, k++) {
    const byte =
      k < 0 || k >= inside ? 0x77 : ((elements[Math.floor(k / size)] as number) >>> (8 * (k % size))) & 255;
    if (bytes[i] !== byte) return i;
  }
  return -1;
}

const run = (label: string, length: fc.Arbitrary<number>, numRuns: number): void => {
  const codec = codecs.find((one) => one.label === label) as (typeof codecs)[number];
  const size = codec.bytesPerElement;
  const body = (
    memory: LinearMemory,
    given: typeof caseOf extends (x: never) => fc.Arbitrary<infer C> ? C : never,
  ) => {
    const { base, odd, options, terminated } = given;
    const units = base.repeat(given.length).slice(0, given.length);
    const cut = Math.floor(given.where * units.length);
    const text = JSON.parse(
      JSON.stringify(units.slice(0, cut) + odd + units.slice(cut + odd.length)),
    ) as string;
    const tail = terminated ? 1 : 0;
    const elements = elementsOf(label, text, options);
    const isBad = !elements || (terminated && options?.nul !== 'allow' && text.includes('\0'));
    const whole = terminated ? [...(elements ?? []), 0] : (elements ?? []);
    const capacity = given.capacityFor(whole.length);
    // At the very end of the memory, past it by some bytes, or with others' bytes behind.
    const over = given.end === 'over' && whole.length > 0;
    const at =
      given.end && elements
        ? BYTES - whole.length * size + (over ? 1 + (given.align % size) : 0)
        : 512 + given.align;
    const from = at - 64 - given.align;
    const bytes = memory.view(Uint8Array, from, Math.min(BYTES - from, 13 * text.length + 256)).fill(0x77);
    const write = () =>
      terminated
        ? codec.writeTerminated(memory, at, text, capacity, options)
        : codec.writeSized(memory, at, text, capacity, options);
    if (isBad || (capacity !== undefined && capacity < whole.length)) {
      expect(write).toThrow(EncodingError);
      expect(difference(bytes, at - from, [], 1)).toBe(-1);
      return;
    }
    if (over) {
      expect(write).toThrow(OutOfBoundsError);
      expect(difference(bytes, at - from, [], 1)).toBe(-1);
      return;
    }
    expect(write()).toBe(whole.length - tail);
    expect(difference(bytes, at - from, whole, size)).toBe(-1);
    const shown = options?.surrogates === 'wtf8' ? text : text.toWellFormed();
    expect(codec.readSized(memory, at, whole.length - tail, options) === shown).toBe(true);
    if (terminated && !text.includes('\0')) {
      expect(codec.readTerminated(memory, at, undefined, options) === shown).toBe(true);
      expect(codec.readTerminated(memory, at, whole.length, options) === shown).toBe(true);
    }
  };
  for (const [, memory] of MEMORIES)
    fc.assert(
      fc.property(caseOf(length), (given) => body(memory, given)),
      { seed: SEED, numRuns },
    );
};

test.each(codecs.map(({ label }) => label))(
  `short text in %s is written completely and nothing else, or nothing is written (SEED=${SEED})`,
  (label) => run(label, SMALL, 400),
);
test.each(codecs.map(({ label }) => label))(
  `long text in %s is written completely and nothing else, or nothing is written (SEED=${SEED})`,
  (label) => run(label, LARGE, 60),
);

test.each(codecs)('an address far beyond the end is refused and does not wrap, $name', (codec) => {
  for (const [, memory] of MEMORIES)
    for (const at of [BYTES + 1, 2 ** 31 - 8, 2 ** 31, 2 ** 32 - BYTES, 2 ** 32 - 8])
      for (const text of ['a', 'a'.repeat(100), `${'a'.repeat(99)}\x7f`.repeat(200)]) {
        expect(() => codec.writeSized(memory, at, text)).toThrow(OutOfBoundsError);
        expect(() => codec.writeTerminated(memory, at, text)).toThrow(OutOfBoundsError);
        expect(() => codec.readSized(memory, at, text.length)).toThrow(OutOfBoundsError);
        expect(() => codec.readTerminated(memory, at)).toThrow(OutOfBoundsError);
      }
});

test('UTF-16: surrogate pairs and lone surrogates in all short texts, under every policy', () => {
  const codec = codecs.find((one) => one.label === 'Utf16') as (typeof codecs)[number];
  const memory = new LinearMemory(new WebAssembly.Memory({ initial: 1 }));
  const some = ['a', '\ue000', '\ud83d', '\ude00'];
  let texts = [''];
  for (let length = 1; length <= 5; length++) {
    texts = texts.flatMap((text) => some.map((unit) => text + unit));
    for (const text of texts)
      for (const framing of ['Sized', 'Terminated'] as const) {
        const write = (...all: Parameters<typeof codec.writeSized>) => codec[`write${framing}`](...all);
        const read = (options?: TextOptions) =>
          framing === 'Sized'
            ? codec.readSized(memory, 512, length, options)
            : codec.readTerminated(memory, 512, undefined, options);
        expect(write(memory, 512, text, length + 1)).toBe(length);
        expect(read({ surrogates: 'wtf8' })).toBe(text.toWellFormed());
        expect(write(memory, 512, text, length + 1, { surrogates: 'wtf8' })).toBe(length);
        expect(read({ surrogates: 'wtf8' })).toBe(text);
        expect(read()).toBe(text.toWellFormed());
        const isGood = text.isWellFormed();
        if (isGood) expect(read({ invalid: 'throw' })).toBe(text);
        else expect(() => read({ invalid: 'throw' })).toThrow(EncodingError);
        write(memory, 512, 'x'.repeat(length));
        const strict = () => write(memory, 512, text, length + 1, { surrogates: 'throw' });
        if (isGood) expect(strict()).toBe(length);
        else expect(strict).toThrow(EncodingError);
        expect(codec.readSized(memory, 512, length)).toBe(isGood ? text : 'x'.repeat(length));
      }
  }
});

test.each([
  ['unshared', new ArrayBuffer(2 ** 20)],
  ['resizable', new ArrayBuffer(2 ** 20, { maxByteLength: 2 ** 21 })],
  ['shared', new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true }).buffer],
])(
  'a long ASCII text in %s memory is read completely, and a byte above 0x7f is found at any index',
  (_, buffer) => {
    const length = 600_000;
    const memory = new LinearMemory({ buffer });
    const bytes = new Uint8Array(buffer);
    bytes.fill(0x61, 8, 8 + length);
    const text = 'a'.repeat(length);
    expect(ascii.readSized(memory, 8, length) === text).toBe(true);
    expect(ascii.readTerminated(memory, 8) === text).toBe(true);
    for (const at of [0, length >> 1, length - 1]) {
      bytes[8 + at] = 0xe9;
      const read = ascii.readSized(memory, 8, length);
      expect([read.length, read[at], read.indexOf('\ufffd')]).toEqual([length, '\ufffd', at]);
      expect(() => ascii.readSized(memory, 8, length, { invalid: 'throw' })).toThrow(EncodingError);
      bytes[8 + at] = 0x61;
    }
  },
);
