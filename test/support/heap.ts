// A module's heap for tests: a memory with a small first-fit allocator in JavaScript that lists its
// live blocks, so that a test can check the calls. `failAt` makes the k-th allocation return 0.
import { createWasmHeapManager, type WasmHeapManager, type WasmHeapManagerOptions } from '../../ts/index.ts';

export interface Module {
  readonly memory: WebAssembly.Memory;
  /** Live blocks: address to size. */
  readonly live: Map<number, number>;
  /** Freed addresses that were not live. */
  readonly badFrees: number[];
  /** The number of calls of malloc. */
  calls: number;
  /** The call that fails (1 is the first), and whether all after it fail too. */
  failAt: number;
  keepsFailing: boolean;
  malloc(bytes: number): number;
  free(address: number): void;
}

export function fakeModule(memory = new WebAssembly.Memory({ initial: 1, maximum: 16 }), align = 8): Module {
  const live = new Map<number, number>();
  const START = 1024;
  return {
    memory,
    live,
    badFrees: [],
    calls: 0,
    failAt: 0,
    keepsFailing: false,
    malloc(bytes) {
      this.calls++;
      if (this.failAt && (this.calls === this.failAt || (this.keepsFailing && this.calls > this.failAt)))
        return 0;
      let at = Math.ceil(START / align) * align;
      for (const [address, size] of [...live].sort(([a], [b]) => a - b)) {
        if (address - at >= bytes) break;
        at = Math.ceil((address + size) / align) * align;
      }
      const short = at + bytes - memory.buffer.byteLength;
      if (short > 0) {
        try {
          memory.grow(Math.ceil(short / 65536));
        } catch {
          return 0;
        }
      }
      live.set(at, bytes);
      return at;
    },
    free(address) {
      if (!live.delete(address)) this.badFrees.push(address);
    },
  };
}

export interface Fake {
  readonly module: Module;
  readonly heap: WasmHeapManager;
}

/** A heap over a fake module. Strict, as here only the heap allocates and a second free is always an error. */
export function fakeHeap(options: WasmHeapManagerOptions = {}, module = fakeModule()): Fake {
  const heap = createWasmHeapManager(
    () => module.memory.buffer,
    (bytes) => module.malloc(bytes),
    (address) => module.free(address),
    { strictFrees: true, ...options },
  );
  return { module, heap };
}
