// Instance data for a draw call, staged in a WebAssembly heap and uploaded without a copy in JavaScript.
import { array, createHeap, f32, struct, u32 } from 'linmem';

/** As WGSL has it: struct Instance { position: vec2f, scale: f32, color: u32 }. */
export const Instance = struct('Instance', { position: array(f32, 2), scale: f32, color: u32 });

/** Returns a heap whose frame arena has the staging memory for `count` instances. */
export async function createStaging(count) {
  const heap = await createHeap();
  heap.frameArena.init(count * Instance.size);
  return heap;
}

/**
 * Writes the instances of one frame and uploads them. A heap allocates at any address that is a multiple of 8;
 * `writeBuffer` needs multiples of 4.
 */
export function uploadFrame(device, buffer, heap, instances) {
  heap.frameArena.reset();
  const staged = Instance.allocArray(heap.frameArena.arena, instances);
  // Take the buffer of the memory at the call: a growth replaces it.
  device.queue.writeBuffer(buffer, 0, heap.memory.buffer, staged.address, staged.byteLength);
  return staged.byteLength;
}
