// SPDX-License-Identifier: MIT
// StackIndex: finds the number of a call stack by its frames. That costs less than by its text, for which the engine
// writes a line per frame. Only V8 has frames.

/** A function of any kind. */
export type Callee = (...args: never[]) => unknown;

/** A frame that V8 passes to `Error.prepareStackTrace`. */
interface Frame {
  getScriptNameOrSourceURL(): string | null | undefined;
  getPosition(): number;
  getTypeName(): string | null;
  toString(): string;
}
/** The members that V8 adds to the class Error. */
interface V8Error {
  captureStackTrace?(target: object, below?: Callee): void;
  prepareStackTrace?: unknown;
  stackTraceLimit?: unknown;
}

const WASM = 'wasm://';

/** A node of a prefix tree of stacks. Each frame is an edge for its file, its position, and the type of its `this`. */
class Node {
  readonly #next = new Map<string | number | null, Node>();
  /** The number of the stack that ends here. */
  site: number | undefined;

  step(key: string | number | null): Node {
    let next = this.#next.get(key);
    if (!next) this.#next.set(key, (next = new Node()));
    return next;
  }
}

export class StackIndex {
  readonly #root = new Node();
  #hasPositions = true;

  /**
   * Returns the entry of the stack of the caller of `below`; if it is new, the caller sets its number. Returns
   * undefined if the engine has no frames. Stacks with the same entry have the same text, except for frames that
   * `isOuter` ignores.
   * @param limit the maximum number of frames of a stack
   * @param isOuter true if innermost wasm frames are ignored, except the last of them
   */
  find(below: Callee, limit: number, isOuter: boolean): { site: number | undefined } | undefined {
    const frames = this.#hasPositions ? framesOf(below, limit) : undefined;
    if (!Array.isArray(frames) || frames.length === 0) return undefined;
    if (!frames[0].getPosition) {
      this.#hasPositions = false; // Bun and Deno have frames without them
      return undefined;
    }
    return this.#entryOf(frames as readonly Frame[], isOuter);
  }

  #entryOf(frames: readonly Frame[], isOuter: boolean): Node {
    let node = this.#root;
    for (let i = isOuter ? firstOuter(frames) : 0; i < frames.length; i++) {
      const frame = frames[i] as Frame; // in range
      const file = frame.getScriptNameOrSourceURL();
      if (!file)
        node = node.step(String(frame)); // frames of the engine and of code without a name have only their text
      else {
        node = node.step(file).step(frame.getPosition());
        if (!file.startsWith(WASM)) node = node.step(frame.getTypeName());
      }
    }
    return node;
  }
}

const isWasm = (frame: Frame | undefined): boolean =>
  frame?.getScriptNameOrSourceURL()?.startsWith(WASM) ?? false;

/** Returns the index of the last of the innermost wasm frames; 0 if there are none. */
function firstOuter(frames: readonly Frame[]): number {
  let count = 0;
  while (isWasm(frames[count])) count++;
  return Math.max(0, count - 1);
}

const takeFrames = (_error: unknown, frames: unknown): unknown => frames;

function framesOf(below: Callee, limit: number): unknown {
  const Class = Error as unknown as V8Error; // types differ by platform
  const { stackTraceLimit, prepareStackTrace } = Class;
  if (!Class.captureStackTrace || typeof stackTraceLimit !== 'number') return undefined;
  try {
    Class.prepareStackTrace = takeFrames;
    if (stackTraceLimit < limit) Class.stackTraceLimit = limit;
    const holder: { stack?: unknown } = {};
    Class.captureStackTrace(holder, below);
    return holder.stack;
  } catch {
    return undefined; // Error is frozen
  } finally {
    restore(Class, stackTraceLimit, prepareStackTrace);
  }
}

function restore(Class: V8Error, limit: unknown, prepare: unknown): void {
  try {
    Class.prepareStackTrace = prepare;
    if (Class.stackTraceLimit !== limit) Class.stackTraceLimit = limit;
  } catch {} // it is frozen: nothing was set
}
