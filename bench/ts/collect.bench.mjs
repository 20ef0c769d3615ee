// Claim: with enableGarbageCollection and gcPressure 1, dropping 3,000 one-MiB arrays in a loop that makes little
// other garbage never has more than 200 MiB allocated. Without gcPressure the engine does not see the bytes of the heap
// and may collect nothing: that is printed too. Runs in Node, Deno and Bun.
import { createHeapSync } from '../../dist/index.js';
import { runtime } from './harness.mjs';

const MIB = 2 ** 20;
const COUNT = 3000;
const turn = () => new Promise((resolve) => setTimeout(resolve));

async function peak(gcPressure) {
  const heap = createHeapSync({ enableGarbageCollection: true, gcPressure, clearAllocatedRegions: false });
  let max = 0;
  for (let i = 0; i < COUNT; i++) {
    heap.allocUint8Array(MIB).setAt(0, i & 255);
    max = Math.max(max, heap.statistics.liveBytes);
    await turn(); // finalizers run between tasks, never inside one
    if (max > 3500 * MIB) break;
  }
  return max / MIB;
}

console.log(`\nDropped arrays of 1 MiB, ${COUNT} of them (${runtime}; peak of allocated bytes)`);
let held = true;
for (const pressure of [1, 0.25]) {
  const max = await peak(pressure);
  const ok = max < 200;
  if (pressure === 1) held = ok;
  console.log(
    `  ${ok ? 'ok    ' : pressure === 1 ? 'MISSED' : '      '} gcPressure ${pressure}: ${max.toFixed(0)} MiB (goal: under 200)`,
  );
}
console.log(`         gcPressure 0: ${(await peak(0)).toFixed(0)} MiB`);
process.exitCode = held ? 0 : 2;
