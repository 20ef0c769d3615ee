// WebAssembly instances for tests of interop: linmem's own core stands in for a module, as its allocator is an export of
// a real instance.
import { coreBytes } from '../../ts/index.ts';

/** A module as Emscripten's glue would show it. */
export interface GlueModule {
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** The verbs of linmem's core over a memory, as functions of JavaScript around those of the instance. */
export function glueOf({ exports }: { exports: object }, memory: WebAssembly.Memory): GlueModule {
  const core = exports as Record<string, (...args: number[]) => number>;
  const heap = core.lm_heap_open?.(1024, memory.buffer.byteLength - 1024, 1) ?? 0;
  return {
    _malloc: (bytes) => core.lm_heap_alloc?.(heap, bytes) ?? 0,
    _free: (address) => void core.lm_heap_free?.(heap, address),
  };
}

export const newMemory = (initial = 1): WebAssembly.Memory => new WebAssembly.Memory({ initial });

/** Makes an instance of the core over `memory`. */
export async function instantiate(memory = newMemory()): Promise<WebAssembly.Instance> {
  const { instance } = await WebAssembly.instantiate(coreBytes(), { env: { memory } });
  return instance;
}

/** A module like one of wasm2js: its memory is copied to grow, and the old buffer stays as it is. */
export function wasm2jsModule(): GlueModule & { HEAPU8: Uint8Array; grow(): void; read(at: number): number } {
  let top = 1024;
  const module = {
    HEAPU8: new Uint8Array(65536),
    _malloc(bytes: number) {
      const at = top;
      top += (bytes + 7) & ~7;
      while (top > module.HEAPU8.length) module.grow();
      return at;
    },
    _free: (_address: number) => undefined,
    grow() {
      const larger = new Uint8Array(2 * module.HEAPU8.length);
      larger.set(module.HEAPU8);
      module.HEAPU8 = larger;
    },
    read: (at: number) => new DataView(module.HEAPU8.buffer).getInt32(at, true),
  };
  return module;
}

/** Exports of a module written as bytes: see the tests that use it. */
export function instanceOf(
  bytes: readonly number[],
  imports: WebAssembly.Imports = {},
): WebAssembly.Instance {
  return new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)), imports);
}
