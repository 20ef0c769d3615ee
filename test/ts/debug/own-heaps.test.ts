// The option callSites, marks, leaks and reports of linmem's own heaps and of wrapped ones.
import { afterEach, describe, expect, test } from 'vitest';
import {
  ArgumentTypeError,
  bind,
  createCoreAllocatorSync,
  createGuestHeap,
  createHeap,
  createHeapSync,
  createWasmHeapManager64,
  cstr,
  DoubleFreeError,
  FreedError,
  i32,
  NotOwnedError,
  OutOfMemoryError,
  struct,
  utf8,
  WasmHeapManager,
  wrapEmscriptenModuleHeap,
  wrapHeap,
  type Heap,
  type LinmemHeap,
} from '../../../ts/index.ts';
import {
  heapLeaks,
  markHeap,
  recordHeap,
  sitesOf,
  trackCallSites,
  type Leak,
} from '../../../ts/debug/index.ts';
import { parseStack } from '../../../ts/debug/stack-frames.ts';
import { fakeHeap, fakeModule } from '../../support/heap.ts';
import { prng, SEED } from '../../support/prng.ts';

const FILE = /own-heaps\.test\.ts/;
/** The line of the caller, as its engine counts it. */
const lineHere = (): number => parseStack(new Error().stack ?? '')[1]?.line ?? 0;
const thrown = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
};
/** Bytes, count and type of leaks, and their lines relative to `line`. */
const summary = (leaks: readonly Leak[], line: number) =>
  leaks.map(({ bytes, count, type, site }) => [bytes, count, type, (site?.line ?? NaN) - line]);
const Point = struct('point_t', { x: i32, y: i32 });

describe('leaks', () => {
  test('have bytes, count, type, file and line of each place', () => {
    const heap = createHeapSync({ callSites: 'all' });
    heap.alloc(500); // before the mark
    const since = heap.mark();
    // Each place is a function, which returns its line.
    const places = {
      bytes: () => [heap.alloc(100), lineHere()],
      arena: () => [heap.createHeapArena(64), lineHere()],
      slice: () => [heap.allocSlice(i32, 20), lineHere()],
      structs: () => [Point.allocArray(heap, 4), lineHere()],
      array: () => [i32.allocArray(heap, 5), lineHere()],
      text: () => [heap.allocNullTerminatedUtf8String('twelve bytes'), lineHere()],
      point: () => [Point.alloc(heap, { x: 1 }), lineHere()],
      scalar: () => [heap.allocInt32(1), lineHere()],
    };
    const lines = Object.values(places).map((allocate) => allocate()[1]);
    for (let i = 0; i < 2; i++) places.bytes();
    utf8.allocTerminated(heap, 'freed').free();
    const leaks = heap.leaks({ since });
    expect(leaks.map(({ bytes, count, type }) => [bytes, count, type])).toEqual([
      [200, 2, ''],
      [leaks[1]?.bytes, 1, 'arena'],
      [100, 1, ''], // from another place
      [80, 1, 'i32[]'],
      [32, 1, 'point_t[]'],
      [20, 1, 'i32[]'],
      [13, 1, 'utf8'],
      [8, 1, 'point_t'],
      [4, 1, 'i32'],
    ]);
    const [bytes, ...others] = lines;
    expect(leaks.map(({ site }) => site?.line)).toEqual([bytes, others[0], bytes, ...others.slice(1)]);
    expect(leaks.map(({ site }) => site?.name.split('.').pop())).toEqual([
      'bytes',
      'arena',
      'bytes',
      'slice',
      'structs',
      'array',
      'text',
      'point',
      'scalar',
    ]);
    for (const { site } of leaks) expect(site?.file).toMatch(FILE);
    for (const { addresses, count } of leaks) expect(addresses).toHaveLength(count);
    expect(heap.leaks()).toHaveLength(leaks.length + 1);
  });
  test('are none once all blocks are freed, in any way', () => {
    const { heap } = fakeHeap({ callSites: 'all' });
    const since = heap.mark();
    heap.allocInt32(1).dispose();
    heap.free(heap.allocInt32(1));
    heap.free(heap.alloc(8));
    heap.release(heap.alloc(8));
    heap.scope((scope) => [scope.allocInt32(1), scope.alloc(10_000)]);
    heap.createHeapArena(64).destroy();
    expect(heap.leaks({ since })).toEqual([]);
    heap.alloc(8);
    heap.freeAll();
    expect(heap.leaks({ since })).toEqual([]);
  });
  test('are none for blocks that linmem keeps: of scopes, frames and calls', () => {
    const heap = createHeapSync({ callSites: 'all' });
    const since = heap.mark();
    heap.scope((scope) => scope.allocInt32(1));
    heap.frameArena.alloc(100);
    const { length } = bind({ length: (at: number) => heap.readUint8(at) }, heap, { length: [i32, [cstr]] });
    expect(length('A')).toBe(65);
    expect(heap.statistics.liveBlocks).toBe(1); // that of the frame arena
    expect(heap.leaks({ since })).toEqual([]);
  });
  test('are not blocks from before the mark that were resized since', () => {
    for (const heap of [createHeapSync({ callSites: 'all' }), fakeHeap({ callSites: 'all' }).heap]) {
      let at = heap.alloc(16);
      let ref = heap.allocInt32Array([1, 2]);
      const since = heap.mark();
      at = heap.realloc(at, 5000);
      ref = ref.resize(2000);
      expect(heap.leaks({ since })).toEqual([]);
      expect(heap.leaks().map(({ bytes, type }) => [bytes, type])).toEqual([
        [8000, 'i32[]'],
        [5000, ''],
      ]);
      heap.free(at);
      ref.free();
      expect(heap.leaks()).toEqual([]);
    }
  });
  test('are one entry for each call stack', () => {
    const heap = createHeapSync({ callSites: 'all' });
    // Not in tail position: JavaScriptCore drops the frames of functions that end with a call.
    const allocate = (): number => heap.alloc(8) + 0;
    const one = (): number => allocate() + 0;
    const two = (): number => allocate() + 0;
    for (let i = 0; i < 5; i++) one();
    two();
    expect(heap.leaks().map(({ count }) => count)).toEqual([5, 1]);
    expect(new Set(heap.leaks().map(({ site }) => JSON.stringify(site))).size).toBe(1);
  });
  test(`are the blocks of the heap's table after random operations (SEED=${SEED})`, () => {
    const { heap } = fakeHeap({ callSites: 1 / 16 });
    const below = prng(SEED);
    const live: number[] = [];
    for (let i = 0; i < 2000; i++) {
      const at = below(live.length + 1);
      if (below(3) > 0 || at === live.length) live.push(heap.alloc(below(40)));
      else if (below(2) > 0) live[at] = heap.realloc(live[at] as number, below(60));
      else heap.free(live.splice(at, 1)[0] as number);
    }
    const byAddress = (a: number, b: number) => a - b;
    const leaks = heap.leaks();
    expect(leaks.flatMap(({ addresses }) => addresses).sort(byAddress)).toEqual(live.sort(byAddress));
    expect(leaks.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(heap.statistics.liveBytes);
  });
  test.each([[{}], [17], [null], [{ name: '', event: 0 }]])('since %j throws', (since) => {
    const heap = createHeapSync({ callSites: 'all' });
    expect(() => heap.leaks({ since: since as never })).toThrow(ArgumentTypeError);
    expect(() => heap.leaks({ since: createHeapSync({ callSites: 'all' }).mark() })).toThrow(
      'a mark of this heap',
    );
  });
});

describe('a double free has three sites', () => {
  test.each([
    ['by ref', (_: Heap, ref: { free(): void }) => ref.free()],
    ['by address', (heap: Heap, ref: { address: number }) => heap.free(ref.address)],
    ['by release', (heap: Heap, ref: { address: number }) => heap.release(ref.address)],
    ['by realloc', (heap: Heap, ref: { address: number }) => heap.realloc(ref.address, 8)],
  ] as const)('%s', (_, again) => {
    const heap = createHeapSync({ callSites: 'all' });
    const line = lineHere();
    const ref = heap.allocInt32(1);
    ref.free();
    const error = thrown(() => again(heap, ref)) as DoubleFreeError;
    expect(error).toBeInstanceOf(DoubleFreeError);
    const { allocated, freed, freedAgain } = sitesOf(error) ?? {};
    expect([allocated?.[0]?.line, freed?.[0]?.line].map((at) => (at ?? 0) - line)).toEqual([1, 2]);
    expect(freedAgain?.some((frame) => frame.line === line + 3 && FILE.test(frame.file))).toBe(true);
    expect(error.message).toMatch(
      /was freed already.*\n {2}allocated: .*test\.ts.*\n {2}freed: .*\n {2}freed now: /,
    );
    const { reports, stacks } = heap.record();
    expect(reports).toMatchObject([{ kind: 'double-free', address: ref.address, size: 4 }]);
    expect(stacks[reports[0]?.allocated ?? 0]).toEqual(allocated);
    expect(stacks[reports[0]?.freed ?? 0]).toEqual(freed);
    expect(stacks[reports[0]?.found ?? 0]).toEqual(freedAgain);
  });
  test('those of the block of the ref, where another block has its address', () => {
    const heap = createHeapSync({ callSites: 'all' });
    const line = lineHere();
    const ref = heap.allocInt32(1);
    ref.free();
    const other = heap.allocInt32(2);
    expect(other.address).toBe(ref.address);
    const { allocated } = sitesOf(thrown(() => ref.free())) ?? {};
    expect(allocated?.[0]?.line).toBe(line + 1);
    other.free();
    expect(sitesOf(thrown(() => ref.free()))?.freed[0]?.line).toBe(line + 2);
  });
});

describe('a use after free says where the block was allocated and freed', () => {
  test.each([
    ['value', (heap: WasmHeapManager) => heap.allocInt32(1), (ref: { value: unknown }) => ref.value],
    ['an element', (heap: WasmHeapManager) => heap.allocInt32Array(3), (ref: { at(i: number): unknown }) => ref.at(1)],
    ['assertLive', (heap: WasmHeapManager) => heap.allocInt32(1), (ref: { assertLive(): void }) => ref.assertLive()],
    ['a field', (heap: WasmHeapManager) => Point.alloc(heap), (ref: { x: number }) => ref.x],
    ['a text', (heap: WasmHeapManager) => heap.allocNullTerminatedUtf8String('a'), (ref: { value: string }) => ref.value],
    ['a slice', (heap: WasmHeapManager) => heap.allocSlice(i32, 3), (ref: { at(i: number): unknown }) => ref.at(1)],
    ['toPrimitive', (heap: WasmHeapManager) => heap.allocInt32(1), (ref: object) => +(ref as never)],
  ] as [string, (heap: WasmHeapManager) => { free(): void }, (ref: never) => unknown][])('%s', (_, make, use) => {
    const heap = createHeapSync({ callSites: 'all' });
    const ref = make(heap);
    const line = lineHere() + 1;
    ref.free();
    const error = thrown(() => use(ref as never));
    expect(error).toBeInstanceOf(FreedError);
    const { allocated, freed, freedAgain } = sitesOf(error) ?? {};
    expect([freed?.[0]?.line, freedAgain]).toEqual([line, []]);
    expect(allocated?.[0]?.file).toMatch(FILE);
    expect((error as Error).message).toMatch(/was freed\n {2}allocated: .*\n {2}freed: /);
    expect((error as Error).message).not.toContain('freed now');
  }); // prettier-ignore
  test('through a ref that borrows, and for wrap of a freed address', () => {
    const heap = createHeapSync({ callSites: 'all' });
    const at = heap.alloc(8);
    const borrowed = heap.wrapInt32(at);
    const line = lineHere() + 1;
    heap.free(at);
    expect(sitesOf(thrown(() => borrowed.value))?.freed[0]?.line).toBe(line);
    expect(sitesOf(thrown(() => heap.wrapInt32(at)))?.freed[0]?.line).toBe(line);
  });
});

describe('a free that fails', () => {
  test('leaves the block live, with its site, and the recording as it was', () => {
    const { heap, module } = fakeHeap({ callSites: 'all' });
    const ref = heap.allocInt32(7);
    const before = heap.leaks();
    const { free } = module;
    const { length } = heap.record();
    module.free = () => {
      throw new Error('no');
    };
    expect(() => ref.free()).toThrow('no');
    expect(() => heap.free(ref.address)).toThrow('no');
    expect(heap.leaks()).toEqual(before);
    expect(heap.record().length).toBe(length);
    expect([ref.value, ref.isFreed]).toEqual([7, false]);
    module.free = free;
    ref.free();
    expect(heap.leaks()).toEqual([]);
    expect(() => ref.value).toThrow(FreedError);
  });
  test('inside a block names where that block was allocated', () => {
    const heap = createHeapSync({ callSites: 'all' });
    const line = lineHere() + 1;
    const at = heap.alloc(64);
    const error = thrown(() => heap.free(at + 8));
    expect(error).toBeInstanceOf(NotOwnedError);
    expect(sitesOf(error)?.allocated[0]?.line).toBe(line);
    expect(heap.record().reports).toMatchObject([
      { kind: 'invalid-free', address: at, at: at + 8, size: 64 },
    ]);
  });
  test('of no block is reported without a block', () => {
    const heap = createHeapSync({ callSites: 'all' });
    expect(() => heap.free(40_000)).toThrow(NotOwnedError);
    expect(heap.record().reports).toMatchObject([
      { kind: 'invalid-free', address: 40_000, size: 0, allocated: 0 },
    ]);
  });
});

describe('a resize that fails leaves block, site and recording as they were', () => {
  test.each([
    ['in the allocator', () => createHeapSync({ callSites: 'all', maximumBytes: 65536 })],
    ['in a new block', () => fakeHeap({ callSites: 'all' }).heap],
  ])('%s', (_, make) => {
    const heap = make();
    const ref = heap.allocInt32Array([1, 2]);
    const before = heap.leaks();
    const { length } = heap.record();
    expect(() => ref.resize(2 ** 24)).toThrow(OutOfMemoryError);
    expect(() => heap.realloc(ref.address, 2 ** 26)).toThrow(OutOfMemoryError);
    expect(heap.leaks()).toEqual(before);
    expect(heap.record().length).toBe(length);
    expect(ref.at(1)).toBe(2);
    ref.free();
  });
});

describe('the option', () => {
  const malloc64 = (): WasmHeapManager => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    let top = 8n;
    return createWasmHeapManager64(
      memory,
      (bytes) => (top += bytes) - bytes,
      () => {},
      { callSites: 'all' },
    );
  };
  const module = () => {
    const { memory, malloc, free } = fakeModule();
    const live = {
      live: new Map<number, number>(),
      memory,
      calls: 0,
      failAt: 0,
      keepsFailing: false,
      badFrees: [],
    };
    return {
      HEAPU8: new Uint8Array(memory.buffer),
      wasmMemory: memory,
      _malloc: (bytes: number) => malloc.call(live as never, bytes),
      _free: (at: number) => free.call(live as never, at),
    };
  };
  test.each([
    ['createHeapSync', () => createHeapSync({ callSites: 'all' })],
    ['createHeap', () => createHeap({ callSites: 'entry' })],
    ['createWasmHeapManager', () => fakeHeap({ callSites: 1 }).heap],
    ['createWasmHeapManager64', malloc64],
    ['wrapEmscriptenModuleHeap', () => wrapEmscriptenModuleHeap(module(), { callSites: 'all' })],
    ['wrapHeap', () => wrapHeap(module(), { callSites: 'all' })],
    ['createGuestHeap', () => createGuestHeap(module(), { callSites: 'all', allowUnsafeGuest: true })],
  ] as [string, () => WasmHeapManager | Promise<LinmemHeap>][])(
    'of %s records call sites',
    async (_, make) => {
      const heap = await make();
      const line = lineHere() + 1;
      heap.alloc(8);
      expect(summary(heap.leaks(), line)).toEqual([[8, 1, '', 0]]);
    },
  );
  test.each([['none'], [''], [true], [0], [-1], [2], [NaN], [Infinity], [{}], [null]])(
    '%j throws',
    (mode) => {
      const code = typeof mode === 'number' ? 'INVALID_RANGE' : 'INVALID_TYPE';
      expect(() => createHeapSync({ callSites: mode as never })).toThrow(expect.objectContaining({ code }));
    },
  );
  test.each([[false], [undefined]])('%j records nothing, and leaks says what to do', (mode) => {
    const heap = createHeapSync({ callSites: mode as false });
    for (const act of [() => heap.leaks(), () => heap.mark(), () => heap.record()])
      expect(act).toThrow("a heap with the option callSites, such as 'all'");
    for (const object of [heap, heap.table])
      expect(Object.getOwnPropertyNames(object)).not.toContain('alloc');
  });
  test('needs the table of allocations', () =>
    expect(() => fakeHeap({ callSites: 'all', trackAllocations: false })).toThrow('trackAllocations'));
  test('as a rate counts all blocks, and knows the places of that share', () => {
    const heap = createHeapSync({ callSites: 1 / 4 });
    for (let i = 0; i < 4000; i++) heap.alloc(8);
    const leaks = heap.leaks();
    const known = leaks.filter(({ site }) => site);
    expect(leaks.reduce((sum, { count }) => sum + count, 0)).toBe(4000);
    expect(known).toHaveLength(1);
    expect(known[0]?.count).toBeGreaterThan(800); // 1000, give or take 7 standard deviations
    expect(known[0]?.count).toBeLessThan(1200);
  });
});

describe('trackCallSites', () => {
  let heap: Heap;
  let stop = (): void => {};
  afterEach(() => stop());
  test('records a bare heap from then on; blocks from before have no place', () => {
    heap = createCoreAllocatorSync().toHeap();
    heap.alloc(8);
    stop = trackCallSites(heap);
    const line = lineHere() + 1;
    i32.alloc(heap, 1);
    expect(summary(heapLeaks(heap), line)).toEqual([
      [8, 1, '', NaN],
      [4, 1, 'i32', 0],
    ]);
    expect(summary(heapLeaks(heap, { since: markHeap(heap) }), line)).toEqual([]);
    expect([...recordHeap(heap).kinds]).toEqual([3, 0, 0, 4]);
  });
  test('leaves no trace when it stops, and can begin again', () => {
    heap = createCoreAllocatorSync().toHeap();
    const names = (): string[] => [heap, heap.table].flatMap((object) => Reflect.ownKeys(object)).map(String);
    const before = names();
    const end = trackCallSites(heap);
    expect(names()).not.toEqual(before);
    const ref = i32.alloc(heap, 1);
    end();
    end();
    expect(names()).toEqual(before);
    ref.free();
    expect(() => ref.free()).toThrow(DoubleFreeError);
    expect(() => heapLeaks(heap)).toThrow(ArgumentTypeError);
    stop = trackCallSites(heap, 'entry');
    expect(heapLeaks(heap)).toEqual([]);
  });
  test('twice throws', () => {
    heap = createHeapSync({ callSites: 'all' });
    expect(() => trackCallSites(heap)).toThrow('a heap without callSites');
  });
});

test('an allocator that calls back into the heap is recorded too', () => {
  const module = fakeModule();
  const inner: number[] = [];
  let depth = 0;
  const heap: WasmHeapManager = new WasmHeapManager(
    () => module.memory.buffer,
    (bytes) => {
      if (depth++ === 0) inner.push(heap.alloc(4));
      depth--;
      return module.malloc(bytes);
    },
    (address) => module.free(address),
    { callSites: 'all' },
  );
  const outer = heap.alloc(8);
  expect(
    heap
      .leaks()
      .flatMap(({ addresses }) => addresses)
      .sort(),
  ).toEqual([...inner, outer].sort());
});
