// The memory that the allocation table takes: only Node tells it.
import { expect, test } from 'vitest';
import { AllocationTable } from '../../../ts/heap/allocations.ts';

function bytesOfBuffers(): number {
  globalThis.gc?.();
  return process.memoryUsage().arrayBuffers;
}

test('an allocation without a ref takes at most 40 bytes, however many there are', () => {
  const table = new AllocationTable();
  const before = bytesOfBuffers();
  const most: number[] = [];
  for (let i = 1; i <= 200_000; i++) {
    table.register(16 * i, 16, 8);
    if (i >= 50_000 && i % 5000 === 0) most.push((bytesOfBuffers() - before) / i);
  }
  expect(Math.max(...most)).toBeLessThanOrEqual(40);
  expect(Math.max(...most)).toBeGreaterThan(12); // the address, the size and the sequence number
});
