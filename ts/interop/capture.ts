// SPDX-License-Identifier: MIT
// Captures the instances that a module creates while it starts, and the heap of a module that hides its memory.
import { ArgumentTypeError, wrongType } from '../errors.ts';
import { ownOptions } from '../heap/options.ts';
import type { WasmHeapManager } from '../manager/manager.ts';
import { carriersOf, identify, type PickInstance } from './identify.ts';
import { createInstantiateWasm, type InstantiateWasm } from './instantiate-wasm.ts';
import { importedValues, watchInstances, type ModuleInstance, type Watch } from './instances.ts';
import { bytesOfModule } from './module-bytes.ts';
import { wrapEmscriptenModuleHeap } from './emscripten.ts';
import { anyModule } from './find-adapter.ts';
import { heapOfModule, type ModuleHeapOptions } from './module-heap.ts';
import { exportsOfGlue, type ModuleShape } from './module-kind.ts';
import { findMemory, memoryOf, type FoundMemory } from './module-memory.ts';
import { dataValues, functionIn, isFunction, isMemory, isTable, peek } from './properties.ts';
import { settle, type Settled } from './settle.ts';
import type { PlatformAbortSignal, WebAssemblyExports, WebAssemblyTable } from '../memory/platform-types.ts';

/** The argument that {@link captureInstances} passes to the function that starts a module. */
export interface CaptureTools {
  /**
   * Returns a hook `instantiateWasm` of Emscripten for the module's binary, where the functions of WebAssembly cannot
   * be replaced: `createModule({ instantiateWasm: tools.instantiateWasm(bytes) })`.
   */
  readonly instantiateWasm: InstantiateWasm;
}

/** Starts a module and returns it or a promise of it. */
export type StartModule<R> = (tools: CaptureTools) => R | PromiseLike<R>;

/** Options of {@link captureInstances}. */
export interface CaptureOptions {
  /** Ends the capture: it rejects with the signal's reason, and the functions of WebAssembly are restored. */
  readonly signal?: PlatformAbortSignal;
  /**
   * True if the functions of WebAssembly are replaced while `start` runs. If false, only instances that
   * `tools.instantiateWasm` creates are captured.
   * @defaultValue true
   */
  readonly watchGlobals?: boolean;
}

/** Options of {@link captureEmscriptenHeap}. */
export interface CaptureHeapOptions extends ModuleHeapOptions, CaptureOptions {
  /** Chooses the module's instance if linmem cannot identify it: returns true for that instance only. */
  readonly pick?: PickInstance;
}

/** The result of {@link captureInstances}. */
export interface CapturedInstances<R> {
  /** The value that `start` resolved to. */
  readonly result: R;
  /** The captured instances in the order of their creation, without those of the engine. */
  readonly instances: readonly ModuleInstance[];
}

/** The result of {@link captureEmscriptenHeap}. */
export interface Captured<M> {
  /** The value that `start` resolved to. */
  readonly module: M;
  /** The heap of the module. */
  readonly heap: WasmHeapManager;
  /** The exports of its instance; undefined if it has none, as a wasm2js module. */
  readonly exports: WebAssemblyExports | undefined;
  /** Its table of functions; undefined if it exports and imports none. */
  readonly table: WebAssemblyTable | undefined;
}

/**
 * Runs `start` and resolves to its result and to every WebAssembly instance that was created until it settled. Works
 * for any module: the instances have the exports and the memory that a package hides. Instances that the engine
 * creates, as Node's `fetch` does, are left out. The functions of WebAssembly are always restored.
 * @param start starts the module: `() => init()`
 * @throws {ArgumentTypeError} if `start` is no function, or an option has the wrong type
 * @throws {ModuleError} if the functions of WebAssembly cannot be replaced here
 * @throws any error of `start`, and the reason of the option `signal`
 */
export async function captureInstances<R>(
  start: StartModule<R>,
  options: CaptureOptions = {},
): Promise<CapturedInstances<Awaited<R>>> {
  const watch = beginWatch(start, options, false);
  try {
    const { value } = await runStart(start, watch);
    return { result: value as Awaited<R>, instances: watch.instances };
  } finally {
    watch.stop();
  }
}

/**
 * Runs `start`, captures the WebAssembly instances that are created until it settles, and resolves to its module and a
 * heap over that module's memory. Works for any module and needs no flags. The instance is found by what the module has
 * of it: its memory, exports or functions. For a module that shows none of them, choose the instance by the option
 * `pick`. The functions of WebAssembly are always restored.
 * @param start starts the module and returns it: `() => initSqlJs()`
 * @throws {ArgumentTypeError} if `start` is no function, or an option has the wrong type
 * @throws {ModuleError} if no instance is proved to be the module's, or several with different memories are
 * @throws any error of `start`, and the reason of the option `signal`
 */
export async function captureEmscriptenHeap<M>(
  start: StartModule<M>,
  options: CaptureHeapOptions = {},
): Promise<Captured<Awaited<M>>> {
  const own = ownOptions(options);
  const { pick, signal: _signal, watchGlobals: _watchGlobals, ...heapOptions } = own;
  if (pick !== undefined && !isFunction(pick)) throw wrongType('a function for pick', pick);
  const watch = beginWatch(start, own, heapOptions.analysis !== false);
  try {
    const { value: module } = await runStart(start, watch);
    const instance = identify(module, watch.instances, pick);
    const heap = instance
      ? await heapOfInstance(module, instance, ownOptions(heapOptions))
      : wrapEmscriptenModuleHeap(glueOf(module), heapOptions);
    return {
      module: module as Awaited<M>,
      heap,
      exports: instance?.exports,
      table: instance && tableOf(instance),
    };
  } finally {
    watch.stop();
  }
}

/** A watch that also captures the instances of `tools.instantiateWasm`. */
interface CaptureWatch extends Watch {
  readonly tools: CaptureTools;
  /** Rejects if the hook cannot create an instance, for which the module would wait forever. */
  readonly failed: Promise<never>;
  readonly signal: PlatformAbortSignal | undefined;
}

function beginWatch(start: unknown, options: CaptureOptions, withBytes: boolean): CaptureWatch {
  if (!isFunction(start)) throw wrongType('a function that starts the module', start);
  const { signal, watchGlobals = true } = ownOptions(options);
  if (signal !== undefined && !isFunction(peek(signal, 'addEventListener')))
    throw wrongType('an AbortSignal for signal', signal);
  if (typeof watchGlobals !== 'boolean')
    throw new ArgumentTypeError('a boolean for watchGlobals', watchGlobals);
  signal?.throwIfAborted();
  const watch = watchInstances(withBytes, watchGlobals);
  const { instantiateWasm, failed } = createInstantiateWasm(watch.add);
  return { ...watch, tools: { instantiateWasm }, failed, signal };
}

/** Resolves to the result of `start` in a box: an async function would call the `then` of a bare result. */
const runStart = <R>(start: StartModule<R>, { tools, failed, signal }: CaptureWatch): Promise<Settled> =>
  settle(() => start(tools), [failed], signal);

async function heapOfInstance(
  module: unknown,
  instance: ModuleInstance,
  options: ModuleHeapOptions,
): Promise<WasmHeapManager> {
  const glue = Object(module) === module ? glueOf(module) : undefined;
  const bytes =
    options.analysis !== false && instance.module ? await bytesOfModule(instance.module) : undefined;
  const exports = [instance.exports, ...exportsOfGlue(glue)];
  const shape: ModuleShape = { glue, exports, imports: instance.imports, module: instance.module, bytes };
  const imported = importedValues(instance.imports, instance.module).filter(isMemory);
  const memory = options.memory
    ? memoryOf(options.memory)
    : (findMemory(glue, exports) ?? findMemory(undefined, [{ ...imported }]));
  return heapOfModule(shape, memory as FoundMemory, options, anyModule); // only instances with a memory are chosen
}

/** Returns the Emscripten module in the result of `start`: the result itself, or the value of one of its properties. */
function glueOf(module: unknown): object {
  const [outer, inner] = carriersOf(module);
  const isGlue = (value: object): boolean =>
    !!functionIn([value], '_malloc') ||
    !!peek(value, 'HEAPU8') ||
    !!peek(value, 'HEAP8') ||
    !!peek(value, 'wasmMemory');
  return [...outer, ...inner].find(isGlue) ?? outer[0] ?? {};
}

/** Returns the function table of an instance: exported or imported. */
function tableOf({ exports, imports }: ModuleInstance): WebAssemblyTable | undefined {
  const named = peek(exports, '__indirect_function_table');
  return isTable(named) ? named : [exports, ...dataValues(imports)].flatMap(dataValues).find(isTable);
}
