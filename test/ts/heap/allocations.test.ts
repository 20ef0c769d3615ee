// The allocation table against a model, and allocations of a heap that have no ref.
import { describe, expect, test } from 'vitest';
import {
  createHeapSync,
  createWasmHeapManager,
  ModuleError,
  type WasmHeapManager,
} from '../../../ts/index.ts';
import { AllocationTable } from '../../../ts/heap/allocations.ts';
import { Allocation } from '../../../ts/memory/allocation.ts';
import { LinearMemory } from '../../../ts/memory/linear-memory.ts';
import { fakeHeap, fakeModule } from '../../support/heap.ts';
import { prng, SEED } from '../../support/prng.ts';

const memory = new LinearMemory({ buffer: new ArrayBuffer(64) });

/** The same with lists: slow, and easily seen to be right. */
class Model {
  live: { address: number; bytes: number }[] = [];
  freed = new Set<number>();
  allocations = 0;
  frees = 0;
  peak = 0;
  register(address: number, bytes: number): void {
    this.live.push({ address, bytes });
    this.freed.delete(address);
    this.allocations++;
    this.peak = Math.max(this.peak, this.bytes);
  }
  remove(address: number): void {
    this.live = this.live.filter((entry) => entry.address !== address);
    this.freed.add(address);
    this.frees++;
  }
  get bytes(): number {
    return this.live.reduce((sum, { bytes }) => sum + bytes, 0);
  }
  /** The last that begins at or below `address`, if it reaches `from`. */
  containing(address: number, from: number): number | undefined {
    const below = this.live.filter((entry) => entry.address <= address);
    const last = below.reduce((a, b) => (b.address > (a?.address ?? -1) ? b : a), below[0]);
    return last && (last.address >= from || last.address + last.bytes > from) ? last.address : undefined;
  }
}

/** The address of the allocation in a slot, if there is one. */
const addressOf = (table: AllocationTable, slot: number): number | undefined =>
  slot < 0 ? undefined : table.addressAt(slot);
/** Frees the live allocation at `address`. Returns a function that restores it. */
function free(table: AllocationTable, address: number) {
  const slot = table.find(address);
  const [bytes, align] = [table.sizeAt(slot), table.alignAt(slot)];
  const [token, raw] = [table.tokenAt(slot), table.rawBlockAt(slot)];
  return { address, bytes, align, token, raw, sequence: table.remove(slot) };
}

describe.each([8, 1, 4, 64])('blocks at multiples of %s', (align) => {
  // Below and above 4 GiB, where two bits of a bitmap must stay distinct.
  test.each([0, 2 ** 31, 2 ** 32 - 4096, 2 ** 40])(`from address %s agree with the model (SEED=${SEED})`, (origin) => {
    const below = prng(SEED);
    const table = new AllocationTable();
    const model = new Model();
    const start = (): number => origin + align * (1 + below(8192 / align));
    for (let step = 0; step < 4000; step++) {
      const [address, bytes] = [start(), below(3) ? 1 + below(40) : below(1500)];
      const last = address + Math.max(bytes, 1) - 1;
      const isFree = model.containing(last, address) === undefined;
      expect(table.findContaining(last, address) < 0).toBe(isFree);
      if (isFree && below(5) > 0) {
        const raw = below(3) === 0 ? { base: address - 1, size: bytes + 1, align: 1 } : undefined;
        expect(table.register(address, bytes, align, undefined, raw)).toBe(undefined);
        model.register(address, bytes);
        const slot = table.find(address);
        expect([table.addressAt(slot), table.sizeAt(slot), table.alignAt(slot)]).toEqual([address, bytes, align]);
        expect(table.rawBlockAt(slot)).toEqual(raw);
      } else if (model.live.length > 0) {
        const { address: at, bytes: size } = model.live[below(model.live.length)] as { address: number; bytes: number };
        const slot = table.find(at);
        expect([table.addressAt(slot), table.sizeAt(slot)]).toEqual([at, size]);
        const entry = free(table, at);
        if (below(4) > 0) model.remove(at);
        else table.restore(entry);
      }
      const probe = start() + below(align);
      expect(addressOf(table, table.find(probe))).toBe(model.live.find((entry) => entry.address === probe)?.address);
      expect(addressOf(table, table.findContaining(probe))).toBe(model.containing(probe, probe));
      expect(table.wasFreed(probe)).toBe(model.freed.has(probe));
    }
    expect(table.slots().map((slot) => table.addressAt(slot))).toEqual(model.live.map(({ address }) => address));
    expect(table.statistics()).toEqual({
      liveBlocks: model.live.length,
      liveBytes: model.bytes,
      peakBytes: model.peak,
      allocations: model.allocations,
      frees: model.frees,
    });
  });
}); // prettier-ignore

test('the last byte of the longest block is found at every offset in 8 bytes', () => {
  for (let offset = 0; offset < 8; offset++)
    for (let bytes = 1; bytes < 20; bytes++) {
      const table = new AllocationTable();
      table.register(1024 + offset, bytes, 1);
      const last = 1024 + offset + bytes - 1;
      expect(addressOf(table, table.findContaining(last)), `${bytes} bytes at ${offset}`).toBe(1024 + offset);
      expect(addressOf(table, table.findContaining(last + 1))).toBe(undefined);
    }
});

test('a block of 0 bytes is found at its address alone, and is not adopted again', () => {
  const table = new AllocationTable();
  table.register(64, 0, 8);
  const found = [[63], [64], [65], [71, 64], [71, 65]].map(([last, from]) =>
    addressOf(table, table.findContaining(last as number, from)),
  );
  expect(found).toEqual([undefined, 64, undefined, 64, undefined]);
  const { heap } = fakeHeap();
  const at = heap.alloc(0);
  expect(() => heap.adopt(at, 8)).toThrow(expect.objectContaining({ code: 'NOT_OWNED' }));
  heap.free(at);
});

test('the last 65,536 freed addresses are remembered, and older ones are forgotten', () => {
  const table = new AllocationTable();
  const COUNT = 400_000;
  for (const address of [8, 16, 24]) table.register(address, 8, 8);
  for (let i = 0; i < COUNT; i++) {
    const address = 1024 + 16 * i;
    table.register(address, 8, 8);
    table.remove(table.find(address));
  }
  const remembered = Array.from({ length: COUNT }, (_, i) => table.wasFreed(1024 + 16 * i));
  expect(remembered.slice(-65536).every(Boolean)).toBe(true);
  expect(remembered.filter(Boolean).length).toBeLessThanOrEqual(2 * 65536 + 6);
  expect(table.slots().map((slot) => table.addressAt(slot))).toEqual([8, 16, 24]);
});

test('blocks that stay are found after 100,000 temporaries at one address', () => {
  const table = new AllocationTable();
  const addresses = Array.from({ length: 400 }, (_, i) => 64 * (i + 1));
  for (const address of addresses.slice(0, 200)) table.register(address, 16, 8);
  for (let i = 0; i < 100_000; i++) {
    table.register(65536, 16, 8);
    table.remove(table.find(65536));
  }
  for (const address of addresses.slice(200)) table.register(address, 16, 8);
  expect(table.slots().map((slot) => table.addressAt(slot))).toEqual(addresses);
});

test('an allocation takes 16 to 40 bytes of the table, however many there are', () => {
  const table = new AllocationTable();
  const internals = table as unknown as { records: Uint32Array };
  for (let i = 1; i <= 50_000; i++) {
    table.register(16 * i, 16, 8);
    if (i < 100) continue;
    const bytes = internals.records.byteLength / i;
    if (!(bytes >= 16 && bytes <= 40)) expect.fail(`${bytes} bytes each of ${i} allocations`);
  }
});

test('blocks of two tables, and blocks whole mebibytes apart, are distinguished', () => {
  const [one, two] = [new AllocationTable(), new AllocationTable()];
  one.register(2 ** 20 + 64, 64, 8);
  for (let mebibyte = 0; mebibyte < 4; mebibyte++) {
    const inside = mebibyte * 2 ** 20 + 100;
    expect([addressOf(one, one.findContaining(inside)), two.findContaining(inside)]).toEqual([mebibyte === 1 ? 2 ** 20 + 64 : undefined, -1]);
  }
  two.register(3 * 2 ** 20, 2 ** 21, 8);
  expect(one.findContaining(3 * 2 ** 20 + 8)).toBe(-1);
  expect(addressOf(two, two.findContaining(5 * 2 ** 20 - 1))).toBe(3 * 2 ** 20);
  expect(two.findContaining(5 * 2 ** 20)).toBe(-1);
}); // prettier-ignore

test('sums of bytes are exact far above 2^32', () => {
  const table = new AllocationTable();
  const sizes = [2 ** 32 + 1, 2 ** 40 + 3, 2 ** 31, 2 ** 50 + 7];
  let next = 64;
  for (const bytes of sizes) {
    table.register(next, bytes, 8);
    next += bytes;
  }
  const sum = 2 ** 32 + 2 ** 40 + 2 ** 31 + 2 ** 50 + 11;
  expect(table.statistics()).toMatchObject({ liveBytes: sum, peakBytes: sum });
  free(table, 64 + 2 ** 32 + 1);
  expect(table.statistics()).toMatchObject({ liveBytes: sum - 2 ** 40 - 3, peakBytes: sum });
});

test('a forgotten address can be allocated again, also if it was looked up last', () => {
  const table = new AllocationTable();
  const oldest = 1024;
  const pass = (address: number): void => {
    table.register(address, 8, 8);
    table.remove(table.find(address));
  };
  for (let i = 0; i < 3 * 65536; i++) pass(oldest + 16 * i);
  expect(table.wasFreed(oldest)).toBe(false); // else there was no rebuild, and this shows nothing
  table.register(8, 8, 8);
  table.register(oldest, 8, 8);
  expect(addressOf(table, table.find(8))).toBe(8);
  expect(addressOf(table, table.find(oldest))).toBe(oldest);
  expect(table.sizeAt(table.find(oldest))).toBe(8);
});

test('a free that fails is undone, however much was allocated and freed while it ran', () => {
  const table = new AllocationTable();
  table.register(64, 24, 8, undefined, { base: 61, size: 27, align: 1 });
  const entry = free(table, 64);
  for (let i = 0; i < 300_000; i++) {
    const address = 1024 + 16 * i;
    table.register(address, 8, 8);
    table.remove(table.find(address));
  }
  expect(table.wasFreed(64)).toBe(false); // forgotten
  table.restore(entry);
  expect(table.rawBlockAt(table.find(64))).toEqual({ base: 61, size: 27, align: 1 });
  expect(table.statistics()).toMatchObject({ liveBlocks: 1, liveBytes: 24, frees: 300_000 });
});

test('an allocation has a token once it is requested, and a later allocation at the address makes it stale', () => {
  const table = new AllocationTable();
  table.register(64, 24, 8);
  const token = table.requireToken(table.find(64), memory);
  expect([token.address, token.byteLength]).toEqual([64, 24]);
  expect(table.requireToken(table.find(64), memory)).toBe(token);
  expect(table.register(64, 8, 8)).toEqual({ tokens: [token], inside: undefined });
  expect(table.tokenAt(table.find(64))).toBe(undefined);
  expect(table.statistics()).toMatchObject({ liveBlocks: 1, liveBytes: 8, frees: 1, peakBytes: 24 });
});

test.each([24, 2 ** 34])('tokens and sizes survive rebuilds, in tables of any size, at multiples of %s', (step) => {
  const table = new AllocationTable();
  const tokens = new Map<number, object>();
  const sizeOf = (i: number): number => (i % 7 === 0 && step > 24 ? 2 ** 33 + i : 1 + (i % 24));
  for (let i = 1; i <= 3000; i++) {
    const address = step * i;
    expect(table.register(address, sizeOf(i), 8)).toBe(undefined);
    if (i % 3 === 0) tokens.set(address, table.requireToken(table.find(address), memory));
  }
  for (let i = 1; i <= 3000; i++) {
    const slot = table.find(step * i);
    expect([table.sizeAt(slot), table.tokenAt(slot)]).toEqual([sizeOf(i), tokens.get(step * i)]);
  }
}); // prettier-ignore

test.each([0, 2 ** 31, 2 ** 32 - 2048, 2 ** 40])(
  'a longer block where one was freed ends a block above it if it reaches it: from address %s',
  (origin) => {
    for (let start = 256; start < 512; start += 56)
      for (let distance = 8; distance <= 1024; distance += 8)
        for (const bytes of [distance, distance + 1]) {
          const table = new AllocationTable();
          const at = origin + start;
          table.register(at, 8, 8);
          table.remove(table.find(at));
          const token = new Allocation(memory, at + distance, 8);
          table.register(at + distance, 8, 8, token);
          const overlap = table.register(at, bytes, 8);
          if (overlap?.tokens[0] !== (bytes > distance ? token : undefined))
            expect.fail(`${bytes} bytes at ${at}, the next block at ${at + distance}`);
        }
  },
);

test(`a block ends exactly the live blocks that it overlaps (SEED=${SEED})`, () => {
  for (const [unit, origin] of [[8, 0], [1, 0], [8, 2 ** 32 - 4096], [64, 2 ** 40]] as const) {
    const below = prng(SEED + unit);
    const table = new AllocationTable();
    let model: { address: number; bytes: number; token: Allocation }[] = [];
    for (let step = 0; step < 4000; step++) {
      const address = origin + unit * (1 + below(4096 / unit));
      const bytes = below(4) ? below(64) : below(1500);
      const end = address + Math.max(bytes, 1);
      const hit = model.filter((each) => each.address < end && each.address + Math.max(each.bytes, 1) > address);
      const token = new Allocation(memory, address, bytes);
      if (hit.length === 0 || below(10) === 0) {
        const overlap = table.register(address, bytes, 1, token);
        expect(new Set(overlap?.tokens)).toEqual(new Set(hit.map((each) => each.token)));
        expect(overlap?.inside !== undefined).toBe(hit.some((each) => each.address !== address));
        model = [...model.filter((each) => !hit.includes(each)), { address, bytes, token }];
      } else if (below(3)) {
        const { address: at } = hit[0] as { address: number };
        table.remove(table.find(at));
        model = model.filter((each) => each.address !== at);
      }
    }
    expect(table.slots().map((slot) => table.addressAt(slot))).toEqual(model.map((each) => each.address));
  }
}); // prettier-ignore

describe('an allocation without a ref', () => {
  test('stays allocated with its sequence number if its free fails', () => {
    const { heap, module } = fakeHeap();
    const [a, b] = [heap.alloc(8), heap.alloc(16)];
    const { free } = module;
    module.free = () => {
      throw new Error('not now');
    };
    expect(() => heap.free(a)).toThrow('not now');
    expect(heap.statistics).toMatchObject({ liveBlocks: 2, liveBytes: 24, frees: 0 });
    const order: number[] = [];
    module.free = (address) => {
      order.push(address);
      free.call(module, address);
    };
    heap.freeAll();
    expect([order, module.badFrees]).toEqual([[a, b], []]);
  });
  test('is not freed a second time by an allocator that calls back', () => {
    const { heap, module } = fakeHeap();
    const { free } = module;
    const codes: unknown[] = [];
    module.free = (address) => {
      free.call(module, address);
      try {
        heap.free(address);
      } catch (error) {
        codes.push((error as { code: string }).code);
      }
    };
    heap.free(heap.alloc(8));
    heap.free(heap.allocInt32(1).address);
    expect([codes, module.badFrees]).toEqual([['DOUBLE_FREE', 'DOUBLE_FREE'], []]);
  });
  test('that was reused while its free ran and then failed is the new one', () => {
    const module = fakeModule();
    const { heap } = fakeHeap({}, module);
    const { free } = module;
    const old = heap.alloc(8);
    module.free = (address) => {
      free.call(module, address);
      expect(heap.alloc(24)).toBe(address);
      throw new Error('too late');
    };
    expect(() => heap.free(old)).toThrow('too late');
    module.free = free;
    expect(heap.statistics).toMatchObject({ liveBlocks: 1, liveBytes: 24 });
    heap.free(old);
    expect([module.badFrees, module.live.size]).toEqual([[], 0]);
  });
  test('that C code freed stays freed, if the allocator can tell', () => {
    const heap = createHeapSync();
    const [a, ref] = [heap.alloc(24), heap.allocInt32(5)];
    for (const at of [a, ref.address]) heap.exports.lm_heap_free(heap.handle, at);
    expect(() => heap.free(a)).toThrow(expect.objectContaining({ code: 'DOUBLE_FREE', address: a }));
    expect(() => ref.free()).toThrow(expect.objectContaining({ code: 'DOUBLE_FREE', address: ref.address }));
    expect(heap.statistics).toMatchObject({ liveBlocks: 0, liveBytes: 0, frees: 2 });
    expect([ref.isFreed, heap.holds()]).toEqual([true, true]);
  });
  test('that is untracked does not affect the free of a block that malloc returned at the same address', () => {
    const answers = [1001, 1008];
    const freed: number[] = [];
    const heap = createWasmHeapManager(
      new WebAssembly.Memory({ initial: 1 }),
      () => answers.shift() ?? 0,
      (address) => freed.push(address),
      { trackAllocations: false },
    );
    heap.alloc(8, 16); // 1001 is aligned up
    const ref = heap.allocFloat64(1); // C freed it, and malloc reused the address
    expect(ref.address).toBe(1008);
    ref.free();
    expect(freed).toEqual([1008]);
  });
  test('is shared by every ref that is wrapped in it: they become invalid with it', () => {
    const { heap } = fakeHeap();
    const at = heap.alloc(16);
    const [first, inner] = [heap.wrapInt32(at), heap.wrapUint8Array(at + 8, 4)];
    heap.free(at);
    expect([first.isFreed, inner.isFreed]).toEqual([true, true]);
    expect(() => inner.at(0)).toThrow(expect.objectContaining({ code: 'FREED' }));
    expect(heap.alloc(16)).toBe(at);
    expect(first.isFreed).toBe(true);
  });
  test('that was freed is reported as freed at its start, not inside it', () => {
    const { heap } = fakeHeap();
    const [a, b] = [heap.alloc(32), heap.alloc(32)];
    heap.free(a);
    expect(() => heap.free(a)).toThrow(expect.objectContaining({ code: 'DOUBLE_FREE', address: a }));
    expect(() => heap.realloc(a, 8)).toThrow(expect.objectContaining({ code: 'DOUBLE_FREE' }));
    expect(() => heap.free(b + 8)).toThrow(expect.objectContaining({ code: 'NOT_OWNED', address: b + 8 }));
    expect(() => heap.free(b + 1)).toThrow(`inside the block at address ${b}`);
    heap.free(b);
  });
  test.each([true, false])('that was aligned up is freed by the address that the allocator returned (tracked: %s)', (trackAllocations) => {
    const module = fakeModule(undefined, 1);
    const { heap } = fakeHeap({ trackAllocations }, module);
    const odd = heap.alloc(3, 1);
    const [a, b] = [heap.alloc(8), heap.alloc(8, 4096)];
    const ref = heap.allocFloat64(1);
    expect([a % 8, b % 4096, ref.address % 8]).toEqual([0, 0, 0]);
    expect(module.live.has(a)).toBe(false); // else this shows nothing
    heap.free(a);
    heap.free(b);
    ref.free();
    heap.free(odd);
    expect([module.badFrees, module.live.size]).toEqual([[], 0]);
  }); // prettier-ignore
  test('at an address above 2 GiB is found by its signed, unsigned and bigint address', () => {
    let memory: WebAssembly.Memory;
    try {
      memory = new WebAssembly.Memory({ initial: 32769 });
    } catch {
      return; // a machine or browser that does not give so much address space
    }
    const freed: number[] = [];
    const heap: WasmHeapManager = createWasmHeapManager(
      memory,
      () => -(2 ** 31) + 16, // as wasm returns it
      (address) => freed.push(address),
      { strictFrees: true },
    );
    const at = 2 ** 31 + 16;
    for (const form of [at, at - 2 ** 32, BigInt(at)]) {
      expect(heap.alloc(8)).toBe(at);
      heap.free(form);
      expect(() => heap.free(form)).toThrow(expect.objectContaining({ code: 'DOUBLE_FREE', address: at }));
    }
    expect([freed, heap.statistics.liveBlocks]).toEqual([[at, at, at], 0]);
  });
});

describe('a memory that is copied to grow', () => {
  test('is asked for its buffer at each allocation, although the old one is long enough', () => {
    let buffer = new ArrayBuffer(65536);
    const heap = createWasmHeapManager(
      () => buffer,
      () => {
        const old = new Uint8Array(buffer);
        buffer = new ArrayBuffer(buffer.byteLength + 65536);
        new Uint8Array(buffer).set(old);
        return 1024;
      },
      () => undefined,
    );
    const at = heap.alloc(8);
    heap.writeInt32(at, 5);
    expect([new Int32Array(buffer)[256], heap.allocInt32(6).value, new Int32Array(buffer)[256]]).toEqual([5, 6, 6]);
  });
}); // prettier-ignore

describe('a block from the allocator', () => {
  test('is cleared, also if malloc made the memory grow', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 8 });
    let next = 65536;
    const heap = createWasmHeapManager(
      memory,
      () => {
        memory.grow(1);
        new Uint8Array(memory.buffer).fill(0xee);
        return (next += 80) - 80;
      },
      () => undefined,
    );
    for (const bytes of [3, 8, 21, 64, 65]) {
      const at = heap.alloc(bytes);
      const seen = heap.readBytes(at - 1, bytes + 2);
      expect([...seen]).toEqual([0xee, ...new Array<number>(bytes).fill(0), 0xee]);
    }
  });
  test('from a calloc that does not align is freed, and an aligned block is allocated', () => {
    const module = fakeModule(undefined, 1);
    const calloc = (count: number, bytes: number): number => {
      const at = module.malloc(count * bytes);
      new Uint8Array(module.memory.buffer, at, count * bytes).fill(0);
      return at;
    };
    const { heap } = fakeHeap({ calloc }, module);
    const odd = heap.alloc(3, 1);
    heap.fill(odd + 3, 64, 0xee);
    const at = heap.alloc(16);
    expect([at % 8, ...heap.readBytes(at, 16)]).toEqual(new Array(17).fill(0));
    expect([module.live.size, module.live.has(at)]).toEqual([2, false]);
    heap.freeAll();
    expect([module.live.size, module.badFrees]).toEqual([0, []]);
  });
  test('that would have 0 bytes and lie at the end of the memory is refused, from malloc and from realloc', () => {
    const module = fakeModule();
    const end = (): number => module.memory.buffer.byteLength;
    const { heap } = fakeHeap({ realloc: end }, module);
    const at = heap.alloc(8);
    expect(() => heap.realloc(at, 0)).toThrow(ModuleError);
    heap.free(at); // it is still live
    module.malloc = end;
    expect(() => heap.alloc(0)).toThrow(ModuleError);
    expect([module.live.size, module.badFrees]).toEqual([0, []]);
  });
  test('that was aligned up is not passed to realloc', () => {
    const module = fakeModule(undefined, 1);
    const given: number[] = [];
    const realloc = (address: number): number => (given.push(address), address);
    const { heap } = fakeHeap({ realloc }, module);
    const odd = heap.alloc(3, 1);
    const array = heap.allocFloat64Array([1, 2]);
    expect(module.live.has(array.address)).toBe(false); // else this shows nothing
    const longer = array.resize(4);
    expect([longer.toArray(), given, array.isFreed]).toEqual([[1, 2, 0, 0], [], true]);
    longer.free();
    heap.free(odd);
    expect([module.live.size, module.badFrees]).toEqual([0, []]);
  });
});
