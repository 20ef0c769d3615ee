// SPDX-License-Identifier: MIT
// The state that all functions of one library share.
import { ArgumentTypeError } from '../errors.ts';
import type { Heap } from '../heap/heap.ts';
import { pointerSizeOf } from '../struct/type.ts';
import type { PointerSize } from '../struct/layout.ts';
import { pointerFor, type WasmValue } from './values.ts';
import type { ModuleExports, WasmFunction } from './exports.ts';
import { scratchOf, type Scratch } from './scratch.ts';
import type { WebAssemblyTable } from '../memory/platform-types.ts';

/** A module and its heap. */
export class Context {
  readonly exports: ModuleExports;
  readonly heap: Heap;
  readonly scratch: Scratch;
  readonly pointerSize: PointerSize;
  readonly asPointer: (at: number) => WasmValue;
  readonly stack: { save: WasmFunction; restore: WasmFunction } | undefined;
  /** The number of live callbacks of createCallback(), which any call may run. */
  kept = 0;
  #table: WebAssemblyTable | undefined;
  constructor(exports: ModuleExports, heap: Heap) {
    this.exports = exports;
    this.heap = heap;
    this.scratch = scratchOf(heap);
    this.pointerSize = pointerSizeOf(heap);
    this.asPointer = pointerFor(this.pointerSize);
    this.stack = exports.stack();
  }
  /** The function table of the module. @throws {ModuleError} if it is not exported */
  get table(): WebAssemblyTable {
    return (this.#table ??= this.exports.table());
  }
}

const contexts: WeakMap<object, Context> = /* @__PURE__ */ new WeakMap();
/** @throws {ArgumentTypeError} if `library` is not a result of bind() */
export function contextOf(library: object): Context {
  const found = contexts.get(library);
  if (found) return found;
  throw new ArgumentTypeError('a library that bind() returned', library);
}
export function setContext(library: object, context: Context): void {
  contexts.set(library, context);
}
