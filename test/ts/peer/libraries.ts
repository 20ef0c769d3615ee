// linmem and the two versions of wasm-heap-manager behind one set of names, so that one probe runs against each.
import { WasmMemoryArenaAllocator } from 'wasm-heap-manager/dist/allocators/WasmMemoryArenaAllocator.js';
import * as peer051 from 'wasm-heap-manager';
import * as peer010 from 'wasm-heap-manager-0.1.0';
import * as linmem from '../../../ts/index.ts';
import { fakeModule, type Module } from '../../support/heap.ts';

/** A heap over a memory with data of other code, with a function that frees all its blocks. */
export interface Guest {
  readonly heap: linmem.WasmHeapManager;
  readonly reset: () => void;
}

/** A library as a probe sees it: linmem's names and types, which are those of wasm-heap-manager and more. */
export interface Library {
  readonly WasmHeapManager: typeof linmem.WasmHeapManager;
  readonly createWasmHeapManager: typeof linmem.createWasmHeapManager;
  readonly wrapEmscriptenModuleHeap: typeof linmem.wrapEmscriptenModuleHeap;
  /** The library's own allocator over `memory`. */
  guest(memory: WebAssembly.Memory): Guest;
}

export const ours: Library = {
  ...linmem,
  guest(memory) {
    const heap = linmem.createHeapSync({ memory });
    return { heap, reset: () => heap.freeAll() };
  },
};

function peer(names: Omit<Library, 'guest'>): Library {
  return {
    ...names,
    guest(memory) {
      const arena = new WasmMemoryArenaAllocator(memory);
      const heap = names.createWasmHeapManager(
        () => memory.buffer,
        (bytes) => arena.allocate(bytes),
        () => arena.deallocate(),
      );
      return { heap, reset: () => arena.reset() };
    },
  };
}

// They have the same names; the types differ by the additions of linmem.
export const version051: Library = peer(peer051 as unknown as Omit<Library, 'guest'>);
export const version010: Library = peer(peer010 as unknown as Omit<Library, 'guest'>);

/** A heap of `lib` over a module that lists its live blocks. */
export function heapOf(
  lib: Library,
  options: linmem.WasmHeapManagerOptions = {},
  module: Module = fakeModule(),
): { heap: linmem.WasmHeapManager; module: Module } {
  const heap = new lib.WasmHeapManager(
    () => module.memory.buffer,
    (bytes) => module.malloc(bytes),
    (address) => module.free(address),
    options,
  );
  return { heap, module };
}

/** Returns the result of `act`, or the code or name of the error that it throws. */
export function outcome(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    const { code, name } = error as { code?: string; name: string };
    return `throws ${code ?? name}`;
  }
}

/** Calls a method by its name, for names that the types of one side do not have. */
export function call(target: object, name: string, ...args: unknown[]): unknown {
  const method = (target as Record<string, unknown>)[name];
  if (typeof method !== 'function') throw new TypeError(`no method ${name}`);
  return method.apply(target, args);
}

/** Puts ASCII characters into the memory. */
export function put(heap: linmem.WasmHeapManager, address: number, text: string): void {
  for (let i = 0; i < text.length; i++) heap.heapUint8[address + i] = text.charCodeAt(i);
}

/** The `count` bytes at `address`, as characters. */
export function peek(heap: linmem.WasmHeapManager, address: number, count: number): string {
  return String.fromCharCode(...heap.heapUint8.subarray(address, address + count));
}

/** Whether linmem has a method of that name. */
export function has(name: string): boolean {
  return name in linmem.WasmHeapManager.prototype;
}

const collector = (globalThis as { gc?: () => void }).gc;
/** Whether this engine collects garbage when a test asks for it. */
export const collects = collector !== undefined;

/** Collects garbage for a while, until `done`. */
export async function collect(done: () => boolean, turns = 60): Promise<void> {
  for (let i = 0; i < turns && !done(); i++) {
    collector?.();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
