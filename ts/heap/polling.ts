// SPDX-License-Identifier: MIT
// When the buffer of a heap is asked for, for those who do not want it asked for when it is needed.
import { viewOf, type LinearMemory, type MemorySource } from '../memory/memory.ts';

const ask = (source: MemorySource): ArrayBufferLike =>
  typeof source === 'function' ? source() : source.buffer;

/** A source that asks `source` once and gives that for ever. */
export function pollOnce(source: MemorySource): MemorySource {
  let buffer: ArrayBufferLike | undefined;
  return () => (buffer ??= ask(source));
}

/** Makes `memory` ask `source` before every access: its view becomes a getter that compares buffers. */
export function pollAlways(memory: LinearMemory, source: MemorySource): void {
  let kept = memory.data;
  const polled: PropertyDescriptor = {
    get() {
      const buffer = ask(source);
      if (buffer !== kept.buffer || buffer.byteLength !== kept.byteLength) kept = viewOf(() => buffer);
      return kept;
    },
    set(view: DataView) {
      kept = view;
    },
  };
  Object.defineProperty(memory, 'data', polled);
  Object.defineProperty(memory.cell, 'data', polled);
}
