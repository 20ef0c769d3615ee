// Sorts strings by their bytes in memory, as C's strcmp does: in UTF-8, not in UTF-16 as JavaScript sorts.
import { createHeap, type Pointer } from 'linmem';

const heap = await createHeap();
const words = ['\u{1F600} emoji', '\uFF21 fullwidth', 'Zürich', 'Bern'];
const addresses: Pointer[] = words.map((word) => heap.allocNullTerminatedUtf8String(word).address);

function compareStrings(a: Pointer, b: Pointer): number {
  for (let i = 0; ; i++) {
    const difference = heap.readUint8(a + i) - heap.readUint8(b + i);
    if (difference !== 0 || heap.readUint8(a + i) === 0) return difference;
  }
}

console.log('as JavaScript sorts:', [...words].sort().join(', '));
addresses.sort(compareStrings);
console.log('as C sorts:', addresses.map((at) => heap.readNullTerminatedUtf8String(at)).join(', '));
heap.freeAll();
