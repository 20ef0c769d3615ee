// Starts two threads. Each counts the primes of one half of a range, allocates its result in the shared arena and posts a
// handle: nothing is copied between the threads.
import { Worker } from 'node:worker_threads';
import { heapOver } from './heap.mjs';

const LIMIT = 200_000;
const memory = new WebAssembly.Memory({ initial: 32, maximum: 32, shared: true });
const heap = heapOver(memory);
const arena = heap.createHeapArena(1024 * 1024);
const progress = heap.allocInt32(0); // both threads add to it

function start(from, to) {
  const workerData = {
    memory,
    identity: heap.identity, // makes handles of this heap valid in the thread
    arena: arena.address,
    progress: progress.address,
    from,
    to,
  };
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('worker.mjs', import.meta.url), { workerData });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

const handles = await Promise.all([start(2, LIMIT / 2), start(LIMIT / 2, LIMIT)]);
const [low, high] = handles.map(({ handle }) => heap.sliceFromHandle(handle));
console.log(`threads ${handles.map(({ thread }) => thread).join(' and ')} of one process`);
console.log(`${low.length + high.length} primes below ${LIMIT}, the last is ${high.at(-1)}`);
console.log(`the shared counter says ${heap.readInt32Atomic(progress.address)}`);
console.log(`the arena has ${arena.usedBytes()} bytes of results`);
