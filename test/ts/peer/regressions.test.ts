// Regressions.
import { expect, test, vi } from 'vitest';
import { createHeapSync } from '../../../ts/index.ts';
import { fakeHeap } from '../../support/heap.ts';
import { collect, collects, outcome } from './libraries.ts';

test.runIf(collects)('a view of the bytes of a string keeps its block from being collected', async () => {
  const { heap, module } = fakeHeap({ enableGarbageCollection: true });
  const view = (() => heap.allocNullTerminatedUtf8String('hello').encodedBytesView)();
  await collect(() => module.live.size === 0, 20);
  expect([module.live.size, view.length]).toEqual([1, 5]);
});
test('ballast that cannot be allocated leaves no block without an owner', () => {
  const { heap, module } = fakeHeap({ enableGarbageCollection: true, gcPressure: 1 });
  const { ArrayBuffer: original } = globalThis;
  const scarce = new Proxy(original, {
    construct(target, [length]: [number]) {
      if (length === 5000) throw new RangeError('Array buffer allocation failed');
      return new target(length);
    },
  });
  vi.stubGlobal('ArrayBuffer', scarce);
  const result = outcome(() => heap.allocUint8Array(5000).length);
  vi.unstubAllGlobals();
  // Either the ref without its weight, or an error without the block.
  expect([result, module.live.size]).toEqual(result === 5000 ? [5000, 1] : ['throws OUT_OF_MEMORY', 0]);
});
test('a block that C freed leaves the table when its ref is used', () => {
  const heap = createHeapSync();
  const ref = heap.allocInt32(5);
  heap.exports.lm_heap_free(heap.handle, ref.address);
  expect(outcome(() => ref.free())).toBe('throws DOUBLE_FREE');
  expect([ref.isFreed, heap.statistics.liveBlocks, outcome(() => heap.freeAll())]).toEqual([
    true,
    0,
    undefined,
  ]);
});
// A browser keeps the modules that it has loaded.
test.runIf(typeof document === 'undefined')(
  'an engine without TextDecoder and TextEncoder (AudioWorklet) has strings all the same',
  async () => {
    vi.stubGlobal('TextDecoder', undefined);
    vi.stubGlobal('TextEncoder', undefined);
    vi.resetModules();
    const bare = (await import('../../../ts/index.ts?mute' as string)) as {
      createHeapSync: typeof createHeapSync;
    };
    vi.unstubAllGlobals();
    const heap = bare.createHeapSync();
    for (const text of ['short', 'é', `${'é'.repeat(50)}\uD83D 🗼`])
      expect(heap.allocNullTerminatedUtf8String(text).value).toBe(text.replace('\uD83D', '\uFFFD'));
  },
);
test('a string at 0 is NULL, for reading and for writing', () => {
  const { heap } = fakeHeap();
  expect(outcome(() => heap.readNullTerminatedUtf8String(0))).toMatch(/^throws/);
  expect(outcome(() => heap.writeNullTerminatedUtf8String(0, 'x', 8))).toMatch(/^throws/);
});
test('an unknown text option or policy is refused like an unknown option of the manager', () => {
  const { heap } = fakeHeap();
  for (const options of [{ surogates: 'throw' }, { surrogates: 'nope' }, 5, null])
    expect(outcome(() => heap.writeNullTerminatedUtf8String(512, 'é', 8, options as never))).toBe(
      'throws INVALID_TYPE',
    );
});
