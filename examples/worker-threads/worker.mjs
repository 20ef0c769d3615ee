// One of the two threads.
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { heapOver } from './heap.mjs';

const { memory, identity, arena: address, progress, from, to } = workerData;
const heap = heapOver(memory);
heap.identity = identity;
const arena = heap.attachArena(address);

const primes = [];
for (let n = from; n < to; n++) {
  let isPrime = true;
  for (let k = 2; isPrime && k * k <= n; k++) isPrime = n % k !== 0;
  if (!isPrime) continue;
  primes.push(n);
  heap.addInt32Atomic(progress, 1);
}
const slice = arena.allocU32(primes.length).write(primes);
parentPort.postMessage({ thread: threadId, handle: slice.handle() });
