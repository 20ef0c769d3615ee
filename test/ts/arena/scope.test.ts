import { afterEach, describe, expect, test } from 'vitest';
import { scopeArena } from '../../support/arena.ts';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  FreedError,
  OutOfMemoryError,
  Scope,
  u8,
  type Keepable,
} from '../../../ts/index.ts';
import { errorOf, kinds, liveBlockCount, make, expectNothingLeaked } from '../../support/arena.ts';

afterEach(expectNothingLeaked);
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));
const thrower = (message: string) => (): never => {
  throw new Error(message);
};
/** One temporary of each sort. */
const all = (scope: Scope): Keepable[] => [
  scope.allocInt32(5), scope.allocBigUint64(5n), scope.allocFloat32Array([1, 2]), scope.allocNullTerminatedUtf8String('text'),
  scope.allocPrefixedUtf16String('text'), scope.allocPairedLatin1String('text'), scope.allocF64(4),
]; // prettier-ignore
const dead = (made: Keepable[]): boolean =>
  made.every((one) => ('isFreed' in one ? one.isFreed : !one.isAlive()));

describe.each(kinds)('a scope of a heap of the kind %s', (kind) => {
  test('frees all its allocations when its function returns, and returns the result of the function', () => {
    const { heap } = make(kind);
    let made: Keepable[] = [];
    const result = heap.scope((s) => {
      made = all(s);
      expect([dead(made), (made[0] as unknown as { value: number }).value]).toEqual([false, 5]);
      return 7;
    });
    expect([result, dead(made), liveBlockCount(heap)]).toEqual([7, true, 0]);
    for (const one of made) expect(() => ('assertLive' in one ? one.assertLive() : one.assertAlive())).toThrow(FreedError);
  }); // prettier-ignore
  test('frees its allocations when its function throws, and rethrows the error', () => {
    const { heap } = make(kind);
    let made: Keepable[] = [];
    const act = (): void =>
      heap.scope((s) => {
        made = all(s);
        thrower('mine')();
      });
    expect(act).toThrow('mine');
    expect([dead(made), liveBlockCount(heap)]).toEqual([true, 0]);
  });
  test('stays open until the returned promise is fulfilled or rejected', async () => {
    const { heap } = make(kind);
    let made: Keepable[] = [];
    const good = heap.scope(async (s) => {
      made = all(s);
      await soon();
      expect(dead(made)).toBe(false);
      return 7;
    });
    expect(dead(made)).toBe(false);
    expect([await good, dead(made)]).toEqual([7, true]);
    const bad = heap.scope(async (s) => {
      made = all(s);
      await soon();
      thrower('mine')();
    });
    await expect(bad).rejects.toThrow('mine');
    expect([dead(made), liveBlockCount(heap)]).toEqual([true, 0]);
  });
  test('can be nested: the inner one ends separately', () => {
    const { heap } = make(kind);
    heap.scope((outer) => {
      const mine = outer.allocInt32(1);
      const inner = heap.scope((s) => {
        const both = [s.allocInt32(2), outer.allocInt32(3)] as const;
        expect([mine.value, both[0].value, both[1].value]).toEqual([1, 2, 3]);
        return both;
      });
      expect([inner[0].isFreed, inner[1].value, mine.value]).toEqual([true, 3, 1]);
      expect(() => heap.scope(thrower('inner'))).toThrow('inner');
      const after = outer.allocInt32(4);
      expect([mine.value, inner[1].value, after.value]).toEqual([1, 3, 4]);
    });
    expect(liveBlockCount(heap)).toBe(0);
  });
  test('several open scopes end in any order, each with its own allocations', async () => {
    const { heap } = make(kind);
    const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]; // prettier-ignore
    for (const order of orders) {
      const scopes: Scope[] = [];
      const values = [0, 1, 2].map((i) => {
        const scope = heap.scope(); // the newest one, then
        scopes.push(scope);
        return [scope.allocInt32(i), scope.allocU32(100).write([i])] as const;
      });
      const late = scopes.map((scope, i) => scope.allocInt32Array([i, i]));
      for (const [n, i] of order.entries()) {
        scopes[i]?.end();
        for (const [k, [ref, slice]] of values.entries()) {
          const ended = order.slice(0, n + 1).includes(k);
          expect([ref.isFreed, slice.isAlive(), late[k]?.isFreed]).toEqual([ended, !ended, ended]);
          if (!ended) expect([ref.value, slice.at(0), late[k]?.at(1)]).toEqual([k, k, k]);
        }
      }
      expect([scopeArena(heap)?.usedBytes(), liveBlockCount(heap)]).toEqual([0, 0]);
    }
    const waits = [3, 1, 2].map((ms) =>
      heap.scope(async (s) => {
        const ref = s.allocInt32(ms);
        await new Promise((resolve) => setTimeout(resolve, ms));
        return [ref.value, s.allocUint8Array(500).length];
      }),
    );
    expect(await Promise.all(waits)).toEqual([[3, 500], [1, 500], [2, 500]]); // prettier-ignore
    expect([scopeArena(heap)?.usedBytes(), liveBlockCount(heap)]).toEqual([0, 0]);
  });
  test('can allocate large temporaries, which it frees too', () => {
    const { heap } = make(kind);
    heap.scope((s) => {
      const refs = [10_000, 100_000, 5].map((size) => s.allocUint8Array(size).fill(7));
      const slice = s.allocU8(300_000).write([1]);
      expect([...refs.map((ref) => ref.at(-1)), slice.at(0)]).toEqual([7, 7, 7, 1]);
      expect(() => s.allocUint8Array(2 ** 31)).toThrow(OutOfMemoryError);
      expect(() => s.alloc(2 ** 40)).toThrow(OutOfMemoryError);
    });
    expect(liveBlockCount(heap)).toBe(0);
  });
  test('allocates raw addresses, aligned as requested, that do not overlap', () => {
    const { heap } = make(kind);
    heap.scope((s) => {
      const first = s.alloc(10);
      heap.fill(first, 10, 1);
      for (const align of [1, 16, 4096, 65536]) {
        const at = s.alloc(33, align);
        expect(at % align).toBe(0);
        heap.fill(at, 33, 2);
      }
      expect([...heap.readBytes(first, 10)]).toEqual(new Array(10).fill(1));
      expect(first % 8).toBe(0);
      for (const align of [0, 3, 2 ** 17, NaN]) expect(() => s.alloc(1, align)).toThrow(ArgumentRangeError);
      for (const size of [-1, NaN, 0.5, 2 ** 53]) expect(() => s.alloc(size)).toThrow(ArgumentRangeError);
      for (const size of ['1', null, undefined, 1n]) expect(() => s.alloc(size as never)).toThrow(ArgumentTypeError);
    });
    expect(liveBlockCount(heap)).toBe(0);
  }); // prettier-ignore
  test('cannot allocate after its end, and ends once', () => {
    const { heap } = make(kind);
    const outer = heap.scope();
    const scope = heap.scope();
    const ref = outer.allocInt32(5);
    for (const end of [() => scope.end(), () => scope.end(), () => scope.dispose()]) {
      end();
      expect(scope.ended).toBe(true);
      const uses = [
        () => scope.alloc(1), () => scope.allocInt32(1), () => scope.allocInt32Array(2), () => scope.allocU8(1),
        () => scope.allocUtf8String('a'), () => scope.allocSlice(u8, 1), () => scope.allocPointer53(1),
      ]; // prettier-ignore
      for (const use of uses) expect(use).toThrow(FreedError);
      expect(ref.value).toBe(5);
    }
    outer.end();
    expect(() => scope.alloc(1)).toThrow(FreedError);
  });
});

test('using ends a scope with its block', () => {
  const { heap } = make('wrapped');
  const scope = heap.scope();
  const ref = scope.allocInt32(1);
  expect(scope).toBeInstanceOf(Scope);
  if (Symbol.dispose) scope[Symbol.dispose]();
  else scope.dispose();
  expect([ref.isFreed, scope.ended]).toEqual([true, true]);
});

test('a refused value leaves no allocation in the scope', () => {
  const { heap } = make('wrapped');
  heap.scope((s) => {
    s.alloc(1, 1);
    const used = (): number | undefined => scopeArena(heap)?.usedBytes();
    const before = used();
    for (const act of [() => s.allocInt32('1' as never), () => s.allocInt32Array([1, '2' as never]),
      () => s.allocNullTerminatedAsciiString('\u00e9'), () => s.allocPointer53(-1), () => s.allocU8(NaN)]) {
      expect(act).toThrow();
      expect(used()).toBe(before);
    }
  }); // prettier-ignore
});

test('refs freed by freeAll stay freed, and the next scope works', () => {
  const { heap } = make('wrapped');
  const scope = heap.scope();
  const ref = scope.allocInt32(1);
  heap.freeAll();
  expect(() => ref.value).toThrow(FreedError);
  expect(() => scope.alloc(8)).toThrow(FreedError);
  const next = heap.scope();
  expect(next.allocInt32(2).value).toBe(2);
  scope.end();
  expect(next.allocInt32(3).value).toBe(3);
  next.end();
});

test('a scope arena that had grown is small again when its scopes have ended', () => {
  const { heap } = make('wrapped');
  const outer = heap.scope();
  heap.scope((s) => s.alloc(100_000));
  expect(heap.statistics.liveBytes).toBeLessThan(5000);
  outer.alloc(100_000);
  outer.end();
  expect([heap.statistics.liveBlocks, heap.statistics.liveBytes < 5000]).toEqual([0, true]);
});

describe('frees that fail at the end of a scope', () => {
  const broken = (): ReturnType<typeof make> & { mend: () => void; scope: Scope; top: Scope } => {
    const made = make('wrapped');
    const scope = made.heap.scope();
    const top = made.heap.scope(); // so that the first one allocates blocks
    for (let i = 0; i < 3; i++) scope.allocInt32(i);
    const { module } = made;
    if (!module) return expect.fail();
    const { free } = module;
    module.free = (address) => {
      throw new Error(`not ${address}`);
    };
    return { ...made, scope, top, mend: () => (module.free = free) };
  };
  test('are all attempted, and all reported', () => {
    const { heap, scope, top, mend } = broken();
    const error = errorOf(() => scope.end()) as AggregateError;
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors.map((each: Error) => /^not \d+$/.test(each.message))).toEqual([true, true, true]);
    mend();
    top.end();
    expect(liveBlockCount(heap)).toBe(3);
    heap.freeAll();
  });
  test('do not hide the error of the function, sync or async', async () => {
    const { heap } = make('wrapped');
    const failing = (s: Scope): never => {
      s.end = thrower('the end');
      return thrower('the function')();
    };
    const real = Scope.prototype.end;
    let scope: Scope | undefined;
    const error = errorOf(() => heap.scope((s) => failing((scope = s)))) as AggregateError;
    expect(error.errors.map((each: Error) => each.message)).toEqual(['the function', 'the end']);
    real.call(scope);
    const promise = heap.scope(async (s) => {
      await soon();
      failing((scope = s));
    });
    await expect(promise).rejects.toMatchObject({ errors: [{ message: 'the function' }, { message: 'the end' }] }); // prettier-ignore
    real.call(scope);
  });
});
