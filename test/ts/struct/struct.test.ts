import { describe, expect, test } from 'vitest';
import {
  aligned, ArgumentRangeError, ArgumentTypeError, array, bigEndian, bits, bool, chars, createHeapSync,
  createWasmHeapManager64, cstr, DoubleFreeError, EncodingError, enumeration, f32, f64, flexible, FreedError, i16,
  i32, i64, i8, NotOwnedError, opaque, OutOfBoundsError, OutOfMemoryError, padding, pointer, Ref, refOf, struct, u16,
  u32, u64, u8, union, voidp, WrongHeapError,
} from '../../../ts/index.ts'; // prettier-ignore
import { fakeHeap } from '../../support/heap.ts';

const Point = struct('point_t', { id: i32, x: f32, y: f32 });
const Player = struct('player_t', { name: chars(16), flags: u16, score: f64, pos: Point, tag: cstr });
const Node = struct('node_t', {
  value: i32,
  get next() {
    return pointer(Node);
  },
  points: array(Point, 3),
});

/** Runs `act` on a heap, which must have nothing allocated afterwards. */
function onHeap(act: (fake: ReturnType<typeof fakeHeap>) => void): void {
  const fake = fakeHeap();
  act(fake);
  fake.heap.freeAll();
  expect(fake.module.badFrees).toEqual([]);
  expect(fake.heap.statistics.liveBlocks).toBe(0);
}

describe('a struct', () => {
  test('is read and written like a scalar', () =>
    onHeap(({ heap }) => {
      const at = heap.alloc(Point.size);
      Point.write(heap, at, { id: 7, y: 2.5 });
      expect(Point.read(heap, at)).toEqual({ id: 7, x: 0, y: 2.5 });
      Point.write(heap, at, { x: 1 });
      expect(Point.read(heap, at)).toEqual({ id: 7, x: 1, y: 2.5 });
      expect([Point.size, Point.align, Point.offsetOf('y'), Player.offsetOf('pos.y')]).toEqual([
        12, 4, 8, 40,
      ]);
    }));
  test('has live instances', () =>
    onHeap(({ heap }) => {
      const p = Player.alloc(heap, { name: 'Zoë', pos: { x: 1 }, tag: 'vip' });
      p.pos.x += 1;
      p.flags = 65537;
      p.score = 2.5;
      expect(p.toObject()).toEqual({
        name: 'Zoë',
        flags: 1,
        score: 2.5,
        pos: { id: 0, x: 2, y: 0 },
        tag: 'vip',
      });
      const again = Player.wrap(heap, p.address);
      expect(again.pos.x).toBe(2);
      again.pos.y = 9;
      expect(p.pos.y).toBe(9);
      p.set({ name: 'Ann', pos: { id: 3 } });
      expect([p.name, p.pos.id, p.pos.y]).toEqual(['Ann', 3, 9]);
      expect(p).toBeInstanceOf(Ref);
      expect(p.byteLength).toBe(Player.size);
      p.free();
    }));
  test('is converted and shown', () =>
    onHeap(({ heap }) => {
      const Wide = struct('wide_t', { big: i64, at: Point });
      const wide = Wide.alloc(heap, { big: 5n, at: { x: 1 } });
      expect(JSON.stringify(wide)).toBe('{"big":"5","at":{"id":0,"x":1,"y":0}}');
      const show = (wide as unknown as Record<symbol, () => string>)[
        Symbol.for('nodejs.util.inspect.custom')
      ];
      expect(show?.call(wide)).toBe(
        `wide_t at 0x${wide.address.toString(16)} {"big":"5","at":{"id":0,"x":1,"y":0}}`,
      );
      wide.free();
      expect(show?.call(wide)).toContain('(freed)');
    }));
  test('changes nothing when one of several values is wrong', () =>
    onHeap(({ heap, module }) => {
      const p = Player.alloc(heap, { name: 'old', tag: 'old', pos: { x: 4 } });
      const before = p.toObject();
      const live = module.live.size;
      // @ts-expect-error y is a number
      expect(() => p.set({ name: 'new', tag: 'new', pos: { x: 1, y: 'no' } })).toThrow(ArgumentTypeError);
      expect(() => p.set({ tag: 'new', name: 'far too long for its field' })).toThrow(EncodingError);
      // @ts-expect-error there is no such field
      expect(() => p.set({ tag: 'new', nam: 'x' })).toThrow(/a field of player_t/);
      expect(p.toObject()).toEqual(before);
      expect(module.live.size).toBe(live);
      // @ts-expect-error x is a number
      expect(() => Player.alloc(heap, { tag: 'text', pos: { x: '1' } })).toThrow(ArgumentTypeError);
      expect(module.live.size).toBe(live);
    }));
  test('can be grown under, freed and read by the getters of a value', () =>
    onHeap(({ heap, module }) => {
      const p = Point.alloc(heap);
      p.set({
        id: 1,
        get x() {
          module.memory.grow(1);
          return 5;
        },
        y: 6,
      });
      expect(p.toObject()).toEqual({ id: 1, x: 5, y: 6 });
      const hooked = {
        get x() {
          p.free();
          return 5;
        },
      };
      expect(() => p.set(hooked)).toThrow(FreedError);
    }));
});

describe('the end of an allocation', () => {
  test('is seen by the instance and by all that was taken from it', () =>
    onHeap(({ heap }) => {
      const node = Node.alloc(heap, { points: [{ x: 1 }] });
      const points = node.points;
      const first = points.at(0);
      const borrowed = Node.wrap(heap, node.address);
      node.free();
      for (const act of [
        () => node.value,
        () => {
          node.value = 1;
        },
        () => first.x,
        () => points.at(0).x,
        () => points.toObject(),
        () => borrowed.value,
        () => node.toObject(),
        () => node.set({}),
        () => node.next,
      ])
        // prettier-ignore
        expect(act).toThrow(FreedError);
      expect(() => node.free()).toThrow(DoubleFreeError);
      node.dispose();
    }));
  test('comes once: borrowed ones are not freed, and not by another heap', () =>
    onHeap(({ heap }) => {
      const p = Point.alloc(heap);
      expect(() => Point.wrap(heap, p.address).free()).toThrow(NotOwnedError);
      expect(() => fakeHeap().heap.free(p)).toThrow(WrongHeapError);
      heap.free(p);
      expect(() => heap.free(p)).toThrow(DoubleFreeError);
      expect(() => Point.wrap(heap, 0)).toThrow(ArgumentTypeError);
      expect(() => Point.wrap(heap, heap.byteLength - 4)).toThrow(OutOfBoundsError);
    }));
  test('comes with that of an arena and a scope', () =>
    onHeap(({ heap }) => {
      let kept: { x: number } | undefined;
      heap.scope((scope) => {
        const player = Player.alloc(scope, { tag: 'a', pos: { x: 3 } });
        player.tag = 'another';
        expect([player.tag, player.pos.x]).toEqual(['another', 3]);
        kept = player.pos;
      });
      expect(() => kept?.x).toThrow(FreedError);
      const arena = heap.createHeapArena(1024);
      const points = Point.allocArray(arena, [{ x: 1 }, { x: 2 }]);
      expect(points.at(1).x).toBe(2);
      expect(() => points.free()).toThrow(NotOwnedError);
      arena.reset();
      expect(() => points.at(1).x).toThrow(FreedError);
      arena.destroy();
    }));
  test('is that of the slice a struct was wrapped in', () =>
    onHeap(({ heap }) => {
      const slice = heap.allocSlice(u8, 64);
      const p = Point.wrap(slice, 12);
      p.x = 2;
      expect(Point.wrapArray(slice, 0, 5).at(1).x).toBe(2);
      expect(() => Point.wrap(slice, 56)).toThrow(OutOfBoundsError);
      slice.free();
      expect(() => p.x).toThrow(FreedError);
    }));
});

describe('text in a char * field', () => {
  test('belongs to the owner: it is freed with it, and when the field is set again', () =>
    onHeap(({ heap, module }) => {
      const p = Player.alloc(heap, { tag: 'one' });
      expect(module.live.size).toBe(2);
      p.tag = 'two, and longer';
      expect([p.tag, module.live.size]).toEqual(['two, and longer', 2]);
      p.tag = null;
      expect([p.tag, module.live.size]).toEqual([null, 1]);
      p.tag = 'three';
      heap.free(p.address);
      expect(module.live.size).toBe(0);
    }));
  test('of the elements of an array is freed with the array', () =>
    onHeap(({ heap, module }) => {
      const players = Player.allocArray(heap, [{ tag: 'a' }, { tag: 'b' }, {}]);
      players.at(2).tag = 'c';
      players.setAt(0, { tag: 'd' });
      expect([...players].map(({ tag }) => tag)).toEqual(['d', 'b', 'c']);
      expect(module.live.size).toBe(4);
      players.free();
      expect(module.live.size).toBe(0);
    }));
  test('is freed, handed over and resized with the block, also by its number', () => {
    const fake = fakeHeap();
    const { heap, module } = fake;
    const make = (): number => Player.alloc(heap, { tag: 'text' }).address;
    heap.free(make());
    expect(module.live.size).toBe(0);
    const given = heap.release(make());
    const text = Player.read(heap, given).tag;
    expect([text, module.live.size, heap.statistics.liveBlocks]).toEqual(['text', 2, 0]);
    const pointerAt = u32.read(heap, given + Player.offsetOf('tag'));
    module.free(pointerAt); // as C would
    module.free(given);
    const larger = heap.realloc(make(), 4096);
    expect([Player.read(heap, larger).tag, module.live.size]).toEqual(['text', 2]);
    const smaller = heap.realloc(larger, Player.size);
    expect([Player.read(heap, smaller).tag, module.live.size]).toEqual(['text', 2]);
    const cut = heap.realloc(smaller, Player.offsetOf('tag'));
    expect(module.live.size).toBe(1);
    heap.free(cut);
    expect([module.live.size, module.badFrees]).toEqual([0, []]);
  });
  test('stays with a block that the allocator resizes', () => {
    const heap = createHeapSync();
    const p = Player.alloc(heap, { tag: 'text' });
    const larger = heap.realloc(p.address, 100_000);
    expect([Player.read(heap, larger).tag, heap.statistics.liveBlocks]).toEqual(['text', 2]);
    expect(() => p.tag).toThrow(FreedError);
    heap.free(larger);
    expect(heap.statistics.liveBlocks).toBe(0);
  });
  test('stays with a block that cannot be resized', () => {
    const { heap, module } = fakeHeap();
    const p = Player.alloc(heap, { tag: 'text' });
    module.failAt = module.calls + 1;
    expect(() => heap.realloc(p.address, 4096)).toThrow(OutOfMemoryError);
    expect([p.tag, module.live.size]).toEqual(['text', 2]);
    p.free();
    expect([module.live.size, module.badFrees]).toEqual([0, []]);
  });
  test('is refused by a borrowed struct, which takes addresses', () =>
    onHeap(({ heap }) => {
      const text = heap.allocNullTerminatedUtf8String('there');
      const p = Player.alloc(heap);
      const borrowed = Player.wrap(heap, p.address);
      expect(() => { borrowed.tag = 'no'; }).toThrow(/borrowed/); // prettier-ignore
      borrowed.set({ tag: text });
      expect(p.tag).toBe('there');
      text.free();
      expect(() => borrowed.set({ tag: text })).toThrow(FreedError);
    }));
});

describe('kinds of fields', () => {
  test('pointers to structs, also to their own', () =>
    onHeap(({ heap }) => {
      const a = Node.alloc(heap, { value: 1 });
      const b = Node.alloc(heap, { value: 2, next: a });
      a.next = b;
      expect(a.next?.next?.next?.value).toBe(2);
      expect(b.toObject().next).toBe(a.address);
      a.next = null;
      expect([a.next, a.toObject().next]).toEqual([null, null]);
      b.free();
      expect(() => { a.next = b; }).toThrow(FreedError); // prettier-ignore
      const wild = struct('w', { p: pointer(Point), v: voidp, h: opaque('db') }).alloc(heap);
      wild.set({ p: 2 ** 31 });
      expect(() => wild.p).toThrow(OutOfBoundsError);
      wild.v = a.address;
      expect([wild.v, wild.h]).toEqual([a.address, null]);
    }));
  test('arrays, of scalars, structs and arrays', () =>
    onHeap(({ heap }) => {
      const Grid = struct('grid_t', {
        cells: array(array(u8, 3), 2),
        at: array(f32, 2),
        names: array(chars(4), 2),
      });
      const grid = Grid.alloc(heap, { cells: [[1, 2, 3], [4]], at: [1, 2], names: ['ab', 'cd'] });
      grid.cells.at(1).setAt(2, 9);
      grid.at.set([5], 1);
      grid.names.setAt(0, 'xy');
      expect(grid.toObject()).toEqual({
        cells: [
          [1, 2, 3],
          [4, 0, 9],
        ],
        at: [1, 5],
        names: ['xy', 'cd'],
      });
      expect(() => grid.set({ at: [1, 2, 3] })).toThrow(ArgumentRangeError);
      expect(() => grid.cells.at(2)).toThrow(ArgumentRangeError);
      expect(grid.names.subarray(1).toArray()).toEqual(['cd']);
      grid.set({ at: Float32Array.of(7, 8), names: grid.names });
      expect(grid.at.toArray()).toEqual([7, 8]);
    }));
  test('bit-fields, that wrap', () =>
    onHeap(({ heap }) => {
      const Bits = struct('b', {
        a: bits(u32, 3),
        b: bits(i32, 5),
        _: padding(u32, 0),
        c: bits(u64, 40),
        d: bits(bool, 1),
      });
      const one = Bits.alloc(heap, { a: 5, b: -3, c: 2n ** 39n, d: true });
      expect(one.toObject()).toEqual({ a: 5, b: -3, c: 2n ** 39n, d: true });
      one.a = 9;
      one.b = 17;
      expect([one.a, one.b, one.c, one.d]).toEqual([1, -15, 2n ** 39n, true]);
      // @ts-expect-error a bit-field of uint64_t is a bigint
      expect(() => { one.c = 1; }).toThrow(ArgumentTypeError); // prettier-ignore
      for (const wrong of [() => bits(u32, 33), () => bits(u32, 0), () => bits(bool, 2), () => bits(u8, 1.5)])
        expect(wrong).toThrow(ArgumentRangeError);
      expect(() => bits(f32 as never, 3)).toThrow(ArgumentTypeError);
      expect(() => pointer(bits(u32, 3)) && array(bits(u32, 3), 2).load(heap, 16)).toThrow(ArgumentTypeError);
    }));
  test('enums as names', () =>
    onHeap(({ heap }) => {
      const Color = enumeration('color', ['red', 'green', 'blue']);
      const Mode = enumeration('mode', { read: 4, write: 2 }, u8 as never);
      const S = struct('s', { color: Color, mode: Mode });
      const s = S.alloc(heap, { color: 'green', mode: 'read' });
      expect(s.toObject()).toEqual({ color: 'green', mode: 'read' });
      i32.write(heap, s.address, 77);
      expect(() => s.color).toThrow(/red, green, blue/);
      // @ts-expect-error no such name
      expect(() => s.set({ color: 'black' })).toThrow(ArgumentTypeError);
      expect(() => enumeration('e', ['a', 'a'])).toThrow(ArgumentTypeError);
    }));
  test('unions', () =>
    onHeap(({ heap }) => {
      const Value = union('value_t', { i: i32, f: f32, text: cstr });
      const value = Value.alloc(heap, { f: 1 });
      expect(value.i).toBe(0x3f800000);
      expect(value.toObject()).toEqual({ i: 0x3f800000, f: 1 });
      value.text = 'abc';
      expect(value.toObject()).toMatchObject({ text: 'abc' });
    }));
  test('a flexible array member', () =>
    onHeap(({ heap }) => {
      const Packet = struct('packet_t', { size: u32, data: flexible(u16) });
      const packet = Packet.alloc(heap, { size: 3, data: [1, 2, 3] });
      expect([packet.byteLength, packet.data.length, Packet.size]).toEqual([10, 3, 4]);
      expect(packet.toObject()).toEqual({ size: 3, data: [1, 2, 3] });
      packet.data = [4, 5] as never;
      expect(Packet.wrap(heap, packet.address, 2).data.toArray()).toEqual([4, 5]);
      expect(() => packet.set({ data: [1, 2, 3, 4] })).toThrow(ArgumentRangeError);
      expect(() => struct('x', { data: flexible(u8), n: u32 })).toThrow(/last/);
      expect(() => struct('x', { data: flexible(u8) })).toThrow(/last/);
    }));
  test('big-endian, packed, aligned', () =>
    onHeap(({ heap }) => {
      const Header = struct('h', { a: u8, n: bigEndian(u32), m: bigEndian(i16) }, { packed: true });
      const header = Header.alloc(heap, { n: 1, m: -2 });
      expect([Header.size, [...heap.readBytes(header.address, 7)]]).toEqual([7, [0, 0, 0, 0, 1, 255, 254]]);
      expect(header.toObject()).toEqual({ a: 0, n: 1, m: -2 });
      const Aligned = struct('a', { a: u8, b: aligned(32, u8) });
      expect([Aligned.size, Aligned.align, Aligned.offsetOf('b'), Aligned.alloc(heap).address % 32]).toEqual([
        64, 32, 32, 0,
      ]);
    }));
});

describe('names', () => {
  test('of fields win over members of Ref, which refOf reaches', () =>
    onHeap(({ heap, module }) => {
      const Odd = struct('odd_t', {
        address: u32,
        heap: i32,
        owned: bool,
        free: i8,
        block: u8,
        cell: i8,
        source: i8,
        type: i8,
      });
      const odd = Odd.alloc(heap, { address: 7, heap: 3, owned: true, free: 4, source: 5 });
      expect([odd.address, odd.heap, odd.owned, odd.free, odd.source]).toEqual([7, 3, true, 4, 5]);
      const borrowed = Odd.wrap(heap, refOf(odd as never).address);
      borrowed.owned = true;
      expect(() => heap.free(borrowed as never)).toThrow(NotOwnedError);
      heap.free(odd as never);
      expect(module.live.size).toBe(0);
      expect(() => odd.cell).toThrow(FreedError);
    }));
  test('are those of C, and fields are types', () => {
    const Tail = struct('tail_t', { n: i32, rest: flexible(i32) });
    expect(struct('s', { a: i32, b: Tail }).size).toBe(8); // nothing follows
    for (const wrong of [
      () => struct('s', { 'a b': i32 }),
      () => struct('s', { 0: i32 }),
      () => struct('s', {}),
      () => struct('s', { a: 3 }),
      () => struct('s', { a: undefined }),
      () => struct('s', null as never),
      () => array({} as never, 3),
      () => struct('s', { a: i32, b: flexible(i32), c: i32 }).size,
      () => struct('s', { b: flexible(i32) }).size,
      () => struct('s', { a: Tail, b: i32 }).size,
      () => struct('s', { a: struct('t', { a: i32, b: Tail }), b: i32 }).size,
      () => struct('s', { a: array(Tail, 2) }).size,
      () => union('u', { a: i32, b: flexible(i32) }).size,
      () => bits(f32 as never, 3),
      () => bits(i32, '3' as never),
      () => pointer(undefined as never),
    ])
      expect(wrong).toThrow(ArgumentTypeError);
    for (const wrong of [
      () => array(i32, 0),
      () => array(i32, -1),
      () => chars(0),
      () => struct('s', { a: array(f64, 2 ** 28), b: i8 }),
      () => struct('s', { a: i32 }, { pack: 3 }),
      () => struct('s', { a: array(i8, 2 ** 31 - 1), b: i8 }).size,
      () => array(f64, 2 ** 31),
      () => array(i32, NaN),
      () => bits(u8, 9),
      () => bits(i32, 0),
      () => bits(i32, -1),
      () => bits(u64, 65),
      () => bits(bool, 2),
      () => padding(i32, 33),
    ])
      expect(wrong).toThrow(ArgumentRangeError);
  });
  test('of a struct that contains itself are refused when it is used', () => {
    const Self = struct('self_t', {
      a: i32,
      get self(): unknown {
        return Self;
      },
    });
    expect(() => Self.size).toThrow(/pointer\(self_t\)/);
    const A = struct('a_t', {
      get b(): unknown {
        return B;
      },
    });
    const B = struct('b_t', {
      get a(): unknown {
        return array(A, 2);
      },
    });
    const U = union('u_t', {
      a: i32,
      get u(): unknown {
        return U;
      },
    });
    for (let i = 0; i < 2; i++)
      for (const cyclic of [A, B, U]) expect(() => cyclic.size).toThrow(/does not contain itself/);
  });
});

describe('layouts', () => {
  test('are asserted', () => {
    Point.assertLayout({ size: 12, align: 4, offsets: { x: 4, y: 8 } });
    expect(() => Point.assertLayout({ size: 16, offsets: { x: 8 } })).toThrow(
      /size 12 instead of 16, offset of x 4 instead of 8/,
    );
  });
  test('have 8-byte pointers in the heap of a 64-bit module', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    let top = 1024;
    const heap = createWasmHeapManager64(
      memory,
      (n) => BigInt((top += 64) - 64 + 0 * Number(n)),
      () => undefined,
    );
    const a = Node.alloc(heap, { value: 1 });
    const b = Node.alloc(heap, { value: 2, next: a });
    expect([b.byteLength, Node.layout(8).size, Node.offsetOf('points', 8), b.next?.value]).toEqual([
      56, 56, 16, 1,
    ]);
    expect(heap.readBigUint64(b.address + 8)).toBe(BigInt(a.address));
    expect(Node.size).toBe(44);
  });
});
