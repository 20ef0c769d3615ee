// Options objects: own properties, read once and before anything else; what a polluted prototype holds has no effect.
import { afterEach, describe, expect, test } from 'vitest';
import {
  createHeapArena,
  createHeapSync,
  createWasmHeapManager,
  FreedError,
  utf8,
} from '../../../ts/index.ts';
import { fakeHeap } from '../../support/heap.ts';

const POLLUTED = {
  nul: 'allow',
  truncate: true,
  surrogates: 'throw',
  grow: true,
  initialBytes: 2 ** 20,
  strictFrees: true,
  freeElements: true,
  nullCheck: true,
};
const prototype = Object.prototype as Record<string, unknown>;
afterEach(() => {
  for (const name of Object.keys(POLLUTED)) delete prototype[name];
});

test('options on Object.prototype have no effect', () => {
  for (const [name, value] of Object.entries(POLLUTED))
    Object.defineProperty(prototype, name, { value, configurable: true, enumerable: true, writable: true });
  const heap = createHeapSync({});
  expect(heap.byteLength).toBe(65536);
  expect(heap.readInt32(0)).toBe(0);
  const ref = heap.allocNullTerminatedUtf8String(4);
  expect(() => ref.write('a\0b', {})).toThrow(expect.objectContaining({ code: 'ENCODING' }));
  expect(() => ref.write('too long', {})).toThrow(expect.objectContaining({ code: 'ENCODING' }));
  expect(utf8.encode('\ud800', {}).length).toBe(3);
  const arena = createHeapArena(heap, 16, 16, {});
  expect(() => arena.alloc(64)).toThrow(expect.objectContaining({ code: 'OUT_OF_MEMORY' }));
  const pointed = heap.allocInt32(1);
  heap.allocPointer32Array([pointed.address]).free({});
  expect(pointed.isFreed).toBe(false);
});

describe('a getter in the options of a string that frees its block', () => {
  const freeing = (free: () => void) => ({ get surrogates(): 'replace' { free(); return 'replace'; } }); // prettier-ignore
  test('makes a read and a write throw, and what took the place stays', () => {
    for (const use of ['read', 'write'] as const) {
      const { heap } = fakeHeap();
      const ref = heap.allocNullTerminatedUtf8String('old text');
      let young: { value: string } | undefined;
      const options = freeing(() => {
        ref.free();
        young = heap.allocNullTerminatedUtf8String('new text');
      });
      expect(() => (use === 'read' ? ref.read(options) : ref.write('changed', options))).toThrow(FreedError);
      expect(young?.value).toBe('new text');
    }
  });
});

test('each option is read once', () => {
  const reads: string[] = [];
  const counted = <O extends object>(options: O): O =>
    new Proxy(options, {
      get(target, name) {
        reads.push(String(name));
        return Reflect.get(target, name);
      },
    });
  createWasmHeapManager(new WebAssembly.Memory({ initial: 1 }), () => 8, () => 0, counted({ nullCheck: false, strictFrees: true })); // prettier-ignore
  createHeapSync(counted({ initialBytes: 65536 }));
  createHeapArena(createHeapSync(), 64, 16, counted({ grow: true }));
  expect(reads.sort()).toEqual(['grow', 'initialBytes', 'nullCheck', 'strictFrees']);
});
