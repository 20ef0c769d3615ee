// Frees, adoptions and releases of blocks that cross the border between JavaScript and the module.
import { describe, expect, test } from 'vitest';
import {
  copyBlockToHeap,
  createHeapSync,
  createWasmHeapManager,
  DoubleFreeError,
  FreedError,
  ModuleError,
  NotOwnedError,
  OutOfMemoryError,
  WrongHeapError,
  type WasmHeapManager,
} from '../../../ts/index.ts';
import { fakeHeap, fakeModule } from '../../support/heap.ts';
import { prng, SEED } from '../../support/prng.ts';

describe('a free by address on the heap of a module', () => {
  test(`frees 1,000 blocks that the module made where the heap had blocks before (SEED=${SEED})`, () => {
    const { heap, module } = fakeHeap({ strictFrees: false });
    const below = prng(SEED);
    for (let i = 0; i < 1000; i++) {
      const own = Array.from({ length: 1 + below(4) }, () => heap.alloc(8 + below(64)));
      for (const address of own) heap.free(address);
      const theirs = module.malloc(8 + below(64)); // in C, and left to us
      heap.free(theirs);
    }
    expect([module.live.size, module.badFrees]).toEqual([0, []]);
  });
  test('is refused inside a live block, and changes nothing', () => {
    const { heap, module } = fakeHeap({ strictFrees: false });
    const at = heap.alloc(32);
    expect(() => heap.free(at + 8)).toThrow(NotOwnedError);
    expect(module.badFrees).toEqual([]);
    heap.free(at);
  });
  test('is a double free through a ref, whatever the options', () => {
    const { heap } = fakeHeap({ strictFrees: false });
    const ref = heap.allocInt32(1);
    ref.free();
    expect(() => ref.free()).toThrow(DoubleFreeError);
    expect(() => heap.free(ref)).toThrow(DoubleFreeError);
  });
  test('is a double free by address too with strictFrees, and on a heap of linmem', () => {
    for (const heap of [fakeHeap({ strictFrees: true }).heap, createHeapSync()]) {
      const at = heap.alloc(8);
      heap.free(at);
      expect(() => heap.free(at)).toThrow(DoubleFreeError);
    }
  });
});

describe('an error about a block that is not owned does not speak of a free:', () => {
  const heap = createHeapSync();
  const at = heap.alloc(64);
  const borrowed = heap.wrapInt32Array(at, 2);
  test.each<[string, () => unknown]>([
    ['free', () => heap.free(at + 8)],
    ['free of a ref', () => borrowed.free()],
    ['realloc', () => heap.realloc(at + 8, 16)],
    ['realloc of no block', () => heap.realloc(at + 2048, 16)],
    ['resize', () => borrowed.resize(1)],
    ['release', () => heap.release(at + 8)],
    ['release of a ref', () => borrowed.release()],
    ['adopt', () => heap.adopt(at, 8)],
    ['adopt of NULL', () => heap.adopt(0, 8)],
    ['usableSize', () => heap.usableSize(at + 8)],
    ['copyBlockToHeap', () => copyBlockToHeap(heap, 8, heap)],
    ['keep', () => heap.scope((scope) => scope.keep(borrowed))],
  ])('%s', (_operation, act) => {
    expect(act).toThrow(NotOwnedError);
    expect(act).toThrow(/^no owned block at address \d+: /);
  });
});

describe('adopt without a size', () => {
  test('returns an owner that frees the block once, also by using', () => {
    const { heap, module } = fakeHeap();
    const owner = heap.adopt(module.malloc(24));
    expect([owner.owned, owner.byteLength, heap.statistics.liveBlocks]).toEqual([true, 0, 1]);
    owner.dispose();
    owner.dispose();
    expect(() => owner.free()).toThrow(DoubleFreeError);
    expect([module.live.size, module.badFrees, heap.statistics.liveBlocks]).toEqual([0, [], 0]);
  });
  test('refuses NULL and the blocks of this heap', () => {
    const { heap } = fakeHeap();
    const at = heap.alloc(16);
    expect(() => heap.adopt(0)).toThrow(NotOwnedError);
    expect(() => heap.adopt(at)).toThrow(NotOwnedError);
    expect(() => heap.adopt(at + 8)).toThrow(NotOwnedError);
    heap.free(at);
  });
  test('in a scope frees the block at its end', () => {
    const { heap, module } = fakeHeap();
    heap.scope((s) => expect(s.adopt(module.malloc(24)).isFreed).toBe(false));
    heap.freeAll();
    expect([module.badFrees, heap.statistics.liveBlocks]).toEqual([[], 0]);
  });
});

describe('release', () => {
  test('takes the block out of the table: freeAll leaves it, and all refs to it are invalid', () => {
    const { heap, module } = fakeHeap();
    const ref = heap.allocNullTerminatedUtf8String('Zürich');
    const alias = heap.wrapUint8Array(ref.address, 3);
    const address = ref.release();
    expect(address).toBe(ref.address);
    heap.freeAll();
    expect(module.live.has(address)).toBe(true);
    expect(() => ref.value).toThrow(FreedError);
    expect(() => alias.at(0)).toThrow(FreedError);
    expect(() => ref.release()).toThrow(FreedError);
    module.free(address); // by C
    expect(module.badFrees).toEqual([]);
  });
  test('by address is followed by a free of the module’s, also with strictFrees', () => {
    const { heap, module } = fakeHeap({ strictFrees: true });
    const at = heap.alloc(8);
    expect(heap.release(at)).toBe(at);
    expect(() => heap.release(at)).toThrow(NotOwnedError);
    heap.free(at); // C left it to us again
    expect([module.live.size, module.badFrees]).toEqual([0, []]);
  });
  test('refuses what is not a live block of the heap, and changes nothing', () => {
    const { heap, module } = fakeHeap();
    const at = heap.alloc(16);
    const other = fakeHeap().heap.allocInt32(1);
    expect(() => heap.release(at + 8)).toThrow(NotOwnedError);
    expect(() => heap.release(heap.wrapInt32(at))).toThrow(NotOwnedError);
    expect(() => heap.wrapInt32(at).release()).toThrow(NotOwnedError);
    expect(() => heap.release(other)).toThrow(WrongHeapError);
    expect([heap.statistics.liveBlocks, module.live.size]).toEqual([1, 1]);
    heap.free(at);
  });
  test('refuses a block whose start the module does not know', () => {
    const { heap } = fakeHeap({}, fakeModule(undefined, 1));
    const odd = heap.alloc(3, 1);
    const aligned = heap.alloc(8, 4096);
    expect(() => heap.release(aligned)).toThrow(NotOwnedError);
    for (const at of [odd, aligned]) heap.free(at);
  });
  test('is forgotten by the collector, which frees nothing', () => {
    const { heap, module } = fakeHeap({ enableGarbageCollection: true });
    const address = heap.allocInt32(1).release();
    expect(module.live.has(address)).toBe(true);
  });
});

describe('allocators', () => {
  test('with further parameters get the alignment, and on a free the size and the alignment', () => {
    const memory = new WebAssembly.Memory({ initial: 2 });
    const calls: unknown[][] = [];
    let next = 1024;
    const heap = createWasmHeapManager(
      memory,
      (bytes, align) => {
        calls.push(['malloc', bytes, align]);
        next = Math.ceil(next / align) * align + bytes;
        return next - bytes;
      },
      (address, bytes, align) => calls.push(['free', address % 8, bytes, align]),
    );
    const [a, b] = [heap.alloc(24), heap.allocInt16(1)];
    heap.free(a);
    b.free();
    expect(calls).toEqual([
      ['malloc', 24, 8],
      ['malloc', 2, 2],
      ['free', 0, 24, 8],
      ['free', 0, 2, 2],
    ]);
  });
  test('with one parameter get one argument, as assertion builds of Emscripten refuse more', () => {
    const counts: number[] = [];
    const one = (result: number) =>
      new Proxy((_: number) => result, { apply: (_target, _this, args) => (counts.push(args.length), result) }); // prettier-ignore
    const heap = createWasmHeapManager(new WebAssembly.Memory({ initial: 1 }), one(1024), one(0));
    heap.free(heap.alloc(8));
    expect(counts).toEqual([1, 1]);
  });
  test('that throw make an OutOfMemoryError with the cause, and nothing is registered', () => {
    const cause = new Error('Aborted(OOM)');
    const heap = createWasmHeapManager(
      new WebAssembly.Memory({ initial: 1 }),
      () => {
        throw cause;
      },
      () => undefined,
    );
    for (const act of [() => heap.alloc(8), () => heap.allocInt32(1), () => heap.alloc(8, 4096)]) {
      let error: unknown;
      try {
        act();
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(OutOfMemoryError);
      expect((error as Error).cause).toBe(cause);
    }
    expect(heap.statistics.allocations).toBe(0);
  });
  test(`that are heaps free their own blocks, at any alignment (SEED=${SEED})`, () => {
    const { heap: lowest, module } = fakeHeap();
    const layer = (heap: WasmHeapManager, align: number): WasmHeapManager =>
      createWasmHeapManager({ buffer: heap.buffer }, (bytes) => heap.alloc(bytes, align), (at) => heap.free(at)); // prettier-ignore
    const below = prng(SEED);
    const heaps = [lowest, layer(lowest, 64), layer(lowest, 1), layer(layer(lowest, 32), 256)];
    const blocks: { heap: WasmHeapManager; at: number }[] = [];
    for (let step = 0; step < 400; step++) {
      const heap = heaps[below(heaps.length)] as WasmHeapManager;
      blocks.push({ heap, at: heap.alloc(1 + below(40), 2 ** below(8)) });
      if (below(3) > 0) continue;
      const [freed] = blocks.splice(below(blocks.length), 1);
      freed?.heap.free(freed.at);
    }
    for (const { heap, at } of blocks) heap.free(at);
    expect([module.live.size, module.badFrees]).toEqual([0, []]);
  });
});

test('a frozen ref is not freed: it could not be marked, and would read freed memory', () => {
  const { heap, module } = fakeHeap();
  const ref = Object.freeze(heap.allocInt32(5));
  expect(() => ref.free()).toThrow(TypeError);
  expect([ref.value, module.live.size, heap.statistics.liveBlocks]).toEqual([5, 1, 1]);
  const sealed = Object.seal(heap.allocInt32(6));
  sealed.free();
  expect(() => sealed.value).toThrow(FreedError);
});

test('allocations() lists every live block, bare addresses too, and not the one that scopes share', () => {
  const { heap } = fakeHeap();
  const at = heap.alloc(24);
  const ref = heap.allocFloat64(1);
  heap.scope((s) => s.allocInt32(1));
  expect(heap.allocations()).toEqual([
    { address: at, byteLength: 24 },
    { address: ref.address, byteLength: 8 },
  ]);
  expect(heap.statistics).toMatchObject({ liveBlocks: 2, liveBytes: 32 });
  heap.freeAll();
  expect(heap.allocations()).toEqual([]);
});

describe('a malloc that returns a block over a live one', () => {
  /** A heap whose malloc returns `next` once, if it is set. */
  const start = () => {
    const module = fakeModule();
    const state = { next: 0 };
    const heap = createWasmHeapManager(
      () => module.memory.buffer,
      (bytes) => {
        const at = state.next || module.malloc(bytes);
        state.next = 0;
        return at;
      },
      (address) => module.free(address),
    );
    return { heap, module, state };
  };
  test.each([
    ['inside a block', (a: number) => a + 16, 8, [true, false]],
    ['at the end of a block and into the next', (a: number) => a + 56, 16, [true, true]],
    ['below a block', (a: number) => a - 8, 16, [true, false]],
    ['over two blocks', (a: number) => a - 8, 100, [true, true]],
    ['over the start of a block', (a: number) => a, 100, [true, true]],
  ] as const)('ends the live allocations there, and says so: %s', (_where, place, bytes, ended) => {
    const { heap, state } = start();
    const refs = [heap.allocFloat64Array(8), heap.allocFloat64Array(8)];
    const other = heap.allocFloat64Array(8);
    other.fill(5);
    for (const alloc of [
      () => heap.alloc(bytes),
      () => heap.allocUint8Array(bytes),
      () => heap.alloc(bytes, 4),
    ]) {
      state.next = place(refs[0]?.address ?? 0);
      if (refs[0]?.isFreed) break;
      expect(alloc).toThrow(ModuleError);
    }
    expect(refs.map((ref) => ref.isFreed)).toEqual(ended);
    for (const ref of refs.filter((each) => each.isFreed)) {
      expect(() => ref.at(0)).toThrow(FreedError);
      expect(() => ref.free()).toThrow(DoubleFreeError);
    }
    expect([other.isFreed, ...other]).toEqual([false, ...new Array<number>(8).fill(5)]);
    expect(heap.statistics.liveBlocks).toBe(1 + ended.filter((each) => !each).length);
  });
  test('names the blocks, and the cure for a module that freed them', () => {
    const { heap, state } = start();
    const at = heap.alloc(64);
    state.next = at + 8;
    expect(() => heap.alloc(16)).toThrow(
      new RegExp(`16 bytes at address ${at + 8}, over the live block at address ${at}, .* heap\\.release`),
    );
    expect(heap.allocations()).toEqual([]);
  });
  test('leaves no entry, wherever its address lies in the table', () => {
    for (let offset = 8; offset <= 8 * 200; offset += 8) {
      const { heap, state } = start();
      const at = heap.alloc(2000);
      state.next = at + offset;
      expect(() => heap.alloc(16)).toThrow(ModuleError);
      expect([offset, heap.allocations()]).toEqual([offset, []]);
    }
  });
  test('ends an arena there, and its slices', () => {
    const { heap, state } = start();
    const arena = heap.createHeapArena(200);
    const slice = arena.allocF32(4);
    state.next = arena.basePtr + 8;
    expect(() => heap.alloc(16)).toThrow(ModuleError);
    expect([arena.destroyed, slice.isAlive()]).toEqual([true, false]);
    expect(() => slice.at(0)).toThrow(FreedError);
  });
  test(`is seen wherever it lies, and never where blocks only touch (SEED=${SEED})`, () => {
    const below = prng(SEED);
    const { heap, module, state } = start();
    let live: number[] = [];
    let found = 0;
    for (let step = 0; step < 3000; step++) {
      const size = 1 + below(below(8) ? 40 : 600);
      if (below(3)) live.push(heap.alloc(size));
      else if (live.length > 0) heap.free(live.splice(below(live.length), 1)[0] as number);
      if (below(50) > 0 || live.length === 0) continue;
      const block = live[below(live.length)] as number;
      const bytes = module.live.get(block) as number;
      if (bytes <= 8) continue;
      state.next = block + 8 * (1 + below((bytes - 1) >> 3)); // inside
      expect(() => heap.alloc(1 + below(100))).toThrow(ModuleError);
      found++;
      module.live.delete(block);
      const rest = heap.allocations().map(({ address }) => address);
      for (const each of live) if (!rest.includes(each)) module.live.delete(each);
      live = rest;
    }
    expect(found).toBeGreaterThan(10);
  });
});
