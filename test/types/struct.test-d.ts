// The types of structs, calls and declarations, checked by `npm run check` (TypeScript 7) and by
// test/ts/call/types.node.test.ts (TypeScript 5.9). Never run.
import {
  array, bind, bits, bool, callback, chars, checked, countOf, createCallback, cstr, enumeration, f32, f64, i32, i64, inout,
  inoutList, list, none, opaque, out, outList, owned, pointer, struct, u16, u32, u8, union, voidp, type WasmHeapManager,
} from '../../ts/index.ts'; // prettier-ignore

declare const heap: WasmHeapManager;
declare const module: object;
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function is<_T extends true>(): void {}

const Point = struct('point_t', { id: i32, x: f32, y: f32 });
const Player = struct('player_t', { name: chars(16), flags: u16, score: f64, pos: Point, tag: cstr });
const Node = struct('node_t', {
  value: i32,
  get next() {
    return pointer(Node);
  },
  points: array(Point, 3),
});
const A = struct('a_t', {
  n: i64,
  get b() {
    return pointer(B);
  },
});
const B = struct('b_t', {
  n: i32,
  get a() {
    return pointer(A);
  },
});
const Color = enumeration('color_t', ['red', 'green']);
const Value = union('value_t', { i: i32, f: f32 });
const Mixed = struct('mixed_t', {
  color: Color,
  small: bits(u32, 3),
  wide: bits(i64, 40),
  on: bits(bool, 1),
  value: Value,
  raw: array(u8, 4),
});
const Odd = struct('odd_t', { address: u32, free: i32 });

// Instances.
const player = Player.alloc(heap, { name: 'Zoë', pos: { x: 1 }, tag: 'vip' });
is<Equal<typeof player.name, string>>();
is<Equal<typeof player.tag, string | null>>();
player.pos.x += 1;
player.tag = null;
is<
  Equal<
    ReturnType<typeof player.toObject>,
    {
      name: string;
      flags: number;
      score: number;
      pos: { id: number; x: number; y: number };
      tag: string | null;
    }
  >
>();
// @ts-expect-error a number
player.flags = '1';
// @ts-expect-error no such field
player.nothing;
// @ts-expect-error no such field
Player.alloc(heap, { nam: 'x' });
// @ts-expect-error a string
Player.alloc(heap, { name: 3 });
// @ts-expect-error no such field
Point.offsetOf('z');
Player.offsetOf('pos.x');
// @ts-expect-error nothing to allocate in
Point.alloc({});
// @ts-expect-error no such field
Point.assertLayout({ offsets: { z: 3 } });

// Recursive and mutual types.
const node = Node.alloc(heap, { points: [{ x: 1 }] });
is<Equal<typeof node.value, number>>();
const deep: number | undefined = node.next?.next?.next?.points.at(1).x;
const wide: bigint | undefined = A.alloc(heap).b?.a?.b?.a?.n;
is<Equal<[typeof deep, typeof wide], [number | undefined, bigint | undefined]>>();
// @ts-expect-error a number
node.value = 'x';
node.next = node;
// @ts-expect-error another struct
node.next = player;

// Other fields.
const mixed = Mixed.alloc(heap, { color: 'red', wide: 3n, on: true, raw: Uint8Array.of(1) });
is<Equal<typeof mixed.color, 'red' | 'green'>>();
is<
  Equal<
    [typeof mixed.small, typeof mixed.wide, typeof mixed.on, typeof mixed.value.f],
    [number, bigint, boolean, number]
  >
>();
const byte: number = mixed.raw.at(0);
// @ts-expect-error no such name
mixed.color = 'blue';
// @ts-expect-error a bigint
mixed.wide = 3;
const odd = Odd.alloc(heap);
is<Equal<[typeof odd.address, typeof odd.free], [number, number]>>();

// Arrays.
const points = Point.allocArray(heap, [{ x: 1 }, { y: 2 }]);
for (const point of points) point.x += byte;
const xs: number[] = points.toObject().map(({ x }) => x);
// @ts-expect-error a number
points.setAt(0, { x: 'x' });
points.setAt(0, points.at(1));

// Calls.
const db = opaque('db');
const stmt = opaque('stmt');
const Compare = callback(i32, [i32, voidp]);
const lib = bind(module, heap, {
  add: [i32, [i32, i32]],
  count_bytes: [i32, [cstr]],
  make_greeting: [owned(cstr), [cstr]],
  scale: [none, [list(f32), outList(f32, 0), countOf(0), f32]],
  double_all: [none, [inoutList(i32), countOf(0)]],
  move_point: [none, [inout(Point), f32, f32]],
  centroid_x: [f32, [list(Point), countOf(0)]],
  make_point: [Point, [i32]],
  find_point: [pointer(Point), [voidp]],
  divide: [checked(i32), [i32, i32, out(i32), out(i32)]],
  step: [checked(i32, { success: [100, 101] }), [stmt]],
  open: [checked(i32), [cstr, out(db)]],
  prepare: [checked(i32), [db, cstr, out(stmt)]],
  each_item: [i32, [i32, Compare, voidp]],
  join_len: [i32, [list(cstr), countOf(0)]],
  next_color: [Color, [Color]],
  sum64: [i64, [list(i64), countOf(0)]],
  message: [none, [out(owned(cstr))]],
});
is<Equal<typeof lib.add, (args_0: number, args_1: number) => number>>();
is<Equal<ReturnType<typeof lib.make_greeting>, string | null>>();
is<Equal<Parameters<typeof lib.divide>, [number, number]>>();
is<Equal<ReturnType<typeof lib.divide>, [number, number]>>();
is<Equal<ReturnType<typeof lib.step>, 100 | 101>>();
is<Equal<ReturnType<typeof lib.message>, string | null>>();
is<Equal<ReturnType<typeof lib.next_color>, 'red' | 'green'>>();
const scaled: Float32Array = lib.scale(new Float32Array([1, 2, 3]), 2);
const doubled: Int32Array = lib.double_all([1, 2]);
const moved: { id: number; x: number; y: number } = lib.move_point({ x: 1 }, 1, 2);
const total: bigint = lib.sum64([1n]);
const made: number = lib.make_point(1).x;
const found: number | undefined = lib.find_point(null)?.x;
lib.centroid_x([{ x: 1 }]);
lib.centroid_x(points);
lib.each_item(4, (i, user) => i * 10 + (user ?? 0), null);
lib.join_len(['a', null]);
const handle = lib.open(':memory:');
const statement = lib.prepare(handle, 'select 1');
lib.step(statement);
const kept = createCallback(lib, Compare, (i) => i);
lib.each_item(1, kept, null);
kept.dispose();
export const used = [xs, scaled, doubled, moved, total, made, found];

// @ts-expect-error a number
lib.add('1', 2);
// @ts-expect-error too few
lib.add(1);
// @ts-expect-error too many
lib.add(1, 2, 3);
// @ts-expect-error no string
lib.count_bytes({});
// @ts-expect-error hidden parameters have no argument
lib.divide(1, 2, 3, 4);
// @ts-expect-error numbers
lib.scale(['x'], 2);
// @ts-expect-error numbers, not bigints
lib.scale([1n], 2);
// @ts-expect-error no such field
lib.move_point({ z: 1 }, 1, 2);
// @ts-expect-error the callback returns a number
lib.each_item(1, () => 'x', null);
// @ts-expect-error its first parameter is a number
lib.each_item(1, (_i: string) => 1, null);
// @ts-expect-error a handle of another kind
lib.step(handle);
// @ts-expect-error no such function
lib.gone();
// @ts-expect-error a signature needs its parameters
bind(module, heap, { add: [i32] });
// @ts-expect-error 3 is no type
bind(module, heap, { add: [i32, [3]] });
