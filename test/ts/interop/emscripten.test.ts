import { afterEach, describe, expect, test } from 'vitest';
import { ArgumentTypeError, ModuleError, wrapEmscriptenModuleHeap } from '../../../ts/index.ts';
import { fakeModule } from '../../support/heap.ts';

const module = fakeModule();
const { memory } = module;
const _malloc = (bytes: number): number => module.malloc(bytes);
const _free = (address: number): void => module.free(address);
const verbs = { _malloc, _free };

afterEach(() => {
  expect([...module.live.keys()], 'blocks still live').toEqual([]);
  expect(module.badFrees).toEqual([]);
});

/** A getter that aborts, as assertion builds of Emscripten define it for names that are not exported. */
function aborting(target: object, ...names: string[]): { touched: string[] } {
  const touched: string[] = [];
  for (const name of names)
    Object.defineProperty(target, name, {
      configurable: true,
      enumerable: true,
      get() {
        touched.push(name);
        throw new Error(`Aborted('${name}' was not exported)`);
      },
    });
  return { touched };
}

describe('finds the memory', () => {
  test.each<[string, object]>([
    ['wasmMemory', { ...verbs, wasmMemory: memory }],
    ['wasmExports.memory', { ...verbs, wasmExports: { memory } }],
    ['wasmExports under a short name', { ...verbs, wasmExports: Object.freeze({ a: () => 0, b: memory }) }],
    ['asm', { ...verbs, asm: { memory } }],
    ['HEAPU8 alone', { ...verbs, HEAPU8: new Uint8Array(memory.buffer) }],
    ['HEAP8 alone', { ...verbs, HEAP8: new Int8Array(memory.buffer) }],
    ['malloc and free in the exports', { wasmMemory: memory, wasmExports: { malloc: _malloc, free: _free } }],
    ['getters of a class', new (class { get wasmMemory() { return memory; } get _malloc() { return _malloc; } get _free() { return _free; } })()], // prettier-ignore
  ])('in %s', (_where, emscripten) => {
    const heap = wrapEmscriptenModuleHeap(emscripten);
    const ref = heap.allocInt32(42);
    expect(ref.value).toBe(42);
    expect(module.live.has(ref.address)).toBe(true);
    ref.free();
  });
  test('in the options', () => {
    const heap = wrapEmscriptenModuleHeap({}, { memory, malloc: _malloc, free: _free });
    heap.allocInt32(1).free();
  });
  test('through a HEAPU8 that the module renews after growth', () => {
    const own = fakeModule(new WebAssembly.Memory({ initial: 1 }));
    const emscripten = {
      HEAPU8: new Uint8Array(own.memory.buffer),
      _malloc(bytes: number) {
        const at = own.malloc(bytes);
        emscripten.HEAPU8 = new Uint8Array(own.memory.buffer);
        return at;
      },
      _free: (address: number) => own.free(address),
    };
    const heap = wrapEmscriptenModuleHeap(emscripten);
    const first = heap.allocInt32(7);
    const big = heap.allocUint8Array(200_000);
    expect([first.value, big.length, big.at(-1)]).toEqual([7, 200_000, 0]);
    big.free();
    first.free();
  });
});

test('getters that abort are never read', () => {
  const emscripten = { ...verbs, wasmExports: { memory } };
  const { touched } = aborting(emscripten, 'HEAPU8', 'HEAP8', 'wasmMemory', 'asm', '_calloc', 'then');
  wrapEmscriptenModuleHeap(emscripten).allocInt32(1).free();
  const bare = {};
  const more = aborting(
    bare,
    'HEAPU8',
    'HEAP8',
    'wasmMemory',
    'wasmExports',
    'asm',
    '_malloc',
    '_free',
    'then',
  );
  expect(() => wrapEmscriptenModuleHeap(bare)).toThrow(ModuleError);
  expect([touched, more.touched]).toEqual([[], []]);
});

describe('the error names what is missing', () => {
  test('a memory, with the flags that export one and the names that were found', () => {
    expect(() => wrapEmscriptenModuleHeap({ ...verbs, cwrap: () => 0 })).toThrow(
      expect.objectContaining({
        code: 'MODULE',
        missing: ['wasmMemory', 'HEAPU8'],
        found: ['_malloc', '_free', 'cwrap'],
        flags: '-sEXPORTED_RUNTIME_METHODS=wasmMemory,HEAPU8',
      }),
    );
  });
  test('a malloc, when something is allocated: reading and writing work without', () => {
    const heap = wrapEmscriptenModuleHeap({ wasmMemory: memory });
    heap.writeInt32(512, 5);
    expect(heap.readInt32(512)).toBe(5);
    for (const act of [() => heap.alloc(8), () => heap.allocInt32(1), () => heap.free(512)])
      expect(act).toThrow(
        expect.objectContaining({
          missing: ['_malloc', '_free'],
          flags: '-sEXPORTED_FUNCTIONS=_malloc,_free',
        }),
      );
  });
  test.each([
    [() => ({}), ArgumentTypeError, 'factory'],
    [Promise.resolve({}), ModuleError, 'await'],
    [null, ArgumentTypeError, 'module'],
    [5, ArgumentTypeError, 'module'],
    [undefined, ArgumentTypeError, 'module'],
  ])('%s is not a started module', (wrong, error, word) => {
    expect(() => wrapEmscriptenModuleHeap(wrong as never)).toThrow(error);
    expect(() => wrapEmscriptenModuleHeap(wrong as never)).toThrow(word);
  });
});

test('the calloc and realloc of the module are used if it has them', () => {
  const calls: string[] = [];
  const heap = wrapEmscriptenModuleHeap({
    ...verbs,
    wasmMemory: memory,
    _calloc: (count: number, bytes: number) => (calls.push('calloc'), module.malloc(count * bytes)),
    _realloc: (address: number, bytes: number) => (
      calls.push('realloc'),
      module.free(address),
      module.malloc(bytes)
    ),
  });
  heap.free(heap.realloc(heap.alloc(8), 16));
  expect(calls).toEqual(['calloc', 'realloc']);
});
