// Objects of linmem behind a Proxy, as frameworks that watch state make them, and objects that inherit from one.
import { reactive } from '@vue/reactivity';
import { expect, test } from 'vitest';
import {
  createHeapSync,
  f32,
  i32,
  LinearMemory,
  struct,
  u8,
  utf8,
  webassembly,
  type LinmemHeap,
  type Ref,
} from '../../../ts/index.ts';

const Point = struct('Point', { x: i32, y: i32 });

/** Makes other objects that stand for one. */
const STAND_INS: readonly (readonly [string, <T extends object>(object: T) => T])[] = [
  ['a Proxy of it', (object) => new Proxy(object, {})],
  ['an object that inherits from it', (object) => Object.create(object) as never],
];

/** Operations of a heap, with their results. `raw` is the heap itself. */
const operations: Record<string, (heap: LinmemHeap, raw: LinmemHeap) => unknown> = {
  alloc: (heap, raw) => raw.readInt32(heap.alloc(8)),
  'alloc over the end': (heap) => heap.alloc(heap.byteLength * 2) > 0,
  read: (heap, raw) => heap.readInt32(raw.allocInt32(7).address),
  'read after growth': (heap, raw) => {
    const { address } = raw.allocInt32(7);
    raw.memory.grow(1);
    return [heap.readInt32(address), heap.byteLength === raw.byteLength];
  },
  free: (heap, raw) => [heap.free(raw.alloc(8)), heap.free(raw.allocInt32(1)), raw.free(heap.allocInt32(1))],
  realloc: (heap, raw) => heap.realloc(raw.alloc(8), 100) > 0,
  refs: (heap) => [heap.allocInt32(5).value, heap.allocInt32Array([1, 2]).toArray()],
  strings: (heap, raw) => [heap.allocUtf8String('abc').value, heap.readUtf8String(raw.alloc(8), 3)],
  'the noun style': (heap, raw) => {
    const ref = i32.alloc(heap, 4);
    const text = utf8.allocTerminated(heap, 'x');
    utf8.writeTerminated(heap, text.address, 'y');
    return [
      i32.read(heap, ref.address),
      i32.wrap(heap, ref.address).value,
      utf8.readTerminated(raw, text.address),
    ];
  },
  prefixed: (heap) => utf8.readPrefixed(heap, utf8.allocPrefixed(heap, 'abc').address),
  arenas: (heap) => heap.createHeapArena(256).allocI32(4).length,
  slices: (heap) => [...heap.allocSlice(f32, 2).write([1, 2])],
  scopes: (heap) => heap.scope((scope) => scope.allocInt32(3).value),
  structs: (heap) => Point.alloc(heap, { x: 1, y: 2 }).toObject(),
  bytes: (heap, raw) => {
    const { address } = raw.allocInt32Array([1, 2]);
    heap.copy(address, address + 4, 4);
    return heap.readBytes(address, 8);
  },
  'what it lists': (heap, raw) => {
    raw.allocInt32(1);
    return [heap.statistics.liveBlocks, heap.allocations().length, heap.walk().length === raw.walk().length];
  },
  holds: (heap) => heap.holds(),
  freeAll: (heap, raw) => [raw.alloc(8) > 0, heap.freeAll(), raw.statistics.liveBlocks],
};

for (const [what, standIn] of STAND_INS)
  test.each(Object.entries(operations))(`for a heap, ${what} does the same: %s`, (_name, operate) => {
    const [direct, raw] = [createHeapSync(), createHeapSync()];
    expect(operate(standIn(raw), raw)).toEqual(operate(direct, direct));
    raw.freeAll();
    expect(raw.holds()).toBe(true);
  });

test.each(STAND_INS)('for a memory, %s reads what is there after growth', (_what, standIn) => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const raw = new LinearMemory(memory);
  u8.write(raw, 9, 7);
  memory.grow(1);
  const other = standIn(raw);
  expect([u8.read(other, 9), other.byteLength]).toEqual([7, 2 * 65536]);
  expect(() => u8.read(other, 2 * 65536)).toThrow(expect.objectContaining({ code: 'OUT_OF_BOUNDS' }));
});

test('a Proxy of an owning ref does not own its block, which stays allocated and can be freed', () => {
  const heap = createHeapSync();
  const refs: Ref[] = [heap.allocInt32(5), heap.allocInt32Array([1, 2]), heap.allocUtf8String('abc')];
  for (const ref of refs) {
    const proxy = new Proxy(ref, {});
    expect(() => heap.free(proxy)).toThrow(expect.objectContaining({ code: 'NOT_OWNED' }));
    expect(() => proxy.free()).toThrow(expect.objectContaining({ code: 'NOT_OWNED' }));
    expect(ref.isFreed).toBe(false);
    ref.free();
  }
  expect(heap.statistics.liveBlocks).toBe(0);
});

test.each(STAND_INS)('for a sized string, %s is refused, as it does not know how many bytes were written', (_what, standIn) => {
  const heap = createHeapSync();
  const text = heap.allocUtf8String('abc');
  const refusal = expect.objectContaining({
    code: 'INVALID_TYPE',
    message: expect.stringContaining('not a Proxy') as string,
  }) as Error;
  expect(() => standIn(text).value).toThrow(refusal);
  expect(() => standIn(text).write('xy')).toThrow(refusal);
  expect(text.value).toBe('abc');
  text.free();
}); // prettier-ignore

test.each(STAND_INS)('for a frame arena, %s allocates in the same one', (_what, standIn) => {
  const { frameArena } = createHeapSync();
  standIn(frameArena).init(256);
  const at = standIn(frameArena).alloc(8);
  expect([frameArena.usedBytes() > 0, at > 0, frameArena.capBytes()]).toEqual([true, true, standIn(frameArena).capBytes()]); // prettier-ignore
  standIn(frameArena).reset();
  expect([frameArena.usedBytes(), frameArena.epoch()]).toEqual([0, 2]);
  standIn(frameArena).destroy();
});

test.each(STAND_INS)('for a module and its views, %s reads and writes', (_what, standIn) => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = webassembly.fromMemory(memory);
  standIn(module).write(i32, { ptr: 512 }, 7);
  const view = standIn(standIn(module).view({ dtype: i32, ptr: 512, length: 2 }));
  view.set(1, 9).write([8]);
  memory.grow(1);
  expect([[...view.refresh().array()], standIn(module).read(i32, { ptr: 516 }), view.length]).toEqual([
    [8, 9],
    9,
    2,
  ]);
});

test.each(STAND_INS)('for an instance of a struct, %s reads and writes', (_what, standIn) => {
  const heap = createHeapSync();
  const point = Point.alloc(heap, { x: 1, y: 2 });
  standIn(point).x = 3;
  standIn(point).set({ y: 4 });
  expect([standIn(standIn(point)).toObject(), point.toObject()]).toEqual([
    { x: 3, y: 4 },
    { x: 3, y: 4 },
  ]);
  expect(String(standIn(point))).toMatch(/^Point at 0x[0-9a-f]+ /);
  heap.freeAll();
});

test.each(STAND_INS)('for another string, %s reads and writes', (_what, standIn) => {
  const heap = createHeapSync();
  for (const text of [
    heap.allocNullTerminatedUtf8String('abc'),
    utf8.allocPrefixed(heap, 'abc'),
    utf8.allocPaired(heap, 'abc'),
    utf8.allocFixed(heap, 'abc'),
  ]) {
    standIn(text).value = 'xy';
    expect([text.value, standIn(text).write('z').value]).toEqual(['xy', 'z']);
  }
  heap.freeAll();
});

test('Vue leaves heaps, refs, slices and arenas as they are', () => {
  const heap = createHeapSync();
  const made = {
    heap,
    ref: heap.allocInt32(1),
    array: heap.allocInt32Array([1, 2]),
    text: heap.allocUtf8String('abc'),
    point: Point.alloc(heap),
    slice: heap.allocSlice(f32, 2),
    arena: heap.createHeapArena(256),
  };
  const state = reactive(made) as typeof made; // without the unwrapped types that Vue gives
  for (const name of Object.keys(made) as (keyof typeof made)[])
    expect(state[name] === made[name], name).toBe(true);
  state.heap.free(state.ref);
  state.array.free();
  expect(made.ref.isFreed && made.array.isFreed).toBe(true);
  heap.freeAll();
});
