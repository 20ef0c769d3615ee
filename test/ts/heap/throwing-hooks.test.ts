// User code that throws wherever it can be called: in values, options, allocators, memory sources and callbacks. Nothing
// has changed then, and nothing has leaked.
import { expect, test } from 'vitest';
import { createWasmHeapManager, f32, i32, type WasmHeapManager } from '../../../ts/index.ts';
import { fakeModule } from '../../support/heap.ts';
import { prng, SEED } from '../../support/prng.ts';

class Thrown extends Error {}
/** True for the error of a hook, and for one that names it as its cause or among its errors. */
const tells = (error: unknown): boolean =>
  error instanceof Thrown ||
  (error instanceof Error && tells(error.cause)) ||
  (error instanceof AggregateError && error.errors.some(tells));

/** A heap whose hooks count their calls, and throw at call `failAt`. */
function start() {
  const module = fakeModule();
  const state = { calls: 0, failAt: Infinity };
  const hook = (): void => {
    if (++state.calls === state.failAt) throw new Thrown('the hook');
  };
  const heap = createWasmHeapManager(
    () => (hook(), module.memory.buffer),
    (bytes) => (hook(), module.malloc(bytes)),
    (address) => {
      hook();
      module.free(address);
    },
  );
  return { heap, module, state, hook };
}
type Hook = () => void;

/** A list whose reads call the hook. */
const hooked = (hook: Hook): number[] =>
  new Proxy([1, 2, 3], { get: (list, key) => (hook(), Reflect.get(list, key) as unknown) });
const iterable = (hook: Hook): Iterable<number> => ({
  *[Symbol.iterator]() {
    for (const value of [1, 2, 3]) {
      hook();
      yield value;
    }
  },
});
const options = (hook: Hook): object => ({
  get nul() {
    hook();
    return 'throw';
  },
});

/** Operations that free all they allocate, if they return. */
const operations: Record<string, (heap: WasmHeapManager, hook: Hook) => void> = {
  'alloc': (heap) => heap.free(heap.alloc(24)),
  'an aligned alloc': (heap) => heap.free(heap.alloc(24, 64)),
  'a large alloc': (heap) => heap.free(heap.alloc(100_000)),
  'realloc': (heap) => heap.free(heap.realloc(heap.alloc(24), 100_000)),
  'a ref': (heap) => heap.allocInt32(5).free(),
  'an array of a proxy': (heap, hook) => heap.allocInt32Array(hooked(hook)).free(),
  'an array of an iterable': (heap, hook) => i32.allocArray(heap, iterable(hook)).free(),
  'a resize': (heap) => heap.allocInt32Array(3).resize(40_000).free(),
  'a string': (heap, hook) => heap.allocNullTerminatedUtf8String('text', options(hook)).free(),
  'a slice': (heap) => heap.allocSlice(f32, 10).free(),
  'an arena': (heap, hook) => {
    const arena = heap.createHeapArena(64, 16, { grow: true });
    arena.allocF32(100).write(hooked(hook));
    arena.destroy();
  },
  'a scope': (heap, hook) =>
    heap.scope((scope) => {
      scope.allocInt32Array(hooked(hook));
      scope.defer(hook);
      hook();
    }),
}; // prettier-ignore

test.each(Object.keys(operations))(`%s: every hook throws in turn (SEED=${SEED})`, (name) => {
  const operation = operations[name] as (typeof operations)[string];
  const below = prng(SEED);
  let thrown = 0;
  for (let failAt = 1; failAt < 200; failAt++) {
    const { heap, module, state, hook } = start();
    heap.scope((scope) => scope.alloc(8)); // the arena of the scopes is an internal block
    const kept = Array.from({ length: 1 + below(4) }, () => heap.allocInt32(below(100)));
    const values = kept.map((ref) => ref.value);
    const before = { ...heap.statistics, blocks: module.live.size };
    state.failAt = state.calls + failAt;
    let error: unknown;
    try {
      operation(heap, hook);
    } catch (caught) {
      error = caught;
    }
    const wasCalled = state.calls >= state.failAt;
    state.failAt = Infinity;
    if (!wasCalled) {
      expect(error).toBe(undefined);
      break;
    }
    thrown++;
    expect(tells(error), String(error)).toBe(true);
    // A block whose free threw is still in the table, and can be freed.
    const rest = heap.allocations().filter(({ address }) => !kept.some((ref) => ref.address === address));
    for (const { address } of rest) heap.free(address);
    heap.scope((scope) => scope.alloc(8));
    expect([heap.statistics.liveBlocks, heap.statistics.liveBytes]).toEqual([
      before.liveBlocks,
      before.liveBytes,
    ]);
    expect(module.live.size, `call ${failAt}`).toBe(before.blocks);
    expect(kept.map((ref) => ref.value)).toEqual(values);
    expect(module.badFrees).toEqual([]);
  }
  expect(thrown).toBeGreaterThan(1);
});
