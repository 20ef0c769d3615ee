// SPDX-License-Identifier: MIT
// Bound functions as separate code, which `npx linmem bindings` writes: the same functions, faster for usual arguments.
//
//   W1  A specialised function takes plain objects with all fields, and numbers. It gives all else to the function of
//       `bind`, which converts and checks it, before it has called C.
import { ArgumentTypeError } from '../errors.ts';
import { contextOf, setContext, type Context } from './context.ts';
import type { WasmFunction } from './exports.ts';
import type { Scratch } from './scratch.ts';

/** The operations that specialised functions use. */
export class CallSupport {
  readonly #context: Context;
  readonly #scratch: Scratch;
  /** @internal */
  constructor(context: Context) {
    this.#context = context;
    this.#scratch = context.scratch;
  }
  /** The function of the module that is `name` in C, and takes `count` parameters. */
  raw(name: string, count: number): (...args: (number | bigint)[]) => number | bigint | undefined {
    const { exports } = this.#context;
    const [found] = exports.get([name]) as [WasmFunction]; // or it throws
    return exports.settled(name, found, count);
  }
  /** Whether a callback is kept: then a call may run JavaScript, and more must be undone. */
  get isBusy(): boolean {
    return this.#context.kept !== 0;
  }
  /** Begins a call: returns the address of `bytes` bytes of any content, aligned to 8; 0 if there is no room. */
  take(bytes: number): number {
    return this.#scratch.take(bytes);
  }
  /** Ends a call. @param address what {@link take} returned */
  give(address: number): void {
    this.#scratch.leave(address, this.#scratch.undo.length);
  }
  /** Calls the function of `bind` with the same arguments. */
  again<R>(act: (...args: never[]) => R, args: IArguments): R {
    return act(...(args as unknown as never[]));
  }
  /** Returns the view of the memory if it is current and has `end` bytes; else undefined. */
  view(end: number): DataView | undefined {
    const { bytes, data } = this.#scratch.heap;
    return end <= bytes.length ? data : undefined;
  }
}

/**
 * Returns `library` with some of its functions replaced: for the code that `npx linmem bindings` writes.
 * @param library what {@link bind} returned
 */
export function specialize<L extends object>(
  library: L,
  make: (support: CallSupport, library: L) => Partial<L>,
): L {
  const context = contextOf(library);
  if (!context) throw new ArgumentTypeError('a library that bind() returned', library);
  const special = { ...library, ...make(new CallSupport(context), library) };
  setContext(special, context);
  return Object.freeze(special);
}
