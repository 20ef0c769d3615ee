// Every allocator that a module may have, by names and types: what is called with what.
import { describe, expect, test } from 'vitest';
import {
  allocatorNameOf,
  ArgumentTypeError,
  NotOwnedError,
  OutOfMemoryError,
  wrapHeap,
  type Adapter,
  type WasmHeapManager,
} from '../../../ts/index.ts';
import { assemble, type Functions } from '../../support/assemble.ts';
import { fakeModule } from '../../support/heap.ts';

type Fake = ReturnType<typeof fakeModule>;

/** A module's allocator in all its forms, over one fake. */
function forms(fake: Fake): Record<string, Functions> {
  const sizes = new Map<number, number[]>();
  const malloc = (size: number, ...rest: number[]): number => {
    const address = fake.malloc(size);
    sizes.set(address, [size, ...rest]);
    return address;
  };
  const free = (address: number, ...layout: number[]): void => {
    expect(sizes.get(address)?.slice(0, layout.length), 'size and alignment as allocated').toEqual(layout);
    sizes.delete(address);
    fake.free(address);
  };
  const realloc = (address: number, oldSize: number, size: number, ...rest: number[]): number => {
    free(address, oldSize, ...rest);
    return malloc(size, ...rest);
  };
  const noise = (): void => undefined;
  /** As wasm-bindgen's, which do nothing for no bytes. */
  const bindgenFree = (address: number, size: number, align: number): void => {
    if (size > 0) free(address, size, align);
  };
  const bindgenMalloc = (size: number, align: number): number => (size > 0 ? malloc(size, align) : align);
  const closure = (): never => {
    throw new Error('closure invoked recursively or after being dropped');
  };
  return {
    'malloc and free of C': { malloc: ['i:i', malloc], free: ['i:', (at: number) => free(at)] },
    'the same with _ before the names': { _malloc: ['i:i', malloc], _free: ['i:', (at: number) => free(at)] },
    'webidl_malloc': { webidl_malloc: ['i:i', malloc], webidl_free: ['i:', (at: number) => free(at)] },
    'omalloc': { omalloc: ['i:i', malloc], ofree: ['i:', (at: number) => free(at)] },
    'wasm-bindgen, of size': { __wbindgen_malloc: ['i:i', malloc], __wbindgen_free: ['ii:', free], __wbindgen_realloc: ['iii:i', realloc] },
    'wasm-bindgen, of size and alignment': { __wbindgen_malloc: ['ii:i', malloc], __wbindgen_free: ['iii:', free], __wbindgen_realloc: ['iiii:i', realloc] },
    'wasm-bindgen, numbered': {
      __wbindgen_export_0: ['ii:i', bindgenMalloc], __wbindgen_export_1: ['iiii:i', closure], __wbindgen_export_2: ['i:', noise],
      __wbindgen_export_3: ['iii:', bindgenFree], __wbindgen_export_4: ['ii:', noise], __wbindgen_export_5: ['iii:', closure],
    },
    'wasm-bindgen, numbered from the second on': { __wbindgen_export: ['ii:i', bindgenMalloc], __wbindgen_export2: ['iiii:i', closure], __wbindgen_export3: ['i:', noise], __wbindgen_export4: ['iii:', bindgenFree] },
    'wasm-bindgen, numbered from the second on, free first': { __wbindgen_export: ['iii:', bindgenFree], __wbindgen_export2: ['ii:i', bindgenMalloc], __wbindgen_export3: ['iii:', closure] },
    'wasm-bindgen, numbered without _': { __wbindgen_export0: ['ii:i', bindgenMalloc], __wbindgen_export10: ['iii:', closure], __wbindgen_export2: ['iii:', bindgenFree] },
    'wasm-bindgen, with functions for closures before': { __wbindgen_export_0: ['iii:', closure], __wbindgen_export_1: ['ii:i', closure], __wbindgen_export_2: ['ii:i', bindgenMalloc], __wbindgen_export_3: ['iii:', bindgenFree] },
    'alloc and dealloc of Rust': { alloc: ['i:i', malloc], dealloc: ['ii:', free] },
    'the same with alignment': { alloc: ['ii:i', malloc], dealloc: ['iii:', free] },
    'alloc and free of Zig': { alloc: ['i:i', malloc], free: ['ii:', free] },
    'allocate and deallocate': { allocate: ['i:i', malloc], deallocate: ['ii:', free] },
    'malloc freed by size': { malloc: ['i:i', malloc], free: ['ii:', free] },
    'AssemblyScript': { __new: ['ii:i', (size: number, _id: number) => malloc(size)], __pin: ['i:i', (at: number) => at], __unpin: ['i:', (at: number) => free(at)] },
    'AssemblyScript, counted': { __alloc: ['ii:i', (size: number, _id: number) => malloc(size)], __retain: ['i:i', (at: number) => at], __release: ['i:', (at: number) => free(at)] },
    'AssemblyScript of 2018': { allocate_memory: ['i:i', malloc], free_memory: ['i:', (at: number) => free(at)] },
  }; // prettier-ignore
}

function wrapped(name: string, fake = fakeModule()): { fake: Fake; heap: WasmHeapManager } {
  return { fake, heap: wrapHeap(assemble(forms(fake)[name] as Functions, fake.memory).exports) };
}

/** The work that every allocator must do right. */
function work(heap: WasmHeapManager, fake: Fake): void {
  const scalar = heap.allocInt32(-7);
  const array = heap.allocFloat64Array([1.5, 2.5]);
  const text = heap.allocNullTerminatedUtf8String('h\u00e9');
  expect([scalar.value, [...array], text.value]).toEqual([-7, [1.5, 2.5], 'h\u00e9']);
  expect(array.address % 8).toBe(0);
  expect(fake.live.size).toBe(3);
  const block = heap.realloc(heap.alloc(16), 100);
  const aligned = heap.alloc(10, 64);
  expect(aligned % 64).toBe(0);
  heap.free(aligned);
  heap.free(block);
  for (const ref of [scalar, array, text]) ref.free();
  expect([...fake.live.keys()], 'blocks of the module that are still allocated').toEqual([]);
  expect(fake.badFrees).toEqual([]);
}

describe.each(Object.keys(forms(fakeModule())))('%s', (name) => {
  test('allocates, reallocates and frees', () => {
    const { fake, heap } = wrapped(name);
    work(heap, fake);
  });
  test('keeps alignment, though the module aligns to 4 only', () => {
    const fake = fakeModule(undefined, 4);
    fake.malloc(12); // so that the next ones are at odd multiples of 4
    const { heap } = wrapped(name, fake);
    const refs = [heap.allocFloat64(1), heap.allocInt8(1), heap.allocFloat64Array([1, 2, 3])];
    for (const ref of refs) expect(ref.address % Math.min(8, ref.byteLength)).toBe(0);
    heap.freeAll();
    expect([fake.live.size, fake.badFrees]).toEqual([1, []]);
  });
  test('is out of memory if it returns 0 or traps, with its own error as the cause', () => {
    const fake = fakeModule();
    const { heap } = wrapped(name, fake);
    fake.failAt = 1;
    expect(() => heap.alloc(8)).toThrow(OutOfMemoryError);
    const abort = new Error('Aborted(OOM)');
    fake.malloc = () => { throw abort; }; // prettier-ignore
    const error = (() => { try { return heap.alloc(8); } catch (thrown) { return thrown; } })(); // prettier-ignore
    expect(error).toMatchObject({ code: 'OUT_OF_MEMORY', size: 8, cause: abort });
  });
});

test('an allocator that frees by size gets no block that this heap did not allocate', () => {
  const { fake, heap } = wrapped('alloc and dealloc of Rust');
  const address = fake.malloc(8);
  expect(() => heap.free(address)).toThrow(NotOwnedError);
  expect(fake.live.has(address)).toBe(true);
});
test('an allocator that frees by address gets the blocks of the module too', () => {
  const fake = fakeModule();
  const heap = wrapHeap({
    _malloc: fake.malloc,
    _free: (at: number) => fake.free(at),
    wasmMemory: fake.memory,
  });
  heap.free(fake.malloc(8));
  expect([fake.live.size, fake.badFrees]).toEqual([0, []]);
});

describe('what is ambiguous is not taken', () => {
  const fake = fakeModule();
  const malloc = (size: number): number => fake.malloc(size);
  const anyAlign = (size: number, align: number): number => (size > 0 ? fake.malloc(size) : align);
  test.each<[string, Functions]>([
    ['two numbered exports that may be malloc', { __wbindgen_export_0: ['ii:i', anyAlign], __wbindgen_export_1: ['ii:i', anyAlign], __wbindgen_export_2: ['iii:', () => undefined] }],
    ['a numbered export with the type of malloc that calls a closure', { __wbindgen_export_0: ['ii:i', () => { throw new Error('closure invoked after being dropped'); }], __wbindgen_export_1: ['iii:', () => undefined] }],
    ['a malloc of other types', { malloc: ['f:i', () => 0], free: ['i:', () => undefined] }],
    ['no free', { malloc: ['ii:i', malloc] }],
    ['nothing', { run: [':', () => undefined] }],
  ])('%s', (_name, functions) => {
    const heap = wrapHeap(assemble(functions, fake.memory));
    heap.writeInt32(512, 5);
    expect(heap.readInt32(512)).toBe(5);
    expect(() => heap.alloc(8)).toThrow(expect.objectContaining({ code: 'MODULE' }));
  }); // prettier-ignore
});

test.each<[string, Functions]>([
  ['no free', {}],
  ['a function for closures of the type of free', { __wbindgen_export_1: ['iii:', () => { throw new Error('closure invoked after being dropped'); }] }],
  ['two functions that may be free', { __wbindgen_export_1: ['iii:', () => undefined], __wbindgen_export_2: ['iii:', () => undefined] }],
])('numbered exports with %s are freed inside blocks of malloc', (_name, functions) => {
  const fake = fakeModule();
  const malloc = (size: number, align: number): number => (size > 0 ? fake.malloc(size) : align);
  const heap = wrapHeap(assemble({ __wbindgen_export_0: ['ii:i', malloc], ...functions }, fake.memory));
  expect(allocatorNameOf(heap)).toBe('__wbindgen_export_0 (no free)');
  for (let i = 0; i < 100; i++) heap.allocFloat64Array(50).free();
  expect([fake.calls, heap.statistics.liveBlocks]).toEqual([1, 0]);
}); // prettier-ignore

describe("a user's adapter", () => {
  test('of five lines gets size and alignment back', () => {
    const fake = fakeModule();
    const calls: unknown[] = [];
    const adapter: Adapter = {
      malloc: (size, align) => (calls.push(['malloc', size, align]), fake.malloc(size)),
      free: (address, size, align) => (calls.push(['free', size, align]), fake.free(address)),
    };
    const heap = wrapHeap(fake.memory, { adapter });
    heap.allocInt32(1).free();
    heap.free(heap.alloc(10, 16));
    expect(calls[0]).toEqual(['malloc', 4, 4]);
    expect(calls[1]).toEqual(['free', 4, 4]);
    expect(fake.live.size).toBe(0);
    work(heap, fake);
  });
  test('is called as methods of its own object', () => {
    const fake = fakeModule();
    class Own implements Adapter {
      readonly #fake = fake;
      malloc(size: number): number { return this.#fake.malloc(size); }
      free(address: number): void { this.#fake.free(address); }
    } // prettier-ignore
    work(wrapHeap(fake.memory, { adapter: new Own() }), fake);
  });
  test.each<unknown>([
    5,
    {},
    { malloc: () => 0 },
    { malloc: () => 0, free: 1 },
    { malloc: () => 0, free: () => 0, realloc: 1 },
  ])('that is %s is refused', (wrong) =>
    expect(() => wrapHeap(fakeModule().memory, { adapter: wrong as never })).toThrow(ArgumentTypeError),
  );
  test('that calls back into the heap while it frees keeps all in order', () => {
    const fake = fakeModule();
    const heaps: WasmHeapManager[] = [];
    const adapter: Adapter = {
      malloc: (size: number, _align: number): number => fake.malloc(size),
      free: (address: number, _size: number, _align: number): void => {
        fake.free(address);
        heaps[0]?.allocInt32(1);
      },
    };
    const heap = wrapHeap(fake.memory, { adapter });
    heaps.push(heap);
    heap.allocInt32(1).free();
    expect([fake.live.size, heap.statistics.liveBlocks]).toEqual([1, 1]);
  });
});
