// SPDX-License-Identifier: MIT
// CallSites: the call stacks of a recording, each stored once.
import type { StackFrame } from './recording.ts';
import { assertShape, STACK } from './shape.ts';
import { parseStack } from './stack-frames.ts';
import { StackIndex, type Callee } from './stack-index.ts';

/** The maximum number of frames of a stack, including those of linmem, which are dropped. Default of engines: 10. */
const MAX_FRAMES = 40;
/** The maximum for stacks whose innermost wasm frames are ignored. */
const MAX_OUTER_FRAMES = 400;
type V8Error = ErrorConstructor & {
  captureStackTrace?(target: object, below?: Callee): void;
  stackTraceLimit?: unknown;
};
/** Distinct call stacks, each with a number from 1 on. 0 is an unknown stack. */
export class CallSites {
  /** The stacks by their numbers, innermost frame first, without frames of linmem. Stack 0 is empty. */
  readonly stacks: (readonly StackFrame[])[] = [[]];
  /** The number of each stack, by the text of `error.stack`. */
  readonly #texts = new Map<string, number>();
  readonly #index = new StackIndex();
  readonly #keys = new Map<string, number>([['', 0]]);

  /**
   * Returns the number of the current call stack; 0 if the engine has none.
   * @param below a function on the stack: the stack begins with its caller. Default: the function of linmem that the
   * program called
   * @param isOuter true if innermost wasm frames are ignored, except the last of them
   */
  capture(below: Callee = CallSites.prototype.capture, isOuter = false): number {
    assertShape(below, 'function', 'below');
    const limit = isOuter ? MAX_OUTER_FRAMES : MAX_FRAMES;
    const entry = this.#index.find(below, limit, isOuter);
    if (entry?.site !== undefined) return entry.site;
    const number = this.intern(stackText(below, limit));
    if (entry) entry.site = number;
    return number;
  }

  /** Returns the number of the stack with the text `stack` of `error.stack`. */
  intern(text: string): number {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const number = this.add(withoutLinmem(parseStack(text)));
    this.#texts.set(text, number);
    return number;
  }

  /** Returns the number of the stack with the frames `frames`. */
  add(frames: readonly StackFrame[]): number {
    assertShape(frames, STACK, 'stack');
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
    // Engines without it ignore the limit too, and include the frames of linmem, which are dropped.
    Class.captureStackTrace?.(holder, below);
    // V8 creates the text here. JavaScriptCore creates none if `below` has left the stack by a tail call.
    return toText(holder.stack) || toText(new Error().stack);
  } finally {
    if (typeof limit === 'number' && Class.stackTraceLimit !== limit) setLimit(Class, limit);
  }
}

/**
 * Sets Error.stackTraceLimit by a call, as optimized code of JavaScriptCore ignores an assignment. If `Error` is
 * frozen, stacks are shorter.
 */
function setLimit(Class: V8Error, limit: number): void {
  Reflect.set(Class, 'stackTraceLimit', limit);
}

/** Returns a stack as text. A program's `Error.prepareStackTrace` may return any value, such as an array of frames. */
function toText(stack: unknown): string {
  if (typeof stack === 'string') return stack;
  return Array.isArray(stack) ? stack.map((site) => `    at ${String(site)}`).join('\n') : '';
}

/** Returns `frames` without those of linmem's files. */
function withoutLinmem(frames: readonly StackFrame[]): StackFrame[] {
  const folder = ownFolder();
  return folder === '' ? [...frames] : frames.filter(({ file }) => !file.startsWith(folder));
}

/**
 * Returns the folder of linmem's files in stacks, or '' in a bundle, where linmem has no separate files. Reads it from
 * a stack and not from `import.meta.url`, as source maps may rename the files in stacks.
 */
function ownFolder(): string {
  const file = parseStack(toText(new Error().stack))[0]?.file ?? '';
  const own = /^(.*\/)debug\/call-sites\.[cm]?[jt]s(?:\?.*)?$/.exec(file);
  // Vite's development server bundles dependencies, and only those, into this folder.
  return own?.[1] ?? /^(.*\/\.vite\/deps\/)[^/]*$/.exec(file)?.[1] ?? '';
}

/**
 * Returns the frame of the program: the first one that is not of a wasm function, the engine or a package; else the
 * first that is not of a wasm function; else the first. Returns undefined for an empty stack.
 */
export function programFrame(frames: readonly StackFrame[]): StackFrame | undefined {
  assertShape(frames, STACK, 'stack');
  const scripts = frames.filter(({ file, line }) => line > 0 && !/^(?:wasm:|node:)/.test(file));
  return scripts.find(({ file }) => !/[\\/]node_modules[\\/]/.test(file)) ?? scripts[0] ?? frames[0];
}
