// Lists as parameters: the elements that C sees.
import { expect, test } from 'vitest';
import { bind, bool, countOf, createHeapSync, f16, i32, list, type Scalar } from '../../../ts/index.ts';

test.each([3, 40])('%i elements are the same from an array, an array ref and its copies', (count) => {
  const heap = createHeapSync();
  const seen: unknown[][] = [];
  for (const type of [f16, bool, i32] as unknown as Scalar[]) {
    const see = (at: number, length: number): number => {
      seen.push(type.wrapArray(heap, at, length).toArray());
      return length;
    };
    const instance = { exports: { memory: heap.memory, see } };
    const { see: call } = bind(instance as never, heap, {
      see: [i32, [list(type as never), countOf(0)]],
    }) as never as {
      see(values: unknown): number;
    };
    const values = Array.from({ length: count }, (_, i) => (type.kind === 'boolean' ? i % 2 === 0 : i - 1));
    const elements = type.allocArray(heap, values as never);
    for (const source of [values, elements, elements.copy(), elements.view]) {
      expect(call(source)).toBe(count);
      expect(seen.pop()).toEqual(values);
    }
    elements.free();
  }
});
