import { describe, expect, test } from 'vitest';
import {
  anonymous, ArgumentTypeError, bits, cdef, chars, f32, flexible, i16, i32, i8, pointer, struct, u32, u8, union,
} from '../../../ts/index.ts'; // prettier-ignore
import { fakeHeap } from '../../support/heap.ts';

const Number2 = union('', { i: i32, f: f32 });
const Value = struct('value_t', {
  kind: i8,
  ...anonymous(Number2),
  ...anonymous(struct('', { low: i16, high: i16, a: bits(u32, 3), b: bits(u32, 5) })),
});

describe('an anonymous member', () => {
  test('has its fields in the struct around it', () => {
    const { heap } = fakeHeap();
    expect([Value.size, Value.offsetOf('f'), Value.offsetOf('high'), Value.offsetOf('a')]).toEqual([
      16, 4, 10, 12,
    ]);
    const value = Value.alloc(heap, { kind: 1, f: 1, high: 5, b: 17 });
    expect([value.i, value.f, value.high, value.a, value.b]).toEqual([0x3f800000, 1, 5, 0, 17]);
    value.i = 2 ** 30;
    value.a = 7;
    expect(value.toObject()).toEqual({ kind: 1, i: 2 ** 30, f: 2, low: 0, high: 5, a: 7, b: 17 });
    value.set({ low: -1 });
    expect(Value.read(heap, value.address)).toEqual({ ...value.toObject(), low: -1 });
    expect(() => value.set({ j: 1 } as never)).toThrow(/one of kind, i, f, low, high, a, b/);
    expect(Object.keys(value.toObject())).toEqual(['kind', 'i', 'f', 'low', 'high', 'a', 'b']);
  });
  test('that comes first: fields whose order V8 changes are refused', () => {
    const make = (): unknown =>
      struct('node_t', {
        ...anonymous(Number2),
        get next() {
          return pointer(Number2);
        },
        value: i8,
      });
    const isKept = Object.keys({ ...{ z: 1 }, get a() { return 1; }, b: 1 }).join('') === 'zab'; // prettier-ignore
    if (isKept) expect((make() as typeof Value).offsetOf('value' as 'i')).toBe(8);
    else expect(make).toThrow(/getters for all fields of node_t.*got "value"/);
    const all = struct('node_t', {
      ...anonymous(Number2),
      get next() {
        return pointer(Number2);
      },
      get value() {
        return i8;
      },
    });
    expect([all.offsetOf('next'), all.offsetOf('value')]).toEqual([4, 8]);
    const between = struct('node_t', {
      kind: i8,
      ...anonymous(Number2),
      get next() {
        return pointer(Number2);
      },
      value: i8,
    });
    expect([between.offsetOf('next'), between.offsetOf('value')]).toEqual([8, 12]);
  });
  test('of a union: a member that is no text is left out', () => {
    const { heap } = fakeHeap();
    const Either = struct('either_t', { n: i32, ...anonymous(union('', { code: u32, name: chars(4) })) });
    const either = Either.alloc(heap, { code: 0xff });
    expect(either.toObject()).toEqual({ n: 0, code: 255, name: '\ufffd' });
    either.name = 'abcd';
    expect(either.code).toBe(0x64636261);
  });
  test('can be nested, and in a union', () => {
    const Deep = union('deep_t', {
      all: u32,
      ...anonymous(struct('', { b0: u8, ...anonymous(union('', { b1: u8, c1: i8 })) })),
    });
    const { heap } = fakeHeap();
    const deep = Deep.alloc(heap, { all: 0x80ff });
    expect(deep.toObject()).toEqual({ all: 0x80ff, b0: 255, b1: 128, c1: -128 });
    deep.c1 = 1;
    expect(deep.all).toBe(0x1ff);
  });
  test('cannot repeat a name, or end with a flexible array', () => {
    expect(() => struct('twice_t', { ...anonymous(Number2), i: u8 })).toThrow(
      /a unique name for each field of twice_t, also in its anonymous members, got "i"/,
    );
    expect(() =>
      struct('flex_t', { n: i32, ...anonymous(struct('', { m: i32, rest: flexible(u8) })) }),
    ).toThrow(ArgumentTypeError);
    expect(() => anonymous(i32 as never)).toThrow(ArgumentTypeError);
  });
  test('of C declarations; one with a tag is only defined', () => {
    const { types } = cdef(`
      typedef struct {
        int kind;
        union { int number; struct { short low, high; }; };
        struct only_a_tag { int u; };
        unsigned : 4;
        int _3;
        struct { int a; } inner;
      } outer_t;`);
    const { heap } = fakeHeap();
    const outer = types.outer_t.alloc(heap, { high: 1, _3: 4, inner: { a: 5 } });
    expect(outer.toObject()).toEqual({
      kind: 0,
      number: 65536,
      low: 0,
      high: 1,
      _3: 4,
      inner: { a: 5 },
    });
    expect([types.outer_t.size, types.only_a_tag.size]).toEqual([20, 4]);
    expect(() => cdef('struct s { _Alignas(8) struct { int a; }; };')).toThrow(/anonymous member/);
    expect(() => cdef('struct s { int a; struct { int a; }; };')).toThrow(
      /a unique name for each field of s,/,
    );
  });
});
