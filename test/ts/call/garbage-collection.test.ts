// Instances and callbacks that are dropped are collected, with what belongs to them.
import { describe, expect, test, vi } from 'vitest';
import {
  array,
  bind,
  callback,
  createCallback,
  cstr,
  f32,
  i32,
  none,
  pointer,
  struct,
} from '../../../ts/index.ts';
import { fakeHeap } from '../../support/heap.ts';

const Point = struct('point_t', { id: i32, x: f32 });
const Player = struct('player_t', { pos: Point, tag: cstr, points: array(Point, 2), next: pointer(Point) });

const collector = (globalThis as { gc?: () => void }).gc;
async function collectUntil(done: () => boolean): Promise<void> {
  for (let i = 0; i < 50 && !done(); i++) {
    collector?.();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

// Only where the engine lets a test ask for a collection.
describe.runIf(collector)('unreachable objects', () => {
  test('an instance that is dropped frees its allocation and its text; a field of it keeps it', async () => {
    const { heap, module } = fakeHeap({ enableGarbageCollection: true });
    let pos: { x: number } | undefined;
    let element: { x: number } | undefined;
    (() => {
      const player = Player.alloc(heap, { tag: 'text', pos: { x: 3 } });
      pos = player.pos;
      element = player.points.at(1);
    })();
    await collectUntil(() => module.live.size === 0);
    expect([pos?.x, element?.x, module.live.size]).toEqual([3, 0, 2]);
    pos = undefined;
    await collectUntil(() => module.live.size === 0);
    expect([element?.x, module.live.size]).toEqual([0, 2]);
    element = undefined;
    await collectUntil(() => module.live.size === 0);
    expect(module.live.size).toBe(0);
  });

  test('an array that is dropped frees its allocation; an element keeps it', async () => {
    const { heap, module } = fakeHeap({ enableGarbageCollection: true });
    let element: { x: number } | undefined;
    (() => {
      element = Point.allocArray(heap, [{ x: 1 }, { x: 2 }]).at(1);
    })();
    await collectUntil(() => module.live.size === 0);
    expect([element?.x, module.live.size]).toEqual([2, 1]);
    element = undefined;
    await collectUntil(() => module.live.size === 0);
    expect(module.live.size).toBe(0);
  });

  test('a callback that is dropped gives its slot back, with a warning', async () => {
    const { heap } = fakeHeap();
    const table = new WebAssembly.Table({ initial: 1, element: 'anyfunc' });
    const Handler = callback(i32, [i32]);
    const lib = bind({ table, nothing: (_f: number) => undefined }, heap, { nothing: [none, [Handler]] });
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    try {
      (() => {
        createCallback(lib, Handler, (x) => x);
      })();
      await collectUntil(() => warn.mock.calls.length > 0);
      expect(warn.mock.calls[0]?.[0]).toMatch(/Callback .* was collected without dispose\(\)/);
      warn.mockClear();
      createCallback(lib, Handler, (x) => x).dispose();
      await collectUntil(() => warn.mock.calls.length > 0);
      expect(warn).not.toHaveBeenCalled();
      expect(table.length).toBe(9);
    } finally {
      warn.mockRestore();
    }
  });
});
