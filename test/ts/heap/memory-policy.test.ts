// The option pollingMode: when a manager requests the buffer of its heap, with arenas and without.
import { describe, expect, test } from 'vitest';
import { ArgumentTypeError, i32, ModuleError, WasmHeapManager } from '../../../ts/index.ts';

/** Uses values, so that reading them is not for nothing. */
const sinkOf = (...values: unknown[]): number => values.length;

describe('the option pollingMode', () => {
  /** A heap that is copied to grow, as asm.js has it: the old buffer stays readable. */
  const copied = (pollingMode: 'whenEmpty' | 'always' | 'never') => {
    const memory = { buffer: new ArrayBuffer(64), asked: 0 };
    const heap = new WasmHeapManager(() => (memory.asked++, memory.buffer), () => 8, () => undefined, { pollingMode }); // prettier-ignore
    const grow = (): ArrayBuffer => {
      const old = memory.buffer;
      memory.buffer = new ArrayBuffer(old.byteLength + 64);
      new Uint8Array(memory.buffer).set(new Uint8Array(old));
      return old;
    };
    return { heap, memory, grow };
  };
  test('always: every access works in a heap that is copied to grow', () => {
    const { heap, memory, grow } = copied('always');
    const ref = heap.allocInt32(5);
    const array = heap.wrapInt32Array(16, 2);
    const text = heap.wrapNullTerminatedUtf8String(24, 8);
    const alias = heap.wrapInt32(8);
    const old = grow();
    ref.value = 7;
    heap.writeInt32(16, 9);
    array.setAt(1, 10);
    text.value = 'text';
    alias.value += 1;
    heap.writeInt16BE(40, 0x0102);
    heap.writeInt32Atomic(44, 11);
    heap.fill(48, 4, 1);
    i32.write(heap, 52, 12);
    expect([...new Int32Array(memory.buffer, 0, 14)]).toEqual([
      ...[0, 0, 8, 0, 9, 10, 0x74786574, 0, 0, 0, 0x0201, 11, 0x01010101, 12],
    ]);
    expect([...new Int32Array(old)].filter(Boolean)).toEqual([5]);
    expect([heap.byteLength, heap.buffer === memory.buffer, text.value, array.view.buffer]).toEqual([
      ...[128, true, 'text', memory.buffer],
    ]);
    for (const step of [1, 2]) {
      grow();
      heap.writeInt32(60 + 64 * step, step); // beyond the old end
      expect(heap.readInt32(60 + 64 * step)).toBe(step);
    }
  });
  test('whenEmpty: the buffer is requested again if it is too short or detached, and not before', () => {
    const { heap, memory, grow } = copied('whenEmpty');
    const ref = heap.allocInt32(5);
    grow();
    const { asked } = memory;
    for (let i = 0; i < 10; i++) sinkOf(ref.value, heap.readInt32(8), (ref.value = 5));
    expect(memory.asked).toBe(asked);
    expect(heap.readInt32(64)).toBe(0);
    expect(memory.asked).toBeGreaterThan(asked);
    const { buffer } = memory;
    grow();
    structuredClone(buffer, { transfer: [buffer] });
    expect([ref.value, heap.readInt32(8)]).toEqual([5, 5]);
  });
  test('never: the buffer is requested once, and an access after growth is an error', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    let asked = 0;
    const getHeap = (): ArrayBuffer => (asked++, memory.buffer);
    const heap = new WasmHeapManager(getHeap, () => 8, () => undefined, { pollingMode: 'never' }); // prettier-ignore
    const ref = heap.allocInt32(5);
    heap.writeInt32(8, 1);
    expect([ref.value, asked]).toEqual([1, 1]);
    memory.grow(1);
    for (const act of [
      () => heap.readInt32(8),
      () => heap.writeInt32(8, 2),
      () => ref.value,
      () => (ref.value = 2),
      () => heap.alloc(8),
      () => heap.viewInt32Array(8, 1),
    ])
      expect(act).toThrow(ModuleError);
    expect([new Int32Array(memory.buffer)[2], asked]).toEqual([1, 1]);
  });
  test.each(['sometimes', '', 'Always', 5])('%o is refused', (pollingMode) =>
    expect(() => copied(pollingMode as never)).toThrow(ArgumentTypeError),
  );
});
