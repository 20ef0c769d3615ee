// The errors for modules without an allocator, by the toolchain that made them; and 64-bit modules.
import { describe, expect, test } from 'vitest';
import { FreedError, pointerOf, wrapHeap, type ModuleError } from '../../../ts/index.ts';
import { kindOf, type ModuleKind } from '../../../ts/interop/module-kind.ts';
import { assemble } from '../../support/assemble.ts';
import { fakeModule } from '../../support/heap.ts';

const nothing = (): void => undefined;
const exporting = (...names: string[]): object =>
  assemble(Object.fromEntries(names.map((name) => [name, [':', nothing]] as const)), fakeModule().memory)
    .exports;
const importing = (module: string, name: string): object => ({
  exports: exporting('run'),
  imports: { [module]: { [name]: nothing } },
});

const CASES: [ModuleKind, object, RegExp][] = [
  ['emscripten', { HEAPU8: new Uint8Array(8), asm: exporting('a') }, /link it with -sEXPORTED_FUNCTIONS=_malloc,_free/],
  ['emscripten', exporting('emscripten_stack_get_end'), /-sEXPORTED_FUNCTIONS/],
  ['emscripten', importing('env', 'emscripten_resize_heap'), /-sEXPORTED_FUNCTIONS/],
  ['wasm-bindgen', exporting('__wbindgen_start'), /wasm-bindgen exports its allocator/],
  ['wasm-bindgen', importing('wbg', '__wbg_new_1'), /wasm-bindgen exports its allocator/],
  ['assemblyscript', exporting('__rtti_base'), /--exportRuntime/],
  ['go', importing('gojs', 'runtime.wasmExit'), /Go exports no allocator/],
  ['tinygo', exporting('go_scheduler'), /-target=wasm/],
  ['napi', exporting('napi_register_wasm_v1'), /--export=malloc/],
  ['wasi', importing('wasi_snapshot_preview1', 'fd_write'), /-Wl,--export=malloc/],
  ['unknown', exporting('go', '_', 'a'), /export malloc\(size\)/],
]; // prettier-ignore

describe.each(CASES)('a module made by %s', (kind, module, cure) => {
  test('can be read and written, and the error of alloc says what would help there', () => {
    const heap = wrapHeap(module, { memory: fakeModule().memory });
    heap.writeInt32(8, 1);
    expect(heap.readInt32(8)).toBe(1);
    expect(() => heap.alloc(8)).toThrow(cure);
    expect(() => heap.alloc(8)).toThrow(/adapter: \{ malloc\(size, align\)/);
    let flags = '';
    try { heap.alloc(8); } catch (error) { ({ flags } = error as ModuleError); } // prettier-ignore
    expect(flags !== '').toBe(kind === 'emscripten');
  });
});

test.each(['Rust', 'Zig'] as const)(
  'a binary that says it was written in %s is known by that',
  (language) => {
    const text = [...new TextEncoder().encode(language)];
    const name = [...new TextEncoder().encode('producers')];
    const section = [
      name.length,
      ...name,
      1,
      8,
      ...new TextEncoder().encode('language'),
      1,
      text.length,
      ...text,
      0,
    ];
    const module = new WebAssembly.Module(
      new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, section.length, ...section]),
    );
    expect(kindOf({ exports: [], module })).toBe(language.toLowerCase());
  },
);

test('the error lists what was looked for and what was found', () => {
  const heap = wrapHeap(exporting('first', 'second'));
  expect(() => heap.alloc(8)).toThrow(
    expect.objectContaining({ missing: ['_malloc', '_free'], found: ['first', 'second', 'memory'] }),
  );
});

describe('a 64-bit module', () => {
  const fake = fakeModule();
  const calls: unknown[] = [];
  const { exports } = assemble(
    {
      malloc: ['j:j', (size: bigint) => (calls.push(size), BigInt(fake.malloc(Number(size))))],
      free: ['j:', (address: bigint) => (calls.push(address), fake.free(Number(address)))],
      realloc: ['jj:j', (address: bigint, size: bigint) => (fake.free(Number(address)), BigInt(fake.malloc(Number(size))))],
      calloc: ['jj:j', (count: bigint, size: bigint) => { const at = fake.malloc(Number(count * size)); new Uint8Array(fake.memory.buffer, at, Number(count * size)).fill(0); return BigInt(at); }],
    },
    fake.memory,
  ); // prettier-ignore
  test('is recognised by its functions, and takes and returns bigints', () => {
    const heap = wrapHeap(exports, { clearAllocatedRegions: false });
    expect(heap.addressBits).toBe(64);
    const ref = heap.allocInt32(42);
    expect([ref.value, pointerOf(ref)]).toEqual([42, BigInt(ref.address)]);
    heap.free(pointerOf(ref));
    expect(calls).toEqual([4n, BigInt(ref.allocation.address)]);
    expect(() => pointerOf(ref)).toThrow(FreedError);
    heap.free(heap.realloc(heap.alloc(8), 100));
    expect([fake.live.size, fake.badFrees]).toEqual([0, []]);
  });
  test('has its calloc used for cleared blocks', () => {
    const heap = wrapHeap(exports);
    const ref = heap.allocInt32Array(2);
    expect([...ref]).toEqual([0, 0]);
    ref.free();
  });
  test('a 32-bit one has numbers as pointers', () => {
    const other = fakeModule();
    const heap = wrapHeap({
      wasmMemory: other.memory,
      _malloc: (n: number) => other.malloc(n),
      _free: (at: number) => other.free(at),
    });
    const ref = heap.allocInt32(1);
    expect(pointerOf(ref)).toBe(ref.address);
  });
});
