// SPDX-License-Identifier: MIT
// Adds to errors about freed blocks the call sites of the allocation and the free.
//
//   Z1  The token of a freed block of a tracked heap has own properties `isLive`, `memory` and `freedError`, which hide
//       those of its class. Every use of the block reads one of them.
import { define, FreedError } from '../errors.ts';
import type { Address } from '../memory/address.ts';
import type { Allocation } from '../memory/allocation.ts';
import { LinearMemory } from '../memory/linear-memory.ts';
import { programFrame } from './call-sites.ts';
import type { StackFrame } from './recording.ts';
import { formatFrame } from './stack-frames.ts';

/** The call stacks that belong to an error of linmem, innermost frame first; empty if unknown. */
export interface ErrorSites {
  /** The call stack of the allocation. */
  readonly allocated: readonly StackFrame[];
  /** The call stack of the free. Empty if the block is live. */
  readonly freed: readonly StackFrame[];
  /** The call stack of the second or invalid free. Empty for other errors. */
  readonly freedAgain: readonly StackFrame[];
}

const known: WeakMap<Error, ErrorSites> = /* @__PURE__ */ new WeakMap();

/**
 * Returns the call stacks of a {@link FreedError}, {@link DoubleFreeError} or {@link NotOwnedError} of a heap with the
 * option `callSites`; undefined for any other value. The message of the error names the same call sites.
 */
export function sitesOf(error: unknown): ErrorSites | undefined {
  return known.get(error as Error); // undefined for values that are no keys
}

const NAMES: readonly (readonly [keyof ErrorSites, string])[] = [
  ['allocated', 'allocated'],
  ['freed', 'freed'],
  ['freedAgain', 'freed now'],
];

/** Adds the call stacks to an error that has none, and the call sites to its message. Returns the error. */
export function withSites<E extends Error>(error: E, sites: ErrorSites): E {
  known.set(error, sites);
  const lines = NAMES.flatMap(([name, text]) => {
    const frame = programFrame(sites[name]);
    return frame ? [`\n  ${text}: ${formatFrame(frame)}`] : [];
  });
  const { message, stack } = error;
  const longer = message + lines.join('');
  define(error, 'message', longer);
  // V8 writes the message into the stack when the error is created.
  if (typeof stack === 'string' && stack.includes(message))
    define(
      error,
      'stack',
      stack.replace(message, () => longer),
    );
  return error;
}

const NO_BYTES = { buffer: /* @__PURE__ */ new ArrayBuffer(0) };

/** The memory of one freed allocation. */
class FreedBlockMemory extends LinearMemory {
  readonly #allocation: Allocation;
  constructor(allocation: Allocation) {
    super(NO_BYTES);
    this.#allocation = allocation;
  }
  override locate(address: Address): never {
    throw this.#allocation.freedError(Number(address));
  }
}

/** Adds `sites` to the errors for uses of a freed allocation. */
export function addSites(allocation: Allocation, sites: ErrorSites): void {
  const freedError = (address: number, what?: string): FreedError =>
    withSites(new FreedError(address, what), sites);
  define(allocation, 'isLive', false);
  define(allocation, 'memory', new FreedBlockMemory(allocation), true);
  define(allocation, 'freedError', freedError);
}

/** Undoes {@link addSites}, for a free that failed. The memory of the token has been restored before. */
export function removeSites(allocation: Allocation): void {
  // Own properties that hide a getter and a method of the class.
  const own = allocation as { isLive?: boolean; freedError?: unknown };
  delete own.freedError;
  delete own.isLive;
}
