import { afterEach, describe, expect, test } from 'vitest';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  frameArenaOf,
  OutOfMemoryError,
  StaleEpochError,
} from '../../../ts/index.ts';
import { errorOf, heapOf, kinds, make, expectNothingLeaked } from '../../support/arena.ts';

afterEach(expectNothingLeaked);

describe.each(kinds)('the frame arena of a heap of the kind %s', (kind) => {
  test('exists once per heap, and nothing is allocated before its first use', () => {
    const { heap } = make(kind);
    expect(heap.frameArena).toBe(frameArenaOf(heap));
    expect(heap.statistics.liveBlocks).toBe(0);
    expect(heap.frameArena.init(1000)).toBe(heap.frameArena.arena.basePtr);
    expect(heap.statistics.liveBlocks).toBe(1);
    heap.frameArena.destroy();
    heap.frameArena.destroy();
  });
  test('init with the same capacity changes nothing, with another one it starts over', () => {
    const { frameArena: frame } = heapOf(kind);
    const base = frame.init(1000);
    const slice = frame.arena.allocU8(10).write([1]);
    expect([frame.init(1000), slice.at(0), frame.usedBytes()]).toEqual([base, 1, 10]);
    const before = frame.epoch();
    frame.init(2000);
    expect([frame.capBytes(), frame.usedBytes(), slice.isAlive()]).toEqual([2000, 0, false]);
    expect(frame.epoch()).toBeGreaterThan(before);
    frame.init(500);
    expect(frame.capBytes()).toBe(500);
    frame.destroy();
  });
  test('allocates addresses, and slices of the kind frame, until it is reset', () => {
    const { frameArena: frame } = heapOf(kind);
    frame.init(1024);
    const [floats, doubles, bytes] = [frame.allocF32(3), frame.allocF64(2), frame.alloc(5, 64)];
    expect([floats % 16, doubles % 16, bytes % 64]).toEqual([0, 0, 0]);
    expect(doubles).toBeGreaterThanOrEqual(floats + 12);
    expect(bytes).toBeGreaterThanOrEqual(doubles + 16);
    expect(frame.usedBytes()).toBe(bytes + 5 - frame.arena.basePtr);
    const slice = frame.arena.allocF32(2);
    expect(slice.kind).toBe('frame');
    const epoch = frame.epoch();
    frame.reset();
    expect([frame.epoch(), frame.usedBytes(), slice.isAlive()]).toEqual([epoch + 1, 0, false]);
    expect(() => slice.at(0)).toThrow(StaleEpochError);
    expect(frame.allocF32(3)).toBe(floats);
    frame.destroy();
  });
  test('refuses what it cannot allocate, and allocates nothing then', () => {
    const { frameArena: frame } = heapOf(kind);
    frame.init(100);
    frame.alloc(10, 1);
    for (const align of [0, 3, 2 ** 31, NaN]) expect(() => frame.alloc(1, align)).toThrow(ArgumentRangeError);
    for (const n of [-1, 0.5, NaN, 2 ** 53]) {
      expect(() => frame.alloc(n)).toThrow(ArgumentRangeError);
      expect(() => frame.allocF32(n)).toThrow(ArgumentRangeError);
      expect(() => frame.allocF64(n)).toThrow(ArgumentRangeError);
    }
    for (const n of [100, 2 ** 29, 2 ** 30, 2 ** 30 + 1, 2 ** 32]) {
      expect(() => frame.allocF32(n)).toThrow(OutOfMemoryError);
      expect(() => frame.allocF64(n)).toThrow(OutOfMemoryError);
    }
    expect(() => frame.allocF32('1' as never)).toThrow(ArgumentTypeError);
    expect(frame.usedBytes()).toBe(10);
    frame.destroy();
  });
  test('a capacity that is invalid or cannot be allocated changes nothing', () => {
    const { heap } = make(kind);
    const { frameArena: frame } = heap;
    const base = frame.init(100);
    const slice = frame.arena.allocU8(4).write([5]);
    for (const bytes of [0, -1, NaN, 0.5, Infinity, 2 ** 53, 2 ** 32, 2 ** 32 + 100, '100', null])
      expect(['INVALID_RANGE', 'INVALID_TYPE', 'OUT_OF_MEMORY']).toContain(errorOf(() => frame.init(bytes as never)).code);
    expect([slice.at(0), frame.init(100), frame.usedBytes()]).toEqual([5, base, 4]);
    frame.destroy();
  }); // prettier-ignore
});

test('its default capacity is 8 MiB, at its first use and after destroy', () => {
  const { heap } = make('own');
  heap.frameArena.alloc(1);
  expect(heap.frameArena.capBytes()).toBe(8 * 1024 * 1024);
  heap.frameArena.destroy();
  expect(heap.statistics.liveBlocks).toBe(0);
  heap.frameArena.init();
  expect(heap.frameArena.capBytes()).toBe(8 * 1024 * 1024);
  heap.freeAll();
  heap.frameArena.init(64);
  expect([heap.frameArena.capBytes(), heap.frameArena.usedBytes()]).toEqual([64, 0]);
  heap.frameArena.destroy();
});

test('if the allocator refuses to free the old block, the old arena stays', () => {
  const { heap, module } = make('wrapped');
  if (!module) return expect.fail();
  const { frameArena: frame } = heap;
  const base = frame.init(100);
  const { free } = module;
  module.free = (address) => {
    module.free = free;
    throw new Error(`not ${address}`);
  };
  expect(() => frame.init(200)).toThrow('not');
  expect([frame.arena.basePtr, frame.capBytes(), frame.usedBytes()]).toEqual([base, 100, 0]);
  expect(module.live.size).toBe(1);
  frame.init(200);
  frame.destroy();
});

test('perCall resets before each call, also after one that threw', () => {
  const { frameArena: frame } = heapOf();
  frame.init(64);
  const act = frame.perCall((bytes: number, fails?: boolean) => {
    frame.alloc(bytes);
    if (fails) throw new Error('no');
    return frame.usedBytes();
  });
  expect([act(64), act(64), act(10)]).toEqual([64, 64, 10]);
  expect(() => act(64, true)).toThrow('no');
  expect(act(5)).toBe(5);
  frame.destroy();
});

describe('perFrame', () => {
  test('resets and calls back once for each frame until it is stopped', () => {
    const { frameArena: frame } = heapOf();
    frame.init(64);
    const queue: ((time: number) => void)[] = [];
    const times: number[] = [];
    const stop = frame.perFrame(
      (time) => (frame.alloc(64), times.push(time)),
      (step) => queue.push(step),
    );
    expect([times, queue.length]).toEqual([[], 1]);
    for (const time of [10, 20, 30]) queue.shift()?.(time);
    expect([times, queue.length, frame.usedBytes()]).toEqual([[10, 20, 30], 1, 64]);
    stop();
    queue.shift()?.(40);
    expect([times, queue.length, frame.usedBytes()]).toEqual([[10, 20, 30], 0, 64]);
    frame.destroy();
  });
  test('stops when the callback throws', () => {
    const { frameArena: frame } = heapOf();
    const queue: ((time: number) => void)[] = [];
    const fails = (): void => {
      throw new Error('no');
    };
    frame.init(64);
    frame.perFrame(fails, (step) => queue.push(step));
    expect(() => queue.shift()?.(1)).toThrow('no');
    expect(queue).toEqual([]);
    frame.destroy();
  });
  test.each([null, 5, {}, 'x'])('refuses %s as a scheduler', (schedule) => {
    expect(() => heapOf().frameArena.perFrame(() => undefined, schedule as never)).toThrow(ArgumentTypeError);
  });
  test.runIf(typeof requestAnimationFrame === 'function')(
    'follows the animation frames of a page',
    async () => {
      const { frameArena: frame } = heapOf();
      frame.init(64);
      const epochs: number[] = [];
      await new Promise<void>((resolve) => {
        const stop = frame.perFrame(() => {
          epochs.push(frame.epoch());
          if (epochs.length === 3) resolve(stop());
        });
      });
      expect(epochs).toEqual([2, 3, 4]);
      frame.destroy();
    },
  );
  test.runIf(typeof requestAnimationFrame === 'undefined')(
    'says so where there are no animation frames',
    () => {
      expect(() => heapOf().frameArena.perFrame(() => undefined)).toThrow(ArgumentTypeError);
    },
  );
});
