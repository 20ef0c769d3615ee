// Parameters that name another one by its index; lists that C returns, and what says how long they are.
import { expect, test } from 'vitest';
import {
  ArgumentRangeError, ArgumentTypeError, bind, checked, countOf, cstr, f32, i32, i64, inoutList, list, none, out, outCount,
  outList, OutOfBoundsError, owned, pointer, struct, u32, u8, voidp, type Signature,
} from '../../../ts/index.ts'; // prettier-ignore
import { assemble } from '../../support/assemble.ts';
import { fakeHeap } from '../../support/heap.ts';

const Point = struct('point_t', { x: i32, y: i32 });
const FLOATS = 16384;
const TEXTS = 16640;

/** A module whose functions return the address of floats 1, 2, 3, and of a list of two texts. */
function make() {
  const { heap, module } = fakeHeap();
  const { memory } = module;
  const ints = (): Int32Array => new Int32Array(memory.buffer);
  new Float32Array(memory.buffer, FLOATS, 3).set([1, 2, 3]);
  ints().set([TEXTS + 32, TEXTS + 34, 0], TEXTS / 4);
  new Uint8Array(memory.buffer, TEXTS + 32, 4).set([97, 0, 98, 0]);
  const freed: number[] = [];
  const counts = { next: 3, at: FLOATS };
  const instance = assemble(
    {
      counted: ['i:i', (count: number) => ((ints()[count / 4] = counts.next), counts.at)],
      both: ['ii:i', (list: number, count: number) => ((ints()[list / 4] = FLOATS), (ints()[count / 4] = 2), 0)],
      sizes: ['iii:i', (_: number, x: number, y: number) => ((ints()[x / 4] = 3), (ints()[y / 4] = 4), FLOATS)],
      same: ['i:i', (at: number) => at],
      two: ['ii:i', (at: number) => at],
      texts: [':i', () => TEXTS],
      free: ['i:', (at: number) => { freed.push(at); }],
    },
    memory,
  ); // prettier-ignore
  const bound = (name: string, ...signature: Signature): ((...args: unknown[]) => unknown) =>
    (bind(instance, heap, { [name]: signature }) as Record<string, (...args: unknown[]) => unknown>)[
      name
    ] as never; // is there
  return { heap, freed, counts, bound };
}

test('an index that names nothing, itself or something else is refused in bind', () => {
  const { bound } = make();
  for (const [name, signature, message] of [
    [
      'same',
      [i32, [countOf(5)]],
      /the index of a list for countOf\(5\) as parameter 0 of same.*"no parameter"/,
    ],
    ['two', [i32, [i32, countOf(0)]], /countOf\(0\) as parameter 1 of two.*"i32"/],
    ['two', [i32, [list(i32), countOf(1)]], /countOf\(1\) as parameter 1 of two.*"count"/],
    ['two', [i32, [list(i32, 1), list(i32)]], /an earlier list for list\(\) as parameter 0 of two.*1/],
    ['two', [i32, [i32, list(i32, 0)]], /the index of a list for list\(i32, 0\) as parameter 1.*"i32"/],
    ['two', [i32, [list(i32, () => 1), i32]], /an earlier list for list\(\) as parameter 0.*a function/],
    ['two', [i32, [outList(i32, 0), i32]], /a list or an integer for outList\(i32, 0\) as parameter 0/],
    ['two', [i32, [outList(i32, 1), f32]], /a list or an integer.*"f32"/],
    ['two', [i32, [outList(i32, 1), out(i32)]], /a list or an integer.*"out i32"/],
    ['two', [i32, [out(list(i32, () => 1)), i32]], /the index of a parameter for list\(\) in out\(\)/],
    ['texts', [list(f32), []], /list\(f32, count\) for the result of texts: only pointers end at NULL/],
    ['texts', [list(f32, 0), []], /a list or an integer for the result of texts.*"no parameter"/],
    ['same', [list(f32, 0), [cstr]], /a list or an integer for the result of same.*"char \*"/],
  ] as const) {
    const binding = (): unknown => bound(name, ...(signature as unknown as Signature));
    expect(binding).toThrow(message);
    expect(binding).toThrow(ArgumentTypeError);
  }
});

test('a list of unknown length counts nothing', () => {
  const { bound } = make();
  expect(() => bound('two', none, [list(f32), outList(f32, 0)])(1024)).toThrow(/known length.*got 1024/);
  expect(() => bound('two', none, [inoutList(f32), i32])(1024, 1)).toThrow(/known length.*got 1024/);
  expect(() => bound('two', i32, [list(i32), countOf(0)])(1024)).toThrow(/known length.*got 1024/);
  expect(() => bound('two', i32, [list(i32), list(i32, 0)])([1], 1024)).toThrow(
    /as for parameter 0: 1.*an address/,
  );
  expect(bound('two', i32, [list(i32), list(i32, 0)])(1024, 1024)).toBe(1024);
  expect(bound('two', i32, [inoutList(f32), i32])(null, 1)).toEqual([0, new Float32Array(0)]);
});

test('a list that C returns is as long as a parameter says', () => {
  const { bound, freed, counts } = make();
  const floats = Float32Array.of(1, 2, 3);
  expect(bound('counted', list(f32, 0), [outCount()])()).toEqual(floats);
  expect(bound('counted', list(f32, 0), [out(i32)])()).toEqual([floats, 3]);
  expect(bound('counted', list(Point, 0), [outCount(u32)])()).toHaveLength(3);
  expect(freed).toEqual([]);
  expect(bound('counted', owned(list(f32, 0)), [outCount()])()).toEqual(floats);
  expect(freed.splice(0)).toEqual([FLOATS]);
  expect(bound('two', list(f32, 1), [i32, i32])(FLOATS, 2)).toEqual(Float32Array.of(1, 2));
  expect(bound('two', list(f32, 1), [i32, list(u8)])(FLOATS, [0, 0])).toEqual(Float32Array.of(1, 2));
  expect(bound('sizes', list(u8, (args, outs) => Number(args[0]) * Number(outs[0]) * Number(outs[1])), [i32, out(i32), out(i32)])(2)).toEqual([new Uint8Array([0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64, ...new Array<number>(12).fill(0)]), 3, 4]); // prettier-ignore
  expect(bound('both', checked(i32), [out(list(f32, 1)), outCount()])()).toEqual(Float32Array.of(1, 2));
  expect(bound('both', checked(i32), [out(owned(list(f32, 1))), out(i32)])()).toEqual([
    Float32Array.of(1, 2),
    2,
  ]);
  expect(freed.splice(0)).toEqual([FLOATS]);
  expect(bound('texts', list(cstr), [])()).toEqual(['a', 'b']);
  expect(bound('texts', owned(list(cstr)), [])()).toEqual(['a', 'b']);
  expect(freed.splice(0)).toEqual([TEXTS]);
  counts.at = 0;
  expect(bound('counted', owned(list(f32, 0)), [outCount()])()).toBeNull();
  expect(freed).toEqual([]);
});

test('a count that is wrong is refused, and what is owned is freed', () => {
  const { bound, freed, counts } = make();
  const get = bound('counted', owned(list(f32, 0)), [outCount()]);
  counts.next = -5;
  expect(get).toThrow(ArgumentRangeError);
  expect(get).toThrow(/a count for the result of counted.*-5/);
  expect(freed.splice(0)).toEqual([FLOATS, FLOATS]);
  counts.next = 0x7fffffff;
  expect(get).toThrow(OutOfBoundsError);
  expect(bound('counted', list(Point, 0), [outCount()])).toThrow(OutOfBoundsError);
  const mine = new Error('mine');
  const failing = (): number => {
    throw mine;
  };
  expect(bound('texts', owned(list(f32, failing)), [])).toThrow(mine);
  expect(freed).toEqual([TEXTS]);
  for (const count of ['x', -1, 1.5, NaN, undefined])
    expect(
      bound(
        'texts',
        list(f32, () => count as number),
        [],
      ),
    ).toThrow(/a count for the result of texts/);
});

test('types that cannot be counted, owned or checked', () => {
  for (const wrong of [
    () => countOf(0, f32),
    () => outCount(f32),
    () => owned(voidp),
    () => owned(Point),
    () => checked(cstr),
    () => checked(f32),
    () => checked(i32, { success: [1.5] }),
    () => list('i32' as never),
  ])
    expect(wrong).toThrow(ArgumentTypeError);
  for (const fine of [() => countOf(0, i64), () => owned(pointer(Point)), () => checked(i64)])
    expect(fine).not.toThrow();
  const { bound } = make();
  expect(() => bound('same', i32, ['i32' as never])).toThrow(
    /a type such as i32.*for parameter 0 of same, got "i32"/,
  );
  expect(() => bound('same', undefined as never, [i32])).toThrow(ArgumentTypeError);
});
