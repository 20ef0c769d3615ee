// Temporaries on the C stack of a module.
import { describe, expect, test } from 'vitest';
import { ArgumentTypeError, ModuleError, runOnStack, wrapHeap } from '../../../ts/index.ts';
import { assemble } from '../../support/assemble.ts';
import { newMemory } from '../../support/modules.ts';

const memory = newMemory();
let top = 65536;
const alloc = (size: number): number => (top = (top - size) & ~15);
const restore = (at: number): void => void (top = at);
const MODULES: [string, object][] = [
  ['the functions of old glue', { wasmMemory: memory, stackSave: () => top, stackAlloc: alloc, stackRestore: restore }],
  ['the exports of new builds', assemble({ emscripten_stack_get_current: [':i', () => top], _emscripten_stack_alloc: ['i:i', alloc], _emscripten_stack_restore: ['i:', restore] }, memory).exports],
]; // prettier-ignore

describe.each(MODULES)('%s', (_name, module) => {
  test('allocate temporaries, aligned, and the stack is restored', () => {
    const heap = wrapHeap(module);
    const sum = runOnStack(module, (allocate) => {
      const [first, second] = [allocate(4), allocate(8, 256)];
      expect([first % 16, second % 256, first !== second]).toEqual([0, 0, true]);
      heap.writeInt32(first, 40);
      heap.writeInt32(second, 2);
      return heap.readInt32(first) + heap.readInt32(second);
    });
    expect([sum, top]).toEqual([42, 65536]);
  });
  test('are restored if the function throws, and refuse a promise and a use afterwards', () => {
    expect(() => runOnStack(module, (allocate) => { allocate(100); throw new Error('boom'); })).toThrow('boom'); // prettier-ignore
    expect(() => runOnStack(module, () => Promise.resolve())).toThrow(ArgumentTypeError);
    const kept = runOnStack(module, (allocate) => allocate);
    expect(() => kept(8)).toThrow(ModuleError);
    expect(() => runOnStack(module, (allocate) => allocate(-1))).toThrow(RangeError);
    expect(top).toBe(65536);
  });
});

test('a module without them is a ModuleError that names the flags', () => {
  expect(() => runOnStack({ wasmMemory: memory }, () => 0)).toThrow(
    expect.objectContaining({ missing: ['stackSave'] }),
  );
  expect(() => runOnStack({ wasmMemory: memory, stackSave: () => 0 }, () => 0)).toThrow('stackAlloc');
  expect(() => runOnStack({ wasmMemory: memory }, 5 as never)).toThrow(ArgumentTypeError);
});
