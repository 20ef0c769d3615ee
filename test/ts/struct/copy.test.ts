import { describe, expect, test } from 'vitest';
import {
  ArgumentTypeError,
  array,
  createHeapSync,
  flexible,
  i32,
  scalarTypes,
  struct,
  u8,
  type Scalar,
  type ScalarArrayRef,
} from '../../../ts/index.ts';
import { fakeHeap } from '../../support/heap.ts';

/** A struct of `count` fields: f0, f1, ... */
const wide = (name: string, count: number) =>
  struct(name, Object.fromEntries(Array.from({ length: count }, (_, i) => [`${name}${i}`, i32])));

describe('copies of structs', () => {
  test('of any number of fields, and of more structs than have code of their own', () => {
    const { heap } = fakeHeap();
    const at = heap.alloc(4 * 9);
    for (const count of [1, 2, 5, 6, 7, 9, 3, 4, 8, 1, 6, 7])
      for (const name of ['a', 'b']) {
        const Type = wide(name, count);
        const values = Object.fromEntries(
          Array.from({ length: count }, (_, i) => [`${name}${i}`, i * 3 - count]),
        );
        Type.write(heap, at, values);
        expect(Type.read(heap, at)).toEqual(values);
        expect(Object.keys(Type.read(heap, at))).toEqual(Object.keys(values));
        Type.write(heap, at, { [`${name}${count - 1}`]: 77 });
        expect(Type.read(heap, at)).toEqual({ ...values, [`${name}${count - 1}`]: 77 });
        expect(() => Type.write(heap, at, { ...values, other: 1 })).toThrow(ArgumentTypeError);
        expect(() => Type.write(heap, at, { ...values, [`${name}0`]: undefined as never })).toThrow(
          ArgumentTypeError,
        );
      }
  });

  const Pair = struct('pair_t', { x: i32, y: i32 });
  test('take what a value inherits, and refuse what is no field', () => {
    const { heap } = fakeHeap();
    const at = heap.alloc(8);
    class Value {
      own = 5;
      get x() {
        return 3;
      }
    }
    expect(() => Pair.write(heap, at, new Value() as never)).toThrow(/one of x, y, got "own"/);
    expect(Pair.read(heap, at)).toEqual({ x: 0, y: 0 });
    Pair.write(heap, at, Object.create({ x: 1, y: 2 }) as never);
    expect(Pair.read(heap, at)).toEqual({ x: 1, y: 2 });
    Pair.write(heap, at, Object.assign(Object.create(null), { y: 4 }) as never);
    expect(Pair.read(heap, at)).toEqual({ x: 1, y: 4 });
    Pair.write(heap, at, Object.defineProperty({ x: 8 }, 'y', { value: 9 }) as never);
    expect(Pair.read(heap, at)).toEqual({ x: 8, y: 9 });
  });

  test('read a value once, in the order of the fields', () => {
    const { heap } = fakeHeap();
    const seen: string[] = [];
    const value = {
      get y() {
        seen.push('y');
        return 2;
      },
      get x() {
        seen.push('x');
        return 1;
      },
    };
    Pair.write(heap, heap.alloc(8), value);
    expect(seen).toEqual(['x', 'y']);
  });

  test('do not take what every object has for a field', () => {
    const { heap } = fakeHeap();
    const Odd = struct('odd_t', { constructor: u8, toString: i32, valueOf: i32 });
    const odd = Odd.alloc(heap, { valueOf: 7 } as never);
    expect(Odd.read(heap, odd['@address' as never])).toEqual({ constructor: 0, toString: 0, valueOf: 7 });
    expect(() => struct('bad_t', { ['__proto__']: i32 }).size).toThrow(ArgumentTypeError);
  });
});

test('an array field of any type takes what its copy has', () => {
  const heap = createHeapSync();
  for (const type of scalarTypes as unknown as readonly Scalar[]) {
    const values = [1, 0, 3].map((n) =>
      type.kind === 'bigint' ? BigInt(n) : type.kind === 'boolean' ? n !== 0 : n,
    );
    const Type = struct(`s_${type.name}`, { list: array(type as never, 3), rest: flexible(type as never) });
    const alloc = (values: object): Lists => Type.alloc(heap, values as never) as never;
    const first = alloc({ list: values, rest: values });
    const second = alloc({ list: first.list.copy(), rest: first.rest.copy() });
    second.list = first.list.copy();
    for (const { list, rest } of [first, second])
      expect([list.toArray(), rest.toArray()], type.name).toEqual([values, values]);
    first.free();
    second.free();
  }
  expect(heap.statistics.liveBlocks).toBe(0);
});
interface Lists {
  get list(): ScalarArrayRef;
  set list(values: unknown);
  readonly rest: ScalarArrayRef;
  free(): void;
}
