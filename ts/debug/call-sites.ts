// SPDX-License-Identifier: MIT
// CallSites: the call stacks of a recording, each stored once.
import type { StackFrame } from './recording.ts';
import { parseStack } from './stack-frames.ts';
import { StackIndex, type Callee } from './stack-index.ts';

/** How many frames a stack has at most, before those of linmem are dropped. Default of engines: 10. */
const MAX_FRAMES = 40;
/** Likewise, of a stack whose frames of wasm do not count. */
const MAX_OUTER_FRAMES = 400;
type V8Error = ErrorConstructor & {
  captureStackTrace?(target: object, below?: Callee): void;
  stackTraceLimit?: unknown;
};
/** Distinct call stacks, each with a number from 1 on. 0 is an unknown place. */
export class CallSites {
  /** The stacks by their numbers, innermost frame first, without frames of linmem. Stack 0 is empty. */
  readonly stacks: (readonly StackFrame[])[] = [[]];
  /** The number of each text that an engine gave for a stack. */
  readonly #texts = new Map<string, number>();
  readonly #index = new StackIndex();
  readonly #keys = new Map<string, number>([['', 0]]);

  /**
   * Returns the number of the current call stack; 0 if the engine gives none.
   * @param below a function on the stack: the stack begins with its caller. Without it, with the caller of linmem.
   * @param isOuter whether stacks are the same that differ in their innermost frames of wasm only, but for the last one
   */
  capture(below: Callee = CallSites.prototype.capture, isOuter = false): number {
    const limit = isOuter ? MAX_OUTER_FRAMES : MAX_FRAMES;
    const entry = this.#index.find(below, limit, isOuter);
    if (entry?.site !== undefined) return entry.site;
    const number = this.intern(stackText(below, limit));
    if (entry) entry.site = number;
    return number;
  }

  /** Returns the number of a stack, given as the text of `error.stack`. */
  intern(text: string): number {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const number = this.add(withoutLinmem(parseStack(text)));
    this.#texts.set(text, number);
    return number;
  }

  /** Returns the number of a stack, given as frames. */
  add(frames: readonly StackFrame[]): number {
    const key = frames
      .map(({ name, file, line, column }) => [name, file, line, column].join('\t'))
      .join('\n');
    let number = this.#keys.get(key);
    if (number === undefined) {
      number = this.stacks.push(frames) - 1;
      this.#keys.set(key, number);
    }
    return number;
  }
}

/** Returns the stack of the caller of `below` as the engine writes it, with more frames than by default. */
function stackText(below: Callee, max: number): string {
  const Class = Error as V8Error;
  const limit = Class.stackTraceLimit;
  const holder: { stack?: unknown } = {};
  try {
    if (typeof limit === 'number' && limit < max) setLimit(Class, max);
    // An engine without it also ignores the limit, and gives the frames of linmem, which are dropped.
    Class.captureStackTrace?.(holder, below);
    // V8 writes the text here. JavaScriptCore gives none if `below` has left the stack by a tail call.
    return toText(holder.stack) || toText(new Error().stack);
  } finally {
    if (typeof limit === 'number' && Class.stackTraceLimit !== limit) setLimit(Class, limit);
  }
}

/** In a call, as JavaScriptCore misses an assignment once it has compiled it. On a frozen `Error` the stacks are shorter. */
function setLimit(Class: V8Error, limit: number): void {
  Reflect.set(Class, 'stackTraceLimit', limit);
}

/** A program's own `Error.prepareStackTrace` may return anything; an array has one element for each frame. */
function toText(stack: unknown): string {
  if (typeof stack === 'string') return stack;
  return Array.isArray(stack) ? stack.map((site) => `    at ${String(site)}`).join('\n') : '';
}

/** Returns `frames` without those of linmem's own files. */
function withoutLinmem(frames: readonly StackFrame[]): StackFrame[] {
  const folder = ownFolder();
  return folder === '' ? [...frames] : frames.filter(({ file }) => !file.startsWith(folder));
}

/**
 * Returns the folder of linmem's files as stacks have it, or '' in a bundle, where linmem has no separate files. It is
 * read from a stack and not from `import.meta.url`: source maps may rename the files in stacks.
 */
function ownFolder(): string {
  const file = parseStack(toText(new Error().stack))[0]?.file ?? '';
  const own = /^(.*\/)debug\/call-sites\.[cm]?[jt]s(?:\?.*)?$/.exec(file);
  // Vite's development server bundles dependencies, and only those, into this folder.
  return own?.[1] ?? /^(.*\/\.vite\/deps\/)[^/]*$/.exec(file)?.[1] ?? '';
}

/**
 * Returns the frame that names the place in the program: the first one that is neither of a wasm function, nor of the
 * engine, nor of a package, whose JavaScript calls its module for the program; else the first that is no wasm function;
 * else the first; undefined for an unknown place.
 */
export function programFrame(frames: readonly StackFrame[]): StackFrame | undefined {
  const scripts = frames.filter(({ file, line }) => line > 0 && !/^(?:wasm:|node:)/.test(file));
  return scripts.find(({ file }) => !/[\\/]node_modules[\\/]/.test(file)) ?? scripts[0] ?? frames[0];
}
