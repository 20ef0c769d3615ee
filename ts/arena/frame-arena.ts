// SPDX-License-Identifier: MIT
// FrameArena: one arena per heap for allocations that live for one animation frame, or one call.
import { ArgumentTypeError, define } from '../errors.ts';
import type { Heap } from '../heap/heap.ts';
import { toCount } from '../memory/address.ts';
import { f32, f64 } from '../scalar/types.gen.ts';
import { WasmHeapArena } from './arena.ts';
import { assertHeap, registryOf } from './registry.ts';

/** The default capacity: 8 MiB. */
const FRAME_BYTES = 8 * 1024 * 1024;

/** Calls `callback` before the next frame, as `requestAnimationFrame` does. */
export type FrameScheduler = (callback: (time: number) => void) => unknown;

/** The arena of a heap for allocations that live until the next frame. */
export class FrameArena {
  /** @internal Not private (#): a Proxy has no private members. */
  declare readonly state: {
    readonly heap: Heap;
    arena?: WasmHeapArena | undefined;
    /** The capacity asked for; the arena may have a byte less. */
    requestedBytes?: number;
  };

  /** @internal Use `heap.frameArena` or {@link frameArenaOf}: a heap has one frame arena. */
  constructor(heap: Heap) {
    define(this, 'state', { heap });
  }

  /**
   * Sets the capacity to `capBytes` bytes (default: 8 MiB) and returns the address of the first byte. Does nothing if that
   * is the capacity already; else everything in the arena becomes invalid.
   * @throws {OutOfMemoryError} if the heap has no such block; nothing has changed then
   * @throws {ArgumentTypeError} {@link ArgumentRangeError} if the capacity is invalid
   * @throws any error of the heap's free; the arena then has its old capacity, and is empty
   */
  init(capBytes: number = FRAME_BYTES): number {
    const old = this.live();
    if (old && this.state.requestedBytes === capBytes) return old.basePtr;
    const arena = new WasmHeapArena(this.state.heap, { capBytes, align: 16 }, { kind: 'frame' });
    try {
      old?.destroy();
    } catch (error) {
      arena.destroy(); // the old one is usable, and empty
      throw error;
    }
    this.state.arena = arena;
    this.state.requestedBytes = capBytes;
    return arena.basePtr;
  }

  /** The arena, for slices, refs and strings that live until the next reset. The first use calls `init()`. */
  get arena(): WasmHeapArena {
    if (!this.live()) this.init();
    return this.state.arena as WasmHeapArena; // init sets it
  }
  private live(): WasmHeapArena | undefined {
    return this.state.arena?.destroyed === false ? this.state.arena : undefined;
  }

  /** Frees everything and begins a new epoch: every slice and ref becomes invalid. */
  reset(): void {
    this.arena.reset();
  }
  /** Returns the address of `bytes` bytes, valid until the next reset. Throws as {@link WasmHeapArena.alloc}. */
  alloc(bytes: number, align = 16): number {
    return this.arena.alloc(bytes, align);
  }
  /** Returns the address of `length` floats. For a checked slice use `arena.allocF32(length)`. */
  allocF32(length: number): number {
    return this.alloc(toCount(length, 'a count of elements') * f32.size);
  }
  /** Returns the address of `length` doubles. For a checked slice use `arena.allocF64(length)`. */
  allocF64(length: number): number {
    return this.alloc(toCount(length, 'a count of elements') * f64.size);
  }
  /** Returns the current epoch. */
  epoch(): number {
    return this.arena.epoch();
  }
  /** Returns the bytes allocated, padding included. */
  usedBytes(): number {
    return this.arena.usedBytes();
  }
  /** Returns the capacity in bytes. */
  capBytes(): number {
    return this.arena.capBytes;
  }
  /** Frees its block. The next use allocates another. */
  destroy(): void {
    this.live()?.destroy();
    this.state.arena = undefined;
  }

  /**
   * Returns a function that resets the arena and calls `callback`: allocations of a call live until the next call.
   * @throws {ArgumentTypeError} if `callback` is not a function
   */
  perCall<P extends unknown[], R>(callback: (...args: P) => R): (...args: P) => R {
    if (typeof callback !== 'function') throw new ArgumentTypeError('a function', callback);
    return (...args) => {
      this.reset();
      return callback(...args);
    };
  }

  /**
   * Resets the arena and calls `callback` once per animation frame, until the returned function is called or `callback`
   * throws.
   * @param schedule Default: `requestAnimationFrame`
   * @throws {ArgumentTypeError} if one of them is not a function
   */
  perFrame(
    callback: (time: number) => void,
    schedule: FrameScheduler = globalThis.requestAnimationFrame,
  ): () => void {
    if (typeof callback !== 'function') throw new ArgumentTypeError('a function', callback);
    if (typeof schedule !== 'function')
      throw new ArgumentTypeError('a function like requestAnimationFrame', schedule);
    let isRunning = true;
    const step = (time: number): void => {
      if (!isRunning) return;
      this.reset();
      callback(time);
      schedule(step);
    };
    schedule(step);
    return () => {
      isRunning = false;
    };
  }
}

/** Returns the frame arena of `heap`: the same one each time. */
export function frameArenaOf(heap: Heap): FrameArena {
  assertHeap(heap);
  const registry = registryOf(heap);
  return (registry.frameArena ??= new FrameArena(heap)) as FrameArena; // nothing else sets it
}
