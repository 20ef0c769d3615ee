// Types and codecs allocate in arenas and scopes as they do in heaps.
import { expect, test } from 'vitest';
import { createHeapSync, f32, FreedError, i32, utf8 } from '../../../ts/index.ts';

test('types and codecs allocate in arenas and scopes, and their refs become invalid with those', () => {
  const heap = createHeapSync();
  const arena = heap.createHeapArena(256);
  for (const region of [arena, heap.scope()]) {
    const number = i32.alloc(region, -5);
    const numbers = f32.allocArray(region, [1.5, 2.5]);
    const text = utf8.allocTerminated(region, 'Zürich');
    const sized = utf8.allocPaired(region, '東京');
    expect([number.value, [...numbers], text.value, sized.value]).toEqual([-5, [1.5, 2.5], 'Zürich', '東京']);
    region.dispose();
    for (const ref of [number, numbers, text, sized]) expect(() => ref.clear()).toThrow(FreedError);
  }
  heap.freeAll();
});
