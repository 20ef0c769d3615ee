// SPDX-License-Identifier: MIT
// Replacing the functions of WebAssembly, and putting them back.
//
//   H1  remove() restores the functions that were there before. A function that other code put there meanwhile stays, and ours under it
//       must only pass calls through from then on.
import { ModuleError } from '../errors.ts';

/** Makes the replacement of a function or class from the original. */
export type HookMaker = (original: never) => unknown;

/** A set of replacements. */
export class WebAssemblyHooks {
  readonly #makers: Readonly<Record<string, HookMaker>>;
  readonly #cure: string;
  readonly #hooks = new Map<string, { before: PropertyDescriptor; ours: unknown }>();

  /** @param cure what to do if they cannot be replaced, for the error */
  constructor(makers: Readonly<Record<string, HookMaker>>, cure: string) {
    this.#makers = makers;
    this.#cure = cure;
  }

  /** Replaces what is not replaced yet. @throws {ModuleError} if something cannot be replaced here */
  install(): void {
    for (const [name, make] of Object.entries(this.#makers))
      if (!this.#hooks.has(name)) this.#install(name, make);
  }

  #install(name: string, make: HookMaker): void {
    const before = Object.getOwnPropertyDescriptor(WebAssembly, name);
    if (!before) return; // the streaming functions are not everywhere
    try {
      const ours = make(before.value as never); // each maker knows the type of its function
      Object.defineProperty(WebAssembly, name, { ...before, value: ours });
      this.#hooks.set(name, { before, ours });
    } catch (cause) {
      throw new ModuleError(`WebAssembly.${name} cannot be replaced here. ${this.#cure}`, {}, { cause });
    }
  }

  /** Puts back the originals. */
  remove(): void {
    for (const [name, { before, ours }] of this.#hooks) {
      if (Object.getOwnPropertyDescriptor(WebAssembly, name)?.value === ours)
        Object.defineProperty(WebAssembly, name, before);
      this.#hooks.delete(name);
    }
  }
}

/** Whether the code that called `callee` belongs to the engine: Node makes instances too. */
export function calledByEngine(callee: unknown): boolean {
  const { captureStackTrace } = Error as { captureStackTrace?: (target: object, above: unknown) => void };
  if (!captureStackTrace) return false; // of the engines only Node makes instances, and it has this
  const trace: { stack?: unknown } = {};
  captureStackTrace(trace, callee);
  const [, caller = ''] = String(trace.stack).split('\n');
  return caller.includes('node:internal/deps/');
}

/** Whether `value` is a compiled module of this realm. */
export const isModule = (value: unknown): value is WebAssembly.Module => value instanceof WebAssembly.Module;
