// Copies between heaps: of every kind, of modules of different kinds, and what is refused changes nothing.
import { afterEach, describe, expect, test } from 'vitest';
import {
  ArgumentTypeError,
  copyBlockToHeap,
  copyToHeap,
  createHeapSync,
  FreedError,
  i32,
  NotOwnedError,
  OutOfBoundsError,
  OutOfMemoryError,
  scalarTypes,
  u16,
  utf16,
  utf8,
  type Scalar,
} from '../../../ts/index.ts';
import { fakeHeap } from '../../support/heap.ts';

const { module, heap: one } = fakeHeap();
const other = createHeapSync();
const examples = { number: [1, 2, 3], bigint: [1n, 2n, 3n], boolean: [true, false, true] };

afterEach(() => {
  one.freeAll();
  other.freeAll();
  expect([module.badFrees, other.holds(), other.stats().liveBlocks]).toEqual([[], true, 0]);
});

describe.each([
  ["to linmem's own", one, other],
  ["from linmem's own", other, one],
  ['within one', one, one],
] as const)('%s', (_name, from, to) => {
  test.each(scalarTypes.map((type) => [type.name, type as unknown as Scalar] as const))('a scalar, an array and a slice of %s', (_type, type) => {
    const values = examples[type.kind];
    const scalar = copyToHeap(from.allocScalar(type, values[0]), to);
    const array = copyToHeap(from.allocScalarArray(type, values), to);
    const slice = from.allocSlice(type, 3);
    slice.write(values);
    const copy = copyToHeap(slice, to);
    expect([scalar.value, [...array], [...copy]]).toEqual([values[0], values, values]);
    for (const made of [scalar, array]) expect([made.heap, made.owned]).toEqual([to, true]);
    expect(copy.heap).toBe(to);
    array.setAt(0, values[2] as never);
    expect(from.allocatedHeapRefs.length).toBeGreaterThan(0);
    copy.free();
    slice.free();
  }); // prettier-ignore
  test('strings of every framing, with what follows them in their block', () => {
    for (const codec of [utf8, utf16])
      for (const text of ['', 'h\u00e9 \u{1f600}', 'a\0b']) {
        const allow = { nul: 'allow' } as const;
        const refs = [
          codec.allocSized(from, text), codec.allocFixed(from, 40), codec.allocPrefixed(from, text, 4, allow), codec.allocPaired(from, text),
        ]; // prettier-ignore
        refs[1]?.write(text.replace('\0', ''));
        for (const ref of refs) {
          const copy = copyToHeap(ref, to);
          expect([copy.value, copy.framing, copy.byteLength >= ref.byteLength]).toEqual([
            ref.value,
            ref.framing,
            true,
          ]);
        }
      }
    const ref = utf8.allocTerminated(from, 'text');
    const copy = copyToHeap(ref, to);
    copy.value = 'four';
    expect([copy.value, ref.value]).toEqual(['four', 'text']);
    expect(() => { copy.value = 'longer'; }).toThrow(); // prettier-ignore
  });
  test('lone surrogates and invalid bytes as they are', () => {
    const ref = utf8.allocSized(from, 3);
    from.writeBytes(ref.address, new Uint8Array([0xed, 0xa0, 0x80]));
    expect([...to.readBytes(copyToHeap(ref, to).address, 3)]).toEqual([0xed, 0xa0, 0x80]);
  });
  test('a block, by its address', () => {
    const address = from.alloc(100);
    from.writeBytes(
      address,
      new Uint8Array(100).map((_, i) => i),
    );
    expect([...to.readBytes(copyBlockToHeap(from, address, to), 100)]).toEqual([
      ...new Uint8Array(100).map((_, i) => i),
    ]);
    expect([...to.readBytes(copyBlockToHeap(from, address + 90, to), 10)]).toEqual([
      90, 91, 92, 93, 94, 95, 96, 97, 98, 99,
    ]);
    expect([...to.readBytes(copyBlockToHeap(from, address, to, 2), 2)]).toEqual([0, 1]);
  });
});

test('a copy that makes both memories grow is right', () => {
  const { heap } = fakeHeap();
  const array = heap.allocInt32Array(Array.from({ length: 30_000 }, (_, i) => i));
  const copies = [copyToHeap(array, heap), copyToHeap(array, heap)];
  for (const copy of copies) expect([copy.at(0), copy.at(-1)]).toEqual([0, 29_999]);
  heap.freeAll();
});

describe('what cannot be copied is refused, and nothing is allocated', () => {
  test('a freed ref, a freed slice', () => {
    const ref = one.allocInt32(1);
    const array = one.allocInt32Array(2);
    const text = utf8.allocTerminated(one, 'x');
    const slice = one.allocSlice(u16, 2);
    for (const source of [ref, array, text, slice]) {
      source.free();
      expect(() => copyToHeap(source as typeof ref, other)).toThrow(FreedError);
    }
  });
  test('to a heap that has no room', () => {
    const target = fakeHeap();
    target.module.failAt = 1;
    target.module.keepsFailing = true;
    const sources = [
      one.allocInt32(1),
      one.allocInt32Array(2),
      utf8.allocTerminated(one, 'x'),
      one.allocSlice(i32, 2),
    ];
    for (const source of sources)
      expect(() => copyToHeap(source as never, target.heap)).toThrow(OutOfMemoryError);
    expect(target.heap.statistics.liveBlocks).toBe(0);
  });
  test('an unknown block, without a size; a range outside', () => {
    const address = module.malloc(16);
    expect(() => copyBlockToHeap(one, address, other)).toThrow(NotOwnedError);
    expect(() => copyBlockToHeap(one, address, other, 2 ** 31)).toThrow(OutOfBoundsError);
    other.free(copyBlockToHeap(one, address, other, 16));
    module.free(address);
  });
  test.each([undefined, null, 5, {}])('%s', (wrong) => {
    expect(() => copyToHeap(wrong as never, other)).toThrow(ArgumentTypeError);
    expect(() => copyToHeap(one.allocInt32(1), wrong as never)).toThrow(ArgumentTypeError);
    expect(() => copyBlockToHeap(one, one.alloc(8), wrong as never)).toThrow(ArgumentTypeError);
  });
});
