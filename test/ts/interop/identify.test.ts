// Which heap a capture returns: never that of an instance which something else made meanwhile.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { captureEmscriptenHeap, coreBytes, ModuleError, type WasmHeapManager } from '../../../ts/index.ts';
import { glueOf, instanceOf, instantiate, newMemory, wasm2jsModule } from '../../support/modules.ts';

const NAMES = ['instantiate', 'instantiateStreaming', 'compile', 'compileStreaming', 'Instance', 'Module'];
const state = (): unknown[] => NAMES.map((name) => Object.getOwnPropertyDescriptor(WebAssembly, name));
let before: unknown[] = [];
beforeEach(() => {
  before = state();
});
afterEach(() => expect(state(), 'WebAssembly as it was').toEqual(before));

/** A module of nothing. */
const EMPTY = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** In some runtimes a fetch makes an instance with another memory. */
const foreign = (): Promise<unknown> => instantiate(newMemory(2));

type Shape = (instance: WebAssembly.Instance, memory: WebAssembly.Memory) => object;
const SHAPES: [string, Shape][] = [
  ['HEAPU8', (instance, memory) => ({ ...glueOf(instance, memory), HEAPU8: new Uint8Array(memory.buffer) })],
  ['HEAP32', (instance, memory) => ({ ...glueOf(instance, memory), HEAP32: new Int32Array(memory.buffer) })],
  ['wasmMemory', (instance, memory) => ({ ...glueOf(instance, memory), wasmMemory: memory })],
  [
    'one exported function',
    ({ exports }, memory) => ({ ...glueOf({ exports }, memory), f: exports.lm_heap_walk }),
  ],
  ['asm', ({ exports }, memory) => ({ ...glueOf({ exports }, memory), asm: exports })],
  [
    'a facade over its module',
    (instance, memory) => ({ _module: { ...glueOf(instance, memory), wasmMemory: memory } }),
  ],
  ['a facade over its instance', (instance, memory) => ({ instance, ...glueOf(instance, memory) })],
  ['itself the instance', (instance) => instance],
  ['itself the exports', (instance) => instance.exports],
  ['functions of JavaScript around those of the instance', glueOf],
];

describe.each(SHAPES)('a module that shows %s', (_name, shape) => {
  test.each([
    ['before', true, false],
    ['after', false, true],
    ['before and after', true, true],
  ])('is found though another instance is made %s its own', async (_when, isBefore, isAfter) => {
    const memory = newMemory();
    const { heap } = await captureEmscriptenHeap(async () => {
      if (isBefore) await foreign();
      const module = shape(await instantiate(memory), memory);
      if (isAfter) await foreign();
      return module;
    });
    expect(heap.buffer).toBe(memory.buffer);
  });
});

/** Invariants of a heap over memory that grows by copying. */
function worksThroughGrowth(heap: WasmHeapManager, module: ReturnType<typeof wasm2jsModule>): void {
  const ref = heap.allocInt32(1);
  module.grow();
  ref.value = 42;
  expect([module.read(ref.address), ref.value, heap.readInt32(ref.address)]).toEqual([42, 42, 42]);
}

describe('a module without an instance, as wasm2js makes it, is taken itself', () => {
  test('though another instance is made meanwhile', async () => {
    const made = wasm2jsModule();
    const { heap, exports, table } = await captureEmscriptenHeap(async () => {
      await foreign();
      return made;
    });
    expect(heap.buffer).toBe(made.HEAPU8.buffer);
    expect([exports, table]).toEqual([undefined, undefined]);
    worksThroughGrowth(heap, made);
  });
  test('and found one property deep', async () => {
    const made = wasm2jsModule();
    const { heap } = await captureEmscriptenHeap(async () => {
      await foreign();
      return { name: 'facade', _module: made };
    });
    worksThroughGrowth(heap, made);
  });
});

describe('a module that proves nothing', () => {
  const hide = async (memory = newMemory()): Promise<object> => {
    const { _malloc } = glueOf(await instantiate(memory), memory);
    return { take: _malloc };
  };
  test('is a ModuleError that lists the instances, even if there is only one', async () => {
    await expect(captureEmscriptenHeap(() => hide())).rejects.toThrow(
      /pick: \(\) => true.*only instance: 0: memory of 65536 bytes, exports lm_/,
    );
    const act = captureEmscriptenHeap(async () => (await foreign(), hide()));
    await expect(act).rejects.toThrow(ModuleError);
    await expect(act).rejects.toThrow(/0: memory of 131072 bytes.*1: memory of 65536 bytes/);
  });
  test('is told by pick', async () => {
    const memory = newMemory();
    const indices: number[] = [];
    const { heap, exports } = await captureEmscriptenHeap(async () => (await foreign(), hide(memory)), {
      pick: (candidate, index) => (indices.push(index), index === 1 && 'lm_heap_alloc' in candidate),
    });
    expect(heap.buffer).toBe(memory.buffer);
    expect(exports?.lm_heap_alloc).toBeTypeOf('function');
    expect(indices).toEqual([0, 1]);
  });
  test('is an error if pick takes none, or several with different memories', async () => {
    const errors = [
      [() => false, 'pick chose no instance that has a memory'],
      [() => true, '2 instances that start() created'],
    ] as const;
    for (const [pick, message] of errors) {
      const act = captureEmscriptenHeap(async () => (await foreign(), hide()), { pick });
      await expect(act).rejects.toThrow(ModuleError);
      await expect(act).rejects.toThrow(message);
    }
  });
  test('instances without a memory, such as of feature tests, are neither picked nor listed', async () => {
    const withProbe = (): Promise<object> => (instanceOf(EMPTY), hide());
    await expect(captureEmscriptenHeap(withProbe)).rejects.toThrow(/The only instance: 1: memory of 65536/);
    const { heap } = await captureEmscriptenHeap(withProbe, { pick: () => true });
    expect(heap.byteLength).toBe(65536);
    const pick = (_exports: object, index: number): boolean => index === 0;
    await expect(captureEmscriptenHeap(withProbe, { pick })).rejects.toThrow('pick chose no instance');
    await expect(captureEmscriptenHeap(() => ({ made: instanceOf(EMPTY) }))).rejects.toThrow(
      /No instance with a memory was created.*first use.*worker.*asm\.js/,
    );
  });
});

describe('a facade whose class hides its instance in a private field', () => {
  class Facade {
    readonly #exports: object;
    constructor(exports: object) {
      this.#exports = exports;
    }
    get wasm(): object {
      return this.#exports;
    }
    get other(): never {
      throw new Error('a getter that nobody asked for');
    }
  }
  const make = async (memory: WebAssembly.Memory): Promise<Facade> =>
    new Facade((await instantiate(memory)).exports);

  test.each<[string, (facade: Facade) => object]>([
    ['itself', (facade) => facade],
    ['one property deep', (bridge) => ({ bridge })],
  ])('is found by the getter: %s', async (_name, wrap) => {
    const memory = newMemory();
    const { heap } = await captureEmscriptenHeap(async () => {
      await foreign();
      return wrap(await make(memory));
    });
    expect(heap.buffer).toBe(memory.buffer);
  });
  test('is not found two properties deep', async () => {
    const act = captureEmscriptenHeap(async () => ({ inner: { facade: await make(newMemory()) } }));
    await expect(act).rejects.toThrow(ModuleError);
  });
  test('that has not started yet is a ModuleError, and not the instance of something else', async () => {
    const act = captureEmscriptenHeap(async () => {
      await foreign();
      return { bridge: new Facade(undefined as never) };
    });
    await expect(act).rejects.toThrow(ModuleError);
  });
});

test('two modules in one result, each with a memory, are a ModuleError and no guess', async () => {
  const act = captureEmscriptenHeap(async () => {
    const [one, other] = [newMemory(), newMemory()];
    return {
      one: { ...glueOf(await instantiate(one), one), wasmMemory: one },
      other: { ...glueOf(await instantiate(other), other), wasmMemory: other },
    };
  });
  await expect(act).rejects.toThrow('2 instances that start() created');
});

test('several instances over one memory are one module', async () => {
  const memory = newMemory();
  const { heap } = await captureEmscriptenHeap(async () => {
    const main = glueOf(await instantiate(memory), memory);
    await instantiate(memory);
    return { ...main, wasmMemory: memory };
  });
  expect(heap.buffer).toBe(memory.buffer);
});

describe('objects that are hard to look into', () => {
  test.each<[string, (module: object) => object]>([
    ['frozen', (module) => Object.freeze(module)],
    ['a proxy', (module) => new Proxy(module, {})],
    ['beside a revoked proxy', (module) => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return { ...module, proxy };
    }],
    ['beside a proxy that refuses everything', (module) => ({
      ...module,
      closed: new Proxy({}, { ownKeys: () => { throw new Error('closed'); }, getOwnPropertyDescriptor: () => { throw new Error('closed'); } }),
    })],
    ['beside getters that throw', (module) => ({ ...module, get HEAP16(): never { throw new Error('Aborted'); } })],
    ['beside the global object', (module) => ({ ...module, root: globalThis })],
  ])('%s', async (_name, wrap) => {
    const memory = newMemory();
    const { heap } = await captureEmscriptenHeap(async () => {
      await foreign();
      return wrap({ ...glueOf(await instantiate(memory), memory), wasmMemory: memory });
    });
    expect(heap.buffer).toBe(memory.buffer);
  }); // prettier-ignore
});

test("a memory that the imports object has, and the module does not import, is not the module's", async () => {
  const own = newMemory(3);
  const { heap } = await captureEmscriptenHeap(async () => {
    const { instance } = await WebAssembly.instantiate(coreBytes(), {
      env: { memory: own },
      other: { memory: newMemory(), table: newMemory(2) },
    });
    return { f: instance.exports.lm_heap_walk };
  });
  expect(heap.buffer).toBe(own.buffer);
});
