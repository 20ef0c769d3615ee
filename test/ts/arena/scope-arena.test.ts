// Scopes: what they share, what they do when a free fails, what is on them.
import { describe, expect, test } from 'vitest';
import { createHeapSync, FreedError, i32, LinmemAggregateError, type LinmemHeap } from '../../../ts/index.ts';
import { scopeArena } from '../../support/arena.ts';
import { fakeHeap } from '../../support/heap.ts';

describe('a scope whose free fails at its end', () => {
  test('frees all else, and frees the rest when it is ended again', () => {
    const { heap, module } = fakeHeap();
    const outer = heap.scope();
    const inner = heap.scope();
    outer.allocUint8Array(100); // outer is not the newest: a separate block
    inner.allocUint8Array(20_000); // a chunk
    const { free } = module;
    let failures = 2;
    module.free = (address) => {
      if (failures-- > 0) throw new Error('not now');
      free.call(module, address);
    };
    expect(() => inner.end()).toThrow();
    expect(() => outer.end()).toThrow(LinmemAggregateError);
    expect(() => outer.end()).not.toThrow();
    heap.scope((s) => s.alloc(20_000));
    module.free = free;
    expect(heap.statistics.liveBlocks).toBe(0);
    heap.freeAll();
    expect([module.live.size, module.badFrees]).toEqual([0, []]);
  });
});

describe('the memory of scopes', () => {
  /** Returns an address that a new scope gets, after which the arena is empty. */
  const next = (heap: LinmemHeap): number => heap.scope((s) => s.allocInt32().address);
  test.each([[[0, 1, 2]], [[0, 2, 1]], [[1, 0, 2]], [[1, 2, 0]], [[2, 0, 1]], [[2, 1, 0]]])(
    'is reused after three scopes that end in the order %j',
    (order) => {
      const heap = createHeapSync();
      const first = next(heap);
      const made = [0, 1, 2].map((i) => {
        const scope = heap.scope();
        return { scope, ref: scope.allocInt32(i) };
      });
      for (const [ended, i] of order.entries()) {
        made[i]?.scope.end();
        expect(made.map(({ ref }) => ref.isFreed)).toEqual([0, 1, 2].map((j) => order.indexOf(j) <= ended));
      }
      expect([scopeArena(heap)?.usedBytes(), next(heap)]).toEqual([0, first]);
    },
  );
  test('is aligned for refs of every size, and holds what they were made with', () => {
    const heap = createHeapSync();
    heap.scope((s) => {
      for (let round = 0; round < 3; round++) {
        const refs = [s.allocUint8(1), s.allocFloat64(2), s.allocUint8(3), s.allocInt16(4), s.allocInt32(5)];
        expect(refs.map(({ address, byteLength }) => address % byteLength)).toEqual([0, 0, 0, 0, 0]);
        expect(refs.map(({ value }) => value)).toEqual([1, 2, 3, 4, 5]);
      }
      expect(s.allocBigInt64(-6n).value).toBe(-6n);
    });
  });
  test('grows when refs fill it, and after a growth of the whole memory', () => {
    const heap = createHeapSync({ initialBytes: 1 << 16 });
    heap.scope((s) => {
      const refs = Array.from({ length: 3000 }, (_, i) => s.allocInt32(i));
      heap.memory?.grow(1);
      refs.push(s.allocInt32(3000));
      expect(refs.map(({ value }) => value)).toEqual(refs.map((_, i) => i));
      expect(new Set(refs.map(({ address }) => address)).size).toBe(refs.length);
    });
    expect(heap.statistics.liveBlocks).toBe(0);
  });
  test('is not used by a scope that is not the newest', () => {
    const heap = createHeapSync();
    const outer = heap.scope();
    const before = outer.allocInt32(1).address;
    const inner = heap.scope();
    const blocks = heap.statistics.liveBlocks;
    const separate = outer.allocInt32(2);
    expect([heap.statistics.liveBlocks - blocks, separate.owned]).toEqual([1, true]);
    inner.end();
    expect([separate.value, outer.allocInt32(3).address]).toEqual([2, before + 4]);
    outer.end();
    expect([separate.isFreed, heap.statistics.liveBlocks]).toEqual([true, 0]);
  });
});

test('a handle of a slice in a scope leaves later scopes private', () => {
  const heap = createHeapSync();
  const handle = heap.scope((s) => s.allocI32(2).handle());
  heap.scope((s) => {
    const ref = s.allocInt32(1);
    expect(ref.allocation.epoch).toBe(undefined); // else each use compares the epoch in memory
    expect(() => heap.sliceFromHandle(handle)).toThrow(FreedError);
  });
  expect(scopeArena(heap)?.usedBytes()).toBe(0);
});

describe('a thenable whose then throws', () => {
  test('ends the scope, and its error is thrown', () => {
    const heap = createHeapSync();
    let inside: { isFreed: boolean } | undefined;
    const act = (): unknown =>
      heap.scope((s) => {
        inside = s.allocInt32(1);
        return Object.defineProperty({}, 'then', { get() { throw new Error('no then'); } }); // prettier-ignore
      });
    expect(act).toThrow('no then');
    expect(inside?.isFreed).toBe(true);
  });
});

test('a scope reads and writes as its heap does', () => {
  const heap = createHeapSync();
  heap.scope((s) => {
    const p = s.alloc(32);
    s.writeInt32(p, -5);
    s.writeFloat64(p + 8, 2.5);
    s.writeBytes(p + 16, new Uint8Array([1, 2, 3]));
    expect([s.readInt32(p), heap.readFloat64(p + 8), [...s.readBytes(p + 16, 3)]]).toEqual([-5, 2.5, [1, 2, 3]]);
    s.writeNullTerminatedUtf8String(p, 'Zoë');
    expect([s.readNullTerminatedUtf8String(p), s.readNullableUtf8String(0), i32.read(s.heap, p) !== 0]).toEqual(['Zoë', null, true]);
    s.fill(p, 32);
    s.copy(p + 16, p, 8);
    expect(s.addInt32Atomic(p, 3)).toBe(0);
    expect(s.viewInt32Array(p, 1)[0]).toBe(3);
  });
}); // prettier-ignore

describe('defer', () => {
  test('calls back at the end, the last first, before the memory is freed, on return and on throw', () => {
    const heap = createHeapSync();
    for (const fails of [false, true]) {
      const calls: unknown[] = [];
      const act = (): void =>
        heap.scope((s) => {
          const ref = s.allocInt32(7);
          s.defer(() => calls.push(ref.value));
          s.defer(() => calls.push('first'));
          if (fails) throw new Error('inside');
        });
      if (fails) expect(act).toThrow('inside');
      else act();
      expect(calls).toEqual(['first', 7]);
    }
  });
  test('goes on after a callback that throws, and reports it', () => {
    const heap = createHeapSync();
    const calls: number[] = [];
    expect(() =>
      heap.scope((s) => {
        s.allocUint8Array(10);
        s.defer(() => calls.push(1));
        s.defer(() => {
          throw new Error('deferred');
        });
      }),
    ).toThrow(LinmemAggregateError);
    expect([calls, scopeArena(heap)?.usedBytes()]).toEqual([[1], 0]);
  });
  test('refuses what is no function, and a scope that has ended', () => {
    const scope = createHeapSync().scope();
    expect(() => scope.defer(5 as never)).toThrow(TypeError);
    scope.end();
    expect(() => scope.defer(() => undefined)).toThrow(FreedError);
  });
});
