// The defects of wasm-heap-manager 0.5.1 and 0.1.0 that were found by running them. One probe for each, run against
// linmem, where it must give `ours`, and against them, where it must still give `theirs`: a probe that does not
// show the defect there proves nothing here.
import { describe, expect, test, vi } from 'vitest';
import { fakeModule } from '../../support/heap.ts';
import {
  call, collect, collects, has, heapOf, ours as linmem, outcome, peek, put, version010, version051, type Library,
} from './libraries.ts'; // prettier-ignore

interface Defect {
  /** The result in linmem. */
  readonly claim: string;
  readonly probe: (lib: Library) => unknown;
  readonly ours: unknown;
  readonly theirs: unknown;
  /** A method of linmem that the probe needs. */
  readonly needs?: string;
  /** False where the engine hides the defect of the peer. */
  readonly shows?: boolean;
}

const quiet = async (act: () => unknown): Promise<unknown> => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  try {
    return await act();
  } finally {
    log.mockRestore();
  }
};

/** A buffer that can grow in place; not in the types of every engine. */
const Resizable = ArrayBuffer as unknown as new (
  length: number,
  options: object,
) => ArrayBuffer & { resize(length: number): void };

/** Whether the engine makes length-tracking arrays over a buffer that is not a multiple of their element. */
function tracksOdd(): boolean {
  try {
    new BigInt64Array(new Resizable(100, { maxByteLength: 200 }));
    return true;
  } catch {
    return false;
  }
}

const growth: Defect[] = [
  {
    claim: 'a shared memory that grew is used to its new end',
    probe(lib) {
      const module = fakeModule(new WebAssembly.Memory({ initial: 1, maximum: 16, shared: true }));
      const { heap } = heapOf(lib, {}, module);
      const big = heap.allocUint8Array(100000);
      return [
        [big.elementCount, big.view.length, heap.heapUint8.length],
        [outcome(() => heap.allocInt32(42).value), outcome(() => heap.allocInt8(42).value)],
      ];
    },
    ours: [[100000, 100000, 131072], [42, 42]], // prettier-ignore
    theirs: [[100000, 64512, 65536], ['throws RangeError', undefined]], // prettier-ignore
  },
  {
    claim: 'a write after a heap was copied to grow is in the current heap',
    probe(lib) {
      let buffer = new ArrayBuffer(64);
      let next = 8;
      const heap = new lib.WasmHeapManager(
        () => buffer,
        (bytes) => {
          const at = next;
          next += Math.ceil(bytes / 8) * 8;
          if (next > buffer.byteLength) {
            const larger = new Uint8Array(next * 2);
            larger.set(new Uint8Array(buffer));
            buffer = larger.buffer;
          }
          return at;
        },
        () => undefined,
      );
      const ref = heap.allocUint8(1);
      const array = heap.allocUint8Array(200);
      ref.value = 77;
      return [new Uint8Array(buffer)[ref.address], array.view.length];
    },
    ours: [77, 200],
    theirs: [1, 48],
  },
  {
    claim: 'a heap with pollingMode never reports after growth that its buffer is detached',
    probe(lib) {
      const { heap, module } = heapOf(lib, { pollingMode: 'never' });
      module.memory.grow(1);
      return [outcome(() => heap.readInt8(8)), outcome(() => heap.viewInt32Array(8, 2).length)];
    },
    ours: ['throws MODULE', 'throws MODULE'],
    theirs: [undefined, 'throws TypeError'],
  },
  {
    claim: 'an Emscripten module that does not renew HEAPU8 is named as the trouble',
    probe(lib) {
      const memory = new WebAssembly.Memory({ initial: 1 });
      const module = { HEAPU8: new Uint8Array(memory.buffer), _malloc: () => 8, _free: () => undefined };
      const heap = lib.wrapEmscriptenModuleHeap(module);
      memory.grow(1);
      return [outcome(() => heap.readInt8(8)), outcome(() => heap.readInt32(8))];
    },
    ours: ['throws MODULE', 'throws MODULE'],
    theirs: [undefined, 'throws TypeError'],
  },
  {
    claim: 'every whole-memory view follows a resizable buffer',
    probe(lib) {
      const buffer = new Resizable(100, { maxByteLength: 200 });
      const heap = new lib.WasmHeapManager(() => buffer, () => 8, () => undefined); // prettier-ignore
      const before = [heap.heapUint8.length, heap.heapBigInt64.length];
      buffer.resize(200);
      return [before, heap.heapUint8.length, heap.heapBigInt64.length];
    },
    ours: [[100, 12], 200, 25],
    theirs: [[100, 12], 200, 12],
    shows: !tracksOdd(),
  },
];

const addresses: Defect[] = [
  {
    claim: 'an index outside an array is refused, and the neighbour is as it was',
    probe(lib) {
      const { heap } = heapOf(lib);
      const array = heap.allocUint8Array(8);
      const next = heap.allocUint8Array(new Uint8Array([7, 7, 7, 7]));
      return [
        outcome(() => array.writeAt(8, 99) === array),
        [...next.view],
        outcome(() => array.readAt(8)),
        outcome(() => array.writeAt(-9, 99) === array),
      ];
    },
    ours: ['throws INVALID_RANGE', [7, 7, 7, 7], 'throws INVALID_RANGE', 'throws INVALID_RANGE'],
    theirs: [true, [99, 7, 7, 7], 99, true],
  },
  {
    claim: 'a negative address is never counted from the end of the heap',
    probe: (lib) =>
      outcome(() => {
        const view = heapOf(lib).heap.viewUint8Array(-16, 8);
        return [view.byteOffset, view.length];
      }),
    ours: 'throws OUT_OF_BOUNDS',
    theirs: [65520, 8],
  },
  {
    claim: 'an invalid address is the same error for every type and operation',
    probe(lib) {
      const { heap } = heapOf(lib);
      return [
        outcome(() => heap.readInt8(65536)),
        outcome(() => heap.readInt32(65536)),
        outcome(() => heap.writeInt8(65536, 1)),
        outcome(() => heap.viewUint8Array(65532, 16).length),
        outcome(() => heap.readInt32(NaN)),
        outcome(() => heap.readInt8(1000.5)),
        outcome(() => heap.writeUint8(1000.5, 1)),
        outcome(() => heap.readInt32(undefined as never)),
      ];
    },
    ours: [...Array<string>(7).fill('throws OUT_OF_BOUNDS'), 'throws INVALID_TYPE'],
    theirs: [undefined, 'throws RangeError', undefined, 4, 0, undefined, undefined, 0],
  },
  {
    claim: 'a value that is not a pointer is refused by pointer types',
    probe(lib) {
      const { heap } = heapOf(lib);
      return [
        outcome(() => heap.writePointer53(8, -1)),
        outcome(() => heap.readPointer53(8)),
        outcome(() => heap.writePointer32(8, 2 ** 32 + 5)),
        outcome(() => heap.readPointer32(8)),
      ];
    },
    ours: ['throws INVALID_RANGE', 0, 'throws INVALID_RANGE', 0],
    theirs: [undefined, 'throws Error', undefined, 5],
  },
];

const frees: Defect[] = [
  {
    claim: 'a block that was freed does not reach the allocator again',
    probe(lib) {
      const { heap, module } = heapOf(lib, { strictFrees: true });
      const ref = heap.allocInt32(1);
      const at = ref.address;
      ref.free();
      return [outcome(() => heap.free(at)), outcome(() => heap.free(at)), module.badFrees.length];
    },
    ours: ['throws DOUBLE_FREE', 'throws DOUBLE_FREE', 0],
    theirs: [undefined, undefined, 2],
  },
  {
    claim: 'a ref that was made by wrap cannot free, and ends with the block',
    probe(lib) {
      const { heap, module } = heapOf(lib);
      const ref = heap.allocInt32(1);
      const alias = heap.wrapInt32(ref.address);
      ref.free();
      return [outcome(() => alias.value), outcome(() => alias.free()), module.badFrees.length];
    },
    ours: ['throws FREED', 'throws NOT_OWNED', 0],
    theirs: [1, undefined, 1],
  },
  {
    claim: 'a ref of one manager is refused by another and stays allocated',
    probe(lib) {
      const [a, b] = [heapOf(lib), heapOf(lib)];
      const ref = a.heap.allocInt32(5);
      return [outcome(() => b.heap.free(ref)), ref.isFreed, b.module.badFrees.length, a.module.live.size];
    },
    ours: ['throws WRONG_HEAP', false, 0, 1],
    theirs: [undefined, true, 1, 1],
  },
  {
    claim: 'an address inside a block cannot be freed',
    probe(lib) {
      const { heap, module } = heapOf(lib);
      const { address } = heap.allocUint8Array(16);
      return [
        outcome(() => heap.free(address + 4)),
        outcome(() => heap.wrapUint8(address + 4).free()),
        module.badFrees.length,
      ];
    },
    ours: ['throws NOT_OWNED', 'throws NOT_OWNED', 0],
    theirs: [undefined, undefined, 2],
  },
  {
    claim: 'a refused initial value leaves no block allocated',
    probe(lib) {
      const { heap, module } = heapOf(lib);
      return [outcome(() => heap.allocBigInt64(5 as never)), module.live.size, heap.allocatedHeapRefs.length];
    },
    ours: ['throws INVALID_TYPE', 0, 0],
    theirs: ['throws TypeError', 1, 0],
  },
  {
    claim: 'a text that cannot be stored leaves no block allocated',
    needs: 'allocNullTerminatedAsciiString',
    probe(lib) {
      const { heap, module } = heapOf(lib);
      return [outcome(() => call(heap, 'allocNullTerminatedAsciiString', 'é')), module.live.size];
    },
    ours: ['throws ENCODING', 0],
    theirs: ['throws Error', 1],
  },
  {
    claim: 'an allocator that does not align loses no block, and its arrays are aligned',
    probe(lib) {
      const { heap, module } = heapOf(lib, {}, fakeModule(undefined, 1));
      const odd = heap.allocUint8(1);
      const result = outcome(() => heap.allocFloat64Array(new Float64Array([1.5, 2.5])).readAt(1));
      heap.freeAll();
      return [odd.isFreed, result, module.live.size];
    },
    ours: [true, 2.5, 0],
    theirs: [true, 'throws Error', 1],
  },
  {
    claim: 'a free by address does not visit every live ref',
    probe(lib) {
      const { heap } = heapOf(lib);
      const first = heap.allocInt32(1);
      const { address } = first;
      let looks = 0;
      Object.defineProperty(first, 'address', { get: () => (looks++, address), set: () => undefined });
      const others = Array.from({ length: 100 }, () => heap.allocInt32(1).address);
      looks = 0;
      for (const at of others) heap.free(at);
      return looks;
    },
    ours: 0,
    theirs: 100,
  },
  {
    claim: 'freeAll goes on after an error and reports it',
    probe(lib) {
      const { heap, module } = heapOf(lib);
      const refs = [1, 2, 3, 4].map((value) => heap.allocInt32(value));
      const { free } = module;
      module.free = (address) => {
        if (address === refs[1]?.address) throw new Error('not this one');
        free.call(module, address);
      };
      return [outcome(() => heap.freeAll()), refs.map((ref) => ref.isFreed), module.live.size];
    },
    ours: ['throws AGGREGATE', [true, false, true, true], 1],
    theirs: ['throws Error', [true, false, false, false], 3],
  },
  {
    claim: 'freeElements frees each block once, refuses garbage, and goes on',
    probe(lib) {
      const { heap, module } = heapOf(lib);
      const [a, b] = [heap.allocInt32(1), heap.allocInt32(2)];
      const values = new Uint32Array([a.address, a.address, 0xdeadbeef, b.address]);
      const pointers = heap.allocPointer32Array(values);
      return [outcome(() => pointers.free({ freeElements: true })), module.badFrees.length, module.live.size];
    },
    ours: ['throws AGGREGATE', 0, 0],
    theirs: [undefined, 2, 0],
  },
  {
    claim: 'an invalid pointer does not prevent the free of its array',
    probe(lib) {
      const { heap, module } = heapOf(lib);
      const pointers = heap.allocPointer53Array(2);
      heap.writeBigUint64(pointers.address, 2n ** 60n);
      return [outcome(() => pointers.free({ freeElements: true })), pointers.isFreed, module.live.size];
    },
    ours: ['throws AGGREGATE', true, 0],
    theirs: ['throws Error', false, 1],
  },
  {
    claim: 'a length that is not an integer is refused',
    probe(lib) {
      const { heap } = heapOf(lib);
      return [NaN, 2.5].map((length) => outcome(() => heap.allocUint8Array(length).elementCount));
    },
    ours: ['throws INVALID_RANGE', 'throws INVALID_RANGE'],
    theirs: [NaN, 2.5],
  },
];

const at = (lib: Library, answer: unknown, memory = new WebAssembly.Memory({ initial: 1 })) =>
  new lib.WasmHeapManager(
    () => memory.buffer,
    () => answer as number,
    () => undefined,
  );
const allocators: Defect[] = [
  {
    claim: 'an allocator that returns bigints is understood',
    probe: (lib) => outcome(() => at(lib, 1024n).allocInt32(5).value),
    ours: 5,
    theirs: 'throws TypeError',
  },
  {
    claim: 'an address above 2 GiB, as wasm returns it, is one',
    probe(lib) {
      const memory = new WebAssembly.Memory({ initial: 32769 });
      const heap = at(lib, -(2 ** 31) + 64, memory);
      return outcome(() => [heap.allocInt32(5).address, heap.readInt32(2 ** 31 + 64)]);
    },
    ours: [2 ** 31 + 64, 5],
    theirs: 'throws Error',
  },
  {
    claim: 'a heap over the memory of a module leaves the static data of the module alone',
    probe(lib) {
      const memory = new WebAssembly.Memory({ initial: 1 });
      new Uint8Array(memory.buffer).fill(5, 0, 64);
      lib.guest(memory).heap.allocUint8Array(32);
      return new Uint8Array(memory.buffer, 0, 64).every((byte) => byte === 5);
    },
    ours: true,
    theirs: false,
  },
  {
    claim: 'a ref does not outlive the reset of its allocator',
    probe(lib) {
      const { heap, reset } = lib.guest(new WebAssembly.Memory({ initial: 1 }));
      const old = heap.allocInt32(1);
      reset();
      heap.allocInt32(5);
      return [old.isFreed, outcome(() => old.value)];
    },
    ours: [true, 'throws FREED'],
    theirs: [false, 5],
  },
  {
    claim: 'a negative size is refused, and the next block does not overlap the last',
    probe(lib) {
      const { heap } = lib.guest(new WebAssembly.Memory({ initial: 1 }));
      const first = heap.alloc(64);
      const wrong = outcome(() => typeof heap.alloc(-32));
      const second = heap.alloc(64);
      return [wrong, second >= first + 64];
    },
    ours: ['throws INVALID_RANGE', true],
    theirs: ['number', false],
  },
  {
    claim: 'growth prints nothing to the console',
    async probe(lib) {
      let lines = 0;
      await quiet(() => {
        const { heap } = lib.guest(new WebAssembly.Memory({ initial: 1 }));
        heap.allocUint8Array(200000);
        lines = vi.mocked(console.log).mock.calls.length;
      });
      return lines;
    },
    ours: 0,
    theirs: 1,
  },
];

const text: Defect[] = [
  {
    claim: 'a leading U+FEFF stays',
    probe: (lib) => heapOf(lib).heap.allocNullTerminatedUtf8String('\uFEFFhi').value,
    ours: '\uFEFFhi',
    theirs: 'hi',
  },
  {
    claim: 'a leading U+FEFF stays in UTF-16',
    needs: 'allocNullTerminatedUtf16String',
    probe: (lib) =>
      (call(heapOf(lib).heap, 'allocNullTerminatedUtf16String', '\uFEFFhi') as { value: string }).value,
    ours: '\uFEFFhi',
    theirs: 'hi',
  },
  {
    claim: 'a sequence that is cut off at the end is seen',
    probe(lib) {
      const { heap } = heapOf(lib);
      put(heap, 512, 'a\xe2\x82\0');
      put(heap, 528, '\xf0\x9f\x98\0');
      return [heap.readNullTerminatedUtf8String(512), heap.readNullTerminatedUtf8String(528)];
    },
    ours: ['a\uFFFD', '\uFFFD'],
    theirs: ['a', ''],
  },
  {
    claim: 'a lone surrogate at the end is not dropped',
    needs: 'readNullTerminatedUtf16String',
    probe(lib) {
      const { heap } = heapOf(lib);
      put(heap, 512, 'a\0\x3d\xd8\0\0');
      return (call(heap, 'readNullTerminatedUtf16String', 512) as string).length;
    },
    ours: 2,
    theirs: 1,
  },
  {
    claim: 'a string that does not fit changes nothing',
    probe(lib) {
      const { heap } = heapOf(lib);
      put(heap, 512, '12345678\0');
      return [
        outcome(() => heap.writeNullTerminatedUtf8String(512, 'ééééé', 9)),
        peek(heap, 512, 8) === '12345678',
      ];
    },
    ours: ['throws ENCODING', true],
    theirs: ['throws Error', false],
  },
  {
    claim: 'a string with a character outside ASCII changes nothing',
    needs: 'writeNullTerminatedAsciiString',
    probe(lib) {
      const { heap } = heapOf(lib);
      put(heap, 512, 'hello\0');
      return [outcome(() => call(heap, 'writeNullTerminatedAsciiString', 512, 'abé', 6)), peek(heap, 512, 5)];
    },
    ours: ['throws ENCODING', 'hello'],
    theirs: ['throws Error', 'abllo'],
  },
  {
    claim: 'a write with two arguments works, as the README has it',
    probe(lib) {
      const { heap } = heapOf(lib);
      put(heap, 512, 'xxx\0');
      return [outcome(() => heap.writeNullTerminatedUtf8String(512, 'hi')), peek(heap, 512, 3)];
    },
    ours: [2, 'hi\0'],
    theirs: ['throws Error', '\0xx'],
  },
  {
    claim: 'a NUL inside a C string is refused, not a silent end',
    probe: (lib) => outcome(() => heapOf(lib).heap.allocNullTerminatedUtf8String('a\0b').value),
    ours: 'throws ENCODING',
    theirs: 'a',
  },
  {
    claim: 'text of a known length needs no NUL',
    probe(lib) {
      const { heap } = heapOf(lib);
      put(heap, 512, 'a\0cdxxxx');
      return outcome(() => call(heap, 'readUtf8String', 512, 4));
    },
    ours: 'a\0cd',
    theirs: 'throws TypeError',
  },
  {
    claim: 'a wrapped string may grow to the end of its block',
    probe(lib) {
      const { heap } = heapOf(lib);
      const { address } = heap.allocUint8Array(64);
      put(heap, address, 'hi');
      return outcome(() => heap.wrapNullTerminatedUtf8String(address).write('hello').value);
    },
    ours: 'hello',
    theirs: 'throws Error',
  },
  {
    claim: 'bytes above 127 are not read as windows-1252',
    needs: 'readNullTerminatedAsciiString',
    probe(lib) {
      const { heap } = heapOf(lib);
      put(heap, 512, '\x80\xc3\xa9\0');
      return outcome(() => call(heap, 'readNullTerminatedAsciiString', 512));
    },
    ours: '\uFFFD\uFFFD\uFFFD',
    theirs: '€Ã©',
  },
  {
    claim: 'a number that is not a code point is read as U+FFFD',
    needs: 'readNullTerminatedUtf32String',
    probe(lib) {
      const { heap } = heapOf(lib);
      heap.writeUint32(512, 0x110000);
      return outcome(() => call(heap, 'readNullTerminatedUtf32String', 512));
    },
    ours: '\uFFFD',
    theirs: 'throws RangeError',
  },
  {
    claim: 'a read creates no decoder',
    probe(lib) {
      const { heap } = heapOf(lib);
      const address = heap.allocNullTerminatedUtf8String('Grüße, '.repeat(20)).address;
      const { TextDecoder: original } = globalThis;
      let made = 0;
      globalThis.TextDecoder = new Proxy(original, {
        construct: (target, args: []) => (made++, new target(...args)),
      });
      try {
        for (let i = 0; i < 10; i++) heap.readNullTerminatedUtf8String(address);
      } finally {
        globalThis.TextDecoder = original;
      }
      return made;
    },
    ours: 0,
    theirs: 10,
  },
];

const README_NAMES = [
  'readClampedUint8', 'writeClampedUint8', 'viewClampedUint8Array', 'allocClampedUint8', 'allocClampedUint8Array',
  'wrapClampedUint8', 'wrapClampedUint8Array',
]; // prettier-ignore
const names: Defect[] = [
  {
    claim: 'every method of the README is there',
    probe: (lib) => README_NAMES.filter((name) => !(name in lib.WasmHeapManager.prototype)).length,
    ours: 0,
    theirs: README_NAMES.length,
  },
  {
    claim: 'every property of the README is there',
    probe(lib) {
      const { heap } = heapOf(lib);
      return [
        heap.allocInt32(1).allocatedByteSize,
        heap.allocNullTerminatedUtf8String('é').encodedByteLength,
      ];
    },
    ours: [4, 2],
    theirs: [undefined, undefined],
  },
];

const old: Defect[] = [
  {
    claim: 'an empty UTF-8 string takes UTF-8',
    probe: (lib) => outcome(() => heapOf(lib).heap.allocNullTerminatedUtf8String(4).write('é').value),
    ours: 'é',
    theirs: 'throws Error',
  },
  {
    claim: 'a string never passes the end of its block',
    needs: 'allocNullTerminatedAsciiString',
    probe(lib) {
      const { heap } = heapOf(lib);
      const ref = call(heap, 'allocNullTerminatedAsciiString', 4) as { write(text: string): void };
      const next = heap.allocInt32Array(new Int32Array([1, 2]));
      return [outcome(() => typeof ref.write('A'.repeat(20))), next.readAt(0)];
    },
    ours: ['throws ENCODING', 1],
    theirs: ['object', 0x41414141],
  },
  {
    claim: 'a wrapped string can be read',
    probe(lib) {
      const { heap } = heapOf(lib);
      put(heap, 512, 'hi\0');
      return outcome(() => heap.wrapNullTerminatedUtf8String(512).read());
    },
    ours: 'hi',
    theirs: 'throws Error',
  },
  {
    claim: 'unaligned values are read and written exactly, or refused',
    probe(lib) {
      const { heap } = heapOf(lib);
      heap.writeInt32(1025, 5);
      const view = outcome(() => heap.viewInt32Array(1026, 2).byteOffset);
      return [outcome(() => heap.readInt32(1025)), heap.readUint8(1025), view];
    },
    ours: [5, 5, 'throws MISALIGNED'],
    theirs: [undefined, 0, 1024],
  },
  {
    claim: 'no memory is an error, and nothing is cleared',
    probe(lib) {
      const { heap, module } = heapOf(lib);
      heap.heapUint8[1] = 7;
      module.failAt = 1;
      return [outcome(() => heap.allocInt32().isFreed), heap.heapUint8[1]];
    },
    ours: ['throws OUT_OF_MEMORY', 7],
    theirs: [true, 0],
  },
  {
    claim: 'a heap of any length can be wrapped',
    probe: (lib) =>
      outcome(() => {
        const buffer = new ArrayBuffer(100);
        const heap = new lib.WasmHeapManager(() => buffer, () => 8, () => undefined); // prettier-ignore
        return heap.heapBigInt64.length;
      }),
    ours: 12,
    theirs: 'throws RangeError',
  },
  {
    claim: 'a character across 2^24 bytes is whole',
    probe(lib) {
      const module = fakeModule(new WebAssembly.Memory({ initial: 260, maximum: 300 }));
      const { heap } = heapOf(lib, {}, module);
      heap.heapUint8.fill(0x61, 1024, 1024 + 2 ** 24 - 1);
      put(heap, 1024 + 2 ** 24 - 1, '\xc3\xa9z\0');
      return heap.readNullTerminatedUtf8String(1024).slice(-3);
    },
    ours: 'aéz',
    theirs: '\uFFFD\uFFFDz',
  },
];

// Without an engine that collects when asked there is nothing to see.
const garbage: Defect[] = [
  {
    claim: 'refs that were dropped give their blocks back',
    async probe(lib) {
      const { heap, module } = heapOf(lib, { enableGarbageCollection: true });
      (() => {
        for (let i = 0; i < 200; i++) heap.allocInt32Array(4);
      })();
      await collect(() => module.live.size === 0);
      return [module.live.size, module.badFrees.length, heap.allocatedHeapRefs.length];
    },
    ours: [0, 0, 0],
    theirs: [200, 0, 200],
  },
  {
    claim: 'refs that were dropped give their blocks back, also without tracking',
    async probe(lib) {
      const { heap, module } = heapOf(lib, { enableGarbageCollection: true, trackAllocations: false });
      (() => {
        for (let i = 0; i < 200; i++) heap.allocInt32Array(4);
      })();
      await collect(() => module.live.size === 0);
      return [module.live.size, module.badFrees.length];
    },
    ours: [0, 0],
    theirs: [200, 0],
  },
];
const oldGarbage: Defect[] = [
  {
    claim: 'a block that was freed by hand is not freed again by its finalizer',
    probe: (lib) =>
      quiet(async () => {
        const { heap, module } = heapOf(lib, { enableGarbageCollection: true });
        const address = (() => {
          const ref = heap.allocInt32(1);
          const at = ref.address;
          ref.free();
          return at;
        })();
        const again = module.malloc(4);
        await collect(() => !module.live.has(address), 20);
        return [again === address, module.live.has(address)];
      }),
    ours: [true, true],
    theirs: [true, false],
  },
  {
    claim: 'an array that was made of elements is freed once',
    probe: (lib) =>
      quiet(async () => {
        const { heap, module } = heapOf(lib, { enableGarbageCollection: true });
        (() => void heap.allocInt32Array(new Int32Array([1, 2])))();
        await collect(() => module.badFrees.length > 0, 20);
        return [module.live.size, module.badFrees.length];
      }),
    ours: [0, 0],
    theirs: [0, 1],
  },
];

function compare(defects: readonly Defect[], theirs: Library, where = true): void {
  for (const defect of defects) {
    const there = where && (!defect.needs || has(defect.needs));
    const run = there ? test : test.skip;
    run(defect.claim, async () => {
      expect(await defect.probe(linmem), 'linmem').toEqual(defect.ours);
    });
    test.skipIf(!where || defect.shows === false)(`the other library differs: ${defect.claim}`, async () => {
      expect(await quiet(() => defect.probe(theirs)), 'the peer').toEqual(defect.theirs);
    });
  }
}

describe('wasm-heap-manager 0.5.1', () => {
  compare([...growth, ...addresses, ...frees, ...allocators, ...text, ...names], version051);
  describe('collected as garbage', () => compare(garbage, version051, collects));
});
describe('wasm-heap-manager 0.1.0', () => {
  compare(old, version010);
  describe('collected as garbage', () => compare(oldGarbage, version010, collects));
});
