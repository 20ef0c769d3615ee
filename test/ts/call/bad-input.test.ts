// Calls with wrong arguments, and of functions that do what they should not. Modules are assembled here.
import { expect, test } from 'vitest';
import {
  ArgumentRangeError, ArgumentTypeError, bind, countOf, cstr, EncodingError, f32, FreedError, i32, inout, inoutList,
  list, none, out, OutOfBoundsError, OutOfMemoryError, outList, owned, pointer, releaseTemporaries, struct, u8, voidp,
  WrongHeapError,
} from '../../../ts/index.ts'; // prettier-ignore
import { assemble } from '../../support/assemble.ts';
import { fakeHeap } from '../../support/heap.ts';

const Point = struct('point_t', { id: i32, x: f32, y: f32 });
const Player = struct('player_t', { tag: cstr, pos: pointer(Point) });

/** A module, a heap of it, and another heap. */
function make() {
  const { heap, module } = fakeHeap();
  const { memory } = module;
  const ints = (): Int32Array => new Int32Array(memory.buffer);
  const hooks = { act: (_address: number): void => undefined };
  const instance = assemble(
    {
      two: ['iii:i', (_a: number, _b: number, count: number) => count],
      one: ['ii:i', (_a: number, count: number) => count],
      fill: ['ii:', () => undefined],
      same: ['i:i', (address: number) => address],
      act: ['i:i', (address: number) => (hooks.act(address), 7)],
      give: ['i:', (address: number) => { ints()[address / 4] = 0x7ffffff0; }],
      grow: ['ii:i', (address: number) => (memory.grow(1), ints()[address / 4])],
    },
    memory,
  ); // prettier-ignore
  const clean = (): void => {
    heap.freeAll();
    expect([heap.statistics.liveBlocks, module.live.size]).toEqual([0, 0]);
  };
  return { heap, module, memory, instance, hooks, clean, other: fakeHeap().heap };
}

test('counts, and lists of other lengths', () => {
  const { heap, instance, clean } = make();
  const lib = bind(instance, heap, {
    two: [i32, [list(i32), list(i32, 0), countOf(0)]],
    one: [i32, [list(u8), countOf(0, u8)]],
    fill: [none, [i32, outList(i32, 0)]],
  });
  expect(lib.two([1, 2], [3, 4])).toBe(2);
  for (const wrong of [
    () => lib.two([1, 2], [1]),
    () => lib.two([1, 2], null),
    () => lib.two([1, 2], 1024 as never),
    () => lib.one(new Uint8Array(256)),
    () => lib.fill(-1),
    () => lib.fill(1.5),
    () => lib.fill(NaN),
    () => lib.two({ length: -1 } as never, []),
  ])
    expect(wrong).toThrow(ArgumentRangeError);
  expect(() => lib.one(new Uint8Array(256))).toThrow(/less than 256 elements for parameter 1 of one.*256/);
  expect(lib.one(new Uint8Array(255))).toBe(255);
  for (const huge of [2 ** 31 - 1, 2 ** 32 + 1]) expect(() => lib.fill(huge)).toThrow(OutOfMemoryError);
  for (const wrong of [
    () => lib.two([1, undefined] as never, [1, 2]),
    () => lib.two(new Array<number>(3), [1, 2, 3]), // holes
    () => lib.two('12' as never, [1, 2]),
    () => lib.two(new ArrayBuffer(8) as never, [1, 2]),
    () => lib.two(undefined as never, [1]),
    () => (lib.two as (...all: unknown[]) => unknown)([1]),
    () => (lib.two as (...all: unknown[]) => unknown)([1], [1], 1),
    () => bind(instance, heap, { one: [i32, [list(i32), countOf(5)]] }),
    () => bind(instance, heap, { one: [i32, [i32, countOf(0)]] }),
  ])
    expect(wrong).toThrow(ArgumentTypeError);
  clean();
});

test('text with NUL, lone surrogates, refs that are freed or of another heap', () => {
  const { heap, other, instance, clean } = make();
  const lib = bind(instance, heap, {
    one: [i32, [list(cstr), countOf(0)]],
    same: [i32, [cstr]],
    two: [i32, [list(Player), i32, i32]],
  });
  expect(() => lib.one(['a\0b'])).toThrow(EncodingError);
  expect(() => lib.same('a\0b')).toThrow(EncodingError);
  expect(lib.one(['\ud800'])).toBe(1); // as U+FFFD
  expect(() => lib.one([undefined] as never)).toThrow(ArgumentTypeError);
  const foreign = other.allocNullTerminatedUtf8String('x');
  const freed = heap.allocNullTerminatedUtf8String('x');
  freed.free();
  const point = Point.alloc(other);
  const player = Player.alloc(heap);
  for (const wrong of [
    () => lib.same(foreign),
    () => lib.one([foreign]),
    () => lib.two([{ tag: foreign }], 0, 0),
    () => lib.two([{ pos: point }], 0, 0),
    () => Player.alloc(heap, { pos: point }),
    () => {
      player.pos = point;
    },
    () => {
      player.tag = foreign as never;
    },
  ])
    expect(wrong).toThrow(WrongHeapError);
  for (const wrong of [() => lib.same(freed), () => lib.one([freed]), () => lib.two([{ tag: freed }], 0, 0)])
    expect(wrong).toThrow(FreedError);
  expect(player.toObject()).toEqual({ tag: null, pos: null });
  clean();
});

test('addresses that are none, and refs to something else', () => {
  const { heap, instance, clean } = make();
  const Other = struct('other_t', { key: i32 });
  const Same = struct('point_t', { id: i32, x: f32, y: f32 });
  const lib = bind(instance, heap, { same: [i32, [voidp]] });
  const typed = bind(instance, heap, { same: [i32, [pointer(Point)]] });
  const inoutOf = bind(instance, heap, { same: [none, [inout(Point)]] });
  const listOf = bind(instance, heap, { same: [i32, [list(Point)]] });
  const value = bind(instance, heap, { same: [none, [Point]] });
  for (const wrong of [2 ** 32, 2 ** 32 + 8, 2n ** 32n]) {
    expect(() => lib.same(wrong)).toThrow(ArgumentRangeError);
    expect(() => lib.same(wrong)).toThrow(/an address below 2\^32 for parameter 0 of same, got 4294967/);
    expect(() => typed.same(wrong)).toThrow(ArgumentRangeError);
    expect(() => listOf.same(wrong)).toThrow(ArgumentRangeError);
  }
  for (const wrong of [1.5, NaN, Infinity, -(2 ** 31) - 1, -1n])
    expect(() => lib.same(wrong)).toThrow(ArgumentTypeError);
  expect([lib.same(-1), lib.same(8n), lib.same(2 ** 31)]).toEqual([-1, 8, -(2 ** 31)]);
  const other = Other.alloc(heap);
  const others = Other.allocArray(heap, 2);
  const floats = heap.allocFloat32Array(3);
  const player = Player.alloc(heap);
  for (const wrong of [other, others, others.at(1), floats] as never[]) {
    for (const call of [typed, inoutOf, listOf]) {
      expect(() => call.same(wrong)).toThrow(ArgumentTypeError);
      expect(() => call.same(wrong)).toThrow(
        /a ref to point_t for parameter 0 of same; pass the address to cast/,
      );
    }
    expect(() => {
      player.pos = wrong;
    }).toThrow(/a ref to point_t for point_t \*/);
    expect(() => value.same(wrong)).toThrow(/fields? of point_t/);
  }
  const bytes = heap.allocUint8Array(12);
  for (const right of [Same.alloc(heap), Point.allocArray(heap, 2), bytes] as const) {
    expect(typed.same(right as never)).toBe(right.address);
    player.pos = right as never;
  }
  expect(typed.same(other.address)).toBe(other.address);
  expect(lib.same(other)).toBe(other.address);
  clean();
});

test('functions that return wild pointers', () => {
  const { heap, module, memory, instance, clean } = make();
  const end = memory.buffer.byteLength;
  const text = bind(instance, heap, { same: [cstr, [i32]] });
  const ref = bind(instance, heap, { same: [pointer(Point), [i32]] });
  const copy = bind(instance, heap, { same: [owned(pointer(Point)), [i32]] });
  for (const at of [0x7fffffff, -1, end + 1, end - 4]) {
    expect(() => ref.same(at)).toThrow(OutOfBoundsError);
    expect(() => copy.same(at)).toThrow(OutOfBoundsError);
    if (at !== end - 4) expect(() => text.same(at)).toThrow(OutOfBoundsError);
  }
  new Uint8Array(memory.buffer, end - 4).fill(65);
  expect(() => text.same(end - 4)).toThrow(EncodingError);
  for (const type of [cstr, pointer(Point), owned(cstr)])
    expect(() => bind(instance, heap, { give: [none, [out(type as typeof cstr)]] }).give()).toThrow(
      OutOfBoundsError,
    );
  expect(() => owned(i32)).toThrow(/a pointer for owned\(\).*"i32"/);
  expect(module.badFrees).toEqual([]);
  clean();
});

test('functions that free everything, or their argument, or grow the memory', () => {
  const { heap, module, instance, hooks, clean } = make();
  const lib = bind(instance, heap, {
    act: [i32, [inout(Point)]],
    grow: [i32, [inoutList(i32), countOf(0)]],
  });
  hooks.act = () => heap.freeAll();
  expect(lib.act({ id: 7 })).toEqual([7, { id: 7, x: 0, y: 0 }]); // read before anybody uses the bytes again
  const point = Point.alloc(heap, { id: 1 });
  lib.act(point);
  expect(() => point.id).toThrow(FreedError);
  expect(() => lib.act(point)).toThrow(FreedError);
  hooks.act = (address) => heap.free(address);
  const freed = Point.alloc(heap, { id: 2 });
  lib.act(freed);
  expect(() => freed.id).toThrow(FreedError);
  const kept = Point.alloc(heap, { id: 3 });
  for (const count of [1, 100, 5000])
    expect(lib.grow(new Array<number>(count).fill(count))).toEqual([
      count,
      new Int32Array(count).fill(count),
    ]);
  expect(kept.id).toBe(3);
  kept.free();
  releaseTemporaries(lib);
  expect(module.badFrees).toEqual([]);
  clean();
});
