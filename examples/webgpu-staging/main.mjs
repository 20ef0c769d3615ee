// Uploads two frames to the GPU, or to a fake device where there is none. In a page, import the same staging.mjs.
import { fakeDevice } from './fake-device.mjs';
import { createStaging, Instance, uploadFrame } from './staging.mjs';

const COUNT = 3;
const VERTEX_AND_COPY_DST = 0x20 | 0x8;
const adapter = await globalThis.navigator?.gpu?.requestAdapter();
const device = (await adapter?.requestDevice()) ?? fakeDevice;

const heap = await createStaging(COUNT);
const buffer = device.createBuffer({ size: COUNT * Instance.size, usage: VERTEX_AND_COPY_DST });
for (const frame of [1, 2]) {
  const instances = Array.from({ length: COUNT }, (_, i) => ({
    position: [i * 10, frame],
    scale: 1,
    color: 0xff8800ff,
  }));
  const bytes = uploadFrame(device, buffer, heap, instances);
  console.log(`frame ${frame}: ${bytes} bytes to the ${device.label || 'GPU'}`);
}
if (buffer.bytes)
  console.log(
    'the last position:',
    [...new Float32Array(buffer.bytes.buffer, 2 * Instance.size, 2)].join(' '),
  );
console.log('blocks of the heap:', heap.statistics.liveBlocks);
