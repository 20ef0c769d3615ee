// The heap that both threads have over one shared memory. The main thread makes one arena in it; both allocate from that
// arena, atomically.
import { createWasmHeapManager } from 'linmem';

const START = 64; // address 0 stays unused: it is NULL

/** Returns a heap over a shared memory. Its malloc never frees; only the thread that makes the arena calls it. */
export function heapOver(memory) {
  let top = START;
  const malloc = (size, align) => {
    const address = Math.ceil(top / align) * align;
    if (address + size > memory.buffer.byteLength) return 0; // no memory
    top = address + size;
    return address;
  };
  return createWasmHeapManager(memory, malloc, () => {});
}
