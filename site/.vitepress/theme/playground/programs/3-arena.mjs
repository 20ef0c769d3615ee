// Arenas: many allocations, freed at once
import { createHeapSync } from 'linmem';

const heap = createHeapSync();
const arena = heap.createHeapArena(4096);
const first = arena.allocF32(100);
const table = arena.allocU32(400).write([1, 2, 3]);
console.log(arena.usedBytes(), 'bytes used,', table.at(2));
snapshot('two slices in an arena');

arena.reset();
console.log('after the reset:', arena.usedBytes(), first.isAlive());
snapshot('after arena.reset()');

try {
  table.at(0);
} catch (error) {
  console.log(error.code, '-', error.message);
}

const letters = heap.scope((s) => s.allocNullTerminatedUtf8String('a temporary').encodedByteLength);
console.log(letters, 'bytes in a scope');
