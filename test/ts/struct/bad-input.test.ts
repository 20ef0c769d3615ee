// Definitions that C refuses too, and values that do not fit: the error has a code and says where; nothing is changed.
import { describe, expect, test } from 'vitest';
import {
  aligned, anonymous, ArgumentRangeError, ArgumentTypeError, array, bigEndian, bits, chars, cstr, EncodingError,
  enumeration, f32, f64, flexible, i32, i64, i8, layoutChecks, opaque, padding, pointer, refOf, struct, u32, u64, u8,
  union,
} from '../../../ts/index.ts'; // prettier-ignore
import { fakeHeap } from '../../support/heap.ts';

const Point = struct('point_t', { x: i32, y: f32 });
const Tail = struct('tail_t', { n: i32, rest: flexible(i32) });
const any = (value: unknown): never => value as never;

/** The error that `act` throws. */
function thrown(act: () => unknown): Error & { code?: string } {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('not refused');
}

describe('a definition', () => {
  test.each([
    ['a misspelt option', () => struct('s', { a: i32 }, any({ paked: true })), /one of the options packed, pack, align, typedefAlign, got "paked"/],
    ['no options', () => struct('s', { a: i32 }, any(null)), /an options object, got null/],
    ['packed that is no boolean', () => struct('s', { a: i32 }, any({ packed: 1 })), /a boolean for packed, got 1/],
    ['text as an alignment', () => struct('s', { a: i32 }, any({ align: '4' })), /a number for align, got "4"/],
    ['pack above 16', () => struct('s', { a: i32 }, { pack: 32 }), /a power of two up to 16 for pack of s, got 32/],
    ['no power of two', () => struct('s', { a: i32 }, { align: 12 }), /up to 65536 for align of s, got 12/],
    ['a name that is no text', () => struct(any(Symbol('s')), { a: i32 }), /the name of a type in C, got Symbol\(s\)/],
    ['the name left out', () => struct(any({ a: i32 }), any(undefined)), /an object with fields, got undefined/],
    ['a Map', () => struct('s', new Map([['a', i32]])), /at least one field in s/],
    ['only a boundary', () => struct('s', { _: padding(u32, 0) }), /a size of s above 0/],
    ['a name of a field twice', () => struct('s', { ...anonymous(struct('', { constructor: i8 })), ...anonymous(struct('', { constructor: i32 })) }), /a unique name for each field of s, .* got "constructor"/],
    ['the end of a field at 2^32', () => struct('s', { a: i8, b: array(f64, 2 ** 29) }), /the end of s\.b at less than 2\^31 bytes, got 4294967304/],
    ['arrays of arrays above 2^53', () => struct('s', { a: array(array(array(i32, 2 ** 20), 2 ** 20), 2 ** 20) }), /the end of s\.a/],
    ['flexible arrays in an array', () => array(any(flexible(i32)), 2), /only for members of structs, for array\(\), got "i32\[\]"/],
    ['bits in an array', () => array(any(bits(u32, 3)), 2), /only for members of structs, for array\(\), got "u32:3"/],
    ['flexible of flexible', () => flexible(any(flexible(i32))), /only for members of structs, for flexible\(\)/],
    ['a pointer to bits', () => pointer(bits(u32, 3)), /only for members of structs, for pointer\(\)/],
    ['aligned bits', () => aligned(8, any(bits(u32, 3))), /only for members of structs, for aligned\(\)/],
    ['a flexible array of flexible structs', () => struct('s', { n: i32, a: flexible(Tail) }), /without a flexible array at their end, in s\.a, got "tail_t"/],
    ['an array of flexible structs, aligned', () => struct('s', { a: array(any(aligned(8, Tail)), 2) }), /at their end, in s\.a, got "tail_t"/],
    ['a field behind an aligned flexible struct', () => struct('s', { a: aligned(8, Tail), b: i32 }), /the flexible array in s\.a as the last/],
    ['a field behind a union of flexible structs', () => struct('s', { a: union('u', { t: Tail }), b: i32 }), /the flexible array in s\.a as the last/],
    ['two flexible arrays', () => struct('s', { n: i32, a: flexible(i8), b: flexible(i8) }), /the flexible array s\.a as the last/],
    ['bits in front of a flexible array only', () => struct('s', { a: flexible(i8), _: padding(u8, 0) }), /the flexible array s\.a as the last/],
    ['a struct in other byte order', () => bigEndian(any(Point)), /a scalar type, such as i32/],
    ['a codec by its name', () => chars(4, any('utf8')), /a codec such as utf8, got "utf8"/],
    ['a handle without a name', () => opaque(any(undefined)), /the name of a type in C, got undefined/],
    ['an enum without names', () => enumeration('e', []), /names and numbers of e/],
    ['an enum of nothing', () => enumeration('e', any(null)), /names and numbers of e, got null/],
    ['an enum of text', () => enumeration('e', any('ab')), /names and numbers of e, got "ab"/],
    ['a name of an enum twice', () => enumeration('e', ['a', 'b', 'a']), /unique strings as names of e, got "a"/],
    ['a name of an enum that is a number', () => enumeration('e', any([1, 2])), /unique strings as names of e, got 1/],
    ['a number above the base', () => enumeration('e', { a: 256 }, any(u8)), /a number for e\.a, an integer in \[0, 256\), got 256/],
    ['a number below the base', () => enumeration('e', { a: -1 }, any(u32)), /a number for e\.a, .*got -1/],
    ['a number of an enum with a fraction', () => enumeration('e', { a: 1.5 }), /a number for e\.a, .*got 1\.5/],
    ['an enum of floats', () => enumeration('e', ['a'], any(f32)), /an integer type of up to 32 bits for e, got "f32"/],
    ['an enum of 64 bits', () => enumeration('e', ['a'], any(u64)), /an integer type of up to 32 bits for e, got "u64"/],
    ['checks of what is no struct', () => layoutChecks({ a: any(i32) }, []), /a struct or union for a/],
    ['checks of nothing', () => layoutChecks(any(null), []), /an object of structs by name, got null/],
    ['headers that are no array', () => layoutChecks({ point_t: Point }, any('point.h')), /an array of headers, got "point\.h"/],
  ])('%s is refused', (_what, act, message) => {
    const error = thrown(act);
    expect([error instanceof ArgumentTypeError || error instanceof ArgumentRangeError, error.code]).toEqual([
      true,
      expect.stringMatching(/^INVALID_(TYPE|RANGE)$/),
    ]);
    expect(error.message).toMatch(message);
  }); // prettier-ignore

  test('that contains itself is refused, and the error names the way', () => {
    const cyclic = (make: (self: () => unknown) => unknown) => {
      const Self: { readonly size: number } = struct('self_t', {
        a: i32,
        get inner(): unknown {
          return make(() => Self);
        },
      });
      return Self;
    };
    for (const make of [
      (self: () => unknown) => self(),
      (self: () => unknown) => array(any(self()), 2),
      (self: () => unknown) => flexible(any(self())),
      (self: () => unknown) => aligned(16, any(self())),
      (self: () => unknown) => union('u', { self: any(self()) }),
      (self: () => unknown) => struct('mid_t', { mid: array(any(self()), 1) }),
    ]) {
      const Self = cyclic(make);
      for (let i = 0; i < 2; i++)
        expect(thrown(() => Self.size).message).toMatch(
          /a struct that does not contain itself; use pointer\(self_t\)(, in \w+\.\w+)*, in self_t\.inner/,
        );
    }
  });

  test('may refer to a later one through what is in it', () => {
    const Inner = struct('inner_t', {
      get outer() {
        return pointer(any(Outer));
      },
    });
    const Outer = struct('outer_t', { one: Inner, two: array(Inner, 2), three: aligned(8, Inner) });
    const Node: { readonly size: number } = struct('node_t', {
      kind: i32,
      ...anonymous(
        union('', {
          n: i64,
          get next(): unknown {
            return pointer(any(Node));
          },
        }),
      ),
    });
    expect([Outer.size, Node.size]).toEqual([24, 16]);
  });
});

describe('a value that does not fit', () => {
  const Player = struct('player_t', {
    id: u32,
    name: chars(4),
    pos: Point,
    path: array(Point, 3),
    tag: cstr,
  });
  test.each([
    [{ id: '1' }, /expected a number for u32, in player_t\.id.*, got "1"/],
    [{ name: 'abcde' }, /expected at most 4 elements, got 5, in player_t\.name/],
    [{ pos: { x: 1, y: 1n } }, /expected a number for f32, in point_t\.y, in player_t\.pos.*, got 1n/],
    [{ path: [{ x: 1 }, { x: null }] }, /in point_t\.x, in element 1, in player_t\.path.*, got null/],
    [{ path: [{}, {}, {}, {}] }, /at most 3 elements for point_t\[3\], in player_t\.path.*, got 4/],
    [{ pos: { z: 1 } }, /a field of point_t, one of x, y, in player_t\.pos.*, got "z"/],
    [{ pos: [1, 2] }, /an object with fields of point_t, in player_t\.pos/],
    [{ pos: new Map([['x', 1]]) }, /an object with fields of point_t, in player_t\.pos/],
    [{ tag: 'a', id: 1, pos: null }, /an object with fields of point_t, in player_t\.pos.*, got null/],
    [{ tag: 'a\0b' }, /a NUL at index 1.*, in player_t\.tag/],
    [{ tag: 'a', extra: 1 }, /a field of player_t, one of id, .*, got "extra"/],
    [[], /an object with fields of player_t/],
  ])('is refused with the path to its field: %o', (value, message) => {
    const { heap, module } = fakeHeap();
    const player = Player.alloc(heap, { id: 7, tag: 'old', path: [{ x: 4 }] });
    const players = Player.allocArray(heap, 2);
    const before = [player.toObject(), players.toObject()];
    const blocks = module.live.size;
    const acts = [
      () => player.set(any(value)),
      () => Player.alloc(heap, any(value)),
      () => players.setAt(1, any(value)),
      () => players.set([{ id: 1, tag: 'new' }, any(value)]),
      () => Player.allocArray(heap, [{ id: 1, tag: 'new' }, any(value)]),
    ];
    for (const [index, act] of acts.entries()) {
      const error = thrown(act);
      expect(error.message).toMatch(message);
      expect(error.message.includes('in element 1')).toBe(index > 2 || /element 1/.test(String(message)));
      const isTyped = [ArgumentTypeError, ArgumentRangeError, EncodingError].some((one) => error instanceof one);
      expect([isTyped, [player.toObject(), players.toObject()], module.live.size]).toEqual([true, before, blocks]);
    }
    players.free();
    player.free();
    expect([module.live.size, module.badFrees]).toEqual([0, []]);
  }); // prettier-ignore

  test('keeps what a getter of the value throws', () => {
    const { heap } = fakeHeap();
    const mine = new Error('mine');
    const value = {
      get x(): number {
        throw mine;
      },
    };
    expect(thrown(() => Point.alloc(heap, value))).toBe(mine);
    expect(heap.statistics.liveBlocks).toBe(0);
  });
  test('is no instance at all', () => {
    for (const wrong of [null, undefined, {}, 5]) expect(thrown(() => refOf(any(wrong))).code).toBe('INVALID_TYPE');
    const { heap } = fakeHeap();
    expect(thrown(() => Tail.allocArray(heap, 3)).message).toMatch(/without a flexible array at their end, got "tail_t"/);
    expect(thrown(() => Tail.wrapArray(heap, 64, 3)).code).toBe('INVALID_TYPE');
    expect(heap.statistics.liveBlocks).toBe(0);
  }); // prettier-ignore
});
