// Modules that allocate and never free: an allocator that works in blocks of theirs.
import { describe, expect, test } from 'vitest';
import {
  DoubleFreeError,
  ModuleError,
  NotOwnedError,
  OutOfMemoryError,
  pointerOf,
  wrapHeap,
} from '../../../ts/index.ts';
import { assemble, type Functions } from '../../support/assemble.ts';
import { prng, SEED } from '../../support/prng.ts';
import { suballocatingAdapter } from '../../../ts/interop/suballocator.ts';
import { workHard } from '../../support/hard-work.ts';
import { fakeModule } from '../../support/heap.ts';

const module = (): ReturnType<typeof fakeModule> =>
  fakeModule(new WebAssembly.Memory({ initial: 1, maximum: 64 }));

const FORMS: [string, (fake: ReturnType<typeof fakeModule>) => object][] = [
  ['a lone _malloc', (fake) => ({ wasmMemory: fake.memory, _malloc: (size: number) => fake.malloc(size) })],
  ['cabi_realloc', (fake) => exportsOf(fake, { cabi_realloc: ['iiii:i', (_old: number, _size: number, _align: number, size: number) => fake.malloc(size)] })],
  ['napi_wasm_malloc', (fake) => exportsOf(fake, { napi_wasm_malloc: ['i:i', (size: number) => fake.malloc(size)] })],
  ['allocate of old builds', (fake) => ({ wasmMemory: fake.memory, allocate: (size: number, types: string, allocator: number, _at: unknown) => (expect([types, allocator]).toEqual(['i8', 0]), fake.malloc(size)) })],
  ['allocate of later builds', (fake) => ({ wasmMemory: fake.memory, allocate: (slab: Uint8Array, allocator: number) => (expect(allocator).toBe(0), fake.malloc(slab.length)) })],
]; // prettier-ignore

const exportsOf = (fake: ReturnType<typeof fakeModule>, functions: Functions): object =>
  assemble(functions, fake.memory).exports;

describe.each(FORMS)('%s', (_name, shape) => {
  test('serves many blocks from one of the module, and uses freed ones again', () => {
    const fake = module();
    const heap = wrapHeap(shape(fake));
    expect(fake.calls, 'nothing is allocated before it is needed').toBe(0);
    for (let i = 0; i < 1000; i++) {
      const text = heap.allocNullTerminatedUtf8String(`text ${i}`);
      const array = heap.allocFloat64Array(100);
      expect([text.value, array.address % 8]).toEqual([`text ${i}`, 0]);
      heap.free(heap.alloc(100, 256));
      text.free();
      array.free();
    }
    expect(fake.calls).toBe(1);
  });
});

test('a lone function that is only called alloc is not taken: it may give one buffer each time', () => {
  const fake = module();
  for (const name of ['alloc', 'allocate', '__alloc', 'wasm_alloc']) {
    const heap = wrapHeap(exportsOf(fake, { [name]: ['i:i', () => 1024] }));
    expect(() => heap.alloc(8)).toThrow(ModuleError);
  }
});
test('a lone malloc of a 64-bit module takes and returns bigints', () => {
  const fake = module();
  const heap = wrapHeap(
    exportsOf(fake, { malloc: ['j:j', (size: bigint) => BigInt(fake.malloc(Number(size)))] }),
  );
  const ref = heap.allocInt32(42);
  expect([ref.value, heap.addressBits, pointerOf(ref)]).toEqual([42, 64, BigInt(ref.address)]);
  ref.free();
});

describe('the suballocator', () => {
  const start = (): { fake: ReturnType<typeof fakeModule>; heap: ReturnType<typeof wrapHeap> } => {
    const fake = module();
    return {
      fake,
      heap: wrapHeap({ wasmMemory: fake.memory, _malloc: (size: number) => fake.malloc(size) }),
    };
  };
  test('grows by further ones, and stays inside them', () => {
    const { fake, heap } = start();
    const arrays = Array.from({ length: 40 }, (_, i) => heap.allocInt32Array(new Int32Array(5000).fill(i)));
    for (const [i, array] of arrays.entries()) expect([array.at(0), array.at(4999)]).toEqual([i, i]);
    expect(fake.calls).toBeGreaterThan(1);
    expect(fake.calls, 'each is at least a quarter of those before').toBeLessThan(10);
    // Blocks of the module that touch are one range.
    const ends = new Map([...fake.live].map(([start, size]) => [start, start + size] as const));
    const endFrom = (at: number): number => (ends.has(at) ? endFrom(ends.get(at) as number) : at);
    for (const { address, byteLength } of arrays) {
      const start = Math.max(...[...ends.keys()].filter((at) => at <= address));
      expect(address + byteLength).toBeLessThanOrEqual(endFrom(start));
    }
    heap.freeAll();
    const { calls } = fake;
    heap.allocUint8Array(100_000).free();
    expect(fake.calls, 'what was freed is used again').toBe(calls);
  });
  test('reallocates in place, and into another block', () => {
    const { heap } = start();
    const first = heap.alloc(100);
    heap.writeInt32(first, 42);
    const moved = heap.realloc(first, 300_000);
    expect(heap.readInt32(moved)).toBe(42);
    heap.free(moved);
  });
  test('is out of memory when the module is, and works on afterwards', () => {
    const { fake, heap } = start();
    const ref = heap.allocInt32(1);
    expect(() => heap.alloc(100_000_000)).toThrow(OutOfMemoryError);
    fake.failAt = fake.calls + 1;
    fake.keepsFailing = true;
    expect(() => heap.alloc(200_000)).toThrow(OutOfMemoryError);
    expect(ref.value).toBe(1);
    ref.free();
    heap.allocUint8Array(1000).free();
  });
  test('frees only what it allocated, once', () => {
    const { fake, heap } = start();
    const address = heap.alloc(8);
    heap.free(address);
    expect(() => heap.free(address)).toThrow(DoubleFreeError);
    expect(() => heap.free(fake.malloc(8))).toThrow(NotOwnedError);
  });
});

test('a random sequence keeps every block apart and its bytes', () => {
  const fake = fakeModule(new WebAssembly.Memory({ initial: 1, maximum: 256 }), 4);
  const heap = wrapHeap({ wasmMemory: fake.memory, _malloc: (size: number) => fake.malloc(size) });
  for (let i = 0; i < 3; i++) workHard(heap, 1000, () => heap.free(heap.alloc(40, 128)), 5000);
  expect(heap.statistics.liveBlocks).toBe(0);
  const { calls } = fake;
  workHard(heap, 500, () => undefined, 3000);
  expect(fake.calls - calls, 'freed ranges are joined and used again').toBe(0);
});

test(`holes of many sizes are used again, whatever came and went (SEED=${SEED})`, () => {
  const fake = fakeModule(new WebAssembly.Memory({ initial: 1, maximum: 512 }));
  const adapter = suballocatingAdapter({ name: 'malloc', allocate: (size) => fake.malloc(size) });
  const below = prng(SEED);
  const live = new Map<number, number>();
  const taken = (): number => [...fake.live.values()].reduce((sum, size) => sum + size, 0);
  let [bytes, peak] = [0, 0];
  for (let i = 0; i < 20_000; i++) {
    if (live.size < 1500 || below(2) === 0) {
      const size = 1 + below(below(8) === 0 ? 5000 : 300);
      const address = adapter.malloc(size, 8) as number;
      live.set(address, size);
      peak = Math.max(peak, (bytes += size));
    } else {
      const [address = 0, size = 0] = [...live][below(40)] ?? [];
      live.delete(address);
      adapter.free(address, size, 8);
      bytes -= size;
    }
  }
  const ends = [...live].sort(([a], [b]) => a - b);
  for (const [i, [address, size]] of ends.entries())
    expect(address + size, 'blocks are apart').toBeLessThanOrEqual(ends[i + 1]?.[0] ?? Infinity);
  expect(taken() / peak, 'taken from the module for each live byte').toBeLessThan(1.5);
  for (const address of live.keys()) adapter.free(address, 0, 8);
  for (const address of live.keys())
    expect(() => adapter.free(address, 0, 8), 'joined with others by now').toThrow(DoubleFreeError);
  const before = taken();
  for (const size of fake.live.values()) expect(adapter.malloc(size - 16, 8)).toBeGreaterThan(0);
  expect(taken(), 'all free ranges were joined').toBe(before);
});
test('holes are still known after many other ranges were joined', () => {
  const fake = module();
  const { malloc, free } = suballocatingAdapter({ name: 'malloc', allocate: (size) => fake.malloc(size) });
  const small = Array.from({ length: 200 }, () => malloc(32, 8) as number);
  const holes = small.filter((_, i) => i % 2 === 0);
  const joined = Array.from({ length: 1000 }, () => malloc(16, 8) as number);
  malloc(16, 8);
  for (const address of [...holes, ...joined]) free(address, 0, 8);
  const again = holes.map(() => malloc(32, 8) as number);
  expect(again.sort((a, b) => a - b)).toEqual(holes);
});
test('no more than a third is taken from the module before it is needed', () => {
  const fake = module();
  const { malloc } = suballocatingAdapter({ name: 'malloc', allocate: (size) => fake.malloc(size) });
  for (let live = 20_000; live < 3_000_000; live += 20_000) {
    malloc(20_000, 8);
    const taken = [...fake.live.values()].reduce((sum, size) => sum + size, 0);
    expect(taken).toBeLessThan(1.34 * live + 2 * 65536);
  }
});
test('an address that comes and goes does not get slower beside many live ones', () => {
  const fake = fakeModule(new WebAssembly.Memory({ initial: 1, maximum: 512 }));
  const adapter = suballocatingAdapter({ name: 'malloc', allocate: (size) => fake.malloc(size) });
  const time = (count: number): number => {
    const start = performance.now();
    for (let i = 0; i < count; i++) adapter.free(adapter.malloc(16, 8) as number, 16, 8);
    return performance.now() - start;
  };
  time(10_000);
  const alone = Math.min(time(10_000), time(10_000), time(10_000));
  for (let i = 0; i < 20_000; i++) adapter.malloc(16, 8);
  const beside = Math.min(time(10_000), time(10_000), time(10_000));
  // Clocks of browsers tick in milliseconds. About 100 if its key were deleted and set each time.
  expect((beside + 1) / (alone + 1), 'times as long').toBeLessThan(20);
});

test.each([
  ['the one below', [0, 1]],
  ['the one above', [1, 0]],
  ['both', [0, 2, 1]],
])('a freed range is joined with %s', (_name, order) => {
  const fake = module();
  const heap = wrapHeap({ wasmMemory: fake.memory, _malloc: (size: number) => fake.malloc(size) });
  const blocks = [heap.alloc(20_000), heap.alloc(20_000), heap.alloc(20_000)];
  for (const i of order) heap.free(blocks[i] as number);
  expect(heap.alloc(20_000 * order.length)).toBe(blocks[0]);
  expect(fake.calls).toBe(1);
});
