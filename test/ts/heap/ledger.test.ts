// The book of loans, beside a plain model of it, and what a manager holds of loans that have no ref.
import { describe, expect, test } from 'vitest';
import { createHeapSync, createWasmHeapManager, type WasmHeapManager } from '../../../ts/index.ts';
import { Ledger, record, type Loan } from '../../../ts/heap/ledger.ts';
import { LinearMemory } from '../../../ts/memory/memory.ts';
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
  lend(address: number, bytes: number): void {
    this.live.push({ address, bytes });
    this.freed.delete(address);
    this.allocations++;
    this.peak = Math.max(this.peak, this.bytes);
  }
  end(address: number): void {
    this.live = this.live.filter((loan) => loan.address !== address);
    this.freed.add(address);
    this.frees++;
  }
  get bytes(): number {
    return this.live.reduce((sum, { bytes }) => sum + bytes, 0);
  }
  /** The last that begins at or below `address`, if it reaches `from`. */
  around(address: number, from: number): number | undefined {
    const below = this.live.filter((loan) => loan.address <= address);
    const last = below.reduce((a, b) => (b.address > (a?.address ?? -1) ? b : a), below[0]);
    return last && (last.address >= from || last.address + last.bytes > from) ? last.address : undefined;
  }
}

describe.each([8, 1, 4, 64])('blocks at multiples of %s', (align) => {
  // Below and above 4 GiB, where two bits of a bitmap must not be taken for one.
  test.each([0, 2 ** 31, 2 ** 32 - 4096, 2 ** 40])(`from %s on are what the model says (SEED=${SEED})`, (origin) => {
    const below = prng(SEED);
    const ledger = new Ledger();
    const model = new Model();
    const start = (): number => origin + align * (1 + below(8192 / align));
    for (let step = 0; step < 4000; step++) {
      const [address, bytes] = [start(), below(3) ? 1 + below(40) : below(1500)];
      const free = model.around(address + Math.max(bytes, 1) - 1, address) === undefined;
      expect(ledger.around(address + Math.max(bytes, 1) - 1, address) === undefined).toBe(free);
      if (free && below(5) > 0) {
        const base = address - below(3);
        expect(ledger.lend(address, bytes, base)).toBe(undefined);
        model.lend(address, bytes);
        expect(ledger.find(address)).toMatchObject({ address, bytes, base });
      } else if (model.live.length > 0) {
        const { address: at, bytes: size } = model.live[below(model.live.length)] as { address: number; bytes: number };
        const loan = ledger.find(at) as Loan;
        expect([loan.address, loan.bytes]).toEqual([at, size]);
        const turn = ledger.end(loan);
        if (below(4) > 0) model.end(at);
        else ledger.revive(loan, turn, undefined);
      }
      const probe = start() + below(align);
      expect(ledger.find(probe)?.address).toBe(model.live.find((loan) => loan.address === probe)?.address);
      expect(ledger.around(probe)?.address).toBe(model.around(probe, probe));
      expect(ledger.wasFreed(probe)).toBe(model.freed.has(probe));
    }
    expect(ledger.loans().map(({ address }) => address)).toEqual(model.live.map(({ address }) => address));
    expect(ledger.statistics()).toEqual({
      liveBlocks: model.live.length,
      liveBytes: model.bytes,
      peakBytes: model.peak,
      allocations: model.allocations,
      frees: model.frees,
    });
  });
}); // prettier-ignore

test('the last 65,536 freed addresses are remembered, whatever came before, and not all for ever', () => {
  const ledger = new Ledger();
  const COUNT = 400_000;
  const kept = [8, 16, 24].map((address) => {
    ledger.lend(address, 8, address);
    return ledger.find(address) as Loan;
  });
  for (let i = 0; i < COUNT; i++) {
    const address = 1024 + 16 * i;
    ledger.lend(address, 8, address);
    ledger.end(ledger.find(address) as Loan);
  }
  const remembered = Array.from({ length: COUNT }, (_, i) => ledger.wasFreed(1024 + 16 * i));
  expect(remembered.slice(-65536).every(Boolean)).toBe(true);
  expect(remembered.filter(Boolean).length).toBeLessThanOrEqual(2 * 65536 + 6);
  expect(ledger.loans()).toEqual(kept);
});

test('blocks of two books, and those whole mebibytes apart, are told from each other', () => {
  const [one, two] = [new Ledger(), new Ledger()];
  one.lend(2 ** 20 + 64, 64, 2 ** 20 + 64);
  for (let mebibyte = 0; mebibyte < 4; mebibyte++) {
    const inside = mebibyte * 2 ** 20 + 100;
    expect([one.around(inside)?.address, two.around(inside)]).toEqual([mebibyte === 1 ? 2 ** 20 + 64 : undefined, undefined]);
  }
  two.lend(3 * 2 ** 20, 2 ** 21, 3 * 2 ** 20);
  expect(one.around(3 * 2 ** 20 + 8)).toBe(undefined);
  expect(two.around(5 * 2 ** 20 - 1)?.address).toBe(3 * 2 ** 20);
  expect(two.around(5 * 2 ** 20)).toBe(undefined);
}); // prettier-ignore

test('sums of bytes are exact far above 2^32', () => {
  const ledger = new Ledger();
  const sizes = [2 ** 32 + 1, 2 ** 40 + 3, 2 ** 31, 2 ** 50 + 7];
  let next = 64;
  for (const bytes of sizes) {
    ledger.lend(next, bytes, next);
    next += bytes;
  }
  const sum = 2 ** 32 + 2 ** 40 + 2 ** 31 + 2 ** 50 + 11;
  expect(ledger.statistics()).toMatchObject({ liveBytes: sum, peakBytes: sum });
  ledger.end(ledger.find(64 + 2 ** 32 + 1) as Loan);
  expect(ledger.statistics()).toMatchObject({ liveBytes: sum - 2 ** 40 - 3, peakBytes: sum });
});

test('what was forgotten can be lent again, also when it was looked at last', () => {
  const ledger = new Ledger();
  const oldest = 1024;
  const pass = (address: number): void => {
    ledger.lend(address, 8, address);
    ledger.end(ledger.find(address) as Loan);
  };
  for (let i = 0; i < 2 * 65536; i++) pass(oldest + 16 * i);
  expect(ledger.wasFreed(oldest)).toBe(true); // looked at last
  ledger.lend(8, 8, 8); // makes room
  ledger.lend(oldest, 8, oldest);
  expect(ledger.find(8)).toMatchObject({ address: 8 });
  expect(ledger.find(oldest)).toMatchObject({ address: oldest, bytes: 8 });
  expect(ledger.wasFreed(oldest + 16)).toBe(false); // else there was room, and this showed nothing
});

test('a free that fails takes its end back, however much was lent and freed while it ran', () => {
  const ledger = new Ledger();
  ledger.lend(64, 24, 61);
  const loan = ledger.find(64) as Loan;
  const turn = ledger.end(loan);
  for (let i = 0; i < 300_000; i++) {
    const address = 1024 + 16 * i;
    ledger.lend(address, 8, address);
    ledger.end(ledger.find(address) as Loan);
  }
  expect(ledger.wasFreed(64)).toBe(false); // forgotten
  ledger.revive(loan, turn, undefined);
  expect(ledger.find(64)).toBe(loan);
  expect(ledger.statistics()).toMatchObject({ liveBlocks: 1, liveBytes: 24, frees: 300_000 });
});

test('a loan has a record once one is asked for, and it is the one that a later loan there ends', () => {
  const ledger = new Ledger();
  ledger.lend(64, 24, 61);
  const loan = ledger.find(64) as Loan;
  const block = record(loan, memory);
  expect([block.address, block.byteLength, record(loan, memory) === block]).toEqual([64, 24, true]);
  expect(ledger.lend(64, 8, 64)).toBe(block);
  expect(ledger.find(64)?.block).toBe(undefined);
  expect(ledger.statistics()).toMatchObject({ liveBlocks: 1, liveBytes: 8, frees: 1, peakBytes: 24 });
});

describe('a loan without a ref', () => {
  test('lives on when its free fails, as old as it was', () => {
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
  test('and was lent again while its free ran and then failed, is the new one', () => {
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
    expect([module.badFrees, module.lent.size]).toEqual([[], 0]);
  });
  test('that C code freed stays ended, where the allocator knows', () => {
    const heap = createHeapSync();
    const [a, ref] = [heap.alloc(24), heap.allocInt32(5)];
    for (const at of [a, ref.address]) heap.exports.lm_heap_free(heap.handle, at);
    expect(() => heap.free(a)).toThrow(expect.objectContaining({ code: 'DOUBLE_FREE', address: a }));
    expect(() => ref.free()).toThrow(expect.objectContaining({ code: 'DOUBLE_FREE', address: ref.address }));
    expect(heap.statistics).toMatchObject({ liveBlocks: 0, liveBytes: 0, frees: 2 });
    expect([ref.isFreed, heap.holds()]).toEqual([true, true]);
  });
  test('has no say, untracked, in the free of a block that malloc gave out at the same place', () => {
    const answers = [1001, 1008];
    const freed: number[] = [];
    const heap = createWasmHeapManager(
      new WebAssembly.Memory({ initial: 1 }),
      () => answers.shift() ?? 0,
      (address) => freed.push(address),
      { trackAllocations: false },
    );
    heap.alloc(8, 16); // 1001 is aligned up
    const ref = heap.allocFloat64(1); // C freed that, and malloc gave its place out
    expect(ref.address).toBe(1008);
    ref.free();
    expect(freed).toEqual([1008]);
  });
  test('is one to every ref that is wrapped in it: they end with it', () => {
    const { heap } = fakeHeap();
    const at = heap.alloc(16);
    const [first, inner] = [heap.wrapInt32(at), heap.wrapUint8Array(at + 8, 4)];
    heap.free(at);
    expect([first.isFreed, inner.isFreed]).toEqual([true, true]);
    expect(() => inner.at(0)).toThrow(expect.objectContaining({ code: 'FREED' }));
    expect(heap.alloc(16)).toBe(at);
    expect(first.isFreed).toBe(true);
  });
  test('and has been freed is named as that, by its start and not by what is inside', () => {
    const { heap } = fakeHeap();
    const [a, b] = [heap.alloc(32), heap.alloc(32)];
    heap.free(a);
    expect(() => heap.free(a)).toThrow(expect.objectContaining({ code: 'DOUBLE_FREE', address: a }));
    expect(() => heap.realloc(a, 8)).toThrow(expect.objectContaining({ code: 'DOUBLE_FREE' }));
    expect(() => heap.free(b + 8)).toThrow(expect.objectContaining({ code: 'NOT_OWNED', address: b + 8 }));
    expect(() => heap.free(b + 1)).toThrow(`inside the block at address ${b}`);
    heap.free(b);
  });
  test.each([true, false])('goes back by what the allocator gave, when that was aligned up (tracked: %s)', (trackAllocations) => {
    const module = fakeModule(undefined, 1);
    const { heap } = fakeHeap({ trackAllocations }, module);
    const odd = heap.alloc(3, 1);
    const [a, b] = [heap.alloc(8), heap.alloc(8, 4096)];
    const ref = heap.allocFloat64(1);
    expect([a % 8, b % 4096, ref.address % 8]).toEqual([0, 0, 0]);
    expect(module.lent.has(a)).toBe(false); // else this shows nothing
    heap.free(a);
    heap.free(b);
    ref.free();
    heap.free(odd);
    expect([module.badFrees, module.lent.size]).toEqual([[], 0]);
  }); // prettier-ignore
  test('at an address above 2 GiB is found by each of its forms', () => {
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
  test('is asked for its buffer when a block is lent, though the old one has room', () => {
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

describe('what the allocator gives', () => {
  test('is cleared where it is, also when malloc made the memory grow', () => {
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
  test('by a calloc that does not align goes back, and an aligned block is taken', () => {
    const module = fakeModule(undefined, 1);
    const calloc = (_count: number, bytes: number): number => module.malloc(bytes);
    const { heap } = fakeHeap({ calloc }, module);
    const odd = heap.alloc(3, 1);
    heap.fill(odd + 3, 64, 0xee);
    const at = heap.alloc(16);
    expect([at % 8, ...heap.readBytes(at, 16)]).toEqual(new Array(17).fill(0));
    expect([module.lent.size, module.lent.has(at)]).toEqual([2, false]);
    heap.freeAll();
    expect([module.lent.size, module.badFrees]).toEqual([0, []]);
  });
  test('and was aligned up is not given to realloc, which knows nothing of that', () => {
    const module = fakeModule(undefined, 1);
    const given: number[] = [];
    const realloc = (address: number): number => (given.push(address), address);
    const { heap } = fakeHeap({ realloc }, module);
    const odd = heap.alloc(3, 1);
    const array = heap.allocFloat64Array([1, 2]);
    expect(module.lent.has(array.address)).toBe(false); // else this shows nothing
    const longer = array.resize(4);
    expect([longer.toArray(), given, array.isFreed]).toEqual([[1, 2, 0, 0], [], true]);
    longer.free();
    heap.free(odd);
    expect([module.lent.size, module.badFrees]).toEqual([0, []]);
  });
});
