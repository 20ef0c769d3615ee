// Calls that throw at every possible point leave the heap, the table and the stack of the module as they were.
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  bind, callback, checked, countOf, createCallback, cstr, f32, i32, inout, list, none, out, outList, owned, pointer,
  releaseTemporaries, struct, voidp, wrapEmscriptenModuleHeap,
} from '../../../ts/index.ts'; // prettier-ignore
import { Built } from '../../support/emcc.ts';
import { prng, SEED } from '../../support/prng.ts';

const built = new Built('test/ts/call/library.c');
beforeAll(() => built.build('leaks', ['-O1', '-sALLOW_MEMORY_GROWTH', '-sALLOW_TABLE_GROWTH']), 120_000);
afterAll(() => built.dispose());

/** `LEAK_CALLS=1000000 npx vitest run ...` runs as many. */
const CALLS = Number(process.env.LEAK_CALLS ?? 50_000);

test(`${CALLS} calls that throw leave nothing (SEED=${SEED})`, async () => {
  const module = await built.start('leaks');
  const heap = wrapEmscriptenModuleHeap(module);
  const Point = struct('point_t', { id: i32, x: f32, y: f32 });
  const Kept = callback(i32, [i32]);
  const lib = bind(module, heap, {
    count_bytes: [i32, [cstr]],
    counted_text: [owned(cstr, 'counted_free'), [i32]],
    live_count: [i32, []],
    scale: [none, [list(f32), outList(f32, 0), countOf(0), f32]],
    move_point: [none, [inout(Point), f32, f32]],
    same_point: [pointer(Point), [pointer(Point)]],
    divide: [checked(i32), [i32, i32, out(i32), out(i32)]],
    parse: [checked(i32), [cstr, out(i32), out(owned(cstr))]],
    each_item: [i32, [i32, callback(i32, [i32, voidp]), voidp]],
    join_len: [i32, [list(cstr), countOf(0)]],
    wild: [owned(cstr), [i32]],
    keep_callback: [none, [Kept]],
    call_kept: [i32, [i32]],
  });
  const mine = new Error('mine');
  const fail = (): never => {
    throw mine;
  };
  const hooked = { get x(): number { return fail(); } }; // prettier-ignore
  const long = 'x'.repeat(20_000);
  const any = lib as unknown as Record<string, (...args: unknown[]) => unknown>;
  const kept = createCallback(lib, Kept, fail);
  lib.keep_callback(kept);
  const calls: (() => unknown)[] = [
    () => lib.count_bytes(`${long}\0`),
    () => lib.count_bytes('a\0b'),
    () => any.count_bytes?.(Symbol('x')),
    () => any.count_bytes?.(),
    () => any.scale?.([1, 2, 'x'], 2),
    () => any.scale?.(long.split(''), 2),
    () => any.scale?.([1, 2, 3], 'x'),
    () => lib.move_point(hooked, 1, 2),
    () => any.move_point?.({ x: 1 }, 1, 'x'),
    () => lib.same_point(hooked),
    () => lib.divide(1, 0),
    () => lib.parse('no number'),
    () => lib.each_item(3, fail, null),
    () => lib.each_item(3, (i) => (i < 2 ? lib.count_bytes(long) : fail()), null),
    () => lib.each_item(2, () => lib.each_item(1, fail, null), null),
    () => lib.each_item(2, () => lib.divide(1, 0)[0], null),
    () => lib.each_item(1, () => 'x' as never, null),
    () => any.each_item?.(1, () => 1, Symbol('x')),
    () => lib.join_len(['a', long, 'b\0']),
    () => lib.wild(2 ** 31 - 1),
    () => lib.call_kept(1),
  ];
  const random = prng(SEED);
  const once = (): void => {
    for (const act of calls) expect(act).toThrow();
  };
  once();
  releaseTemporaries(lib);
  const asm = module.asm as Record<string, () => number>;
  const state = (): unknown => {
    releaseTemporaries(lib);
    const { liveBlocks, liveBytes } = heap.statistics;
    const table = module.wasmTable as WebAssembly.Table | undefined;
    return { liveBlocks, liveBytes, table: table?.length, stack: asm.stackSave?.(), texts: lib.live_count() };
  };
  const before = state();
  for (let i = 0; i < CALLS; i++) {
    const act = calls[random(calls.length)] as () => unknown; // one of them
    let threw = false;
    try {
      act();
    } catch {
      threw = true;
    }
    if (!threw) expect.fail(String(act));
  }
  const probe = heap.alloc(64);
  heap.free(probe);
  expect(state()).toEqual(before);
  expect(before).toMatchObject({ liveBlocks: 0, texts: 0 });
  kept.dispose();
}, 600_000);

test('a callback that is NULL, and called by C, leaves its stack as it was', async () => {
  const module = await built.start('leaks');
  const lib = bind(module, wrapEmscriptenModuleHeap(module), {
    stack_user: [i32, [i32, callback(i32, [i32])]],
    sort_with: [i32, [list(i32), countOf(0), callback(i32, [voidp, voidp])]],
  });
  const { stackSave } = module.asm as Record<string, () => number>;
  const before = stackSave?.();
  expect(before).toBeGreaterThan(0);
  for (let i = 0; i < 3; i++) {
    expect(() => lib.stack_user(1, null)).toThrow(WebAssembly.RuntimeError);
    expect(() => lib.sort_with([3, 1, 2], null)).toThrow(WebAssembly.RuntimeError);
  }
  expect(stackSave?.()).toBe(before);
  expect(lib.sort_with([3, 1, 2], () => 0)).toBe(3);
});
