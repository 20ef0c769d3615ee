// The programs whose bundles are measured.
export const PROGRAMS = {
  'one type': `
    import { i32, LinearMemory } from 'linmem';
    console.log(i32.read(new LinearMemory(new WebAssembly.Memory({ initial: 1 })), 8));`,
  'a heap with three types': `
    import { f64, Heap, i32, utf8 } from 'linmem';
    const memory = new WebAssembly.Memory({ initial: 1 });
    let top = 8;
    const heap = new Heap(memory, (bytes) => (top += bytes) - bytes, () => {});
    console.log(i32.alloc(heap, 1).value, f64.alloc(heap, 2).value, utf8.allocTerminated(heap, 'a').value);
    console.log(i32.read(heap, 16), f64.read(heap, 16), utf8.readTerminated(heap, 8));`,
  "the same in linmem's own memory": `
    import { createCoreAllocatorSync, f64, i32, utf8 } from 'linmem';
    const heap = createCoreAllocatorSync().toHeap();
    console.log(i32.alloc(heap, 1).value, f64.alloc(heap, 2).value, utf8.allocTerminated(heap, 'a').value);
    console.log(i32.read(heap, 16), f64.read(heap, 16), utf8.readTerminated(heap, 8));`,
  wrapEmscriptenModuleHeap: `
    import { wrapEmscriptenModuleHeap } from 'linmem';
    const memory = new WebAssembly.Memory({ initial: 1 });
    const module = { HEAPU8: new Uint8Array(memory.buffer), _malloc: () => 8, _free() {} };
    console.log(wrapEmscriptenModuleHeap(module).allocInt32(5).value);`,
  createHeapSync: `
    import { createHeapSync } from 'linmem';
    console.log(createHeapSync().allocInt32(5).value);`,
  everything: `
    import * as linmem from 'linmem';
    const names = Object.keys(linmem);
    console.log(names.length, linmem[names[0]] !== undefined, linmem.createHeapSync().allocInt32(5).value);`,
};
