// The ergonomics tasks of reference/peers.md, T1 to T10, on one C library: at most 25 lines, without a cast.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  bind, callback, checked, countOf, cstr, f32, i32, inout, list, none, out, outList, owned, pointer, releaseTemporaries,
  struct, voidp, wrapEmscriptenModuleHeap,
} from '../../../ts/index.ts'; // prettier-ignore
import { Built } from '../../support/emcc.ts';

const built = new Built('test/ts/call/library.c');
beforeAll(() => built.build('tasks', ['-O1', '-sALLOW_MEMORY_GROWTH', '-sALLOW_TABLE_GROWTH']), 120_000);
afterAll(() => built.dispose());

test('the tasks work', async () => {
  const module = await built.start('tasks');
  const heap = wrapEmscriptenModuleHeap(module, { enableGarbageCollection: true });
  const data = new Float32Array([1, 2, 3]);
  const rows = [{ x: 1 }, { x: 3 }];
  const strings = ['ab', 'cdé'];
  // tasks: begin
  const Point = struct('point_t', { id: i32, x: f32, y: f32 });
  const lib = bind(module, heap, {
    count_bytes: [i32, [cstr]],
    make_greeting: [owned(cstr), [cstr]],
    scale: [none, [list(f32), outList(f32, 0), countOf(0), f32]],
    move_point: [none, [inout(Point), f32, f32]],
    centroid_x: [f32, [list(Point), countOf(0)]],
    divide: [checked(i32), [i32, i32, out(i32), out(i32)]],
    each_item: [i32, [i32, callback(i32, [i32, voidp]), voidp]],
    join_len: [i32, [list(cstr), countOf(0)]],
    grow_by: [voidp, [i32]],
  });
  const bytes = lib.count_bytes('wörld');
  const text = lib.make_greeting('wörld');
  const scaled = lib.scale(data, 2);
  const moved = lib.move_point({ id: 1, x: 10, y: 20 }, 1, 2);
  const center = lib.centroid_x(rows);
  const [quot, rem] = lib.divide(17, 5);
  const sum = lib.each_item(4, (i) => i * 10, null);
  const length = lib.join_len(strings);
  const samples = f32.allocArray(heap, 1024).fill(1);
  lib.grow_by(40_000_000);
  const third = samples.at(2);
  // tasks: end
  expect([bytes, text, scaled, moved]).toEqual([
    6,
    'hello wörld',
    Float32Array.of(2, 4, 6),
    { id: 1, x: 11, y: 22 },
  ]);
  expect([center, quot, rem, sum, length, third]).toEqual([2, 3, 2, 60, 6, 1]);
  samples.free();
  expect(pointer(Point).name).toBe('point_t *');
  releaseTemporaries(lib);
  expect(heap.statistics.liveBlocks).toBe(0);
});

test('in at most 25 lines', () => {
  const source = readFileSync('test/ts/call/tasks.node.test.ts', 'utf8');
  const tasks = source.split('// tasks: begin')[1]?.split('// tasks: end')[0] ?? '';
  const lines = tasks.split('\n').filter((line) => line.trim() !== '');
  expect(lines.length).toBeLessThanOrEqual(25);
  expect(tasks).not.toMatch(/\bas\b/);
});
