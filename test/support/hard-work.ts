// Work that fills and empties a heap at random, and notices when anything else wrote into its blocks.
import { expect } from 'vitest';
import type { WasmHeapManager } from '../../ts/index.ts';
import { prng } from './prng.ts';

/** Allocates blocks of up to `largest` bytes and frees them, `rounds` times, calling `between` now and then, and checks every block before it is freed. */
export function workHard(heap: WasmHeapManager, rounds: number, between: () => void, largest = 20_000): void {
  const random = prng(1);
  const blocks: { address: number; size: number; value: number }[] = [];
  const check = ({ address, size, value }: (typeof blocks)[number]): void => {
    const bytes = heap.readBytes(address, size);
    expect(
      bytes.every((byte) => byte === value),
      `block at ${address}`,
    ).toBe(true);
    heap.free(address);
  };
  for (let i = 0; i < rounds; i++) {
    const size = 1 + random(i % 10 === 0 ? largest : 300);
    const block = { address: heap.alloc(size), size, value: i & 255 };
    heap.fill(block.address, size, block.value);
    blocks.push(block);
    if (blocks.length > 100) check(blocks.splice(random(blocks.length), 1)[0] as typeof block);
    if (i % 50 === 0) between();
  }
  blocks.forEach(check);
}
