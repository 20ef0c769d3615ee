// Guest heaps: made where they are proved to be safe, refused elsewhere, and given a range where nothing can grow.
import { describe, expect, test } from 'vitest';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  createGuestHeap,
  createHeap,
  createHeapSync,
  ModuleError,
  OutOfMemoryError,
} from '../../../ts/index.ts';
import { assemble, type Functions } from '../../support/assemble.ts';
import { workHard } from '../../support/hard-work.ts';
import { newMemory, wasm2jsModule } from '../../support/modules.ts';

const nothing = (): void => undefined;

/** An allocator like that of wasi-libc: it uses only pages that its own grow returned, from its first allocation on. */
function ownPages(memory: WebAssembly.Memory): Functions {
  return {
    malloc: ['i:i', (size: number) => memory.grow(Math.ceil(size / 65536)) * 65536],
    free: ['i:', nothing],
    __wasi_init: [':', nothing],
  };
}
/** An allocator like Emscripten's: it grows the memory until there is room, and takes all of it. */
function allPages(memory: WebAssembly.Memory): Functions {
  let top = 1024;
  const malloc = (size: number): number => {
    const at = top;
    top += (size + 15) & ~15;
    while (top > memory.buffer.byteLength) memory.grow(1);
    return at;
  };
  return { malloc: ['i:i', malloc], free: ['i:', nothing] };
}

describe('a guest is made', () => {
  test('in a wasm-bindgen module, and works', () => {
    const memory = newMemory();
    const guest = createGuestHeap(assemble({ __wbindgen_start: [':', nothing] }, memory));
    expect(guest.memory).toBe(memory);
    workHard(guest, 2000, () => memory.grow(1));
    expect([guest.holds(), guest.stats().liveBlocks]).toEqual([true, 0]);
  });
  test('beside an allocator that takes only what it grows', () => {
    const memory = newMemory();
    const { exports } = assemble(ownPages(memory), memory);
    const guest = createGuestHeap(exports);
    const own: number[] = [];
    workHard(guest, 500, () => {
      const at = (exports.malloc as (size: number) => number)(1000);
      new Uint8Array(memory.buffer, at, 1000).fill(7);
      own.push(at);
    });
    for (const at of own)
      expect(new Uint8Array(memory.buffer, at, 1000).every((byte) => byte === 7)).toBe(true);
    expect(guest.holds()).toBe(true);
  });
});

describe('a guest is refused', () => {
  const memory = newMemory();
  test.each<[string, () => object, RegExp]>([
    ['an Emscripten module', () => ({ wasmMemory: memory, _malloc: nothing, _free: nothing }), /Emscripten's allocator/],
    ['an Emscripten module without glue', () => assemble({ emscripten_stack_get_end: [':i', () => 0], ...ownPages(memory) }, memory), /Emscripten's allocator/],
    ['Go', () => ({ exports: assemble({ run: [':', nothing] }, memory).exports, imports: { gojs: {} } }), /keeps views/],
    ['TinyGo', () => assemble({ go_scheduler: [':', nothing], ...ownPages(memory) }, memory), /TinyGo/],
    ['AssemblyScript of 2020', () => assemble({ __alloc: ['ii:i', () => 0], __retain: ['i:i', () => 0], __release: ['i:', nothing] }, memory), /2018 to 2020/],
    ['AssemblyScript without a runtime', () => assemble({ __rtti_base: [':', nothing] }, memory), /runtime is not exported/],
    ['a module without an allocator', () => assemble({ parse: [':', nothing] }, memory), /exports no allocator/],
    ['an allocator that takes every page', () => assemble(allPages(memory), memory), /uses pages that it did not grow/],
    ['an allocator that traps', () => assemble({ malloc: ['i:i', () => { throw new Error('trap'); }], free: ['i:', nothing] }, memory), /not safe/],
  ])('in %s, unless it is insisted on', (_name, module, why) => {
    expect(() => createGuestHeap(module())).toThrow(ModuleError);
    expect(() => createGuestHeap(module())).toThrow(why);
    expect(() => createGuestHeap(module())).toThrow('allowUnsafeGuest');
    createGuestHeap(module(), { allowUnsafeGuest: true }).allocInt32(1).free();
  }); // prettier-ignore
  test('in what is no WebAssembly memory, or no module', () => {
    expect(() => createGuestHeap(wasm2jsModule())).toThrow(ModuleError);
    expect(() => createGuestHeap({})).toThrow(ModuleError);
    expect(() => createGuestHeap(5 as never)).toThrow(ArgumentTypeError);
    expect(() => createGuestHeap(assemble({}, memory), { allowUnsafeGuest: 1 as never })).toThrow(
      ArgumentTypeError,
    );
  });
});

describe('a heap in a range of a memory', () => {
  test('stays inside, and never grows the memory', () => {
    const memory = new WebAssembly.Memory({ initial: 2, maximum: 2 });
    new Uint8Array(memory.buffer).fill(9);
    const heap = createHeapSync({ memory, base: 1001, end: 100_000 });
    workHard(heap, 300, () => undefined, 1000);
    expect(() => heap.alloc(100_000)).toThrow(OutOfMemoryError);
    const refs = [];
    try { for (;;) refs.push(heap.alloc(1000)); } catch {} // prettier-ignore
    expect(refs.length).toBeGreaterThan(80);
    for (const at of refs) expect(at >= 1001 && at + 1000 <= 100_000).toBe(true);
    const bytes = new Uint8Array(memory.buffer);
    expect(bytes.subarray(0, 1001).every((byte) => byte === 9)).toBe(true);
    expect(bytes.subarray(100_000).every((byte) => byte === 9)).toBe(true);
    expect([memory.buffer.byteLength, heap.holds()]).toEqual([131_072, true]);
  });
  test('reaches to the end of the memory by default, and can lie in a block of another heap', async () => {
    const memory = newMemory();
    const outer = createHeapSync({ memory, base: 8192 });
    const block = outer.alloc(20_000);
    const inner = await createHeap({ memory, base: block, end: block + 20_000 });
    workHard(inner, 60, () => outer.free(outer.alloc(100)), 300);
    expect([inner.holds(), outer.holds()]).toEqual([true, true]);
    outer.free(block);
  });
  test.each<[object, new (...args: never[]) => Error]>([
    [{ base: 8 }, ArgumentTypeError],
    [{ memory: newMemory(), end: 8 }, ArgumentTypeError],
    [{ memory: newMemory(), base: -1 }, ArgumentRangeError],
    [{ memory: newMemory(), base: 70_000 }, ArgumentRangeError],
    [{ memory: newMemory(), base: 100, end: 50 }, ArgumentRangeError],
    [{ memory: newMemory(), base: 100, end: 65_537 }, ArgumentRangeError],
    [{ memory: newMemory(), base: 100, end: 200 }, OutOfMemoryError],
    [{ memory: newMemory(), base: 100, end: 100 }, OutOfMemoryError],
  ])('is refused: %o', (options, error) => expect(() => createHeapSync(options)).toThrow(error));
});
