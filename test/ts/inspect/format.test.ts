// The file format: what is written is read again, and nothing else is read.
import { describe, expect, test } from 'vitest';
import { EventKind } from '../../../ts/debug/recording.ts';
import { decodeRecording, readRecording, RecordingReader } from '../../../ts/inspect/decode.ts';
import { encodeRecording, Progress, writeHead, writeNews } from '../../../ts/inspect/encode.ts';
import type { InspectedRecording } from '../../../ts/inspect/format.ts';
import { ByteReader, ByteWriter, checksum, crc32 } from '../../../ts/inspect/varint.ts';
import { ArgumentRangeError, RecordingError } from '../../../ts/errors.ts';
import { prng, SEED } from '../../support/prng.ts';
import { makeRecording } from '../../support/recording.ts';

/** A recording as plain data, columns cut to their length. */
const plain = (recording: InspectedRecording): unknown => {
  const { length } = recording;
  const columns = ['kinds', 'times', 'addresses', 'sizes', 'previous', 'sites', 'types'] as const;
  const cut = columns.map((name) => [name, Array.from(recording[name].subarray(0, length))]);
  return { ...recording, ...Object.fromEntries(cut) };
};
const errorOf = (bytes: Uint8Array): RecordingError => {
  try {
    decodeRecording(bytes);
  } catch (error) {
    if (error instanceof RecordingError) return error;
    throw error;
  }
  throw new Error('was read');
};
const tiny = (over: Partial<InspectedRecording> = {}): InspectedRecording => ({
  name: 'tiny',
  started: 5,
  length: 1,
  kinds: Uint8Array.of(EventKind.alloc),
  times: Float64Array.of(0.5),
  addresses: Float64Array.of(1024),
  sizes: Float64Array.of(10),
  previous: Float64Array.of(0),
  sites: Uint32Array.of(0),
  types: Uint16Array.of(0),
  stacks: [[]],
  typeNames: [''],
  marks: [],
  reports: [],
  ...over,
});

describe('whole numbers', () => {
  test.each([0, 1, 63, 64, 127, 128, 16383, 16384, 2 ** 28 - 1, 2 ** 28, 2 ** 31, 2 ** 32, 2 ** 35 + 7, 2 ** 53 - 1])('%d, and its negative', (value) => {
    const out = new ByteWriter();
    out.varint(value);
    out.signed(value);
    out.signed(-value);
    const read = new ByteReader(out.finish());
    expect([read.varint(), read.signed(), -read.signed()].map(Math.abs)).toEqual([value, value, value]);
    expect(read.left).toBe(0);
  }); // prettier-ignore
  test('a number above 2^53 and one without an end are refused', () => {
    expect(() => new ByteReader(new Uint8Array(9).fill(0xff)).varint()).toThrow(RecordingError);
    expect(() => new ByteReader(Uint8Array.of(0x80)).varint()).toThrow(RecordingError);
    expect(() => new ByteReader(new Uint8Array(0)).varint()).toThrow(RecordingError);
  });
  test('crc32 is the one of PNG and gzip', () =>
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926));
});

describe(`what is written is read again (SEED=${SEED})`, () => {
  test.each([0, 1, 2, 3, 4, 5, 6, 7])('recording %d', (i) => {
    const recording = makeRecording({
      seed: SEED + i,
      events: 1 + ((i * 7919) % 3000),
      live: 200,
      stacks: 20,
    });
    expect(plain(decodeRecording(encodeRecording(recording)))).toEqual(plain(recording));
  });
  test('an empty one, and one of more than a block of events', () => {
    const empty = { ...makeRecording({ seed: SEED, events: 1 }), length: 0, marks: [], reports: [] };
    expect(plain(decodeRecording(encodeRecording(empty)))).toEqual(plain(empty));
    const large = makeRecording({ seed: SEED, events: 140_000, live: 500 });
    expect(plain(decodeRecording(encodeRecording(large)))).toEqual(plain(large));
  });
  test('addresses of 64-bit memories, odd ones, and bytes of the memory', () => {
    const bytes = [{ address: 2 ** 40, bytes: Uint8Array.of(1, 2, 3) }];
    for (const address of [2 ** 53 - 1, 2 ** 52, 2 ** 32 + 1, 3, 0]) {
      const recording = tiny({ addresses: Float64Array.of(address), bytes });
      expect(plain(decodeRecording(encodeRecording(recording)))).toEqual(plain(recording));
    }
  });
  test('times are rounded to microseconds', () =>
    expect(decodeRecording(encodeRecording(tiny({ times: Float64Array.of(1.23456789) }))).times[0]).toBe(
      1.235,
    ));
  test('a stream of what is new makes the same recording', () => {
    const whole = makeRecording({ seed: SEED, events: 5000, live: 300, stacks: 30 });
    const reader = new RecordingReader();
    const progress = new Progress();
    for (const length of [0, 1, 700, 701, 5000]) {
      const part = {
        ...whole,
        length,
        stacks: whole.stacks.slice(0, length === 5000 ? undefined : 31),
        marks: whole.marks.filter(({ event }) => event < length),
        reports: whole.reports.filter(({ event }) => event < length),
      };
      const out = new ByteWriter();
      if (length === 0) writeHead(out, part);
      writeNews(out, part, progress);
      reader.add(out.finish().slice());
    }
    expect(plain(reader.recording())).toEqual(plain(whole));
    expect(reader.ended).toBe(false);
  });
  test('a compressed one is read by readRecording', async () => {
    const bytes = encodeRecording(tiny());
    const stream = new Blob([bytes as Uint8Array<ArrayBuffer>])
      .stream()
      .pipeThrough(new CompressionStream('gzip'));
    const packed = new Uint8Array(await new Response(stream).arrayBuffer());
    expect(plain((await readRecording(packed)) as InspectedRecording)).toEqual(plain(tiny()));
    expect(errorOf(packed).message).toContain('gzip');
    await expect(readRecording(packed.subarray(0, packed.length - 9))).rejects.toThrow(RecordingError);
  });
});

describe('bad numbers are refused when a file is written', () => {
  test.each<[string, Partial<InspectedRecording>]>([
    ['a negative address', { addresses: Float64Array.of(-8) }],
    ['NaN', { sizes: Float64Array.of(Number.NaN) }],
    ['a fraction', { sizes: Float64Array.of(1.5) }],
    ['a size above 2^53', { sizes: Float64Array.of(2 ** 53) }],
    ['an unknown kind', { kinds: Uint8Array.of(6) }],
    ['a site without a stack', { sites: Uint32Array.of(1) }],
    ['a type without a name', { types: Uint16Array.of(1) }],
    ['a time before the start', { times: Float64Array.of(-1) }],
    ['columns that are too short', { length: 2 }],
  ])('%s', (_, over) => expect(() => encodeRecording(tiny(over))).toThrow(ArgumentRangeError));
});

describe('other files', () => {
  const bytes = encodeRecording(makeRecording({ seed: 7, events: 300, live: 50, stacks: 10 }));
  const text = (string: string): Uint8Array => new TextEncoder().encode(string);
  test.each<[string, Uint8Array, string, RegExp]>([
    ['an empty file', new Uint8Array(0), 'foreign', /empty: record again/],
    ['JSON', text('{"nodes":[]}'), 'foreign', /JSON/],
    ['a WebAssembly module', Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), 'foreign', /WebAssembly module/],
    ['text', text('hello, this is no recording'), 'foreign', /npx linmem inspect/],
    ['a copy with other line ends', Uint8Array.of(0x89, 0x4c, 0x4d, 0x48, 0x0a, 0x1a, 0x0a, 1), 'foreign', /binary mode/],
    ['a copy as UTF-8', text(new TextDecoder().decode(bytes)), 'foreign', /binary mode/],
    ['a newer version', Uint8Array.from(bytes, (byte, i) => (i === 8 ? 2 : byte)), 'version', /version 2, .* reads version 1/],
    ['the first bytes only', bytes.subarray(0, 5), 'truncated', /5 bytes/],
    ['no version', bytes.subarray(0, 8), 'truncated', /version/],
    ['more after the end', Uint8Array.from([...bytes, 0]), 'damaged', /after the end/],
  ])('%s', (_, file, fault, message) => {
    const error = errorOf(file);
    expect([error.code, error.fault]).toEqual(['RECORDING', fault]);
    expect(error.message).toMatch(message);
    expect(error.message).toContain(`at byte ${error.offset}`);
    expect(error.offset).toBeLessThanOrEqual(file.length);
  }); // prettier-ignore
  test('each length that is too short is truncated; { partial: true } returns what came before', () => {
    let most = 0;
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      expect(errorOf(cut).fault).toBe(length === 0 ? 'foreign' : 'truncated');
      if (length > 8) most = Math.max(most, decodeRecording(cut, { partial: true }).length);
    }
    expect(most).toBe(300);
  });
  test('each changed bit is noticed', () => {
    const small = encodeRecording(tiny());
    for (let bit = 0; bit < small.length * 8; bit++) {
      const changed = small.slice();
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => decodeRecording(changed), `bit ${bit}`).toThrow(RecordingError);
    }
  });
});

describe(`files with right checksums and wrong contents (SEED=${SEED})`, () => {
  /** Writes the blocks of a file again with contents changed by `change`, and the checksums that belong to them. */
  const rewrite = (bytes: Uint8Array, change: (contents: Uint8Array) => Uint8Array): Uint8Array => {
    const read = new ByteReader(bytes);
    const out = new ByteWriter();
    out.raw(read.raw(9));
    while (read.left > 0) {
      const tag = read.byte();
      out.byte(tag);
      const size = read.varint();
      read.uint32();
      const contents = change(read.raw(size).slice());
      out.varint(contents.length);
      out.uint32(checksum(tag, contents));
      out.raw(contents);
    }
    return out.finish().slice();
  };
  test('are refused or read, in time and memory that follow their size', () => {
    const random = prng(SEED);
    const good = encodeRecording(makeRecording({ seed: SEED, events: 200, live: 40, stacks: 10 }));
    expect(plain(decodeRecording(rewrite(good, (contents) => contents)))).toEqual(
      plain(decodeRecording(good)),
    );
    let refused = 0;
    for (let i = 0; i < 3000; i++) {
      const file = rewrite(good, (contents) => {
        if (random(3) > 0) return contents;
        for (let n = 1 + random(3); n > 0; n--)
          contents[random(contents.length)] = random(4) === 0 ? 255 : random(256);
        return random(4) === 0 ? contents.subarray(0, random(contents.length + 1)) : contents;
      });
      const start = performance.now();
      try {
        const { length, kinds } = decodeRecording(file);
        expect(length).toBeLessThanOrEqual(file.length);
        expect(kinds.length).toBeLessThanOrEqual(file.length);
      } catch (error) {
        expect(error).toBeInstanceOf(RecordingError);
        refused++;
      }
      expect(performance.now() - start).toBeLessThan(2000);
    }
    expect(refused).toBeGreaterThan(1000);
  });
  test('a count that lies is refused before anything is allocated', () => {
    for (const [tag, ...contents] of [[5, 0xff, 0xff, 0x03, 4, 0, 0, 0], [4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f], [3, 100, 0, 0], [7, 9, 0], [2, 200, 1]] as const) {
      const out = new ByteWriter();
      const block = Uint8Array.from(contents);
      out.byte(tag);
      out.varint(block.length);
      out.uint32(checksum(tag, block));
      out.raw(block);
      expect(() => new RecordingReader().add(out.finish())).toThrow(/entries in/);
    }
  }); // prettier-ignore
  test('an unknown block is skipped from number 128 on, and below it the file is of a newer version', () => {
    const add = (tag: number): Uint8Array => {
      const bytes = encodeRecording(tiny());
      const end = bytes.length - 7;
      return Uint8Array.from([...bytes.subarray(0, end), tag, 1, ...[0, 0, 0, 0].map((_, i) => (checksum(tag, Uint8Array.of(9)) >>> (8 * i)) & 255), 9, ...bytes.subarray(end)]);
    };
    expect(decodeRecording(add(200)).length).toBe(1);
    expect(errorOf(add(20)).fault).toBe('version');
  }); // prettier-ignore
});
