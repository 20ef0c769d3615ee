// Calls of a C library, built with and without memory growth, table growth and 64-bit integers.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ArgumentRangeError, ArgumentTypeError, bind, bool, callback, CallError, cdef, checked, countOf, createCallback, cstr,
  EncodingError, enumeration, f32, f64, FreedError, i16, i32, i64, i8, inout, inoutList, list, ModuleError, none, opaque,
  out, OutOfBoundsError, outList, owned, pointer, releaseTemporaries, struct, u16, u64, u8, voidp,
  wrapEmscriptenModuleHeap, WrongHeapError, type WasmHeapManager,
} from '../../../ts/index.ts'; // prettier-ignore
import { Built } from '../../support/emcc.ts';
import { fakeHeap } from '../../support/heap.ts';

const RUNTIME = 'wasmMemory,wasmTable,addFunction,removeFunction';
const FORMS = {
  'growth and table growth': [
    '-O1',
    '-sALLOW_MEMORY_GROWTH',
    '-sALLOW_TABLE_GROWTH',
    `-sEXPORTED_RUNTIME_METHODS=${RUNTIME},getTempRet0`,
  ],
  'a fixed memory and bigints': ['-O1', '-sALLOW_TABLE_GROWTH', '-sWASM_BIGINT'],
  assertions: ['-O0', '-sASSERTIONS=2', '-sALLOW_MEMORY_GROWTH', '-sALLOW_TABLE_GROWTH'],
};
const built = new Built('test/ts/call/library.c');
beforeAll(() => {
  for (const [name, flags] of Object.entries(FORMS)) built.build(name.replaceAll(' ', '-'), flags);
  built.build('no-table-growth', ['-O1']);
}, 240_000);
afterAll(() => built.dispose());

const Point = struct('point_t', { id: i32, x: f32, y: f32 });
const Node = struct('node_t', {
  value: i32,
  get next() {
    return pointer(Node);
  },
});
const Single = struct('single_t', { only: f64 });
const Pair = struct('pair_t', { a: i8, b: i64 });
const Color = enumeration('color_t', ['red', 'green', 'blue']);
const Counter = opaque('counter_t');
const Compare = callback(i32, [pointer(i32), pointer(i32)]);
const Kept = callback(i32, [i32]);

function bindAll(module: object, heap: WasmHeapManager) {
  return bind(module, heap, {
    add: [i32, [i32, i32]],
    mix: [f64, [i8, u16, f32, f64]],
    add64: [i64, [i64, i64]],
    big: [u64, []],
    low: [u8, [i32]],
    is_even: [bool, [i32]],
    nothing: [none, []],
    count_bytes: [i32, [cstr]],
    make_greeting: [owned(cstr), [cstr]],
    constant: [cstr, []],
    broken_text: [owned(cstr), []],
    wild: [cstr, [i32]],
    after_first: [cstr, [cstr, i32]],
    scale: [none, [list(f32), outList(f32, 0), countOf(0), f32]],
    sum: [i32, [list(i32), countOf(0)]],
    dot: [f32, [list(f32), list(f32, 0), countOf(0)]],
    double_all: [none, [inoutList(i32), countOf(0)]],
    fill_n: [none, [i32, outList(u8, 0)]],
    move_point: [none, [inout(Point), f32, f32]],
    centroid_x: [f32, [list(Point), countOf(0)]],
    make_point: [Point, [i32, f32]],
    by_value: [f32, [Point, i32]],
    twice_single: [Single, [Single]],
    swap_pair: [Pair, [Pair]],
    list_sum: [i32, [pointer(Node)]],
    new_point: [owned(pointer(Point)), [i32]],
    same_point: [pointer(Point), [pointer(Point)]],
    divide: [checked(i32), [i32, i32, out(i32), out(i32)]],
    parse: [
      checked(i32, { message: (_status, _args, [, error]) => String(error) }),
      [cstr, out(i32), out(owned(cstr))],
    ],
    get_name: [none, [out(owned(cstr))]],
    each_item: [i32, [i32, callback(i32, [i32, voidp]), voidp]],
    keep_callback: [none, [Kept]],
    call_kept: [i32, [i32]],
    stack_user: [i32, [i32, callback(i32, [i32])]],
    with_all: [f64, [callback(f64, [i8, i64, f32, cstr, pointer(Point)]), pointer(Point)]],
    sort_with: [i32, [inoutList(i32), countOf(0), Compare]],
    join_len: [i32, [list(cstr), countOf(0)]],
    next_color: [Color, [Color]],
    odd_color: [Color, []],
    counter_new: [Counter, []],
    counter_add: [i32, [Counter, i32]],
    counter_free: [none, [Counter]],
    counted_text: [owned(cstr, 'counted_free'), [i32]],
    live_count: [i32, []],
    grow_by: [voidp, [i32]],
    grow_and_sum: [i32, [list(i32), countOf(0), i32]],
    free_argument: [none, [voidp]],
  });
}

describe.each(Object.keys(FORMS))('a library with %s', (form) => {
  let module: Record<string, unknown>;
  let heap: WasmHeapManager;
  let lib: ReturnType<typeof bindAll>;
  beforeAll(async () => {
    module = await built.start(form.replaceAll(' ', '-'));
    heap = wrapEmscriptenModuleHeap(module);
    lib = bindAll(module, heap);
  });
  /** Runs `act`, after which only what the heap keeps for calls is allocated. */
  const clean = (act: () => void): void => {
    const before = heap.statistics.liveBlocks;
    act();
    releaseTemporaries(lib);
    expect(heap.statistics.liveBlocks).toBe(Math.min(before, 0));
  };

  test('takes and returns scalars', () =>
    clean(() => {
      expect([lib.add(2, 3), lib.add(2 ** 31, 0), lib.mix(-1, 65535, 0.5, 2)]).toEqual([
        5,
        -(2 ** 31),
        65536.5,
      ]);
      expect(lib.mix(255, 65537, 0, 0)).toBe(0); // they wrap, as everywhere
      if (form === 'assertions') expect(() => lib.add64(1n, 2n)).toThrow(/-sWASM_BIGINT/);
      else {
        expect(lib.add64(2n ** 40n, -1n)).toBe(2n ** 40n - 1n);
        expect(lib.add64(-(2n ** 63n), 0n)).toBe(-(2n ** 63n));
        expect(lib.big()).toBe(2n ** 64n - 16n);
      }
      expect([lib.low(511), lib.is_even(4), lib.is_even(3), lib.nothing()]).toEqual([
        255,
        true,
        false,
        undefined,
      ]);
    }));
  test('takes and returns strings', () =>
    clean(() => {
      expect(lib.count_bytes('wörld')).toBe(6);
      expect(lib.count_bytes('')).toBe(0);
      expect(lib.count_bytes('x'.repeat(100_000))).toBe(100_000);
      expect(lib.count_bytes('é'.repeat(30_000))).toBe(60_000);
      expect(lib.count_bytes(null)).toBe(-1);
      expect(lib.make_greeting('wörld')).toBe('hello wörld');
      expect(lib.make_greeting(null)).toBe(null);
      expect([lib.constant(), lib.after_first('a/b', 47), lib.after_first('ab', 47)]).toEqual([
        'constant',
        '/b',
        null,
      ]);
      const text = heap.allocNullTerminatedUtf8String('in the heap');
      expect([lib.count_bytes(text), lib.count_bytes(text.address)]).toEqual([11, 11]);
      text.free();
      expect(() => lib.count_bytes(text)).toThrow(FreedError);
      expect(() => lib.count_bytes('a\0b')).toThrow(EncodingError);
      expect(lib.count_bytes('\ud800')).toBe(3); // a lone surrogate is U+FFFD
    }));
  test('frees what it owns, also when that is not text', () =>
    clean(() => {
      expect(lib.counted_text(5)).toBe('xxxxx');
      expect(lib.live_count()).toBe(0);
      expect(lib.broken_text()).toBe('\ufffd\ufffd');
      expect(() => lib.wild(0x7fffffff)).toThrow(OutOfBoundsError);
    }));
  test('takes and returns arrays', () =>
    clean(() => {
      expect(lib.scale(new Float32Array([1, 2, 3]), 2)).toEqual(new Float32Array([2, 4, 6]));
      expect(lib.scale([1.5], 2)).toEqual(new Float32Array([3]));
      expect(lib.scale([], 2)).toEqual(new Float32Array([]));
      expect(lib.sum(Array.from({ length: 50_000 }, () => 2))).toBe(100_000);
      expect(lib.sum(null)).toBe(0);
      expect(lib.double_all([1, 2])).toEqual(Int32Array.of(2, 4));
      expect(lib.fill_n(3)).toEqual(Uint8Array.of(0, 1, 2));
      expect(lib.dot([1, 2], [3, 4])).toBe(11);
      expect(() => lib.dot([1, 2], [3])).toThrow(ArgumentRangeError);
      const ref = heap.allocInt32Array([1, 2, 3]);
      expect(lib.sum(ref)).toBe(6);
      lib.double_all(ref);
      expect(ref.toArray()).toEqual([2, 4, 6]);
      const slice = heap.allocSlice(i32, 2);
      slice.set(0, 5);
      expect(lib.sum(slice)).toBe(5);
      slice.free();
      expect(() => lib.sum(slice)).toThrow(FreedError);
      expect(() => lib.sum(ref.address)).toThrow(/known length/);
      ref.free();
      expect(() => lib.sum(ref)).toThrow(FreedError);
      const floats = heap.allocFloat32Array(2);
      expect(() => lib.sum(floats as never)).toThrow(/a ref to i32 for parameter 0 of sum.*"f32"/);
      floats.free();
      expect(() => lib.sum([1, 'x'] as never)).toThrow(ArgumentTypeError);
      expect(() => lib.fill_n(-1)).toThrow(ArgumentRangeError);
    }));
  test('takes and returns structs', () =>
    clean(() => {
      expect(lib.move_point({ id: 1, x: 1 }, 2, 3)).toEqual({ id: 1, x: 3, y: 3 });
      const p = Point.alloc(heap, { id: 4, x: 1 });
      expect(lib.move_point(p, 1, 1)).toEqual({ id: 4, x: 2, y: 1 });
      expect([p.x, p.y]).toEqual([2, 1]);
      expect(lib.centroid_x([{ x: 1 }, { x: 3 }])).toBe(2);
      const points = Point.allocArray(heap, [{ x: 10 }, p]);
      expect(lib.centroid_x(points)).toBe(6);
      points.free();
      expect(lib.make_point(3, 1.5)).toEqual({ id: 3, x: 1.5, y: 3 });
      expect([lib.by_value({ x: 2, y: 1 }, 3), lib.by_value(p, 2)]).toEqual([7, 5]);
      expect(lib.twice_single({ only: 2.5 })).toEqual({ only: 5 });
      expect(lib.swap_pair({ a: 3, b: 100n })).toEqual({ a: 100, b: 3n });
      const same = lib.same_point(p);
      expect(same?.address).toBe(p.address);
      expect(lib.same_point(null)).toBe(null);
      expect(() => same?.free()).toThrow(/borrows/);
      expect(lib.new_point(9)).toEqual({ id: 9, x: 0, y: 0 });
      const a = Node.alloc(heap, { value: 1 });
      expect(lib.list_sum(Node.alloc(heap, { value: 2, next: a }))).toBe(3);
      expect(lib.list_sum({ value: 5, next: a })).toBe(6);
      p.free();
      expect(() => lib.by_value(p, 1)).toThrow(FreedError);
      expect(() => lib.move_point(p, 1, 1)).toThrow(FreedError);
      heap.freeAll();
    }));
  test('has out-parameters and error codes', () =>
    clean(() => {
      const [quot, rem] = lib.divide(17, 5);
      expect([quot, rem]).toEqual([3, 2]);
      let error: unknown;
      try {
        lib.divide(1, 0);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(CallError);
      expect(error).toMatchObject({
        function: 'divide',
        status: 7,
        code: 'CALL',
        message: 'divide: returned 7',
      });
      expect(lib.parse('42')).toEqual([42, null]);
      expect(() => lib.parse('4x')).toThrow('parse: not a number: 4x');
      expect(lib.get_name()).toBe('abc');
    }));
  test('calls back', () =>
    clean(() => {
      expect(lib.each_item(4, (i) => i * 10, null)).toBe(60);
      expect(lib.each_item(2, (_, user) => user ?? 0, 12345)).toBe(24690);
      expect(lib.sort_with([3, 1, 2], () => 0)).toEqual([3, Int32Array.of(3, 1, 2)]);
      const seen: unknown[] = [];
      const result = lib.with_all(
        (a, b, c, d, e) => {
          seen.push(a, b, c, d, e?.id);
          return 2.5;
        },
        { id: 8 },
      );
      expect([result, ...seen]).toEqual([2.5, -3, 2n ** 40n, 1.5, 'text', 8]);
      expect(() => lib.each_item(1, null as never, null)).toThrow();
      expect(() => lib.each_item(1, 'x' as never, null)).toThrow(ArgumentTypeError);
      expect(() => lib.each_item(1, () => 'text' as never, null)).toThrow(ArgumentTypeError);
    }));
  test('passes errors of callbacks on, and calls nest', () =>
    clean(() => {
      const mine = new Error('mine');
      const save = (module.asm as Record<string, () => number>).stackSave;
      const before = save?.();
      for (let i = 0; i < 1000; i++)
        expect(() => lib.stack_user(i, () => { throw mine; })).toThrow(mine); // prettier-ignore
      expect(save?.()).toBe(before);
      const nested = lib.each_item(
        3,
        (i) => lib.count_bytes('abc') + lib.each_item(i, () => lib.count_bytes('x'.repeat(10_000)), null),
        null,
      );
      expect(nested).toBe(9 + 30_000);
      expect(() =>
        lib.each_item(
          1,
          () => {
            heap.freeAll();
            return lib.count_bytes('abc');
          },
          null,
        ),
      ).not.toThrow();
      expect(lib.make_greeting('still there')).toBe('hello still there');
    }));
  test('keeps callbacks until they are disposed', () =>
    clean(() => {
      const kept = createCallback(lib, Kept, (x) => x + 1);
      lib.keep_callback(kept);
      expect([lib.call_kept(1), lib.call_kept(2)]).toEqual([2, 3]);
      const other = createCallback(lib, Kept, (x) => x + 100);
      expect(other.address).not.toBe(kept.address);
      kept.dispose();
      kept.dispose();
      expect(() => lib.call_kept(1)).toThrow(CallError);
      expect(() => kept.address).toThrow(FreedError);
      expect(() => lib.keep_callback(kept)).toThrow(FreedError);
      lib.keep_callback(other);
      expect(lib.call_kept(1)).toBe(101);
      other.dispose();
      lib.keep_callback((x) => x);
      expect(() => lib.call_kept(1)).toThrow(/disposed, or whose call has returned/);
    }));
  test('takes callbacks in structs, and function pointers of C', () =>
    clean(() => {
      const C = cdef(`
        typedef int (*map_t)(int x, void *user);
        typedef struct { map_t map; void *user; int (*twice)(int x, void *user); } hooks_t;`);
      const Hooks = struct('hooks_t', { map: C.types.map_t, user: voidp });
      const Twice = C.types.hooks_t.fields.twice;
      const hooks = bind(module, heap, {
        set_hooks: [none, [pointer(Hooks)]],
        get_hooks: [pointer(Hooks), []],
        run_hooks: [i32, [i32]],
        default_hooks: [Hooks, []],
        call_map: [i32, [Twice, i32]],
      });
      const kept = createCallback(hooks, Twice, (x, user) => x + (user ?? 0));
      hooks.set_hooks({ map: kept, user: 5 });
      expect(hooks.run_hooks(1)).toBe(6);
      expect(hooks.get_hooks()).toMatchObject({ map: kept.address, user: 5 });
      const owned = Hooks.alloc(heap, { map: kept });
      expect(owned.map).toBe(kept.address);
      owned.map = null;
      hooks.set_hooks(owned);
      expect(hooks.run_hooks(1)).toBe(-1);
      const { map } = hooks.default_hooks();
      expect(hooks.call_map(map, 21)).toBe(42);
      expect(hooks.call_map((x) => x + 1, 21)).toBe(22);
      owned.map = map;
      hooks.set_hooks(owned);
      expect(hooks.run_hooks(4)).toBe(8);
      for (const wrong of [(x: number) => x, 'f', NaN, {}])
        expect(() => (owned.map = wrong as never), String(wrong)).toThrow(ArgumentTypeError);
      expect(() => Node.alloc(heap, { next: kept as never })).toThrow(ArgumentTypeError);
      expect(() => hooks.call_map(1.5, 1)).toThrow(/address/);
      kept.dispose();
      expect(() => owned.set({ map: kept })).toThrow(FreedError);
      expect(() => hooks.set_hooks({ map: kept })).toThrow(FreedError);
      owned.free();
    }));
  test('uses separate slots beside addFunction, and the same ones again', () => {
    const table = module.wasmTable as WebAssembly.Table | undefined;
    const addFunction = module.addFunction as (act: unknown, type: string) => number;
    const first = addFunction((x: number) => x + 7, 'ii');
    const kept = createCallback(lib, Kept, (x) => x + 1);
    const second = addFunction((x: number) => x + 8, 'ii');
    expect(new Set([first, second, kept.address]).size).toBe(3);
    lib.keep_callback(kept);
    expect(lib.call_kept(1)).toBe(2);
    kept.dispose();
    const before = table?.length;
    for (let i = 0; i < 100; i++) lib.each_item(2, (x) => x, null);
    expect(table?.length).toBe(before);
  });
  test('takes char **, enums and handles', () =>
    clean(() => {
      expect(lib.join_len(['ab', 'cdé', null, ''])).toBe(106);
      expect(lib.join_len([])).toBe(0);
      expect([lib.next_color('red'), lib.next_color('blue')]).toEqual(['green', 'red']);
      expect(() => lib.next_color('black' as never)).toThrow(/red, green, blue/);
      expect(() => lib.odd_color()).toThrow(/red, green, blue/);
      const counter = lib.counter_new();
      expect([lib.counter_add(counter, 2), lib.counter_add(counter, 3)]).toEqual([2, 5]);
      lib.counter_free(counter);
    }));
  test('survives a module that grows its memory in the middle', () =>
    clean(() => {
      if (form === 'a fixed memory and bigints') return;
      const p = Point.alloc(heap, { id: 1 });
      for (let i = 0; i < 3; i++) {
        expect(lib.grow_and_sum([1, 2, 3], 20_000_000)).toBe(6);
        lib.free_argument(lib.grow_by(16_000_000));
        expect([p.id, lib.make_greeting('x'), lib.move_point({ x: 1 }, 1, 1).x]).toEqual([1, 'hello x', 2]);
      }
      p.free();
    }));
  test('refuses wrong arguments before it calls', () =>
    clean(() => {
      for (const wrong of [
        () => lib.add(1 as never, undefined as never),
        () => (lib.add as (...args: unknown[]) => unknown)(1),
        () => (lib.add as (...args: unknown[]) => unknown)(1, 2, 3),
        () => lib.add('1' as never, 2),
        () => lib.add(1n as never, 2),
        () => lib.add64(1 as never, 2n),
        () => lib.count_bytes(undefined as never),
        () => lib.count_bytes({} as never),
        () => (lib.scale as (...args: unknown[]) => unknown)([1]),
        () => lib.scale({} as never, 1),
        () => lib.scale(undefined as never, 1),
        () => lib.is_even(true as never),
        () => lib.move_point({ z: 1 } as never, 1, 1),
        () => lib.by_value(null as never, 1),
        () => lib.centroid_x([undefined] as never),
      ])
        expect(wrong).toThrow(ArgumentTypeError);
      const foreign = Point.alloc(fakeHeap().heap);
      expect(() => lib.move_point(foreign, 1, 1)).toThrow(WrongHeapError);
      expect(() => lib.same_point(foreign)).toThrow(WrongHeapError);
    }));
});

describe('bind', () => {
  test('names what is missing, and the flag', async () => {
    const module = await built.start('assertions');
    const heap = wrapEmscriptenModuleHeap(module);
    let error: unknown;
    try {
      bind(module, heap, { add: [i32, [i32, i32]], gone: [i32, []], also_gone: [none, []] });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ModuleError);
    expect(error).toMatchObject({
      missing: ['gone', 'also_gone'],
      flags: '-sEXPORTED_FUNCTIONS=_gone,_also_gone',
    });
    expect(() => bind(module, heap, { make_greeting: [owned(cstr, 'gone'), [cstr]] })).toThrow(/_gone/);
  });
  test('refuses signatures that do not fit', async () => {
    const module = await built.start('growth-and-table-growth');
    const heap = wrapEmscriptenModuleHeap(module);
    for (const wrong of [
      () => bind(module, heap, { add: [i32, [i32]] }),
      () => bind(module, heap, { add: [i32] as never }),
      () => bind(module, heap, { add: 'i32' as never }),
      () => bind(module, heap, { add: [i32, [i32, {} as never]] }),
      () => bind(module, {} as never, {}),
      () => bind(Promise.resolve(module), heap, {}),
      () => bind(module, heap, { sum: [i32, [list(undefined as never), countOf(0)]] }),
      () => createCallback({}, Kept, (x) => x),
      () => bind(module, heap, { keep_callback: [none, [callback(Point, [i32])]] }),
    ])
      expect(wrong).toThrow(ArgumentTypeError);
  });
  test('says which flag lets the table grow', async () => {
    const module = await built.start('no-table-growth');
    const heap = wrapEmscriptenModuleHeap(module);
    const lib = bind(module, heap, { each_item: [i32, [i32, callback(i32, [i32, i16]), voidp]] });
    expect(() => lib.each_item(1, () => 1, null)).toThrow(/-sALLOW_TABLE_GROWTH/);
    releaseTemporaries(lib);
    expect(heap.statistics.liveBlocks).toBe(0);
  });
});
