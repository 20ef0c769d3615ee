import { afterEach, describe, expect, test } from 'vitest';
import { OutOfMemoryError, u16, type WasmHeapManager } from '../../../ts/index.ts';
import { liveBlockCount, make, expectNothingLeaked, type Kind } from '../../support/arena.ts';

afterEach(expectNothingLeaked);

/** Uses of all that allocates, each of which can be tried again. */
const program = (heap: WasmHeapManager, grow: boolean): void => {
  const slice = heap.allocSlice(u16, 3, 64).write([1, 2, 3]);
  void slice.handle();
  const arena = heap.createHeapArena(40, 32, { grow });
  const first = arena.allocU8(40).write([7]);
  if (grow) {
    const mark = arena.mark();
    arena.allocU8(100);
    arena.allocInt32Array([1, 2, 3]);
    arena.allocUtf8String('x'.repeat(300));
    arena.rewind(mark);
    arena.allocU8(1000);
  }
  expect(first.at(0)).toBe(7);
  heap.frameArena.init(200);
  heap.frameArena.init(300);
  const kept = heap.scope((s) => {
    const refs = [s.allocInt32(1), s.allocUint8Array(5000), s.allocNullTerminatedUtf8String('text')];
    heap.scope((inner) => [inner.allocF32(4), s.allocF32(5), inner.alloc(9000)]);
    expect(refs.map((ref) => ref.isFreed)).toEqual([false, false, false]);
    return s.keep(refs[2] as never as { value: string; free(): void } & never);
  }) as { value: string; free(): void };
  expect(kept.value).toBe('text');
  expect([...slice]).toEqual([1, 2, 3]);
  kept.free();
  heap.frameArena.destroy();
  arena.destroy();
  slice.free();
};

describe.each(['wrapped', 'unaligned', 'shared'] as const satisfies Kind[])(
  'in a heap of the kind %s',
  (kind) => {
    test.each([false, true])(
      'every allocation that fails (and all after it: %s) loses no block',
      (forEver) => {
        let failures = 0;
        for (let k = 1; ; k++) {
          const { heap, module } = make(kind);
          if (!module) return expect.fail();
          Object.assign(module, { failAt: k, keepsFailing: forEver });
          let failed = false;
          try {
            program(heap, kind !== 'shared');
          } catch (error) {
            expect(error).toBeInstanceOf(OutOfMemoryError);
            failed = true;
            failures++;
          }
          module.failAt = 0;
          for (const ref of heap.allocatedHeapRefs) ref.free();
          if (!failed || heap.statistics.liveBlocks > 0) heap.freeAll(); // the arenas that were cut off
          program(heap, kind !== 'shared');
          expect(liveBlockCount(heap)).toBe(0);
          if (!failed) break;
        }
        expect(failures).toBeGreaterThan(5);
      },
    );
    test('an arena that could not grow has allocated nothing, and can grow later', () => {
    const { heap, module } = make(kind);
    if (!module || kind === 'shared') return;
    const arena = heap.createHeapArena(16, 8, { grow: true });
    const ref = arena.allocInt32(5);
    const used = arena.usedBytes();
    module.failAt = module.calls + 1;
    module.keepsFailing = true;
    for (const act of [() => arena.alloc(64), () => arena.allocF64(8), () => arena.allocUtf8String('x'.repeat(64)), () => arena.allocInt32Array(64)]) {
      expect(act).toThrow(OutOfMemoryError);
      expect([arena.usedBytes(), heap.statistics.liveBlocks, ref.value]).toEqual([used, 1, 5]);
    }
    module.failAt = 0;
    arena.alloc(64);
    expect(ref.value).toBe(5);
    arena.destroy();
  }); // prettier-ignore
  },
);
