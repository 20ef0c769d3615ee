// Where the memory of a module is, and that no access goes to one that the module left behind.
import { describe, expect, test } from 'vitest';
import {
  ArgumentTypeError,
  createGuestHeap,
  ModuleError,
  wrapEmscriptenModuleHeap,
  wrapHeap,
} from '../../../ts/index.ts';
import { isEngineMemory } from '../../../ts/interop/module-memory.ts';
import { assemble } from '../../support/assemble.ts';
import { fakeModule } from '../../support/heap.ts';
import { newMemory, wasm2jsModule } from '../../support/modules.ts';

describe('memory that is copied to grow, as in wasm2js, is asked for before each access', () => {
  type Copied = ReturnType<typeof wasm2jsModule>;
  /** A WebAssembly.Memory as wasm2js has it. */
  const memoryOf = (module: Copied): object => ({
    get buffer() {
      return module.HEAPU8.buffer;
    },
    grow: () => module.grow(),
  });
  test.each<[string, (module: Copied) => object]>([
    ['HEAPU8', (module) => module],
    ['wasmMemory', (module) => ({ _malloc: module._malloc, _free: module._free, wasmMemory: memoryOf(module) })],
    ['asm.memory', (module) => ({ _malloc: module._malloc, _free: module._free, asm: { memory: memoryOf(module), f: () => 0 } })],
  ])('known by %s', (_name, shape) => {
    for (const wrap of [wrapEmscriptenModuleHeap, wrapHeap]) {
      const module = wasm2jsModule();
      const heap = wrap(shape(module));
      const ref = heap.allocInt32(1);
      const array = heap.allocInt32Array([1, 2]);
      module.grow();
      ref.value = 42;
      array.set([7, 8]);
      heap.writeInt32(512, 9);
      heap.writeNullTerminatedUtf8String(600, 'new');
      expect([module.read(ref.address), module.read(array.address + 4), module.read(512)]).toEqual([42, 8, 9]);
      expect([ref.value, array.at(1), heap.readNullTerminatedUtf8String(600)]).toEqual([42, 8, 'new']);
      heap.allocUint8Array(300_000).set([5], 299_999);
      expect(ref.value).toBe(42);
    }
  }); // prettier-ignore
});

test("a buffer that is no WebAssembly memory's is never taken for one, and buffers stay as they are", () => {
  const memory = newMemory();
  const plain = new ArrayBuffer(65536);
  isEngineMemory(memory.buffer); // proved in some engines; asked for each time in the others
  expect(isEngineMemory(plain)).toBe(false);
  expect([memory.buffer.byteLength, plain.byteLength]).toEqual([65536, 65536]);
  expect(isEngineMemory(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer)).toBe(true);
});

describe('a HEAPU8 that the module does not renew when its memory grows', () => {
  const stale = (): { module: object; fake: ReturnType<typeof fakeModule> } => {
    const fake = fakeModule(new WebAssembly.Memory({ initial: 1, maximum: 16, shared: true }));
    const module = { HEAPU8: new Uint8Array(fake.memory.buffer), _malloc: (n: number) => fake.malloc(n), _free: (at: number) => fake.free(at) }; // prettier-ignore
    return { module, fake };
  };
  test('is a ModuleError once a block lies beyond it, and the block is freed first', () => {
    const { module, fake } = stale();
    const heap = wrapEmscriptenModuleHeap(module);
    const ref = heap.allocInt32(1);
    const act = (): unknown => heap.alloc(100_000);
    expect(act).toThrow(ModuleError);
    expect(act).toThrow(/HEAPU8.*captureEmscriptenHeap.*wasmMemory/);
    expect([...fake.live.keys()]).toEqual([ref.address]);
    ref.free();
  });
  test('is cured by the option memory', () => {
    const { module, fake } = stale();
    const heap = wrapEmscriptenModuleHeap(module, { memory: fake.memory });
    heap.allocUint8Array(100_000).free();
    expect(fake.live.size).toBe(0);
  });
});

describe('several memories', () => {
  const one = newMemory();
  const other = newMemory(2);
  test('are a ModuleError that names them', () => {
    expect(() => wrapHeap({ memory: one, second: other, f: () => 0 })).toThrow(
      /2 memories \(memory, second\).*option memory/,
    );
  });
  test('are told apart by the option memory, or by the view that the module has of one', () => {
    expect(wrapHeap({ memory: one, second: other }, { memory: other }).buffer).toBe(other.buffer);
    const module = { HEAPU8: new Uint8Array(other.buffer), asm: { a: one, b: other } };
    expect(wrapEmscriptenModuleHeap(module).buffer).toBe(other.buffer);
  });
});

describe('wrapHeap takes', () => {
  const fake = fakeModule();
  const instance = assemble(
    { malloc: ['i:i', (n: number) => fake.malloc(n)], free: ['i:', (at: number) => fake.free(at)] },
    fake.memory,
  );
  test.each<[string, object]>([
    ['an instance', instance],
    ['its exports', instance.exports],
    ['what WebAssembly.instantiate resolves to', { module: new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])), instance }],
    ['what captureInstances lists', { exports: instance.exports, memory: fake.memory, imports: {}, module: undefined }],
    ['an Emscripten module', { wasmMemory: fake.memory, _malloc: (n: number) => fake.malloc(n), _free: (at: number) => fake.free(at) }],
    ['a facade over its exports', { name: 'facade', wasm: instance.exports }],
    ['exports copied to another object', { ...instance.exports }],
  ])('%s', (_name, module) => {
    const heap = wrapHeap(module);
    const ref = heap.allocInt32(42);
    expect([ref.value, fake.live.has(ref.address)]).toEqual([42, true]);
    ref.free();
  }); // prettier-ignore
  test('a memory alone, to read and write', () => {
    const heap = wrapHeap(newMemory());
    heap.writeInt32(0, 7);
    expect(heap.readInt32(0)).toBe(7);
    expect(() => heap.alloc(8)).toThrow(ModuleError);
  });
  test('an instance whose memory is imported, with the option memory', () => {
    const { exports } = assemble({
      malloc: ['i:i', (n: number) => fake.malloc(n)],
      free: ['i:', (at: number) => fake.free(at)],
    });
    expect(() => wrapHeap(exports)).toThrow(/imports.*option memory/);
    wrapHeap(exports, { memory: fake.memory }).allocInt32(1).free();
  });
  test.each<[unknown, string]>([
    [() => ({}), 'call this factory'],
    [Promise.resolve({}), 'await'],
    [new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])), 'WebAssembly.instantiate'],
    [null, 'an instance'],
    [undefined, 'an instance'],
    [5, 'an instance'],
  ])('not %s', (wrong, word) => {
    expect(() => wrapHeap(wrong as never)).toThrow(ArgumentTypeError);
    expect(() => wrapHeap(wrong as never)).toThrow(word);
  });
  test.each([null, 5, 'memory', () => 1])('no options that are no object: %s', (wrong) => {
    for (const wrap of [wrapHeap, wrapEmscriptenModuleHeap, createGuestHeap])
      for (const module of [fake.memory, { wasmMemory: fake.memory }])
        expect(() => wrap(module, wrong as never)).toThrow(
          expect.objectContaining({ code: 'INVALID_TYPE', message: expect.stringContaining('an options object') as string }),
        );
  }); // prettier-ignore
  test('not an object that shows nothing', () => {
    expect(() => wrapHeap({})).toThrow(expect.objectContaining({ code: 'MODULE', missing: ['memory'] }));
  });
  test('not an object that only says that it is a memory', () => {
    expect(() => wrapHeap({ [Symbol.toStringTag]: 'WebAssembly.Memory' })).toThrow(ModuleError);
  });
});

test("a heap in another realm's memory works", () => {
  const frame =
    typeof document === 'object' ? document.body.appendChild(document.createElement('iframe')) : undefined;
  const foreign =
    (frame?.contentWindow as unknown as typeof globalThis | undefined)?.WebAssembly ?? WebAssembly;
  const heap = wrapHeap({ memory: new foreign.Memory({ initial: 1 }) });
  heap.writeInt32(8, 5);
  expect(heap.readInt32(8)).toBe(5);
  frame?.remove();
});

describe('a module that is started again, with another memory', () => {
  test('is a ModuleError when it allocates, and not a block in the old memory', () => {
    const [first, second] = [fakeModule(), fakeModule()];
    let fake = first;
    const module = {
      wasmMemory: first.memory,
      _malloc: (n: number) => fake.malloc(n),
      _free: (at: number) => fake.free(at),
    };
    const heap = wrapEmscriptenModuleHeap(module);
    heap.allocInt32(1).free();
    fake = second;
    module.wasmMemory = second.memory;
    expect(() => heap.alloc(8)).toThrow('another memory');
    wrapEmscriptenModuleHeap(module).allocInt32(1).free();
  });
  test('is followed if it is known by HEAPU8', () => {
    let fake = fakeModule();
    const module = {
      HEAPU8: new Uint8Array(fake.memory.buffer),
      _malloc: (n: number) => fake.malloc(n),
      _free: (at: number) => fake.free(at),
    };
    const heap = wrapEmscriptenModuleHeap(module);
    fake = fakeModule(newMemory(2));
    module.HEAPU8 = new Uint8Array(fake.memory.buffer);
    expect(heap.byteLength).toBe(131_072);
    heap.allocInt32(1).free();
  });
});

describe('modules that are hard to look into', () => {
  const fake = fakeModule();
  const module = {
    wasmMemory: fake.memory,
    _malloc: (n: number) => fake.malloc(n),
    _free: (at: number) => fake.free(at),
  };
  test.each<[string, object]>([
    ['frozen', Object.freeze({ ...module })],
    ['without a prototype', Object.assign(Object.create(null) as object, module)],
    ['a proxy', new Proxy(module, {})],
  ])('%s', (_name, hard) => {
    for (const wrap of [wrapHeap, wrapEmscriptenModuleHeap]) wrap(hard).allocInt32(1).free();
    expect(fake.live.size).toBe(0);
  });
  test('a revoked proxy is an error of linmem', () => {
    const { proxy, revoke } = Proxy.revocable(module, {});
    revoke();
    expect(() => wrapHeap(proxy)).toThrow(/module|memory/);
  });
});
