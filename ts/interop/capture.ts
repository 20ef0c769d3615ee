// SPDX-License-Identifier: MIT
// Seeing the WebAssembly instances that a module makes while it starts, for modules that export neither
// their memory nor a view of it.
//
//   C1  The three functions of WebAssembly are replaced while at least one capture runs, and put back by the
//       last; if somebody else replaced them meanwhile, theirs stay, and ours under them only pass through.
import { ArgumentTypeError, ModuleError } from '../errors.ts';
import type { WasmHeapManager } from '../manager/manager.ts';
import { isMemory } from '../memory/buffers.ts';
import { dataValues, heapOf, type EmscriptenHeapOptions, type Instance } from './emscripten.ts';

/** What {@link captureEmscriptenHeap} resolves to. */
export interface Captured<M> {
  /** What `start` resolved to. */
  readonly module: M;
  /** The manager of its heap. */
  readonly heap: WasmHeapManager;
}

/**
 * Runs `start`, sees the WebAssembly instances made until it settles, and resolves to its module and a manager
 * of that module's heap. Works on any Emscripten module that exports malloc and free, whatever else it hides;
 * needs no flags and no hooks. What it touched is put back, also when `start` fails.
 * @param start starts the module and returns it: `() => initSqlJs()`
 * @throws whatever `start` throws
 * @throws {ModuleError} when no instance with a memory was made, or several and none fits the module
 */
export async function captureEmscriptenHeap<M>(
  start: () => M | PromiseLike<M>,
  options: EmscriptenHeapOptions = {},
): Promise<Captured<Awaited<M>>> {
  if (typeof start !== 'function') throw new ArgumentTypeError('a function that starts the module', start);
  const seen: Instance[] = [];
  const listener: Listener = (instance) => {
    if (!seen.some(({ exports }) => exports === instance.exports)) seen.push(instance);
  };
  try {
    listen(listener);
    const module = await start();
    return { module, heap: heapOf(asObject(module), choose(module, seen), options) };
  } finally {
    unlisten(listener);
  }
}

type Listener = (instance: Instance) => void;
type Hooked = 'instantiate' | 'instantiateStreaming' | 'Instance';

const listeners = new Set<Listener>();
const hooks = new Map<Hooked, { before: PropertyDescriptor; ours: unknown }>();

function asObject(module: unknown): object {
  return typeof module === 'object' && module !== null ? module : {};
}

/** The instance whose exports the module carries; the only one when the module carries none. */
function choose(module: unknown, seen: readonly Instance[]): Instance {
  const usable = seen.filter((instance) => instance.memory);
  const carried = new Set<unknown>(dataValues(module).filter((value) => typeof value === 'function'));
  const fitting = usable.filter((instance) =>
    dataValues(instance.exports).some((value) => carried.has(value)),
  );
  const choice = fitting.length > 0 ? fitting : usable;
  const [first] = choice;
  if (first && choice.length === 1) return first;
  throw new ModuleError(
    `start() made ${seen.length} WebAssembly instances, ${choice.length} of which fit the module; ` +
      (first ? 'start one at a time' : 'was it started before, or in a worker?'),
    { missing: ['memory'], found: seen.flatMap((instance) => Object.keys(instance.exports)).slice(0, 64) },
  );
}

function tell(instance: WebAssembly.Instance, imports: unknown): void {
  const memory = [instance.exports, ...dataValues(imports)].flatMap(dataValues).find(isMemory);
  for (const listener of listeners) listener({ exports: instance.exports, memory });
}

function listen(listener: Listener): void {
  listeners.add(listener);
  for (const [name, make] of MAKERS) if (!hooks.has(name)) hook(name, make);
}

function unlisten(listener: Listener): void {
  listeners.delete(listener);
  if (listeners.size > 0) return;
  for (const [name, { before, ours }] of hooks) {
    if (Object.getOwnPropertyDescriptor(WebAssembly, name)?.value === ours)
      Object.defineProperty(WebAssembly, name, before);
    hooks.delete(name);
  }
}

function hook(name: Hooked, make: (original: never) => unknown): void {
  const before = Object.getOwnPropertyDescriptor(WebAssembly, name);
  if (!before) return; // instantiateStreaming is not everywhere
  try {
    const ours = make(before.value as never); // each maker knows the type of its own function
    Object.defineProperty(WebAssembly, name, { ...before, value: ours });
    hooks.set(name, { before, ours });
  } catch (cause) {
    throw new ModuleError(
      `WebAssembly.${name} cannot be watched here; pass the option memory instead`,
      {},
      { cause },
    );
  }
}

type Source = WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource;

function watched(original: (...args: unknown[]) => Promise<Source>): unknown {
  return function (this: unknown, ...args: unknown[]): Promise<Source> {
    const result = original.apply(this, args);
    // The first to be called when it resolves, so before the module's own code; its failure is the module's.
    result.then(
      (made) => tell('instance' in made ? made.instance : made, args[1]),
      () => undefined,
    );
    return result;
  };
}

function watchedClass(original: typeof WebAssembly.Instance): unknown {
  const proxy: object = new Proxy(original, {
    construct(target, args: unknown[], newTarget) {
      const made = Reflect.construct(
        target,
        args,
        newTarget === proxy ? target : newTarget,
      ) as WebAssembly.Instance;
      tell(made, args[1]);
      return made;
    },
  });
  return proxy;
}

const MAKERS: readonly (readonly [Hooked, (original: never) => unknown])[] = [
  ['instantiate', watched],
  ['instantiateStreaming', watched],
  ['Instance', watchedClass],
];
