import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ArgumentTypeError,
  captureEmscriptenHeap,
  captureInstances,
  coreBytes,
  ModuleError,
} from '../../../ts/index.ts';

// linmem's own core stands in for an Emscripten module: its malloc is an export of a real instance.
interface Emscripten {
  _malloc(bytes: number): number;
  _free(address: number): void;
  _open: unknown;
}
const emscripten = ({ exports }: WebAssembly.Instance, memory: WebAssembly.Memory): Emscripten => {
  const core = exports as Record<string, (...args: number[]) => number>;
  const heap = core.lm_heap_open?.(1024, memory.buffer.byteLength - 1024, 1) ?? 0;
  return {
    _malloc: (bytes) => core.lm_heap_alloc?.(heap, bytes) ?? 0,
    _free: (address) => void core.lm_heap_free?.(heap, address),
    _open: core.lm_heap_open,
  };
};
const newMemory = (): WebAssembly.Memory => new WebAssembly.Memory({ initial: 1 });
const start = async (memory = newMemory()): Promise<Emscripten> => {
  const { instance } = await WebAssembly.instantiate(coreBytes(), { env: { memory } });
  return emscripten(instance, memory);
};

const NAMES = ['instantiate', 'instantiateStreaming', 'Instance'];
const state = (): unknown[] => NAMES.map((name) => Object.getOwnPropertyDescriptor(WebAssembly, name));
let before: unknown[] = [];
beforeEach(() => {
  before = state();
});
afterEach(() => expect(state(), 'WebAssembly as it was').toEqual(before));

const ways: [string, (memory: WebAssembly.Memory) => Promise<Emscripten> | Emscripten][] = [
  ['instantiate(bytes)', start],
  [
    'instantiate(module)',
    async (memory) =>
      emscripten(
        await WebAssembly.instantiate(new WebAssembly.Module(coreBytes()), { env: { memory } }),
        memory,
      ),
  ],
  [
    'new Instance, synchronously',
    (memory) =>
      emscripten(new WebAssembly.Instance(new WebAssembly.Module(coreBytes()), { env: { memory } }), memory),
  ],
  [
    'instantiateStreaming',
    async (memory) => {
      const response = new Response(coreBytes(), { headers: { 'Content-Type': 'application/wasm' } });
      const { instance } = await WebAssembly.instantiateStreaming(response, { env: { memory } });
      return emscripten(instance, memory);
    },
  ],
];

test.each(ways)('a module started by %s is captured with its memory', async (_way, begin) => {
  const memory = newMemory();
  const { module, heap } = await captureEmscriptenHeap(() => begin(memory));
  expect(module._malloc).toBeTypeOf('function');
  expect(heap.buffer).toBe(memory.buffer);
  const ref = heap.allocFloat64Array(20_000).set([1.5], 19_999);
  expect(ref.at(-1)).toBe(1.5);
  ref.free();
  expect(heap.statistics.liveBlocks).toBe(0);
});

test('instances are unchanged by capturing: instanceof, results, errors', async () => {
  await captureEmscriptenHeap(async () => {
    const made = new WebAssembly.Instance(new WebAssembly.Module(coreBytes()), {
      env: { memory: newMemory() },
    });
    expect(made).toBeInstanceOf(WebAssembly.Instance);
    expect(Object.getPrototypeOf(made)).toBe(WebAssembly.Instance.prototype);
    await expect(WebAssembly.instantiate(new Uint8Array(4))).rejects.toThrow(WebAssembly.CompileError);
    expect(() => new WebAssembly.Instance({} as never)).toThrow(TypeError);
    return emscripten(made, (made.exports as { memory?: WebAssembly.Memory }).memory ?? newMemory());
  });
});

test('a subclass of WebAssembly.Instance keeps its class while instances are captured', async () => {
  await captureEmscriptenHeap(() => {
    class Own extends WebAssembly.Instance {}
    const memory = newMemory();
    const made = new Own(new WebAssembly.Module(coreBytes()), { env: { memory } });
    expect(made).toBeInstanceOf(Own);
    return emscripten(made, memory);
  });
});

test('getters of the module that abort are never read', async () => {
  let touched = 0;
  const { heap } = await captureEmscriptenHeap(async () =>
    Object.defineProperty(await start(), 'HEAPU8', {
      enumerable: true,
      get: () => {
        touched++;
        throw new Error('Aborted');
      },
    }),
  );
  heap.allocInt32(1).free();
  expect(touched).toBe(0);
});

describe('a start function that fails', () => {
  test('by throwing, rejecting, or compiling invalid bytes passes its own error on', async () => {
    const boom = new Error('boom');
    await expect(captureEmscriptenHeap(() => { throw boom; })).rejects.toBe(boom); // prettier-ignore
    await expect(captureEmscriptenHeap(() => Promise.reject(boom))).rejects.toBe(boom);
    await expect(
      captureEmscriptenHeap(() => WebAssembly.instantiate(new Uint8Array(8)) as never),
    ).rejects.toThrow(WebAssembly.CompileError);
  });
  test('to make an instance is a ModuleError', async () => {
    await expect(captureEmscriptenHeap(() => ({ _malloc: () => 0 }))).rejects.toThrow(ModuleError);
    await expect(captureEmscriptenHeap(() => undefined)).rejects.toThrow(
      expect.objectContaining({ missing: ['memory'] }),
    );
  });
  test.each([5, null, undefined, {}])('because it is not a function is refused: %s', async (wrong) =>
    expect(captureEmscriptenHeap(wrong as never)).rejects.toThrow(ArgumentTypeError),
  );
  test.each([5, null, 'pick', () => true])('because of options that are no object: %s', async (wrong) => {
    let starts = 0;
    for (const capture of [captureEmscriptenHeap, captureInstances])
      await expect(capture(() => starts++, wrong as never)).rejects.toThrow('an options object');
    expect(starts).toBe(0);
  });
});

describe('several', () => {
  test('concurrent captures get the heap of their own module', async () => {
    const memories = [newMemory(), newMemory(), newMemory()];
    const captured = await Promise.all(memories.map((memory) => captureEmscriptenHeap(() => start(memory))));
    captured.forEach(({ heap }, i) => expect(heap.buffer).toBe(memories[i]?.buffer));
  });
  test('instances in one start are distinguished by the exports on the module', async () => {
    const memory = newMemory();
    const { heap } = await captureEmscriptenHeap(async () => {
      await start();
      const module = await start(memory);
      await start();
      return module;
    });
    expect(heap.buffer).toBe(memory.buffer);
  });
  test('instances that cannot be distinguished are a ModuleError', async () => {
    const act = captureEmscriptenHeap(async () => {
      await start();
      await start();
      return {};
    });
    await expect(act).rejects.toThrow(ModuleError);
  });
  test('nested captures restore WebAssembly, also if the inner one fails', async () => {
    const memory = newMemory();
    const { heap } = await captureEmscriptenHeap(async () => {
      await expect(captureEmscriptenHeap(() => Promise.reject(new Error('inner')))).rejects.toThrow('inner');
      return start(memory);
    });
    expect(heap.buffer).toBe(memory.buffer);
  });
});

test('a replacement made by other code in the meantime stays', async () => {
  const original = WebAssembly.instantiate;
  let ours: unknown;
  await captureEmscriptenHeap(async () => {
    ours = WebAssembly.instantiate;
    const inner = WebAssembly.instantiate as (...args: unknown[]) => Promise<unknown>;
    WebAssembly.instantiate = ((...args: unknown[]) => inner(...args)) as never;
    return start();
  });
  expect(WebAssembly.instantiate).not.toBe(ours);
  expect(WebAssembly.instantiate).not.toBe(original);
  const memory = newMemory();
  const { heap } = await captureEmscriptenHeap(() => start(memory));
  expect(heap.buffer).toBe(memory.buffer);
  WebAssembly.instantiate = original;
});

test('if WebAssembly cannot be patched it is a ModuleError, and start is not run', async () => {
  const property = Object.getOwnPropertyDescriptor(WebAssembly, 'Instance') as PropertyDescriptor;
  const frozen = new Proxy(WebAssembly, { defineProperty: () => false });
  const real = globalThis.WebAssembly;
  let ran = false;
  try {
    globalThis.WebAssembly = frozen as never;
    await expect(captureEmscriptenHeap(() => ((ran = true), start()))).rejects.toThrow(ModuleError);
  } finally {
    globalThis.WebAssembly = real;
  }
  expect(ran).toBe(false);
  expect(Object.getOwnPropertyDescriptor(WebAssembly, 'Instance')).toEqual(property);
});
