// Random programs against a model: which slices are alive, their contents, and that none overlap.
import { afterEach, describe, expect, test } from 'vitest';
import { scopeArena } from '../../support/arena.ts';
import {
  i32,
  type ArenaMark,
  type Ref,
  type Scope,
  type WasmHeapArena,
  type WasmHeapManager,
  type WasmSlice,
  type WasmSliceHandle,
} from '../../../ts/index.ts';
import { liveBlockCount, make, expectNothingLeaked, type Kind } from '../../support/arena.ts';
import { prng, SEED } from '../../support/prng.ts';

afterEach(expectNothingLeaked);

/** Without `expect`, which takes a hundred times as long. */
function throws(act: () => unknown): boolean {
  try {
    act();
    return false;
  } catch {
    return true;
  }
}

/** One allocation of the model: 8 bytes or more of one value. */
interface Entry {
  readonly at: number;
  readonly bytes: number;
  readonly value: number;
  readonly one: WasmSlice<Int32Array, number> | (Ref & Iterable<number>) | undefined;
  readonly handle: WasmSliceHandle | undefined;
}
interface ModelArena {
  readonly arena: WasmHeapArena;
  entries: Entry[];
  marks: { mark: ArenaMark; entries: number }[];
}
interface ModelScope {
  readonly scope: Scope;
  entries: Entry[];
}

class Model {
  readonly heap: WasmHeapManager;
  readonly below: (n: number) => number;
  readonly grow: boolean;
  arenas: ModelArena[] = [];
  scopes: ModelScope[] = [];
  slices: Entry[] = [];
  dead: Entry[] = [];
  value = 1;

  constructor(heap: WasmHeapManager, below: (n: number) => number, grow: boolean) {
    this.heap = heap;
    this.below = below;
    this.grow = grow;
  }

  /** Allocates in a region and fills the bytes with a unique value. */
  allocate(region: WasmHeapArena | Scope): Entry {
    const { below, heap } = this;
    const value = this.value++;
    const count = 2 + below(40);
    const align = 2 ** below(8);
    const kind = below(3);
    if (kind === 0) {
      const one = region.allocI32(count, align).write(new Array<number>(count).fill(value));
      return { at: one.ptr, bytes: 4 * count, value, one, handle: one.handle() };
    }
    if (kind === 1) {
      const one = region.allocInt32Array(count).fill(value);
      return { at: one.address, bytes: 4 * count, value, one: one as never, handle: undefined };
    }
    const at = region.alloc(4 * count, Math.max(4, align));
    heap.viewInt32Array(at, count).fill(value);
    return { at, bytes: 4 * count, value, one: undefined, handle: undefined };
  }
  own(): void {
    const count = 2 + this.below(40);
    const value = this.value++;
    const one = this.heap.allocSlice(i32, count).write(new Array<number>(count).fill(value));
    this.slices.push({ at: one.ptr, bytes: 4 * count, value, one, handle: one.handle() });
  }
  /** Marks entries as dead. After a rewind their handles are not tested: a handle has an epoch, but no checkpoint. */
  kill(entries: Entry[], rewound = false): void {
    this.dead.push(...entries.map((entry) => (rewound ? { ...entry, handle: undefined } : entry)));
    if (this.dead.length > 60) this.dead.splice(0, this.dead.length - 60);
  }

  get live(): Entry[] {
    return [this.slices, ...this.arenas.map(({ entries }) => entries), ...this.scopes.map(({ entries }) => entries)].flat();
  } // prettier-ignore

  check(): void {
    const live = this.live.sort((a, b) => a.at - b.at);
    for (const [i, { at, bytes, value, one, handle }] of live.entries()) {
      if (at + bytes > (live[i + 1]?.at ?? Infinity)) expect.fail(`entries of ${at} and ${live[i + 1]?.at} overlap`);
      const values = one ? [...one] : [...this.heap.viewInt32Array(at, bytes / 4)];
      if (values.length !== bytes / 4 || values.some((each) => each !== value)) expect.fail(`${at} lost its values`);
      if (one && !alive(one)) expect.fail(`the live allocation at ${at} is dead`);
      if (handle && this.heap.sliceFromHandle(handle).at(-1) !== value) expect.fail(`the handle of ${at} is another`);
    }
    for (const { at, one, handle } of this.dead) {
      if (one && alive(one)) expect.fail(`the dead allocation at ${at} is alive again`);
      if (one && !throws(() => [...one])) expect.fail(`the dead allocation at ${at} can be read`);
      if (handle && !throws(() => this.heap.sliceFromHandle(handle))) expect.fail(`the handle of ${at} is taken`);
    }
  } // prettier-ignore
}
const alive = (one: NonNullable<Entry['one']>): boolean => ('isAlive' in one ? one.isAlive() : !one.isFreed);
const pick = <T>(list: T[], n: number): T | undefined => list[n % (list.length || 1)];

const steps: [number, (model: Model) => void][] = [
  [8, (m) => {
    const found = pick(m.arenas, m.below(8));
    if (found && m.live.length < 150) found.entries.push(m.allocate(found.arena));
  }],
  [6, (m) => {
    const found = pick(m.scopes, m.below(8));
    if (found && m.live.length < 150) found.entries.push(m.allocate(found.scope));
  }],
  [3, (m) => m.slices.length < 20 && m.own()],
  [3, (m) => {
    const [gone] = m.slices.splice(m.below(m.slices.length || 1), 1);
    if (gone) {
      (gone.one as WasmSlice).free();
      m.kill([gone]);
    }
  }],
  [2, (m) => {
    const found = pick(m.arenas, m.below(8));
    found?.marks.push({ mark: found.arena.mark(), entries: found.entries.length });
  }],
  [2, (m) => {
    const found = pick(m.arenas, m.below(8));
    const i = m.below(found?.marks.length || 1);
    const to = found?.marks[i];
    if (!found || !to) return;
    found.arena.rewind(to.mark);
    m.kill(found.entries.splice(to.entries), true);
    for (const { mark } of found.marks.splice(i + 1)) expect(() => found.arena.rewind(mark)).toThrow();
  }],
  [1, (m) => {
    const found = pick(m.arenas, m.below(8));
    if (!found) return;
    found.arena.reset();
    m.kill(found.entries.splice(0));
    for (const { mark } of found.marks.splice(0)) expect(() => found.arena.rewind(mark)).toThrow();
  }],
  [1, (m) => {
    if (m.arenas.length >= 4) return;
    const arena = m.heap.createHeapArena(8000 + m.below(500), 2 ** m.below(10), { grow: m.grow });
    m.arenas.push({ arena, entries: [], marks: [] });
  }],
  [1, (m) => {
    const [found] = m.arenas.splice(m.below(m.arenas.length || 1), 1);
    if (!found) return;
    if (found.arena.kind === 'frame') m.heap.frameArena.destroy();
    else found.arena.destroy();
    m.kill(found.entries);
  }],
  [1, (m) => {
    const old = m.arenas.findIndex(({ arena }) => arena.kind === 'frame');
    m.heap.frameArena.init(8000 + m.below(3));
    const { arena } = m.heap.frameArena;
    if (old >= 0 && m.arenas[old]?.arena === arena) return;
    if (old >= 0) m.kill(m.arenas.splice(old, 1)[0]?.entries ?? []);
    m.arenas.push({ arena, entries: [], marks: [] });
  }],
  [2, (m) => m.scopes.length < 4 && m.scopes.push({ scope: m.heap.scope(), entries: [] })],
  [2, (m) => {
    const [found] = m.scopes.splice(m.below(m.scopes.length || 1), 1);
    if (!found) return;
    found.scope.end();
    m.kill(found.entries, true);
  }],
  [1, (m) => {
    const found = pick(m.scopes, m.below(8));
    const entry = found?.entries.findIndex(({ one }) => one && 'isAlive' in one) ?? -1;
    if (!found || entry < 0 || m.slices.length >= 20) return;
    const before = found.entries[entry] as Entry;
    const kept = found.scope.keep(before.one as WasmSlice<Int32Array, number>);
    if (kept === before.one) found.entries.splice(entry, 1);
    m.slices.push({ ...before, at: kept.ptr, one: kept, handle: kept.handle() });
  }],
  [1, (m) => m.heap.free(m.heap.alloc(m.below(20) === 0 ? 200_000 : 10_000))],
]; // prettier-ignore
const deck = steps.flatMap(([count, step]) => new Array<typeof step>(count).fill(step));

/** Runs one program of `count` steps on a heap of a kind. */
function run(kind: Kind, seed: number, count: number): void {
  const { heap } = make(kind);
  const below = prng(seed);
  const model = new Model(heap, below, kind !== 'shared');
  for (let step = 0; step < count; step++) {
    try {
      deck[below(deck.length)]?.(model);
      model.check();
    } catch (error) {
      throw new Error(`seed ${seed}, step ${step}: ${String(error)}`, { cause: error });
    }
  }
  for (const { scope } of model.scopes) scope.end();
  for (const { arena } of model.arenas) arena.destroy();
  heap.frameArena.destroy();
  for (const { one } of model.slices) (one as WasmSlice).free();
  model.dead.push(...model.live);
  expect(model.live.some(({ one }) => one && alive(one))).toBe(false);
  expect(liveBlockCount(heap)).toBe(0);
}

test.each(['own', 'wrapped', 'unaligned', 'shared', 'memory64'] as const)(
  `random programs on a heap of the kind %s do what the model does (SEED=${SEED})`,
  (kind) => {
    for (let program = 0; program < 12; program++) run(kind, (SEED + program * 7919) >>> 0, 150);
  },
);

test(`scopes of promises that overlap, nest and throw leave only the kept refs (SEED=${SEED})`, async () => {
  for (const kind of ['own', 'wrapped', 'shared'] as const) {
    const { heap } = make(kind);
    const below = prng(SEED);
    const kept: [WasmSlice<Int32Array, number>, number][] = [];
    const act = async (depth: number): Promise<void> =>
      heap.scope(async (s) => {
        const value = below(1e9);
        const slice = s.allocI32(1 + below(200)).write([value]);
        const ref = s.allocInt32(value);
        for (let i = below(4); i > 0; i--) {
          if (below(2)) await new Promise((resolve) => setTimeout(resolve, below(3)));
          else if (depth > 0) await act(depth - 1).catch(() => undefined);
          heap.scope((inner) => inner.allocInt32Array(below(50)).fill(-1));
          expect([slice.at(0), ref.value]).toEqual([value, value]);
        }
        if (below(3) === 0) kept.push([s.keep(slice), value]);
        if (below(4) === 0) throw new Error('a scope that fails');
      });
    const all = Array.from({ length: 60 }, () => act(3));
    const results = await Promise.allSettled(all);
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
    expect(reasons.filter((reason) => reason !== 'Error: a scope that fails')).toEqual([]);
    expect(scopeArena(heap)?.usedBytes()).toBe(0);
    expect([liveBlockCount(heap), kept.length > 0]).toEqual([kept.length, true]);
    for (const [slice, value] of kept) {
      expect(slice.at(0)).toBe(value);
      slice.free();
    }
  }
}); // prettier-ignore

describe('memory does not grow', () => {
  test('in 10^6 resets: each invalidates the allocations before it', () => {
    const { heap } = make('own');
    const arena = heap.createHeapArena(1024);
    const first = arena.allocU8(8);
    const handle = first.handle();
    const bytes = heap.byteLength;
    for (let i = 0; i < 1_000_000; i++) {
      arena.allocInt32(i);
      arena.reset();
    }
    expect([arena.epoch(), arena.usedBytes(), heap.byteLength]).toEqual([1_000_001, 0, bytes]);
    expect([first.isAlive(), heap.statistics.liveBlocks]).toEqual([false, 1]);
    expect(() => heap.sliceFromHandle(handle)).toThrow();
    arena.destroy();
  });
  test('in 10^5 arenas: no epoch occurs twice', () => {
    const { heap } = make('own');
    let bytes = 0;
    let last = 0;
    for (let i = 0; i < 100_000; i++) {
      const arena = heap.createHeapArena(256);
      arena.allocInt32(i);
      if (arena.epoch() <= last) expect.fail(`epoch ${last} again`);
      last = arena.epoch();
      arena.destroy();
      if (i === 0) bytes = heap.byteLength;
    }
    expect([heap.byteLength, heap.statistics.liveBlocks]).toEqual([bytes, 0]);
  });
  test('in 10^5 scopes, nor in 10^5 heap slices', () => {
    const { heap } = make('own');
    const take = (i: number): number => heap.scope((s) => s.allocInt32(i).value + s.allocU8(3).length);
    take(0);
    const bytes = heap.byteLength;
    for (let i = 0; i < 100_000; i++) {
      take(i);
      heap.allocSlice(i32, 5).free();
    }
    expect([heap.byteLength, liveBlockCount(heap)]).toEqual([bytes, 0]);
  });
});
