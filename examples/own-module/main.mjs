// One memory: the stack and the static data of the module are in its first page, linmem's heap is in the pages after it.
import { readFile } from 'node:fs/promises';
import { bind, createHeap, none, pointer, releaseTemporaries, struct, u32, voidp } from 'linmem';

const MODULE_PAGES = 1; // as many as the module's import of the memory asks for
const heap = await createHeap({ memory: new WebAssembly.Memory({ initial: MODULE_PAGES }) });
const { lm_heap_alloc, lm_heap_free } = heap.exports;
const env = {
  memory: heap.memory,
  malloc: (size) => lm_heap_alloc(heap.handle, size), // no table entry: C owns these blocks
  free: (block) => block && lm_heap_free(heap.handle, block),
};
const bytes = await readFile(new URL('filter.wasm', import.meta.url));
const { instance } = await WebAssembly.instantiate(bytes, { env });

const Signal = struct('signal', { length: u32, samples: voidp });
const lib = bind(instance, heap, {
  signal_smooth: [pointer(Signal), [pointer(Signal)]],
  signal_free: [none, [pointer(Signal)]],
});

const samples = heap.allocFloat32Array([0, 0, 4, 0, 0]);
const input = Signal.alloc(heap, { length: samples.length, samples: samples.address });
const output = lib.signal_smooth(input);
const smooth = heap.wrapFloat32Array(output.samples, output.length);
console.log('smoothed in C:', [...smooth].join(' '));
lib.signal_free(output);
input.free();
samples.free();
releaseTemporaries(lib);
console.log('live blocks of both:', heap.stats().liveBlocks);
