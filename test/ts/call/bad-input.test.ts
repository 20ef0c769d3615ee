// Calls with wrong arguments, and of functions that do what they should not. Modules are assembled here.
import { expect, test } from 'vitest';
import {
  ArgumentRangeError, ArgumentTypeError, array, bind, callback, checked, countOf, createCallback, cstr, EncodingError, f32, flexible, FreedError, i32, i8, inout, inoutList,
  list, none, opaque, out, OutOfBoundsError, OutOfMemoryError, outList, owned, pointer, releaseTemporaries, struct, u8, voidp,
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
  expect(() => lib.one(new Uint8Array(256))).toThrow(/fewer than 256 elements for parameter 1 of one.*256/);
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
  expect(() => owned(i32)).toThrow(/a value that owned\(\) can copy.*"i32"/);
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

test('bytes as a list or a struct: as many elements as they hold, and no fewer bytes than C needs', () => {
  const { heap, instance, clean } = make();
  const lib = bind(instance, heap, { one: [i32, [list(i32), countOf(0)]], two: [i32, [list(Point), i32, countOf(0)]] });
  const at = bind(instance, heap, { same: [i32, [pointer(Point)]] });
  const inoutOf = bind(instance, heap, { same: [none, [inout(Point)]] });
  const many = bind(instance, heap, { same: [i32, [pointer(array(f32, 4))]] });
  expect([lib.one(heap.allocUint8Array(16)), lib.one(heap.allocSlice(u8, 8))]).toEqual([4, 2]);
  expect(lib.two(heap.allocUint8Array(24) as never, 0)).toBe(2);
  const text = heap.allocNullTerminatedUtf8String('ab');
  const Long = struct('long_t', { length: i32, x: f32, y: f32 });
  for (const [wrong, message] of [
    [() => lib.one(heap.allocUint8Array(15)), /a multiple of 4 bytes for parameter 0 of one, got 15/],
    [() => lib.one(heap.allocUint8Array(3)), /4 bytes or more for parameter 0 of one, got 3/],
    [() => lib.one(text as never), /4 bytes or more for parameter 0 of one, got 3/],
    [() => at.same(text), /12 bytes or more for parameter 0 of same, got 3/],
    [() => at.same(heap.allocSlice(u8, 8)), /12 bytes or more for parameter 0 of same, got 8/],
    [() => inoutOf.same(heap.allocUint8Array(8) as never), /12 bytes or more for parameter 0 of same, got 8/],
    [() => many.same(heap.allocFloat32Array(3)), /16 bytes or more for parameter 0 of same, got 12/],
    [() => Player.alloc(heap, { pos: text as never }), /12 bytes or more for point_t \*, in player_t\.pos, got 3/],
  ] as const) {
    expect(wrong).toThrow(ArgumentRangeError);
    expect(wrong).toThrow(message);
  }
  const one = Long.alloc(heap, { length: 1000 });
  const lists = bind(instance, heap, { one: [i32, [list(Long), countOf(0)]] });
  expect(() => lists.one(one as never)).toThrow(/a list of known length for parameter 1 of one/);
  clean();
}); // prettier-ignore

test('errors name the parameter, and what in it', () => {
  const { heap, instance, clean } = make();
  const lib = bind(instance, heap, {
    one: [i32, [list(i32), countOf(0)]],
    two: [i32, [list(cstr), list(Player), i32]],
    same: [i32, [cstr]],
    fill: [none, [Point, i32]],
    act: [i32, [inout(Point)]],
    grow: [i32, [pointer(Point), i32]],
  });
  const any = lib as unknown as Record<string, (...args: unknown[]) => unknown>;
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  const long = Array.from({ length: 40 }, (_, i) => (i < 30 ? i : 'x'));
  for (const [name, args, message] of [
    ['one', [[1, 'x']], /a number for i32, in element 1, in parameter 0 of one, got "x"/],
    ['one', [long], /a number for i32 at index 30, in parameter 0 of one, got "x"/],
    ['one', ['12'], /an array for parameter 0 of one, got "12"/],
    ['one', [revoked], /an array for parameter 0 of one/],
    ['two', [['a', 'b\0'], [], 0], /a NUL at index 1.*, in element 1, in parameter 0 of two/],
    ['two', [['a'], [{ tag: 5.5 }], 0], /null for char \*, in player_t\.tag, in element 0, in parameter 1 of two, got 5\.5/],
    ['same', ['a\0b'], /a NUL at index 1.*, in parameter 0 of same/],
    ['same', [`${'x'.repeat(99)}\0`], /a NUL at index 99.*, in parameter 0 of same/],
    ['same', [revoked], /a ref, an address or null for parameter 0 of same/],
    ['same', [heap.allocFloat32Array(2)], /a ref to i8 for parameter 0 of same; pass the address to cast, got "f32"/],
    ['fill', [null, 1], /an object with fields of point_t, in parameter 0 of fill, got null/],
    ['fill', [{ y: '2' }, 1], /a number for f32, in point_t\.y, in parameter 0 of fill, got "2"/],
    ['fill', [new Date(0), 1], /an object with fields of point_t, in parameter 0 of fill/],
    ['fill', [revoked, 1], /fields of point_t, not a revoked proxy, in parameter 0 of fill/],
    ['act', [{ x: 1n }], /a number for f32, in point_t\.x, in parameter 0 of act, got 1n/],
    ['act', [revoked], /not a revoked proxy, in parameter 0 of act/],
    ['grow', [{ z: 1 }, 1], /one of id, x, y, in parameter 0 of grow, got "z"/],
  ] as const) {
    let error: Error & { code?: string } = new Error('not refused');
    try {
      any[name]?.(...args);
    } catch (thrown) {
      error = thrown as Error;
    }
    expect(error.message).toMatch(message);
    expect(error.code).toMatch(/^(INVALID_TYPE|ENCODING)$/);
  }
  clean();
}); // prettier-ignore

test('bind() and createCallback() refuse what they cannot bind, and say where', () => {
  const { heap, memory, instance, other, clean } = make();
  const Tail = struct('tail_t', { n: i32, rest: flexible(i8) });
  const lib = bind(instance, heap, { one: [i32, [i32, i32]] });
  const signature = (result: unknown, ...parameters: unknown[]) => () =>
    bind(instance, heap, { one: [result, parameters] as never });
  for (const [wrong, message] of [
    [() => bind({ ...instance.exports, memory }, other, {}), /a heap over the memory of this module/],
    [() => bind(instance, heap, ['one'] as never), /an object of signatures by name/],
    [() => bind(instance, heap, { one: [i32, [i32, i32], 1] as never }), /\[result, \[parameters\]\] for one/],
    [signature(i32, none, i32), /a type that C can pass: .*, in parameter 0 of one, got "void"/],
    [signature(array(i32, 2), i32, i32), /a type that C can pass: .*, in the result of one, got "i32\[2\]"/],
    [signature(i32, i32, callback(i32, [array(i32, 2)])), /that C can pass: .*, in parameter 1 of one, got "i32\[2\]"/],
    [signature(i32, list(Tail), i32), /without a flexible array at their end, in parameter 0 of one, got "tail_t"/],
    [signature(none, i32, outList(Tail, 0)), /at their end, in parameter 1 of one, got "tail_t"/],
    [signature(list(Tail, 0), i32, i32), /a flexible array at their end, .*got "tail_t"/],
    [() => checked(i32, { sucess: [1] } as never), /one of the options success, message, got "sucess"/],
    [() => checked(i32, null as never), /an options object, got null/],
    [() => checked(i32, { message: 'x' as never }), /a function for message, got "x"/],
    [() => opaque(undefined as never), /the name of a type in C/],
    [() => createCallback(lib, callback(i32, []), null as never), /a function for C to call, got null/],
    [() => createCallback(lib, i32 as never, (() => 1) as never), /a type that callback\(\) returned/],
    [() => createCallback({}, callback(i32, []), () => 1), /a library that bind\(\) returned/],
  ] as const) {
    expect(wrong).toThrow(ArgumentTypeError);
    expect(wrong).toThrow(message);
  }
  expect(bind({ ...instance.exports, memory }, heap, {})).toEqual({});
  clean();
}); // prettier-ignore
