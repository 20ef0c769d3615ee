// Claim: with enableGarbageCollection and gcPressure 1, dropping 3,000 one-MiB arrays in a loop that makes little
// other garbage never has more than 200 MiB lent. Without pressure the engine does not see the heap's bytes and
// may collect nothing at all: that is printed too, and is why the option is there. Runs in Node, Deno and Bun.
import { createHeapSync } from '../../dist/index.js';
import { runtime } from './harness.mjs';

const MIB = 2 ** 20;
const COUNT = 3000;
const turn = () => new Promise((resolve) => setTimeout(resolve));

async function peak(gcPressure) {
  const heap = createHeapSync({ enableGarbageCollection: true, gcPressure, clearAllocatedRegions: false });
  let most = 0;
  for (let i = 0; i < COUNT; i++) {
    heap.allocUint8Array(MIB).setAt(0, i & 255);
    most = Math.max(most, heap.statistics.liveBytes);
    await turn(); // finalizers run between tasks, never inside one
    if (most > 3500 * MIB) break;
  }
  return most / MIB;
}

console.log(`\nDropped arrays of 1 MiB, ${COUNT} of them (${runtime}; most lent at once)`);
let held = true;
for (const pressure of [1, 0.25]) {
  const most = await peak(pressure);
  const ok = most < 200;
  if (pressure === 1) held = ok;
  console.log(
    `  ${ok ? 'ok    ' : pressure === 1 ? 'MISSED' : '      '} gcPressure ${pressure}: ${most.toFixed(0)} MiB (goal: under 200)`,
  );
}
console.log(`         gcPressure 0: ${(await peak(0)).toFixed(0)} MiB`);
process.exitCode = held ? 0 : 2;
