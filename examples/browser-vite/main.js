// Moves points that lie in a WebAssembly heap, and draws them. Each frame writes its draw list into the frame arena.
import { createHeap, f32 } from 'linmem';

const COUNT = 1000;
const canvas = document.querySelector('#canvas');
const output = document.querySelector('#output');
const context = canvas.getContext('2d');

const heap = await createHeap();
const random = (max) => Float32Array.from({ length: COUNT }, () => Math.random() * max);
const x = f32.allocArray(heap, random(canvas.width));
const y = f32.allocArray(heap, random(canvas.height));
const speed = f32.allocArray(heap, random(2));

let frames = 0;
heap.frameArena.init(64 * 1024);
heap.frameArena.perFrame(() => {
  const right = x.view; // typed arrays over the heap: taken anew each frame, as they do not survive growth
  const step = speed.view;
  for (let i = 0; i < COUNT; i++) right[i] = (right[i] + step[i]) % canvas.width;

  const visible = heap.frameArena.arena.allocU32(COUNT).view(); // freed when the next frame begins
  let count = 0;
  for (let i = 0; i < COUNT; i++) if (step[i] > 0.2) visible[count++] = i;

  context.clearRect(0, 0, canvas.width, canvas.height);
  const down = y.view;
  for (const i of visible.subarray(0, count)) {
    context.fillStyle = `hsl(${160 + step[i] * 60} 80% 65%)`;
    context.fillRect(right[i], down[i], 3, 3);
  }
  frames++;
  const { liveBlocks, liveBytes } = heap.statistics;
  output.value = `frame ${frames}: ${COUNT} points, ${liveBlocks} blocks, ${liveBytes} bytes`;
});
