// POST a message of little-endian records { uint32_t id; float value; } and get their sum as JSON.
import { createHeapSync, f32, struct, u32 } from 'linmem';

const Reading = struct('reading', { id: u32, value: f32 });

export default {
  async fetch(request) {
    if (request.method !== 'POST') return new Response('POST binary records\n', { status: 405 });
    const body = new Uint8Array(await request.arrayBuffer());
    const count = Math.floor(body.length / Reading.size);
    const heap = createHeapSync(); // one heap for each request: dropped with it
    const readings = Reading.allocArray(heap, count);
    heap.writeBytes(readings.address, body.subarray(0, count * Reading.size));
    let sum = 0;
    for (const { value } of readings) sum += value;
    return Response.json({ count, sum, first: count > 0 ? readings.at(0).toObject() : null });
  },
};
