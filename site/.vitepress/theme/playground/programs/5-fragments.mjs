// Fragmentation: free every second block
import { createHeapSync } from 'linmem';

const heap = createHeapSync();
let seed = 1;
const random = (max) => ((seed = (seed * 48271) % 2147483647) % max) + 1;
const blocks = Array.from({ length: 120 }, () => heap.alloc(random(200)));
snapshot('120 blocks');

for (let i = 0; i < blocks.length; i += 2) heap.free(blocks[i]);
snapshot('every second one is free');

for (let i = 0; i < 40; i++) heap.alloc(random(100));
const { liveBlocks, liveBytes, freeBlocks, freeBytes } = heap.stats();
console.log(`${liveBlocks} live blocks, ${liveBytes} bytes`);
console.log(`${freeBlocks} free blocks, ${freeBytes} bytes`);
console.log('every invariant holds:', heap.holds());
