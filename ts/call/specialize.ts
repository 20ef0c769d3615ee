// SPDX-License-Identifier: MIT
// Support for the code that `npx linmem bindings` writes: bound functions with separate code, faster for usual
// arguments.
//
//   W1  A specialized function accepts plain objects with all fields, and numbers. It passes all other arguments to the
//       function of `bind`, before it calls C.
import { ArgumentTypeError } from '../errors.ts';
import { contextOf, setContext, type Context } from './context.ts';
import type { WasmFunction } from './exports.ts';
import type { Scratch } from './scratch.ts';

/** The operations that specialized functions use. */
export class CallSupport {
  readonly #context: Context;
  readonly #scratch: Scratch;
  /** @internal */
  constructor(context: Context) {
    this.#context = context;
    this.#scratch = context.scratch;
  }
  /** Returns the function of the module that is `name` in C and has `count` parameters. */
  exported(name: string, count: number): (...args: (number | bigint)[]) => number | bigint | undefined {
    const { exports } = this.#context;
    const [found] = exports.get([name]) as [WasmFunction]; // throws if it is missing
    return exports.settled(name, found, count);
  }
  /** True if callbacks of createCallback() are live: a call may run JavaScript then, and must undo more. */
  get isBusy(): boolean {
    return this.#context.kept !== 0;
  }
  /** Begins a call. Returns the address of `bytes` bytes, not cleared, aligned to 8; 0 if they do not fit. */
  begin(bytes: number): number {
    return this.#scratch.take(bytes);
  }
  /** Ends a call. @param address the result of {@link begin} */
  end(address: number): void {
    this.#scratch.leave(address, this.#scratch.undo.length);
  }
  /** Calls the function of `bind` with the same arguments. */
  fallBack<R>(act: (...args: never[]) => R, args: IArguments): R {
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
 * @param library the result of {@link bind}
 */
export function specialize<L extends object>(
  library: L,
  make: (support: CallSupport, library: L) => Partial<L>,
): L {
  const context = contextOf(library);
  if (typeof make !== 'function') throw new ArgumentTypeError('a function that makes functions', make);
  const special = { ...library, ...make(new CallSupport(context), library) };
  setContext(special, context);
  return Object.freeze(special);
}
