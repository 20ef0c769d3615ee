// SPDX-License-Identifier: MIT
// wrapHeap: the heap of any module.
import { ownOptions } from '../heap/options.ts';
import type { WasmHeapManager } from '../manager/manager.ts';
import { anyModule } from './find-adapter.ts';
import { heapOfModule, type ModuleHeapOptions } from './module-heap.ts';
import { describeModule } from './module-shape.ts';

/**
 * Returns a heap over the memory of a module of any toolchain. The allocator is detected: malloc and free of C, those
 * of wasm-bindgen and AssemblyScript, and those of Rust and Zig that take sizes. Without an allocator, the heap can be
 * read and written, and allocating throws.
 * @param module a started module: an Emscripten module, a `WebAssembly.Instance`, its exports, the result of
 * `WebAssembly.instantiate`, an element of {@link CapturedInstances.instances}, or a `WebAssembly.Memory`
 * @throws {ArgumentTypeError} if it is none of these, or an option has the wrong type
 * @throws {ModuleError} if it shows no memory, or several; the error has the cure
 */
export function wrapHeap(module: object, options: ModuleHeapOptions = {}): WasmHeapManager {
  const own = ownOptions(options);
  const { shape, memory } = describeModule(module, own.memory);
  return heapOfModule(shape, memory, own, anyModule);
}
