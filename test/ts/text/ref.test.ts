// Refs to strings: their classes, and the blocks that they lie in.
import { afterEach, describe, expect, test } from 'vitest';
import * as linmem from '../../../ts/index.ts';
import { ArgumentTypeError, EncodingError, FreedError, StringRef } from '../../../ts/index.ts';
import { codecs } from '../../../ts/text/codecs.ts';
import { fakeHeap } from '../../support/heap.ts';

const { heap, module } = fakeHeap();
afterEach(() => {
  heap.freeAll();
  expect([...module.live.keys()], 'blocks still live').toEqual([]);
});
type Methods = Record<string, (...args: unknown[]) => unknown>;
const call = (name: string, ...args: unknown[]): unknown =>
  (heap as unknown as Methods)[name]?.call(heap, ...args);

const CLASSES: Record<string, typeof StringRef> = {
  Ascii: linmem.NullTerminatedAsciiStringRef,
  Latin1: linmem.NullTerminatedLatin1StringRef,
  Utf8: linmem.NullTerminatedUtf8StringRef,
  Utf16: linmem.NullTerminatedUtf16StringRef,
  Utf32: linmem.NullTerminatedUtf32StringRef,
};

describe.each(codecs)('NullTerminated$labelStringRef', ({ label }) => {
  const Class = CLASSES[label] as typeof StringRef;
  const others = Object.values(CLASSES).filter((other) => other !== Class);
  test('is the class of what the NUL-terminated methods return, and of nothing else', () => {
    const owned = call(`allocNullTerminated${label}String`, 'abc') as StringRef;
    const borrowed = call(`wrapNullTerminated${label}String`, owned.address) as StringRef;
    for (const ref of [owned, borrowed]) {
      expect(ref).toBeInstanceOf(Class);
      expect(ref).toBeInstanceOf(linmem.NullTerminatedStringRef);
      expect(ref).toBeInstanceOf(StringRef);
      expect(ref).toBeInstanceOf(linmem.HeapRef);
      expect(others.filter((other) => ref instanceof other)).toEqual([]);
    }
    const sized = call(`alloc${label}String`, 'abc');
    expect(sized).toBeInstanceOf(StringRef);
    expect(sized).not.toBeInstanceOf(linmem.NullTerminatedStringRef);
  });
});

describe('a pair', () => {
  test('is freed with its text when they are one block', () => {
    const pair = heap.allocPairedUtf8String('hello');
    const alias = heap.wrapPairedUtf8String(pair.address);
    expect(alias.value).toBe('hello');
    pair.free();
    expect(() => alias.value).toThrow(FreedError);
  });
  test('whose text is another block becomes invalid with it, although the pair itself is live', () => {
    const text = heap.allocUint8Array(8);
    const pair = heap.alloc(8);
    heap.writePairedUtf8String(pair, 'hello', text.address);
    const ref = heap.wrapPairedUtf8String(pair, 4, 8);
    expect(ref.write('again').value).toBe('again');
    text.free();
    for (const use of [
      () => ref.value,
      () => ref.write('x'),
      () => ref.encodedElementCount,
      () => ref.encodedBytesView,
      () => ref.allocatedElementsView,
    ])
      expect(use).toThrow(expect.objectContaining({ code: 'FREED', address: text.address }));
    // The address is reused by another allocation.
    const other = heap.allocUint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(other.address).toBe(text.address);
    expect(() => ref.write('x')).toThrow(FreedError);
    expect(other.toArray()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
  test('whose pointer the module changed is read at the new address', () => {
    const [one, two] = [heap.allocUtf8String('one'), heap.allocUtf8String('other')];
    const pair = heap.alloc(8);
    heap.writePairedUtf8String(pair, 'one', one.address);
    const ref = heap.wrapPairedUtf8String(pair);
    heap.writeUint32(pair, two.address);
    heap.writeUint32(pair + 4, 5);
    expect(ref.value).toBe('other');
    // It still refers to its first block.
    one.free();
    expect(() => ref.value).toThrow(FreedError);
  });
});

describe('writes without a capacity stop at the end of a known block', () => {
  test.each(['', 'NullTerminated', 'Prefixed'])('%s', (word) => {
    for (const codec of codecs) {
      const size = codec.bytesPerElement;
      const block = heap.alloc(8 * size);
      const capacity = { '': 8, NullTerminated: 7, Prefixed: Math.floor((8 * size - 4) / size) }[
        word
      ] as number;
      const name = `write${word}${codec.label}String`;
      expect(call(name, block, 'x'.repeat(capacity))).toBe(capacity);
      const before = [...heap.readBytes(block, 16 * size)];
      expect(() => call(name, block, 'x'.repeat(capacity + 1))).toThrow(EncodingError);
      expect([...heap.readBytes(block, 16 * size)]).toEqual(before);
      heap.free(block);
    }
  });
  test('also those of pairs', () => {
    const [pair, text] = [heap.alloc(8), heap.alloc(4)];
    expect(heap.writePairedUtf8String(pair, 'abcd', text)).toBe(4);
    expect(() => heap.writePairedUtf8String(pair, 'abcde', text)).toThrow(EncodingError);
    expect(heap.readPairedUtf8String(pair)).toBe('abcd');
  });
});

test.each([null, '5', {}, 5n, true])(
  'a capacity of %o is refused everywhere, and nothing is written',
  (capacity) => {
    heap.fill(512, 64, 0x77);
    for (const codec of codecs) {
      for (const word of ['', 'NullTerminated', 'Fixed'])
        expect(() => call(`write${word}${codec.label}String`, 512, 'a', capacity), word).toThrow(
          ArgumentTypeError,
        );
      expect(() => call(`writePrefixed${codec.label}String`, 512, 'a', 4, capacity)).toThrow(
        ArgumentTypeError,
      );
      expect(() => call(`writePaired${codec.label}String`, 512, 'a', 540, 4, capacity)).toThrow(
        ArgumentTypeError,
      );
      for (const word of ['', 'NullTerminated', 'Fixed'])
        expect(() => call(`read${word}${codec.label}String`, 512, capacity), word).toThrow(ArgumentTypeError);
      expect(() => call(`wrapNullTerminated${codec.label}String`, 512, capacity)).toThrow(ArgumentTypeError);
    }
    expect(heap.readBytes(512, 64).every((byte) => byte === 0x77)).toBe(true);
  },
);

test('options are read once', () => {
  let reads = 0;
  const options = {
    get surrogates(): 'throw' | 'replace' {
      return reads++ === 0 ? 'throw' : 'replace';
    },
  };
  const ref = heap.allocUtf8String(16);
  for (const act of [
    () => heap.writeUtf8String(512, 'a\ud800', 8, options),
    () => heap.allocUtf8String('a\ud800', options),
    () => ref.write('a\ud800', options),
  ]) {
    reads = 0;
    expect(act).toThrow(EncodingError);
    expect(reads).toBe(1);
  }
});

test('a text is written correctly if another one is written during its write', () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  let hooks = 0;
  const hooked: linmem.WasmHeapManager = linmem.createWasmHeapManager(
    () => {
      if (hooks-- > 0) hooked.writeUtf8String(2048, '\u6f22'.repeat(20));
      return memory.buffer;
    },
    () => 0,
    () => undefined,
  );
  const text = '\u20ac'.repeat(30);
  memory.grow(1); // so that the write asks for the buffer
  hooks = 1;
  hooked.writeUtf8String(512, text, 90);
  expect(hooked.readUtf8String(512, 90)).toBe(text);
});
