import { afterEach, describe, expect, test } from 'vitest';
import {
  ArgumentTypeError,
  f64,
  i32,
  ptr32,
  ptr53,
  scalarTypes,
  type Scalar,
  type ScalarValue,
} from '../../../ts/index.ts';
import { fakeHeap } from '../../support/heap.ts';

const all = scalarTypes as unknown as readonly Scalar<ScalarValue>[];
const valueAt = (type: Scalar<ScalarValue>, i: number): ScalarValue =>
  type.kind === 'bigint' ? BigInt(i % 100) : type.kind === 'boolean' ? i % 3 === 0 : i % 100;
const { heap, module } = fakeHeap();
const made = (): void => heap.freeAll();

afterEach(() => {
  made();
  expect([...module.live.keys()], 'blocks still live').toEqual([]);
});

/** Values of which the one at `where` does something when it is read. */
const hooked = (values: readonly number[], where: number, act: () => void): number[] =>
  Object.defineProperty([...values], where, {
    get() {
      act();
      return values[where];
    },
  });

describe('values are stored as they were', () => {
  test.each(all)('$name: arrays of every length up to more than 512 bytes, one after the other', (type) => {
    for (const length of [0, 1, 2, 7, 512 / type.size - 1, 512 / type.size, 512 / type.size + 1, 700]) {
      const values = Array.from({ length: Math.ceil(length) }, (_, i) => valueAt(type, i + length));
      const ref = type.allocArray(heap, values);
      expect([...ref]).toEqual(values);
      expect([...ref.set(values.toReversed())]).toEqual(values.toReversed());
      ref.free();
    }
  });
  test('if reading one of them stores others', () => {
    const inner = i32.allocArray(heap, 3);
    const deep = (n: number): number[] =>
      hooked([n, n + 1, n + 2], 1, () => {
        inner.set(n > 0 ? deep(n - 10) : [-1, -2, -3]);
        f64.allocArray(heap, [0.5, n]).free();
      });
    const outer = i32.allocArray(heap, deep(30));
    expect([...outer]).toEqual([30, 31, 32]);
    expect([...inner]).toEqual([20, 21, 22]);
    expect([...outer.set(deep(0)), ...inner]).toEqual([0, 1, 2, -1, -2, -3]);
  });
  test('if the allocator stores others', () => {
    const own = i32.allocArray(heap, [7, 8, 9]);
    const { malloc } = module;
    module.malloc = function (bytes) {
      own.set(Int32Array.of(0, 0, 0)).set([4, 5, 6]);
      return malloc.call(this, bytes);
    };
    try {
      expect([...i32.allocArray(heap, [1, 2, 3]), ...own]).toEqual([1, 2, 3, 4, 5, 6]);
    } finally {
      module.malloc = malloc;
    }
  });
  test('after one was refused, when read or when stored', () => {
    const ref = ptr32.allocArray(heap, [1, 2, 3]);
    const bad = [1, 'x', 3] as number[];
    expect(() => ref.set(bad)).toThrow(ArgumentTypeError);
    expect(() => ref.set([1, 2 ** 40, 3])).toThrow(RangeError);
    expect(() => ref.set([1, 2, 3, 4])).toThrow(RangeError);
    expect(() =>
      i32.allocArray(
        heap,
        hooked([1, 2], 0, () => expect.fail('read')),
      ),
    ).toThrow('read');
    expect([...ref, ...ref.set([5, 6, 7]), ...i32.allocArray(heap, [8, 9])]).toEqual([
      1, 2, 3, 5, 6, 7, 8, 9,
    ]);
  });
  test('if they lie in the memory that is written, which an allocation may grow', () => {
    const from = f64.allocArray(
      heap,
      Array.from({ length: 4000 }, (_, i) => i),
    );
    const view = from.view;
    const before = heap.byteLength;
    const refs = [f64.allocArray(heap, view)];
    while (heap.byteLength === before) refs.push(f64.allocArray(heap, from.view));
    for (const ref of refs) expect(ref.toArray()).toEqual(from.toArray());
    expect(() => f64.allocArray(heap, view)).toThrow(ArgumentTypeError); // its buffer is detached
  });
  test('if a typed array of a 53-bit pointer is stored in itself', () => {
    const ref = ptr53.allocArray(heap, [1, 2 ** 40, 3]);
    expect([...ref.set(ref.view as never)]).toEqual([1, 2 ** 40, 3]);
  });
});
