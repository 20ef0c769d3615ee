import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  coreBytes,
  createHeap,
  createHeapSync,
  createWasmHeapManager,
  DoubleFreeError,
  type FreedError,
  LinmemHeap,
  ModuleError,
  NotOwnedError,
  OutOfMemoryError,
  StringRef,
  type CreateHeapOptions,
} from '../../../ts/index.ts';
import { codecs } from '../../../ts/text/codecs.ts';
import { prng, SEED } from '../../support/prng.ts';

let made: LinmemHeap[] = [];
const newHeap = (options?: CreateHeapOptions): LinmemHeap => {
  const heap = createHeapSync(options);
  made.push(heap);
  return heap;
};
afterEach(() => {
  vi.restoreAllMocks();
  for (const heap of made) {
    expect(heap.holds(), 'the invariants of the C heap').toBe(true);
    expect(heap.statistics.liveBlocks, 'blocks the manager still lends').toBe(0);
    expect(heap.stats().liveBlocks, 'blocks the C heap still lends').toBe(0);
  }
  made = [];
});

describe('a heap with its own memory', () => {
  test('starts with the requested size and grows to the maximum, not beyond', () => {
    const heap = newHeap({ initialBytes: 100_000, maximumBytes: 300_000 });
    expect(heap.memory.buffer.byteLength).toBe(2 * 65536);
    const all: number[] = [];
    expect(() => {
      for (;;) all.push(heap.alloc(10_000));
    }).toThrow(OutOfMemoryError);
    expect(heap.memory.buffer.byteLength).toBe(5 * 65536);
    expect(all.length).toBeGreaterThan(28);
    expect(() => heap.alloc(10_000)).toThrow(expect.objectContaining({ size: 10_000 }));
    heap.freeAll();
    heap.free(heap.alloc(300_000));
  });
  test('the async form makes the same heap', async () => {
    const heap = await createHeap({ initialBytes: 65536 });
    made.push(heap);
    expect(heap).toBeInstanceOf(LinmemHeap);
    const ref = heap.allocInt32(5);
    expect(ref.value).toBe(5);
    ref.free();
  });
  test.each([
    [{ initialBytes: NaN }, ArgumentRangeError],
    [{ initialBytes: -1 }, ArgumentRangeError],
    [{ initialBytes: 0.5 }, ArgumentRangeError],
    [{ initialBytes: 2 ** 32 + 1 }, ArgumentRangeError],
    [{ initialBytes: 200_000, maximumBytes: 65536 }, ArgumentRangeError],
    [{ maximumBytes: 2 ** 33 }, ArgumentRangeError],
    [{ initialBytes: '65536' }, ArgumentTypeError],
    [{ initialByte: 65536 }, ArgumentTypeError],
    [{ memory: {} }, ArgumentTypeError],
    [{ memory: null }, ArgumentTypeError],
    [null, ArgumentTypeError],
    [{ module: new Uint8Array(8) }, ModuleError],
    [{ module: 5 }, ArgumentTypeError],
    [{ nullCheck: 1 }, ArgumentTypeError],
  ])('options %j are refused', async (options, error) => {
    expect(() => createHeapSync(options as never)).toThrow(error);
    await expect(createHeap(options as never)).rejects.toThrow(error);
  });
  test('a freed block cannot be wrapped until it is allocated again, by JavaScript or C', () => {
    const heap = newHeap();
    const { address } = heap.allocInt32Array([1, 2]);
    heap.free(address);
    for (const wrap of [() => heap.wrapInt32(address), () => heap.wrapInt32Array(address, 2)])
      expect(wrap).toThrow(expect.objectContaining({ code: 'FREED', address }));
    const again = heap.exports.lm_heap_alloc(heap.handle, 8); // as C code does, behind the manager's back
    expect(again).toBe(address);
    heap.writeInt32(again, 7);
    expect(heap.wrapInt32(again).value).toBe(7);
    expect(heap.exports.lm_heap_free(heap.handle, again)).toBe(0);
  });
  test('a string in a freed block cannot be wrapped, in any framing and encoding', () => {
    const heap = newHeap();
    const pair = heap.allocUint32Array(2).address;
    const { address } = heap.allocUint32Array([1, 0x41, 0, 0]);
    heap.writeUint32(pair, address);
    heap.writeUint32(pair + 4, 1);
    const wraps = codecs.flatMap(({ label }) => [
      ['NullTerminated', address],
      ['NullTerminated', address, 2],
      ['', address, 2],
      ['Fixed', address, 2],
      ['Prefixed', address],
      ['Prefixed', address, 4, 1],
      ['Paired', pair],
      ['Paired', pair, 4, 1],
    ].map(([framing, ...given]) => [`wrap${framing}${label}String`, given] as const),
    ); // prettier-ignore
    const methods = heap as unknown as Record<string, (...given: unknown[]) => StringRef>;
    const wrap = (): unknown[] =>
      wraps.map(([name, given]) => {
        try {
          return methods[name]?.call(heap, ...given) instanceof StringRef;
        } catch (error) {
          return (error as { code: string; address: number }).code + (error as FreedError).address;
        }
      });
    expect(wrap()).toEqual(wraps.map(() => true));
    heap.free(address);
    expect(wrap()).toEqual(wraps.map(() => `FREED${address}`));
    const again = heap.exports.lm_heap_alloc(heap.handle, 16); // C code has it now
    expect(again).toBe(address);
    heap.writeBytes(again, new Uint32Array([1, 0x41, 0, 0]));
    expect(wrap()).toEqual(wraps.map(() => true));
    expect(heap.exports.lm_heap_free(heap.handle, again)).toBe(0);
    heap.free(pair);
  });
  test('a memory together with sizes for a new one is refused', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    expect(() => createHeapSync({ memory, initialBytes: 65536 })).toThrow(ArgumentTypeError);
  });
  test('uses at most 4 KiB for its own state and one small block', () => {
    const heap = newHeap();
    const at = heap.alloc(16);
    const top = heap.walk().find((block) => block.state === 'top');
    expect(heap.stats().takenBytes - (top?.size ?? 0)).toBeLessThanOrEqual(4096 + 16384 + 32); // the walk's own block too
    expect(at).toBeLessThan(4096);
    heap.free(at);
  });
});

describe('a heap in the memory of another module', () => {
  test('uses only pages that it grew, also if the module grows the memory in between', () => {
    const memory = new WebAssembly.Memory({ initial: 3, maximum: 64 });
    new Uint8Array(memory.buffer).fill(0x5a);
    const heap = newHeap({ memory });
    const first = heap.alloc(50_000);
    const owned = memory.grow(1) * 65536;
    new Uint8Array(memory.buffer, owned, 65536).fill(0x6b);
    const more = [heap.alloc(60_000), heap.alloc(200_000), heap.alloc(10)];
    for (const at of [first, ...more]) expect(at).toBeGreaterThanOrEqual(3 * 65536);
    heap.fill(first, 50_000, 1);
    heap.fill(more[1] ?? 0, 200_000, 2);
    expect(new Uint8Array(memory.buffer, 0, 3 * 65536).every((byte) => byte === 0x5a)).toBe(true);
    expect(new Uint8Array(memory.buffer, owned, 65536).every((byte) => byte === 0x6b)).toBe(true);
    expect(heap.stats().regions).toBe(2);
    heap.freeAll();
  });
  test('is out of memory if the memory cannot grow', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    expect(() => createHeapSync({ memory })).toThrow(OutOfMemoryError);
    expect(memory.buffer.byteLength).toBe(65536);
  });
  test('is a ModuleError in a shared memory, which does not grow', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true });
    expect(() => createHeapSync({ memory })).toThrow(ModuleError);
    expect(memory.buffer.byteLength).toBe(65536);
  });
  test('several heaps can live in one memory, from its first page on', () => {
    const memory = new WebAssembly.Memory({ initial: 0 });
    const first = newHeap({ memory });
    expect(memory.buffer.byteLength).toBe(65536);
    const heaps = [first, newHeap({ memory }), newHeap({ memory })];
    const refs = heaps.flatMap((heap, i) =>
      Array.from({ length: 2000 }, () => heap.allocUint32Array(20).set([i])),
    );
    expect(new Set(refs.map((ref) => ref.address)).size).toBe(refs.length);
    refs.forEach((ref, i) => expect(ref.at(0)).toBe(Math.floor(i / 2000)));
    for (const heap of heaps) heap.freeAll();
  });
});

describe('wrong frees', () => {
  test('are detected by the C heap, and change nothing', () => {
    const heap = newHeap();
    const array = heap.allocInt32Array([1, 2, 3, 4]);
    for (const at of [array.address + 8, array.address + 1, array.address - 8, 8, 65528])
      expect(() => heap.free(at)).toThrow(NotOwnedError);
    expect(() => heap.free(65536)).toThrow(expect.objectContaining({ code: 'OUT_OF_BOUNDS' }));
    expect(array.toArray()).toEqual([1, 2, 3, 4]);
    array.free();
    expect(() => heap.free(array.address)).toThrow(DoubleFreeError);
    expect(() => heap.usableSize(array.address)).toThrow();
  });
  test('a block that C code allocated is freed by its address, once', () => {
    const heap = newHeap();
    const at = heap.exports.lm_heap_alloc(heap.handle, 40) >>> 0;
    expect(heap.usableSize(at)).toBeGreaterThanOrEqual(40);
    heap.free(at);
    expect(() => heap.free(at)).toThrow();
  });
});

test.each([2 ** 32, 2 ** 32 + 8, 2 ** 33 + 16, 2 ** 32 - 4, 2 ** 31])(
  'a size of %s does not wrap to a small block at the boundary to wasm',
  (size) => {
    const heap = newHeap();
    expect(() => heap.alloc(size)).toThrow(expect.objectContaining({ code: 'OUT_OF_MEMORY', size }));
    const at = heap.alloc(16);
    expect(() => heap.realloc(at, size)).toThrow(expect.objectContaining({ code: 'OUT_OF_MEMORY', size }));
    expect(() => heap.allocUint8Array(size)).toThrow(OutOfMemoryError);
    heap.free(at);
  },
);

test('realloc keeps the bytes, and a failed one keeps the block', () => {
  const heap = newHeap({ maximumBytes: 2 ** 20 });
  let at = heap.allocUint8Array([1, 2, 3, 4]).address;
  for (const size of [100, 70_000, 8, 300_000, 4]) {
    at = heap.realloc(at, size);
    expect([...heap.readBytes(at, 4)]).toEqual([1, 2, 3, 4]);
  }
  expect(() => heap.realloc(at, 2 ** 20)).toThrow(OutOfMemoryError);
  expect(() => heap.realloc(at, 2 ** 31)).toThrow(OutOfMemoryError);
  expect([...heap.readBytes(at, 4)]).toEqual([1, 2, 3, 4]);
  heap.free(at);
});

test('a heap allocates and frees blocks across and above 2 GiB', () => {
  const GIB = 2 ** 30;
  let heap: LinmemHeap;
  try {
    heap = newHeap({ initialBytes: 3 * GIB });
  } catch (error) {
    expect(error).toBeInstanceOf(OutOfMemoryError);
    return; // no such address space here
  }
  const plain = createWasmHeapManager(
    heap.memory,
    (bytes) => heap.exports.lm_heap_alloc(heap.handle, bytes),
    (address) => heap.exports.lm_heap_free(heap.handle, address),
    { clearAllocatedRegions: false },
  );
  const big = plain.alloc(Math.floor(1.9 * GIB));
  const ref = plain.allocInt32Array(2 ** 28 / 4);
  expect(ref.address + ref.byteLength).toBeGreaterThan(2 ** 31);
  ref.setAt(-1, 42);
  const high = plain.allocFloat64(2.5);
  expect(high.address).toBeGreaterThan(2 ** 31);
  expect([high.value, ref.at(-1)]).toEqual([2.5, 42]);
  expect(plain.readFloat64(high.address - 2 ** 32)).toBe(2.5);
  plain.free(high.address - 2 ** 32);
  expect(high.isFreed).toBe(true);
  ref.free();
  plain.free(big);
  expect(plain.statistics.liveBlocks).toBe(0);
});

test(`walk lists the blocks that stats count, after any random program (SEED=${SEED})`, () => {
  const below = prng(SEED);
  const heap = newHeap();
  const live = new Map<number, number>();
  for (let step = 0; step < 4000; step++) {
    const [at] = [...live.keys()].slice(below(live.size || 1));
    if (below(5) < 3 || at === undefined) {
      const size = below(below(10) ? 300 : 20_000);
      live.set(heap.alloc(size), size);
    } else {
      heap.free(at);
      live.delete(at);
    }
  }
  const blocks = heap.walk();
  const listed = blocks.filter((block) => block.state === 'live');
  expect(new Set(listed.map((block) => block.address))).toEqual(new Set(live.keys()));
  for (const block of listed) expect(block.size).toBeGreaterThanOrEqual(live.get(block.address) ?? Infinity);
  expect(listed.reduce((sum, block) => sum + block.size, 0)).toBe(heap.stats().liveBytes);
  let last = 0;
  for (const block of blocks) {
    expect(block.address).toBeGreaterThan(last);
    last = block.address + block.size - 1;
  }
  heap.freeAll();
});

describe('if compiling is forbidden (CSP)', () => {
  const forbid = (): void => {
    const error = new WebAssembly.CompileError("Refused to compile: 'unsafe-eval' is not an allowed source");
    vi.spyOn(WebAssembly, 'Module').mockImplementation(
      class {
        constructor() {
          throw error;
        }
      } as never,
    );
    vi.spyOn(WebAssembly, 'compile').mockRejectedValue(error);
  };
  test('creating a heap is a ModuleError that names the directive, with its cause', async () => {
    forbid();
    const options = { module: coreBytes() };
    const ways = [
      await createHeap(options).catch((error: unknown) => error),
      attempt(() => createHeapSync(options)),
    ];
    for (const failed of ways) {
      expect(failed).toMatchObject({ code: 'MODULE', missing: ['WebAssembly.compile'] });
      expect((failed as Error).message).toContain("'wasm-unsafe-eval'");
      expect((failed as Error).cause).toBeInstanceOf(WebAssembly.CompileError);
    }
  });
  test('a module compiled elsewhere works', () => {
    const module = new WebAssembly.Module(coreBytes());
    const heap = newHeap({ module });
    heap.free(heap.alloc(8));
  });
});

function attempt(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}
