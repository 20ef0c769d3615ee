// captureInstances: every instance that a start makes, and WebAssembly as it was in every case.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ArgumentTypeError,
  captureEmscriptenHeap,
  captureInstances,
  coreBytes,
  ModuleError,
  type CaptureTools,
} from '../../../ts/index.ts';
import { glueOf, instantiate, newMemory } from '../../support/modules.ts';

const NAMES = ['instantiate', 'instantiateStreaming', 'compile', 'compileStreaming', 'Instance', 'Module'];
const state = (): unknown[] => NAMES.map((name) => Object.getOwnPropertyDescriptor(WebAssembly, name));
let before: unknown[] = [];
beforeEach(() => {
  before = state();
});
afterEach(() => expect(state(), 'WebAssembly as it was').toEqual(before));

const never = (): Promise<never> => new Promise(() => undefined);
const response = (): Response =>
  new Response(coreBytes(), { headers: { 'Content-Type': 'application/wasm' } });

test('returns the result and each instance with its exports, memory, imports and module', async () => {
  const memories = [newMemory(), newMemory()];
  const made: WebAssembly.Instance[] = [];
  const { result, instances } = await captureInstances(async () => {
    for (const memory of memories) made.push(await instantiate(memory));
    return 'done';
  });
  expect(result).toBe('done');
  expect(instances.length).toBe(2);
  instances.forEach(({ exports, memory, imports, module }, i) => {
    expect(exports).toBe(made[i]?.exports);
    expect(memory).toBe(memories[i]);
    expect(imports).toEqual({ env: { memory } });
    expect(module).toBeInstanceOf(WebAssembly.Module);
  });
});

test('tells the module of an instance however it was made', async () => {
  const imports = (): WebAssembly.Imports => ({ env: { memory: newMemory() } });
  const { instances } = await captureInstances(async () => {
    const module = await WebAssembly.compile(coreBytes());
    await WebAssembly.instantiate(module, imports());
    await WebAssembly.instantiate(coreBytes(), imports());
    await WebAssembly.instantiateStreaming(response(), imports());
    await WebAssembly.instantiateStreaming(Promise.resolve(response()), imports());
    return new WebAssembly.Instance(await WebAssembly.compileStreaming(response()), imports());
  });
  expect(instances.map(({ module }) => module && WebAssembly.Module.exports(module).length > 5)).toEqual(
    Array(5).fill(true),
  );
});

test('an instance without imports, without a memory, is listed too', async () => {
  const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const { instances } = await captureInstances(() => WebAssembly.instantiate(empty));
  expect(instances).toMatchObject([{ memory: undefined, imports: {} }]);
});

test('a failed streaming start fails as it does without a capture', async () => {
  const act = (): Promise<unknown> =>
    captureInstances(() => WebAssembly.instantiateStreaming(new Response('no wasm')));
  await expect(act()).rejects.toThrow(TypeError); // the MIME type is wrong
  await expect(captureInstances(() => WebAssembly.instantiateStreaming('x' as never))).rejects.toThrow(
    TypeError,
  );
});

test.each([5, null, undefined, {}])('a start that is %s is refused', async (wrong) =>
  expect(captureInstances(wrong as never)).rejects.toThrow(ArgumentTypeError),
);

describe('the option signal', () => {
  test('ends a capture whose start never settles, with its reason', async () => {
    const controller = new AbortController();
    const act = captureInstances(never, { signal: controller.signal });
    controller.abort(new Error('too long'));
    await expect(act).rejects.toThrow('too long');
  });
  test('that is aborted already refuses before start is called', async () => {
    let called = false;
    const act = captureInstances(() => (called = true), { signal: AbortSignal.abort(new Error('before')) });
    await expect(act).rejects.toThrow('before');
    expect(called).toBe(false);
  });
  test('that aborts one of two captures leaves the other working', async () => {
    const controller = new AbortController();
    const memory = newMemory();
    const aborted = captureEmscriptenHeap(never, { signal: controller.signal });
    const other = captureEmscriptenHeap(async () => {
      controller.abort(new Error('one'));
      await expect(aborted).rejects.toThrow('one');
      return { ...glueOf(await instantiate(memory), memory), wasmMemory: memory };
    });
    expect((await other).heap.buffer).toBe(memory.buffer);
  });
  test('that is never aborted keeps no listener', async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
    await captureInstances(() => 1, { signal });
    await expect(captureInstances(() => Promise.reject(new Error('x')), { signal })).rejects.toThrow('x');
    expect(listeners).toBe(0);
  });
  test.each([5, {}, 'soon'])('that is %s is refused', async (wrong) =>
    expect(captureInstances(() => 1, { signal: wrong as never })).rejects.toThrow(ArgumentTypeError),
  );
});

describe('instantiateWasm, where WebAssembly must not be touched', () => {
  /** Calls the hook as an Emscripten module does. */
  const create = ({ instantiateWasm }: Record<string, ReturnType<CaptureTools['instantiateWasm']>>, memory = newMemory()) =>
    new Promise<object>((resolve) => {
      instantiateWasm?.({ env: { memory } }, (instance) => resolve({ f: instance.exports.lm_heap_walk, ...glueOf(instance, memory) }));
    }); // prettier-ignore

  test.each<[string, () => Parameters<CaptureTools['instantiateWasm']>[0]]>([
    ['bytes', coreBytes],
    ['a module', () => new WebAssembly.Module(coreBytes())],
    ['a response', response],
    ['a promise of a response', () => Promise.resolve(response())],
    ['a promise of bytes', () => Promise.resolve(coreBytes())],
  ])('makes the instance from %s', async (_name, source) => {
    const memory = newMemory();
    const untouched = WebAssembly.instantiate;
    const { heap } = await captureEmscriptenHeap(
      (tools) => {
        expect(WebAssembly.instantiate).toBe(untouched);
        return create({ instantiateWasm: tools.instantiateWasm(source()) }, memory);
      },
      { watchGlobals: false },
    );
    expect(heap.buffer).toBe(memory.buffer);
  });
  test('works beside the watch too, and tells of an instance once', async () => {
    const { instances } = await captureInstances((tools) =>
      create({ instantiateWasm: tools.instantiateWasm(coreBytes()) }),
    );
    expect(instances.length).toBe(1);
  });
  test('ends the capture if the instance cannot be made, though the module waits', async () => {
    const act = captureInstances((tools) =>
      create({ instantiateWasm: tools.instantiateWasm(new Uint8Array(8)) }),
    );
    await expect(act).rejects.toThrow(ModuleError);
    await expect(act).rejects.toMatchObject({ cause: expect.any(WebAssembly.CompileError) as Error });
  });
  test.each([undefined, null, 5])('refuses %s as a binary', async (wrong) =>
    expect(captureInstances((tools) => tools.instantiateWasm(wrong as never))).rejects.toThrow(
      ArgumentTypeError,
    ),
  );
});

/** An object with a method `then`. */
const thenable = (then: (done: (value: unknown) => void, fail: (error: unknown) => void) => void): never =>
  Object.assign({}, Object.fromEntries([['then', then]])) as never; // as a literal it would be refused

describe('results that are thenables', () => {
  test('a module that resolves to itself, as old Emscripten did, is waited for once', async () => {
    const memory = newMemory();
    const module = { ...glueOf(await instantiate(memory), memory), wasmMemory: memory };
    const self: object = Object.assign(
      thenable((done) => done(self)),
      module,
    );
    const captured = await captureEmscriptenHeap(() => self as never);
    expect((captured.module as typeof module).wasmMemory).toBe(memory);
    expect(captured.heap.buffer).toBe(memory.buffer);
  });
  test('that reject or throw pass their error on', async () => {
    const boom = new Error('boom');
    const throwing = (): never => { throw boom; }; // prettier-ignore
    await expect(captureInstances(() => thenable(throwing))).rejects.toBe(boom);
    await expect(captureInstances(() => thenable((_done, fail) => fail(boom)))).rejects.toBe(boom);
  });
});

test('the table of indirect calls is found, exported or imported', async () => {
  // (module (memory (export "memory") 1) (table (export "t") 1 funcref) (func (export "f")))
  const bytes = new Uint8Array([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 4, 4, 1, 0x70, 0, 1, 5, 3, 1, 0, 1,
    7, 18, 3, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 0, 1, 0x74, 1, 0, 1, 0x66, 0, 0, 10, 4, 1, 2, 0, 0x0b,
  ]); // prettier-ignore
  const { table, exports } = await captureEmscriptenHeap(async () => {
    const { instance } = await WebAssembly.instantiate(bytes);
    return { f: instance.exports.f };
  });
  expect(table).toBeInstanceOf(WebAssembly.Table);
  expect(table).toBe(exports?.t);
  const imported = new WebAssembly.Table({ initial: 1, element: 'anyfunc' });
  const memory = newMemory();
  const captured = await captureEmscriptenHeap(async () => {
    const { instance } = await WebAssembly.instantiate(coreBytes(), { env: { memory, table: imported } });
    return { f: instance.exports.lm_heap_walk };
  });
  expect(captured.table).toBe(imported);
});
