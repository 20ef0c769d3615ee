// Revoked proxies, every use of which throws an error of the engine, in the place of everything that interop takes.
import { describe, expect, test } from 'vitest';
import {
  ArgumentTypeError,
  captureEmscriptenHeap,
  captureInstances,
  copyBlockToHeap,
  copyToHeap,
  createGuestHeap,
  createHeap,
  createHeapSync,
  f64,
  LinmemError,
  ModuleError,
  pointerOf,
  runOnStack,
  webassembly,
  wrapAssemblyScript,
  wrapEmscriptenModuleHeap,
  wrapHeap,
} from '../../../ts/index.ts';

/** A revoked proxy of any type. */
function revoked(target: object = {}): never {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy as never;
}
const revokedFunction = (): never => revoked(() => 0);

const newMemory = (): WebAssembly.Memory => new WebAssembly.Memory({ initial: 1 });
const glue = (more: object = {}): object => ({
  wasmMemory: newMemory(),
  _malloc: () => 1024,
  _free: () => undefined,
  ...more,
});
const described = (descriptor: object): unknown =>
  webassembly.fromMemory(newMemory()).view({ ptr: 8, length: 1, dtype: f64, ...descriptor });
const module = (): ReturnType<typeof webassembly.fromMemory> => webassembly.fromMemory(newMemory());
const free = (): undefined => undefined;

const ARGUMENTS: readonly (readonly [string, () => unknown])[] = [
  ['a module of wrapHeap', () => wrapHeap(revoked())],
  ['a factory of wrapHeap', () => wrapHeap(revokedFunction())],
  ['a module of wrapEmscriptenModuleHeap', () => wrapEmscriptenModuleHeap(revoked())],
  ['options of wrapHeap', () => wrapHeap(glue(), revoked())],
  ['options of wrapEmscriptenModuleHeap', () => wrapEmscriptenModuleHeap(glue(), revoked())],
  ['an adapter', () => wrapHeap(glue(), { adapter: revoked() })],
  ['the malloc of an adapter', () => wrapHeap(glue(), { adapter: { malloc: revokedFunction(), free } })],
  ['the free of an adapter', () => wrapHeap(glue(), { adapter: { malloc: () => 8, free: revokedFunction() } })],
  ['the option malloc', () => wrapHeap(glue(), { malloc: revokedFunction() })],
  ['the option free', () => wrapHeap(glue(), { free: revokedFunction() })],
  ['the option bytes', () => wrapHeap(glue(), { bytes: revoked() })],
  ['the memory of createHeapSync', () => createHeapSync({ memory: revoked() })],
  ['options of createHeapSync', () => createHeapSync(revoked())],
  ['options of createHeap', () => createHeap(revoked())],
  ['a module of createGuestHeap', () => createGuestHeap(revoked())],
  ['options of createGuestHeap', () => createGuestHeap(glue(), revoked())],
  ['a module of runOnStack', () => runOnStack(revoked(), () => 0)],
  ['a function of runOnStack', () => runOnStack(glue(), revokedFunction())],
  ['exports of wrapAssemblyScript', () => wrapAssemblyScript(revoked())],
  ['options of wrapAssemblyScript', () => wrapAssemblyScript({ memory: newMemory() }, revoked())],
  ['an instance of webassembly', () => webassembly.fromInstance(revoked())],
  ['exports of webassembly', () => webassembly.fromExports(revoked())],
  ['a memory of webassembly', () => webassembly.fromMemory(revoked())],
  ['options of webassembly', () => webassembly.fromExports({}, revoked())],
  ['options of a memory of webassembly', () => webassembly.fromMemory(newMemory(), revoked())],
  ['a descriptor of a view', () => module().view(revoked())],
  ['a descriptor of bytes', () => module().readBytes(revoked())],
  ['a range to read', () => module().read(f64, revoked())],
  ['options of text to read', () => module().readText(8, 1, revoked())],
  ['options of UTF-8 to read', () => module().readUtf8(8, 1, revoked())],
  ['options of text to write', () => module().writeText(8, 'a', 1, revoked())],
  ['a ptr', () => described({ ptr: revoked() })],
  ['a function that gives a ptr', () => described({ ptr: revokedFunction() })],
  ['a function of a description', () => described({ ptr: { function: revokedFunction() } })],
  ['a global of a description', () => described({ ptr: { global: revoked() } })],
  ['a length', () => described({ length: revoked() })],
  ['a dtype', () => described({ dtype: revoked() })],
  ['a memory of a descriptor', () => described({ memory: revoked() })],
  ['a name', () => described({ name: revoked() })],
  ['args of a function', () => described({ ptr: { function: () => 8, args: revoked([]) } })],
  ['a type to read', () => module().read(revoked(), { ptr: 8 })],
  ['a type to write', () => module().write(revoked(), { ptr: 8 }, 1 as never)],
  ['a codec to read', () => module().readText(8, 1, { codec: revoked() })],
  ['a codec to write', () => module().writeText(8, 'a', 1, { codec: revoked() })],
  ['a target of copyInto', () => (described({}) as { copyInto(target: unknown): unknown }).copyInto(revoked())],
  ['a source of copyToHeap', () => copyToHeap(revoked(), createHeapSync())],
  ['a heap of copyToHeap', () => copyToHeap(createHeapSync().allocInt32(1), revoked())],
  ['a heap of copyBlockToHeap', () => copyBlockToHeap(revoked(), 8, createHeapSync())],
  ['a ref of pointerOf', () => pointerOf(revoked())],
  ['a start of captureEmscriptenHeap', () => captureEmscriptenHeap(revokedFunction())],
  ['a start of captureInstances', () => captureInstances(revokedFunction())],
  ['options of captureEmscriptenHeap', () => captureEmscriptenHeap(glue, revoked())],
  ['options of captureInstances', () => captureInstances(glue, revoked())],
  ['the option signal', () => captureEmscriptenHeap(glue, { signal: revoked() })],
  ['the option pick', () => captureEmscriptenHeap(glue, { pick: revokedFunction() })],
  ['the result of start', () => captureEmscriptenHeap(() => revoked())],
]; // prettier-ignore

const MODULES: readonly (readonly [string, () => unknown])[] = [
  ['exports of an instance', () => wrapHeap({ instance: { exports: revoked() } })],
  ['exports in glue', () => wrapHeap({ asm: revoked(), _malloc: () => 8 })],
  ['a memory in glue', () => wrapHeap({ wasmMemory: revoked(), _malloc: () => 8 })],
  ['a HEAPU8', () => wrapHeap({ HEAPU8: revoked(), _malloc: () => 8 })],
  ['a malloc in glue', () => wrapHeap(glue({ _malloc: revokedFunction() })).alloc(8)],
  ['the option memory', () => wrapHeap(glue(), { memory: revoked() })],
  ['a memory for a guest', () => createGuestHeap(glue(), { memory: revoked() })],
  ['what the result of start carries', () => captureEmscriptenHeap(() => ({ module: revoked() }))],
  ['the binary of instantiateWasm', () => captureInstances(async ({ instantiateWasm }) => {
    await new Promise((receive) => instantiateWasm(revoked())({}, receive));
  })],
]; // prettier-ignore

const WEBASSEMBLY = Object.getOwnPropertyNames(WebAssembly);
const state = (): unknown[] => WEBASSEMBLY.map((name) => Object.getOwnPropertyDescriptor(WebAssembly, name));

describe('a revoked proxy as', () => {
  test.each([
    ...ARGUMENTS.map(([name, act]) => [name, act, ArgumentTypeError] as const),
    ...MODULES.map(([name, act]) => [name, act, ModuleError] as const),
  ])('%s is an error of linmem', async (_name, act, expected) => {
    const before = state();
    await expect((async () => act())()).rejects.toThrow(expected);
    expect(state(), 'WebAssembly as it was').toEqual(before);
  });
  test('a free in glue is not called: blocks are freed inside those of malloc', () => {
    const heap = wrapHeap(glue({ _free: revokedFunction() }));
    heap.allocInt32(1).free();
    expect(heap.statistics.liveBlocks).toBe(0);
  });
});

test.each([null, 5, 'utf8', Symbol('utf8'), {}, () => 0])('%s is no type, no codec and no name', (wrong) => {
  const text = new TextEncoder().encode('abc');
  const wasm = module();
  wasm.writeBytes({ ptr: 8, byteLength: 3 }, text);
  const acts = [
    () => wasm.read(wrong as never, { ptr: 8 }),
    () => wasm.write(wrong as never, { ptr: 8 }, 1 as never),
    () => wasm.readText(8, 3, { codec: wrong as never }),
    () => wasm.writeText(8, 'def', 3, { codec: wrong as never }),
    () => described({ name: typeof wrong === 'string' ? 5 : wrong }),
  ];
  for (const act of acts) expect(act).toThrow(ArgumentTypeError);
  expect(wasm.copyBytes({ ptr: 8, byteLength: 3 })).toEqual(text);
});

test('what an error says of a revoked proxy, and of options that are none', () => {
  expect(() => wrapHeap(revoked())).toThrow('not a revoked proxy');
  for (const wrong of [null, 5, 'text'])
    expect(() => module().view(wrong as never)).toThrow('expected WasmModule: an object with a ptr');
});

test('an error of a user that reading an adapter throws is passed on', () => {
  const boom = new LinmemError('Module', 'boom');
  const adapter = {
    get malloc(): never {
      throw boom;
    },
    free,
  };
  expect(() => wrapHeap(glue(), { adapter })).toThrow(boom);
});
