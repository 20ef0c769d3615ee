// WasmModule on memories of 4 GiB, and of other realms.
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { f64, i32, OutOfBoundsError, webassembly, wrapHeap } from '../../../ts/index.ts';

describe('a memory of exactly 4 GiB', () => {
  const memory = new WebAssembly.Memory({ initial: 65536 });
  const module = webassembly.fromMemory(memory);
  test.each([
    ['at 2 GiB', 2 ** 31, 2 ** 31],
    ['at 2 GiB, as an i32', -(2 ** 31), 2 ** 31],
    ['at its end', 2 ** 32 - 32, 2 ** 32 - 32],
    ['at its end, as an i32', -32, 2 ** 32 - 32],
    ['at its end, as a bigint', 4294967264n, 2 ** 32 - 32],
  ])('is read and written %s', (_name, ptr, address) => {
    const view = module.view({ ptr, length: 4, dtype: f64 });
    view.write([1, 2, 3, 4]);
    expect([view.ptr, view.get(3), module.read(f64, { ptr, byteOffset: 8 })]).toEqual([address, 4, 2]);
    module.writeText(ptr, 'text', 32);
    expect(module.readUtf8(ptr, 4)).toBe('text');
    expect(() => module.view({ ptr: 2 ** 32 - 32, length: 5, dtype: f64 })).toThrow(OutOfBoundsError);
  });
});

test('a memory of another realm is taken, and an object that only looks like one is not', () => {
  const memory = runInNewContext('new WebAssembly.Memory({ initial: 1 })') as WebAssembly.Memory;
  expect(memory).not.toBeInstanceOf(WebAssembly.Memory);
  const module = webassembly.fromMemory(memory);
  module.write(i32, { ptr: 8 }, 42);
  expect([module.read(i32, { ptr: 8 }), wrapHeap(memory).readInt32(8)]).toEqual([42, 42]);
  expect(webassembly.fromExports({ memory }).memory()).toBe(memory);
  expect(() =>
    webassembly.fromMemory(Object.create(WebAssembly.Memory.prototype) as WebAssembly.Memory),
  ).toThrow(TypeError);
});
