// Growth: views go stale, refs do not
import { createHeapSync } from 'linmem';

const heap = createHeapSync();
const numbers = heap.allocInt32Array([1, 2, 3]);
const view = numbers.view; // a typed array
console.log('before:', view.length, numbers.at(0), heap.byteLength);
snapshot('64 KiB of memory');

const big = heap.allocUint8Array(200_000); // the memory grows
console.log('after: the view has', view.length, 'elements; the ref reads', numbers.at(0));
console.log(heap.byteLength, 'bytes of memory;', numbers.view.length, 'elements in a new view');
big.free();
