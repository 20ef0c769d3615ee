// SPDX-License-Identifier: MIT
// Intercepts the instantiation of modules during an inspection, and instantiates a rewritten binary.
//
//   IN1 The program gets the module that it compiled. Only instances come from the rewritten one, so that a module that
//        is sent to a worker, stored, or asked for its exports is unchanged. IN2 If a binary cannot be rewritten, or
//        its rewritten form does not compile or link, the original is instantiated.
import { keepBytes, noteStream, releaseBytes } from '../interop/module-bytes.ts';
import { calledByEngine, isModule, WebAssemblyHooks, type HookMaker } from '../interop/webassembly-hooks.ts';

/** A binary that was prepared. */
export interface Prepared {
  /** The rewritten binary; undefined if the original is used. */
  readonly rewritten: Uint8Array<ArrayBuffer> | undefined;
}

/** Rewrites binaries and handles their instances. */
export interface Interceptor<P extends Prepared> {
  /** Prepares a binary. Must not throw. */
  prepare(bytes: Uint8Array<ArrayBuffer>): P;
  /**
   * Called for an instance of the rewritten binary or, with `reason`, of the original. Returns the exports for the
   * program. Throws any error of the module's start function.
   */
  made(
    prepared: P | undefined,
    instance: WebAssembly.Instance,
    reason: string | undefined,
  ): WebAssembly.Exports;
}

interface Compiled<P> {
  readonly prepared: P;
  /** The rewritten module; undefined if there is none. */
  readonly module: WebAssembly.Module | undefined;
  /** The reason that there is none. */
  readonly reason: string | undefined;
}

type Args = [source: unknown, ...rest: unknown[]];
type Async<T> = (this: unknown, ...args: Args) => Promise<T>;
type Instantiated = WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource;

const NOT_SEEN = 'the module was compiled before inspect began, or elsewhere, so its bytes are unknown';
const CURE = 'Run the program where the functions of WebAssembly can be replaced';

/** The original functions, even if other code replaces them later. */
export interface Originals {
  readonly Module: typeof WebAssembly.Module;
  readonly Instance: typeof WebAssembly.Instance;
  readonly compile: typeof WebAssembly.compile;
  readonly instantiate: typeof WebAssembly.instantiate;
}

/** Intercepts instantiations until {@link Interception.stop}. */
export class Interception<P extends Prepared> {
  readonly #interceptor: Interceptor<P>;
  readonly #compiled = new WeakMap<WebAssembly.Module, Compiled<P>>();
  /** The original functions of WebAssembly. */
  readonly originals: Originals;
  readonly #hooks: WebAssemblyHooks;
  #isActive = false;

  constructor(interceptor: Interceptor<P>) {
    const { Module, Instance, compile, instantiate } = WebAssembly;
    this.#interceptor = interceptor;
    this.originals = { Module, Instance, compile, instantiate };
    const makers: Record<string, HookMaker> = {
      compile: (original) => this.#compile(original),
      compileStreaming: (original) => this.#compileStreaming(original),
      Module: (original) => this.#moduleClass(original),
      instantiate: (original) => this.#instantiate(original),
      instantiateStreaming: (original) => this.#instantiateStreaming(original),
      Instance: (original) => this.#instanceClass(original),
    };
    this.#hooks = new WebAssemblyHooks(makers, CURE);
  }

  /** @throws {ModuleError} if the functions of WebAssembly cannot be replaced here */
  start(): void {
    keepBytes();
    this.#isActive = true;
    try {
      this.#hooks.install();
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  stop(): void {
    if (!this.#isActive) return;
    this.#isActive = false;
    this.#hooks.remove();
    releaseBytes();
  }

  #prepare(bytes: Uint8Array<ArrayBuffer>): P {
    return this.#interceptor.prepare(bytes);
  }

  async #compileRewritten(module: WebAssembly.Module, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const prepared = this.#prepare(bytes);
    const compile = (): Promise<WebAssembly.Module> | undefined =>
      prepared.rewritten && this.originals.compile.call(WebAssembly, prepared.rewritten);
    try {
      this.#compiled.set(module, { prepared, module: await compile(), reason: undefined });
    } catch (error) {
      this.#compiled.set(module, { prepared, module: undefined, reason: refused(error) });
    }
  }

  #compileRewrittenNow(module: WebAssembly.Module, bytes: Uint8Array<ArrayBuffer>): void {
    const prepared = this.#prepare(bytes);
    const { Module } = this.originals;
    try {
      const rewritten = prepared.rewritten && new Module(prepared.rewritten);
      this.#compiled.set(module, { prepared, module: rewritten, reason: undefined });
    } catch (error) {
      this.#compiled.set(module, { prepared, module: undefined, reason: refused(error) });
    }
  }

  /** Returns the instance for the program. */
  #made(
    found: Compiled<P> | undefined,
    instance: WebAssembly.Instance,
    reason = found ? found.reason : NOT_SEEN,
  ): WebAssembly.Instance {
    const exports = this.#interceptor.made(found?.prepared, instance, reason);
    if (exports !== instance.exports)
      Object.defineProperty(instance, 'exports', { value: exports, enumerable: true, configurable: true });
    return instance;
  }

  #compile(original: Async<WebAssembly.Module>): unknown {
    const self = this;
    return async function (this: unknown, ...args: Args): Promise<WebAssembly.Module> {
      const bytes = self.#isActive ? copyOf(args[0]) : undefined;
      if (!bytes) return original.apply(this, args);
      const [, ...rest] = args;
      const module = await original.call(this, bytes, ...rest);
      await self.#compileRewritten(module, bytes);
      return module;
    };
  }

  #compileStreaming(original: Async<WebAssembly.Module>): unknown {
    const self = this;
    return async function (this: unknown, source: unknown, ...rest: unknown[]): Promise<WebAssembly.Module> {
      if (!self.#isActive) return original.call(this, source, ...rest);
      const { response, bytes } = noteStream(source);
      const module = await original.call(this, response, ...rest);
      const buffer = await bytes;
      if (buffer) await self.#compileRewritten(module, new Uint8Array(buffer as ArrayBuffer));
      return module;
    };
  }

  #instantiate(original: Async<Instantiated>): unknown {
    const self = this;
    return function watched(this: unknown, ...args: Args): Promise<Instantiated> {
      const [source, imports, ...rest] = args;
      if (!self.#isActive || calledByEngine(watched)) return original.apply(this, args);
      if (isModule(source)) return self.#instantiateModule(source, imports);
      const bytes = copyOf(source);
      if (!bytes) return original.apply(this, args);
      const run = async (): Promise<Instantiated> => {
        const module = await self.originals.compile.call(WebAssembly, bytes, ...(rest as []));
        await self.#compileRewritten(module, bytes);
        return { module, instance: await self.#instantiateModule(module, imports) };
      };
      return run();
    };
  }

  #instantiateStreaming(original: Async<Instantiated>): unknown {
    const self = this;
    return async function (
      this: unknown,
      source: unknown,
      imports: unknown,
      ...rest: unknown[]
    ): Promise<Instantiated> {
      if (!self.#isActive) return original.call(this, source, imports, ...rest);
      const module = await WebAssembly.compileStreaming(source as Response, ...(rest as []));
      return { module, instance: await self.#instantiateModule(module, imports) };
    };
  }

  async #instantiateModule(module: WebAssembly.Module, imports: unknown): Promise<WebAssembly.Instance> {
    const { instantiate } = this.originals;
    const make = (from: WebAssembly.Module): Promise<WebAssembly.Instance> =>
      instantiate.call(
        WebAssembly,
        from,
        imports as WebAssembly.Imports,
      ) as unknown as Promise<WebAssembly.Instance>; // of a module
    const found = this.#compiled.get(module);
    if (!found?.module) return this.#made(found, await make(module));
    let instance: WebAssembly.Instance;
    try {
      instance = await make(found.module);
    } catch (error) {
      return this.#made(found, await make(module), refused(error));
    }
    return this.#made(found, instance);
  }

  #moduleClass(original: typeof WebAssembly.Module): unknown {
    return classOf(original, (target, args, newTarget, isEngine) => {
      const module = Reflect.construct(target, args, newTarget) as WebAssembly.Module;
      const bytes = this.#isActive && !isEngine() ? copyOf(args[0]) : undefined;
      if (bytes) this.#compileRewrittenNow(module, bytes);
      return module;
    });
  }

  #instanceClass(original: typeof WebAssembly.Instance): unknown {
    return classOf(original, (target, args, newTarget, isEngine) => {
      const [module, ...rest] = args;
      const make = (from: unknown): WebAssembly.Instance =>
        Reflect.construct(target, [from, ...rest], newTarget) as WebAssembly.Instance;
      if (!this.#isActive || !isModule(module) || isEngine()) return make(module);
      const found = this.#compiled.get(module);
      if (!found?.module) return this.#made(found, make(module));
      let instance: WebAssembly.Instance;
      try {
        instance = make(found.module);
      } catch (error) {
        return this.#made(found, make(module), refused(error));
      }
      return this.#made(found, instance);
    });
  }
}

type Construct = (target: never, args: unknown[], newTarget: never, isEngine: () => boolean) => object;

/** Returns a class whose objects `construct` creates, and that otherwise behaves like the original. */
function classOf(original: object, construct: Construct): unknown {
  const proxy: object = new Proxy(original as never, {
    construct: function made(target, args: unknown[], newTarget) {
      return construct(target, args, (newTarget === proxy ? target : newTarget) as never, () =>
        calledByEngine(made),
      );
    },
  });
  return proxy;
}

/**
 * Returns a copy of bytes, as the program may change them before they are compiled; undefined if `source` is not bytes.
 */
function copyOf(source: unknown): Uint8Array<ArrayBuffer> | undefined {
  try {
    if (ArrayBuffer.isView(source))
      return new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice();
    return new Uint8Array(ArrayBuffer.prototype.slice.call(source, 0));
  } catch {
    return undefined; // the engine throws the error
  }
}

const refused = (error: unknown): string =>
  `the engine refused the rewritten binary: ${error instanceof Error ? error.message : String(error)}`;
