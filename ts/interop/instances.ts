// SPDX-License-Identifier: MIT
// Captures every WebAssembly instance that is created while at least one watch runs.
//
//   C1  The functions of WebAssembly are replaced while at least one watch runs; the last one that stops restores them:
//       see webassembly-hooks.ts.
//   C2  Instances that the code of the engine creates (Node's fetch, its import of CommonJS) are never captured.
import { keepBytes, noteBytes, noteStream, releaseBytes, type LateBytes } from './module-bytes.ts';
import { dataValues, isMemory, peek } from './properties.ts';
import type {
  WebAssemblyExports,
  WebAssemblyInstance,
  WebAssemblyMemory,
  WebAssemblyModule,
} from '../memory/platform-types.ts';
import { calledByEngine, isModule, WebAssemblyHooks, type HookMaker } from './webassembly-hooks.ts';

/** One WebAssembly instance of a module. */
export interface ModuleInstance {
  readonly exports: WebAssemblyExports;
  /** The first memory that it exports or imports; undefined if there is none. */
  readonly memory: WebAssemblyMemory | undefined;
  /** The imports object that it was created with. */
  readonly imports: object;
  /** The compiled module; undefined if the engine is old and does not pass it. */
  readonly module: WebAssemblyModule | undefined;
}

/** A watch over the instances that are created. */
export interface Watch {
  /** The captured instances, in the order of their creation. */
  readonly instances: readonly ModuleInstance[];
  /** Adds an instance that the watch cannot capture. */
  add(instance: ModuleInstance): void;
  /** Ends the watch; the last one restores the functions of WebAssembly. */
  stop(): void;
}

type Listener = (instance: ModuleInstance) => void;

const listeners = new Set<Listener>();
let hooks: WebAssemblyHooks | undefined;

const CURE =
  'Pass watchGlobals: false, and to the module in start tools.instantiateWasm(bytes); or pass the memory to wrapHeap';

/**
 * Starts a watch.
 * @param withBytes true if the bytes of the modules are kept until it stops: see module-bytes.ts
 * @param watchGlobals true if the functions of WebAssembly are replaced; else only added instances are captured
 * @throws {ModuleError} if the functions of WebAssembly cannot be replaced here
 */
export function watchInstances(withBytes: boolean, watchGlobals = true): Watch {
  const instances: ModuleInstance[] = [];
  const add: Listener = (instance) => {
    if (!instances.some(({ exports }) => exports === instance.exports)) instances.push(instance);
  };
  if (withBytes) keepBytes();
  const stop = (): void => {
    if (watchGlobals) unlisten(add);
    if (withBytes) releaseBytes();
  };
  if (!watchGlobals) return { instances, add, stop };
  try {
    listeners.add(add);
    hooks ??= new WebAssemblyHooks(MAKERS, CURE);
    hooks.install();
  } catch (error) {
    stop();
    throw error;
  }
  return { instances, add, stop };
}

/** Describes an instance that was created with `imports`. */
export function describeInstance(
  { exports }: WebAssemblyInstance,
  imports: unknown,
  module: WebAssemblyModule | undefined,
): ModuleInstance {
  const memory = [...dataValues(exports), ...importedValues(imports, module)].find(isMemory);
  return { exports, memory, imports: (imports ?? {}) as object, module };
}

/** Returns the values that a module imports. An imports object may have more, even memories of other modules. */
export function importedValues(imports: unknown, module: WebAssemblyModule | undefined): unknown[] {
  if (!module) return dataValues(imports).flatMap(dataValues);
  return WebAssembly.Module.imports(module).map(({ module: from, name }) => peek(peek(imports, from), name));
}

function tell(instance: WebAssemblyInstance, imports: unknown, module: WebAssemblyModule | undefined): void {
  const described = describeInstance(instance, imports, module);
  for (const listener of listeners) listener(described);
}

function unlisten(listener: Listener): void {
  listeners.delete(listener);
  if (listeners.size > 0) return;
  hooks?.remove();
}

type Source = WebAssemblyInstance | WebAssembly.WebAssemblyInstantiatedSource;
type Function_<R> = (this: unknown, ...args: unknown[]) => R;

function watchedInstantiate(original: Function_<Promise<Source>>): unknown {
  return function watched(this: unknown, ...args: unknown[]): Promise<Source> {
    const result = original.apply(this, args);
    if (!calledByEngine(watched)) report(result, args[0], args[1]);
    return result;
  };
}

function watchedStreaming(original: Function_<Promise<Source>>): unknown {
  return function (this: unknown, source: unknown, ...rest: unknown[]): Promise<Source> {
    const { response, bytes } = noteStream(source);
    const result = original.call(this, response, ...rest);
    report(result, bytes, rest[0]);
    return result;
  };
}

/** Reports an instance when it is created, before the code that waits for it, and so the code of the module, runs. */
function report(result: Promise<Source>, source: unknown, imports: unknown): void {
  result.then(
    (made) => {
      const instance = 'instance' in made ? made.instance : made;
      const module = 'module' in made ? made.module : isModule(source) ? source : undefined;
      if (module && module !== source) noteBytes(module, source as LateBytes);
      tell(instance, imports, module);
    },
    () => undefined, // its failure is the module's
  );
}

function watchedCompile(original: Function_<Promise<WebAssemblyModule>>): unknown {
  return function (this: unknown, ...args: unknown[]): Promise<WebAssemblyModule> {
    const result = original.apply(this, args);
    result.then(
      (module) => noteBytes(module, args[0] as LateBytes),
      () => undefined,
    );
    return result;
  };
}

function watchedCompileStreaming(original: Function_<Promise<WebAssemblyModule>>): unknown {
  return function (this: unknown, source: unknown, ...rest: unknown[]): Promise<WebAssemblyModule> {
    const { response, bytes } = noteStream(source);
    const result = original.call(this, response, ...rest);
    result.then(
      (module) => noteBytes(module, bytes),
      () => undefined,
    );
    return result;
  };
}

/** Returns a class that reports each new object to `made` and behaves like the original. */
function watchedClass<T extends object>(
  original: new (...args: never[]) => T,
  made: (object: T, args: unknown[]) => void,
): unknown {
  const proxy: object = new Proxy(original, {
    construct: function construct(target, args: unknown[], newTarget) {
      const object = Reflect.construct(target, args, newTarget === proxy ? target : newTarget) as T;
      if (!calledByEngine(construct)) made(object, args);
      return object;
    },
  });
  return proxy;
}

const MAKERS: Readonly<Record<string, HookMaker>> = {
  instantiate: watchedInstantiate,
  instantiateStreaming: watchedStreaming,
  Instance: (original: typeof WebAssembly.Instance) =>
    watchedClass(original, (instance, [module, imports]) =>
      tell(instance, imports, module as WebAssemblyModule),
    ),
  compile: watchedCompile,
  compileStreaming: watchedCompileStreaming,
  Module: (original: typeof WebAssembly.Module) =>
    watchedClass(original, (module, [source]) => noteBytes(module, source as LateBytes)),
};
