// SPDX-License-Identifier: MIT
// Installs `readBytes`, `writeBytes`, `fill`, `copy`, `wait`, `waitAsync` and `notify`.
import type { ByteMethods } from '../arena/byte-methods.ts';
import { copyBytes, fillBytes, readBytes, writeBytes } from '../memory/bytes.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { atomicNotify, atomicWait, atomicWaitAsync } from '../scalar/atomic.ts';

const methods: ByteMethods & ThisType<LinearMemory> = {
  readBytes(address, size) {
    return readBytes(this, address, size);
  },
  writeBytes(address, source) {
    writeBytes(this, address, source);
  },
  fill(address, size, value) {
    fillBytes(this, address, size, value);
  },
  copy(target, source, size) {
    copyBytes(this, target, source, size);
  },
  wait(address, value, timeout) {
    return atomicWait(this, address, value, timeout);
  },
  waitAsync(address, value, timeout) {
    return atomicWaitAsync(this, address, value, timeout);
  },
  notify(address, count) {
    return atomicNotify(this, address, count);
  },
};

/** Puts the methods on the prototype of a heap. */
export function installByteMethods(prototype: object): void {
  Object.assign(prototype, methods);
}
