// A shared memory that a thread grows and writes while this one reads it through the manager: in Node a worker thread,
// in browsers a Worker.
import { describe, expect, test } from 'vitest';
import { createWasmHeapManager, i32, type WasmHeapManager } from '../../../ts/index.ts';
import { elsewhere } from '../../support/thread.ts';

const PAGE = 65536;
const STEPS = 24;
/** Where the two threads meet: the steps that the other has made, those that this one has seen, its end. */
const MADE = 64;
const SEEN = 68;
const DONE = 72;

function sharedHeap(): { memory: WebAssembly.Memory; heap: WasmHeapManager } {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 + STEPS, shared: true });
  let next = 1024;
  const malloc = (bytes: number): number => (next += Math.ceil(bytes / 8) * 8) - Math.ceil(bytes / 8) * 8;
  return { memory, heap: createWasmHeapManager(memory, malloc, () => undefined) };
}
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** The program of the other thread: grows by a page, writes `step` and a text to its end, and notifies. */
const GROW = `
  const meet = new Int32Array(memory.buffer, 0, 64);
  const text = new Uint8Array([0x47, 0x72, 0xc3, 0xbc, 0xc3, 0x9f, 0x65, 0]);
  for (let step = 1; step <= ${STEPS}; step++) {
    memory.grow(1);
    const end = memory.buffer.byteLength;
    new Int32Array(memory.buffer, end - 4, 1)[0] = step;
    new Uint8Array(memory.buffer, end - 16, 8).set(text);
    Atomics.store(meet, ${MADE / 4}, step);
    Atomics.notify(meet, ${MADE / 4});
    WAIT
  }
  Atomics.store(meet, ${DONE / 4}, 1);
`;
/** It goes on once this thread has seen the step: here it sleeps meanwhile, there it does not. */
const EACH = `while (Atomics.load(meet, ${SEEN / 4}) < step) Atomics.wait(meet, ${SEEN / 4}, step - 1, 100);`;
const SPIN = `while (Atomics.load(meet, ${SEEN / 4}) < step);`;

describe.runIf(typeof SharedArrayBuffer === 'function')('a shared memory that another thread grows', () => {
  test('is read and written at its new end through refs and views made before', async () => {
    const { memory, heap } = sharedHeap();
    const ref = heap.allocInt32(5);
    const array = heap.allocInt32Array([1, 2, 3]);
    const text = heap.allocNullTerminatedUtf8String('before it grew');
    const other = elsewhere(memory, GROW.replace('WAIT', EACH));
    for (let step = 1; step <= STEPS; step++) {
      for (let i = 0; i < 20_000 && heap.readInt32Atomic(MADE) < step; i++) await turn();
      const end = (1 + step) * PAGE;
      expect(heap.readInt32(end - 4)).toBe(step);
      expect(i32.read(heap, end - 4)).toBe(step);
      expect(heap.wrapInt32(end - 4).value).toBe(step);
      expect(heap.wrapInt32Array(end - 8, 2).at(-1)).toBe(step);
      expect(heap.viewInt32Array(end - 4, 1)[0]).toBe(step);
      expect(heap.readNullTerminatedUtf8String(end - 16)).toBe('Grüße');
      expect(heap.wrapNullTerminatedUtf8String(end - 16).value).toBe('Grüße');
      expect([...heap.readBytes(end - 16, 3)]).toEqual([0x47, 0x72, 0xc3]);
      expect([heap.byteLength, heap.heapInt32.length]).toEqual([end, end / 4]);
      expect(() => heap.readInt32(end - 3)).toThrow(expect.objectContaining({ byteLength: end }));
      heap.copy(end - 40, end - 16, 8);
      heap.writeNullTerminatedUtf8String(end - 32, 'grün', 8);
      expect(heap.readNullTerminatedUtf8String(end - 40) + heap.readNullTerminatedUtf8String(end - 32)).toBe('Grüßegrün');
      ref.value = step;
      array.setAt(2, step).fill(step, 0, 1);
      text.value = `step ${step}`;
      expect([ref.value, array.toArray(), text.value]).toEqual([step, [step, 2, step], `step ${step}`]);
      const late = heap.allocInt32Array([step]);
      expect(late.toArray()).toEqual([step]);
      late.free();
      heap.writeInt32Atomic(SEEN, step);
      heap.notify(SEEN);
    }
    await other;
    expect(heap.statistics.liveBlocks).toBe(3);
  });
  test('while this one reads without a pause: each read is exact, or out of bounds before the growth', async () => {
    const { memory, heap } = sharedHeap();
    const ref = heap.allocInt32(5);
    const other = elsewhere(memory, GROW.replace('WAIT', SPIN));
    while (heap.readInt32Atomic(MADE) === 0) await turn(); // it has begun
    const wrong: unknown[] = [];
    const seen = new Set<number>();
    const until = Date.now() + 20_000;
    for (let reads = 0; heap.readInt32Atomic(DONE) === 0 && Date.now() < until; reads++) {
      const step = heap.readInt32Atomic(MADE);
      const at = (1 + step) * PAGE - 4;
      if (heap.readInt32(at) !== step || i32.read(heap, at) !== step) wrong.push([step, 'read']);
      if (heap.viewInt32Array(at, 1)[0] !== step) wrong.push([step, 'view']);
      if (heap.readNullTerminatedUtf8String(at - 12) !== 'Grüße') wrong.push([step, 'text']);
      if ((ref.value = reads) !== ref.value) wrong.push([step, 'ref']);
      try {
        if (heap.readInt32(at + PAGE) > STEPS) wrong.push([step, 'beyond']);
      } catch (error) {
        if ((error as { code?: string }).code !== 'OUT_OF_BOUNDS') wrong.push(error);
      }
      heap.writeInt32Atomic(SEEN, step);
      seen.add(step);
    }
    await other;
    expect([wrong, seen.size]).toEqual([[], STEPS]);
    expect([heap.readInt32((1 + STEPS) * PAGE - 4), heap.byteLength]).toEqual([STEPS, (1 + STEPS) * PAGE]);
  });
}); // prettier-ignore
