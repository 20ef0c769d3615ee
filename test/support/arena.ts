// Heaps of every kind for the tests of arenas and slices, and the check that none of their blocks leaked.
import { expect } from 'vitest';
import {
  createHeapSync,
  createWasmHeapManager,
  createWasmHeapManager64,
  LinmemHeap,
  type WasmHeapArena,
  type WasmHeapManager,
  type WasmHeapManagerOptions,
} from '../../ts/index.ts';
import { registryOf } from '../../ts/arena/registry.ts';
import type { ScopeArena } from '../../ts/arena/scope-arena.ts';
import { fakeHeap, fakeModule, type Module } from './heap.ts';

export interface Made {
  readonly heap: WasmHeapManager;
  /** The module with its allocator; undefined for a heap of linmem. */
  readonly module?: Module;
}

const PAGE = 65536;

/** A module over a plain buffer that cannot grow. */
function plainModule(bytes: number): Module {
  const memory = { buffer: new ArrayBuffer(bytes), grow: () => expect.fail() };
  return fakeModule(memory as unknown as WebAssembly.Memory);
}
/**
 * A memory of one page that grows as a WebAssembly.Memory does, and leaves a detached buffer behind: a page of a
 * browser has room for about a hundred real ones.
 */
function movingMemory(): WebAssembly.Memory {
  let buffer = new ArrayBuffer(PAGE);
  const memory = {
    get buffer() {
      return buffer;
    },
    grow(pages: number) {
      const old = buffer;
      if (old.byteLength + pages * PAGE > 64 * PAGE) throw new RangeError('the memory cannot grow');
      buffer = new ArrayBuffer(old.byteLength + pages * PAGE);
      new Uint8Array(buffer).set(new Uint8Array(old));
      structuredClone(old, { transfer: [old] });
      return old.byteLength / PAGE;
    },
  };
  return memory as unknown as WebAssembly.Memory; // all that a module uses
}
/** Shared memories that were used before. */
const pool: WebAssembly.Memory[] = [];
function sharedMemory(): WebAssembly.Memory {
  const memory = pool.pop() ?? new WebAssembly.Memory({ initial: 1, maximum: 64, shared: true });
  new Uint8Array(memory.buffer).fill(0);
  return memory;
}
const collect = (globalThis as { gc?: () => void }).gc;

/** All kinds of heaps by name. */
export const KINDS = {
  own: (): Made => ({ heap: createHeapSync() }),
  guest: (): Made => ({
    heap: createHeapSync({ memory: new WebAssembly.Memory({ initial: 1, maximum: 64 }) }),
  }),
  wrapped: (options: WasmHeapManagerOptions = {}): Made => fakeHeap(options, fakeModule(movingMemory())),
  unaligned: (options: WasmHeapManagerOptions = {}): Made => fakeHeap(options, fakeModule(movingMemory(), 1)),
  plain: (options: WasmHeapManagerOptions = {}): Made => fakeHeap(options, plainModule(40 * PAGE)),
  shared: (options: WasmHeapManagerOptions = {}): Made => fakeHeap(options, fakeModule(sharedMemory())),
  memory64: (): Made => {
    const module = fakeModule(movingMemory());
    const malloc = (bytes: bigint): bigint => BigInt(module.malloc(Number(bytes)));
    const free = (address: bigint): void => module.free(Number(address));
    return { heap: createWasmHeapManager64(module.memory, malloc, free), module };
  },
};
export type Kind = keyof typeof KINDS;
export const kinds = Object.keys(KINDS) as Kind[];
/** The kinds whose memory threads do not share: arenas can grow there. */
export const unshared = kinds.filter((kind) => kind !== 'shared');

/** Returns another manager of the same heap, as in another thread. */
export function attachManager({ heap, module }: Made): WasmHeapManager {
  if (!module) return expect.fail('a fake module');
  const { identity } = heap;
  const other = createWasmHeapManager(
    () => module.memory.buffer,
    (bytes) => module.malloc(bytes),
    (address) => module.free(address),
  );
  other.identity = identity;
  return other;
}

let made: Made[] = [];
/** Real memories that were made. */
let real = 0;

/** Returns a heap of a kind; {@link expectNothingLeaked} checks it at the end of the test. */
export function make(kind: Kind, options?: WasmHeapManagerOptions): Made {
  const one = KINDS[kind](options);
  made.push(one);
  return one;
}
/** The heap alone. */
export const heapOf = (kind: Kind = 'wrapped', options?: WasmHeapManagerOptions): WasmHeapManager =>
  make(kind, options).heap;

/** The arena that the heap's scopes share, once there was a scope. */
export const scopeArena = (heap: WasmHeapManager): WasmHeapArena | undefined =>
  (registryOf(heap).scopeArena as ScopeArena | undefined)?.arena;

/** The number of live blocks. */
export const liveBlockCount = (heap: WasmHeapManager): number => heap.statistics.liveBlocks;

/** For afterEach: fails if a block of a heap of the test is still allocated, or an invariant of a heap is broken. */
export function expectNothingLeaked(): void {
  const all = made;
  made = [];
  for (const { heap, module } of all) {
    expect(liveBlockCount(heap), 'blocks still allocated').toBe(0);
    heap.freeAll();
    const shared = !(heap.buffer instanceof ArrayBuffer); // and keeps one block for its epochs
    if (module)
      expect(module.live.size, 'blocks that the allocator still has').toBeLessThanOrEqual(shared ? 1 : 0);
    expect(module?.badFrees ?? [], 'wrong frees that reached the allocator').toEqual([]);
    if (module && shared) pool.push(module.memory);
    if (!(heap instanceof LinmemHeap)) continue;
    if (++real % 20 === 0) collect?.();
    expect(heap.holds(), 'the invariants of the C heap').toBe(true);
    expect(heap.stats().liveBlocks, 'blocks that the C heap still has').toBe(0);
  }
}

/** Returns the error that `act` throws. Fails if it throws none. */
export function errorOf(act: () => unknown): { readonly code?: string; readonly message: string } {
  try {
    act();
  } catch (error) {
    return error as Error & { code?: string };
  }
  return expect.fail('nothing was thrown');
}
