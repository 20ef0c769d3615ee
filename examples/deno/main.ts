// Counts the words of a text. The words lie in an arena: one reset frees all of them.
import { createHeap } from 'linmem';

const text = 'the cat saw the dog and the dog saw the cat';
const heap = await createHeap();
const arena = heap.createHeapArena(4096);

const addresses = new Map<string, number>();
const counts = arena.allocU32(64);
for (const word of text.split(' ')) {
  if (!addresses.has(word)) addresses.set(word, arena.allocNullTerminatedUtf8String(word).address);
  const index = [...addresses.keys()].indexOf(word);
  counts.set(index, counts.at(index) + 1);
}

for (const [index, address] of [...addresses.values()].entries())
  console.log(`${heap.readNullTerminatedUtf8String(address)}: ${counts.at(index)}`);
arena.reset();
console.log(`after the reset: ${arena.usedBytes()} bytes`);
