// SPDX-License-Identifier: MIT
// The runtimes of AssemblyScript: how each allocates, pins and unpins objects.
//
//   R1  An object that JavaScript holds is pinned. Pins are counted here, as the runtime allows one per object.
//   R2  Garbage is collected before an allocation that may grow the memory, as the runtime `minimal` collects only on
//       request. Never while WebAssembly is on the stack: `minimal` would free objects that only the stack refers to.
import { ModuleError, NotOwnedError, OutOfMemoryError } from '../errors.ts';
import { toPointer } from '../memory/address.ts';
import { functionIn, type ModuleFunction } from './properties.ts';

/**
 * The runtime of a module: `current` since 2021; `counted` in 2019 and 2020, which counts references; `manual` in 2018,
 * which has no classes at run time.
 */
export type AssemblyScriptEra = 'current' | 'counted' | 'manual';

/** The class ids that every module of an era has, and the size of its object headers. */
export const ERAS: Readonly<
  Record<
    AssemblyScriptEra,
    { readonly arrayBuffer: number; readonly string: number; readonly rttiBytes: number }
  >
> = {
  current: { arrayBuffer: 1, string: 2, rttiBytes: 4 },
  counted: { arrayBuffer: 0, string: 1, rttiBytes: 8 },
  manual: { arrayBuffer: 0, string: 0, rttiBytes: 0 },
};

/** Bytes before an object: header and rounding. */
const OVERHEAD = 48;
/** Up to this many bytes of garbage are never collected. */
const MIN_BUDGET = 16384;

/** The functions of a runtime, under one name each. */
interface Functions {
  readonly era: AssemblyScriptEra;
  readonly allocate: (size: number, id: number) => unknown;
  readonly pin: (address: number) => unknown;
  readonly unpin: (address: number) => unknown;
  readonly collect: () => unknown;
}

/** Finds the functions of a runtime among exports; undefined if they are not exported. */
function findFunctions(exports: readonly object[]): Functions | undefined {
  const find = (...names: string[]): ModuleFunction | undefined =>
    names.map((name) => functionIn(exports, name)).find(Boolean);
  const collect = find('__collect') ?? (() => undefined);
  const [make, pin, unpin] = [find('__new'), find('__pin'), find('__unpin')];
  if (make && pin && unpin) return { era: 'current', allocate: make, pin, unpin, collect };
  const [alloc, retain, release] = [find('__alloc'), find('__retain'), find('__release')];
  if (alloc && retain && release)
    return { era: 'counted', allocate: alloc, pin: retain, unpin: release, collect };
  const [allocate, free] = [find('allocate_memory', 'memory.allocate'), find('free_memory', 'memory.free')];
  if (allocate && free)
    return { era: 'manual', allocate: (size) => allocate(size), pin: (at) => at, unpin: free, collect };
  return undefined;
}

/** The runtime of a module. */
export class AssemblyScriptRuntime {
  readonly era: AssemblyScriptEra;
  readonly #functions: Functions;
  readonly #byteLength: () => number;
  /** The objects that are pinned here: their pin counts and sizes. */
  readonly #pins = new Map<number, { count: number; readonly size: number }>();
  #pinnedBytes = 0;
  /** Bytes allocated since the last collection. */
  #allocatedBytes = 0;

  private constructor(functions: Functions, byteLength: () => number) {
    this.era = functions.era;
    this.#functions = functions;
    this.#byteLength = byteLength;
  }

  /** Returns the exported runtime, or undefined. */
  static find(exports: readonly object[], byteLength: () => number): AssemblyScriptRuntime | undefined {
    const functions = findFunctions(exports);
    return functions && new AssemblyScriptRuntime(functions, byteLength);
  }

  /** The number of objects that are pinned here. */
  get pinned(): number {
    return this.#pins.size;
  }

  /**
   * Allocates an object and pins it.
   * @throws {OutOfMemoryError} if the runtime has no memory, or traps
   */
  allocate(size: number, id: number): number {
    this.#collectIfNeeded(size + OVERHEAD);
    const address = this.#attempt(size, () => this.#functions.allocate(size, id));
    if (address === 0) throw new OutOfMemoryError(size);
    this.#attempt(size, () => this.#functions.pin(address));
    this.#allocatedBytes += size + OVERHEAD;
    this.#note(address, size);
    return address;
  }

  /** Pins an object: it is not collected until {@link unpin} was called as often. Does nothing for 0, which is null. */
  pin(address: number): number {
    if (address === 0) return 0;
    const entry = this.#pins.get(address);
    // A runtime that counts references gets every pin, any other only the first.
    if (!entry || this.era === 'counted') this.#call(() => this.#functions.pin(address));
    if (entry) entry.count++;
    else this.#note(address, 0);
    return address;
  }

  /**
   * Undoes one pin. Does nothing for 0, which is null.
   * @throws {NotOwnedError} if the object is not pinned here
   */
  unpin(address: number): void {
    if (address === 0) return;
    const entry = this.#pins.get(address);
    if (!entry) throw new NotOwnedError(address, 'it is not pinned here, or was unpinned already');
    const isLast = entry.count === 1;
    if (isLast || this.era === 'counted') this.#call(() => this.#functions.unpin(address));
    if (isLast) this.#forget(address);
    else entry.count--;
  }

  /** Undoes the pin of an object that another object now refers to. */
  handOver(address: number): void {
    if (this.era !== 'counted') this.unpin(address);
    else this.#forget(address); // the reference that was counted is now the other object's
  }

  /** Frees the objects that are neither pinned nor referred to by the module. */
  collect(): void {
    this.#allocatedBytes = 0;
    this.#call(() => this.#functions.collect());
  }

  #forget(address: number): void {
    this.#pinnedBytes -= this.#pins.get(address)?.size ?? 0;
    this.#pins.delete(address);
  }

  #note(address: number, size: number): void {
    this.#pins.set(address, { count: 1, size });
    this.#pinnedBytes += size;
  }

  /** R2: collects before the garbage exceeds half of the free bytes, or a quarter of the pinned ones. */
  #collectIfNeeded(size: number): void {
    if (this.#allocatedBytes === 0 || this.era !== 'current') return;
    const free = this.#byteLength() - this.#pinnedBytes;
    const budget = Math.max(MIN_BUDGET, free / 4, this.#pinnedBytes / 4);
    if (this.#allocatedBytes + size > budget && !isCalledByWasm()) this.collect();
  }

  #attempt(size: number, act: () => unknown): number {
    try {
      return toPointer(act());
    } catch (cause) {
      throw new OutOfMemoryError(size, 1, { cause });
    }
  }

  #call(act: () => unknown): void {
    try {
      act();
    } catch (cause) {
      throw new ModuleError('the runtime of the module trapped', {}, { cause });
    }
  }
}

/** True if a function of WebAssembly is on the stack. */
function isCalledByWasm(): boolean {
  const before = (Error as { stackTraceLimit?: number }).stackTraceLimit;
  // In a call, as JavaScriptCore misses an assignment once it has compiled it.
  const setLimit = (limit: number): boolean => Reflect.set(Error, 'stackTraceLimit', limit);
  try {
    if (before !== undefined) setLimit(1000);
    return /wasm-function|wasm:\/\/|\[wasm code\]/.test(String(new Error('').stack));
  } finally {
    if (before !== undefined) setLimit(before);
  }
}
