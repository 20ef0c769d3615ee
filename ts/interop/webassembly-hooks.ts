// SPDX-License-Identifier: MIT
// Replaces the functions of WebAssembly, and restores them.
//
//   H1  remove() restores the previous functions. If other code has replaced ours meanwhile, its function stays, and
//       ours, which it may call, only forwards calls from then on.
import { ModuleError } from '../errors.ts';

/** Returns the replacement of a function or class. */
export type HookMaker = (original: never) => unknown;

/** A set of replacements. */
export class WebAssemblyHooks {
  readonly #makers: Readonly<Record<string, HookMaker>>;
  readonly #cure: string;
  readonly #hooks = new Map<string, { before: PropertyDescriptor; ours: unknown }>();

  /** @param cure the cure in the error, if they cannot be replaced */
  constructor(makers: Readonly<Record<string, HookMaker>>, cure: string) {
    this.#makers = makers;
    this.#cure = cure;
  }

  /** Replaces the functions that are not replaced yet. @throws {ModuleError} if one cannot be replaced here */
  install(): void {
    for (const [name, make] of Object.entries(this.#makers))
      if (!this.#hooks.has(name)) this.#install(name, make);
  }

  #install(name: string, make: HookMaker): void {
    const before = Object.getOwnPropertyDescriptor(WebAssembly, name);
    if (!before) return; // some engines have no streaming functions
    try {
      const ours = make(before.value as never); // each maker knows the type of its function
      Object.defineProperty(WebAssembly, name, { ...before, value: ours });
      this.#hooks.set(name, { before, ours });
    } catch (cause) {
      throw new ModuleError(`WebAssembly.${name} cannot be replaced here. ${this.#cure}`, {}, { cause });
    }
  }

  /** Restores the originals. */
  remove(): void {
    for (const [name, { before, ours }] of this.#hooks) {
      if (Object.getOwnPropertyDescriptor(WebAssembly, name)?.value === ours)
        Object.defineProperty(WebAssembly, name, before);
      this.#hooks.delete(name);
    }
  }
}

/** True if the code that called `callee` belongs to the engine: Node creates instances too. */
export function calledByEngine(callee: unknown): boolean {
  const { captureStackTrace } = Error as { captureStackTrace?: (target: object, above: unknown) => void };
  if (!captureStackTrace) return false; // only Node creates instances, and it has this function
  const trace: { stack?: unknown } = {};
  captureStackTrace(trace, callee);
  const [, caller = ''] = String(trace.stack).split('\n');
  return caller.includes('node:internal/deps/');
}

/** True if `value` is a compiled module of this realm. */
export const isModule = (value: unknown): value is WebAssembly.Module => value instanceof WebAssembly.Module;
