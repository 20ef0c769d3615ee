// Leaks: what was allocated and not freed
import { createHeapSync, i32, struct } from 'linmem';
import 'linmem/debug'; // adds the option callSites, mark and leaks

const heap = createHeapSync({ callSites: 'all' });
const Point = struct('point_t', { x: i32, y: i32 });
const since = heap.mark();

function draw() {
  const point = Point.alloc(heap, { x: 1, y: 2 }); // forgotten
  const label = heap.allocNullTerminatedUtf8String('origin');
  label.free();
  return point.x;
}
for (let frame = 0; frame < 20; frame++) draw();

for (const { count, bytes, type } of heap.leaks({ since }))
  console.log(`${count} blocks of ${type}, ${bytes} bytes`);
