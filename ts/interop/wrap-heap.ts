// SPDX-License-Identifier: MIT
// wrapHeap: the heap of any module, from the object that the program has of it.
import { assertOptions } from '../heap/options.ts';
import type { WasmHeapManager } from '../manager/manager.ts';
import { anyModule } from './find-adapter.ts';
import { heapOfModule, type ModuleHeapOptions } from './module-heap.ts';
import { describeModule } from './module-shape.ts';

/**
 * Returns a heap over the memory of a module, however it was made: an Emscripten module, a `WebAssembly.Instance`, its
 * exports, what `WebAssembly.instantiate` resolves to, an element of {@link captureInstances}'s `instances`, or a
 * `WebAssembly.Memory` alone. The allocator is detected: malloc and free of C, wasm-bindgen's, AssemblyScript's, sized
 * ones of Rust and Zig. Without one the heap reads and writes, and only allocating throws.
 * @param module a started module
 * @throws {ArgumentTypeError} if it is no such object, or an option is not what it should be
 * @throws {ModuleError} if it shows no memory, or several; the error says what would help
 */
export function wrapHeap(module: object, options: ModuleHeapOptions = {}): WasmHeapManager {
  assertOptions(options);
  const { shape, memory } = describeModule(module, options.memory);
  return heapOfModule(shape, memory, options, anyModule);
}
