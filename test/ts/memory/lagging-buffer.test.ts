// Shared memory that another thread grew, in a browser whose `buffer` still gives the old one: seen in Chromium.
import { describe, expect, test } from 'vitest';
import { i32, LinearMemory, OutOfBoundsError, wrapHeap } from '../../../ts/index.ts';

/** A shared memory that grew to `pages`, whose buffer is the old one until `grow` is called. */
function lagging(pages: number, none: number | bigint = 0): WebAssembly.Memory & { grows: unknown[] } {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 8, shared: true });
  let { buffer } = memory;
  const grows: unknown[] = [];
  memory.grow(pages - 1);
  const source = {
    grows,
    get buffer() {
      return buffer;
    },
    grow(delta: number) {
      grows.push(delta);
      if (typeof delta !== typeof none) throw new TypeError('the other type');
      ({ buffer } = memory);
      return pages;
    },
  };
  return source as WebAssembly.Memory & { grows: unknown[] };
}

describe.each<[string, number | bigint]>([
  ['32-bit', 0],
  ['64-bit', 0n],
])('a %s memory', (_name, none) => {
  test('is asked to grow by nothing before an access beyond its end is refused', () => {
    const source = lagging(3, none);
    const memory = new LinearMemory(source);
    expect(memory.byteLength).toBe(65536);
    i32.write(memory, 100_000, 42);
    expect([i32.read(memory, 100_000), memory.byteLength]).toEqual([42, 196_608]);
    expect(source.grows.at(-1)).toBe(none);
    expect(memory.view(Int32Array, 190_000, 2).length).toBe(2);
  });
  test('refuses what lies beyond its end even so', () => {
    const memory = new LinearMemory(lagging(3, none));
    expect(() => i32.read(memory, 196_605)).toThrow(OutOfBoundsError);
    expect(() => i32.read(memory, 196_605)).toThrow('196608 bytes');
  });
});

test('an access inside asks for nothing', () => {
  const source = lagging(3);
  const heap = wrapHeap({ wasmMemory: source });
  heap.writeInt32(100, 7);
  expect([heap.readInt32(100), source.grows]).toEqual([7, []]);
});

test('a memory that is not shared is not touched: growing by nothing would detach its buffer', () => {
  const source = new WebAssembly.Memory({ initial: 1 });
  const { buffer } = source;
  expect(() => i32.read(new LinearMemory(source), 65536)).toThrow(OutOfBoundsError);
  expect(source.buffer).toBe(buffer);
});

test('a memory that refuses to grow is refused as it is', () => {
  const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const source = { buffer, grow: () => { throw new RangeError('no'); } }; // prettier-ignore
  expect(() => i32.read(new LinearMemory(source), 65536)).toThrow(OutOfBoundsError);
});
