// Blocks: allocate and free
import { createHeapSync } from 'linmem';

const heap = createHeapSync();
const name = heap.allocNullTerminatedUtf8String('Zürich');
const count = heap.allocInt32(41);
const samples = heap.allocFloat64Array([1.5, 2.5, 4, 8, 16]);
count.value += 1;
console.log(name.value, count.value, [...samples]);
snapshot('three blocks');

count.free(); // leaves a hole
snapshot('after count.free()');

const more = heap.allocFloat32Array(200);
console.log('the array is at', more.address, 'and has', more.byteLength, 'bytes');

try {
  count.value = 0;
} catch (error) {
  console.log(error.code, '-', error.message);
}
