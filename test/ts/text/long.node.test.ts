import { expect, test } from 'vitest';
import { createWasmHeapManager } from '../../../ts/index.ts';

// The fast path of reading stops at 2^27 elements.
test('texts of 2^27 + 1 bytes and more are read completely', () => {
  const memory = new WebAssembly.Memory({ initial: 2049 });
  const heap = createWasmHeapManager(
    () => memory.buffer,
    () => 0,
    () => undefined,
  );
  new Uint8Array(memory.buffer).fill(0x61, 8, 2 ** 27 + 24);
  const last = 2 ** 27 + 24;
  for (const length of [2 ** 27 - 1, 2 ** 27, 2 ** 27 + 1, 2 ** 27 + 16]) {
    expect(heap.readLatin1String(8, length).length).toBe(length);
    expect(heap.readUtf8String(8, length).length).toBe(length);
    heap.writeUint8(8 + length, 0);
    expect(heap.readNullTerminatedUtf8String(8).length).toBe(length);
    expect(heap.readNullTerminatedUtf8String(8, 2 ** 28).length).toBe(length);
    if (8 + length < last) heap.writeUint8(8 + length, 0x61);
  }
});
