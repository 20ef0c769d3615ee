// SPDX-License-Identifier: MIT
// The frame arena: one arena per heap for what lives as long as one animation frame, or one call.
import { ArgumentTypeError } from '../errors.ts';
import type { WasmHeapManager } from './manager.ts';
import { toCount } from '../memory/address.ts';
import { f32, f64 } from '../scalar/table.ts';
import { WasmHeapArena } from './arena.ts';

/** What {@link FrameArena.init} takes unless told otherwise: 8 MiB. */
const FRAME_BYTES = 8 * 1024 * 1024;

/** Calls back before the next frame is shown; `requestAnimationFrame` is one. */
export type FrameScheduler = (callback: (time: number) => void) => unknown;

/** The arena of a heap whose contents live until the next frame. */
export class FrameArena {
  readonly #heap: WasmHeapManager;
  #arena: WasmHeapArena | undefined;
  /** The capacity that it was made for; it may have a byte less. */
  #asked = 0;

  /** The library's own: use `heap.frameArena` or {@link frameArenaOf}, as a heap has one. */
  constructor(heap: WasmHeapManager) {
    this.#heap = heap;
  }

  /**
   * Makes it `capBytes` bytes large, 8 MiB unless given, and returns the address of the first byte. When it has that
   * capacity already, nothing changes; when it has another, all that was lent of it ends.
   * @throws {OutOfMemoryError} when the heap has no such block; nothing has changed then
   * @throws {ArgumentTypeError} {@link ArgumentRangeError} when the capacity is no such number
   * @throws whatever the heap's free throws; then it has its old capacity, and is empty
   */
  init(capBytes: number = FRAME_BYTES): number {
    const old = this.#live();
    if (old && this.#asked === capBytes) return old.basePtr;
    const arena = new WasmHeapArena(this.#heap, { capBytes, align: 16 }, {}, {}, 'frame');
    try {
      old?.destroy();
    } catch (error) {
      arena.destroy(); // the old one is alive, and empty
      throw error;
    }
    this.#arena = arena;
    this.#asked = capBytes;
    return arena.basePtr;
  }

  /** The arena itself, for slices, refs and strings that live until the next reset. Its first use is an `init()`. */
  get arena(): WasmHeapArena {
    if (!this.#live()) this.init();
    return this.#arena as WasmHeapArena; // init sets it
  }
  #live(): WasmHeapArena | undefined {
    return this.#arena?.destroyed === false ? this.#arena : undefined;
  }

  /** Takes everything back and begins an epoch: every slice and ref of it ends. */
  reset(): void {
    this.arena.reset();
  }
  /** Returns the address of `bytes` bytes, lent until the next reset; errors as {@link WasmHeapArena.alloc}. */
  alloc(bytes: number, align = 16): number {
    return this.arena.alloc(bytes, align);
  }
  /** Returns the address of `length` floats; for a checked slice of them use `arena.allocF32(length)`. */
  allocF32(length: number): number {
    return this.arena.alloc(toCount(length, 'a count of elements') * f32.size);
  }
  /** Returns the address of `length` doubles; for a checked slice of them use `arena.allocF64(length)`. */
  allocF64(length: number): number {
    return this.arena.alloc(toCount(length, 'a count of elements') * f64.size);
  }
  /** The epoch now. */
  epoch(): number {
    return this.arena.epoch();
  }
  /** Bytes lent, their paddings included. */
  usedBytes(): number {
    return this.arena.usedBytes();
  }
  /** Bytes it has. */
  capBytes(): number {
    return this.arena.capBytes;
  }
  /** Gives its block back to the heap; the next use takes another. */
  destroy(): void {
    this.#live()?.destroy();
    this.#arena = undefined;
  }

  /**
   * Returns a function that resets the arena and then does what `act` does, each time it is called: what a call lends
   * lives until the next one.
   */
  perCall<P extends unknown[], R>(act: (...args: P) => R): (...args: P) => R {
    return (...args) => {
      this.reset();
      return act(...args);
    };
  }

  /**
   * Resets the arena and calls `act` once for each animation frame, until the function that it returns is called, or
   * `act` throws.
   * @param schedule what calls back before each frame; `requestAnimationFrame` unless given
   * @throws {ArgumentTypeError} when there is no `requestAnimationFrame` and no other was given
   */
  perFrame(
    act: (time: number) => void,
    schedule: FrameScheduler = globalThis.requestAnimationFrame,
  ): () => void {
    if (typeof schedule !== 'function')
      throw new ArgumentTypeError('a function like requestAnimationFrame', schedule);
    let goes = true;
    const step = (time: number): void => {
      if (!goes) return;
      this.reset();
      act(time);
      schedule(step);
    };
    schedule(step);
    return () => {
      goes = false;
    };
  }
}

/** The frame arena of `heap`: the same one each time. */
export function frameArenaOf(heap: WasmHeapManager): FrameArena {
  const arenas = heap.arenas;
  return (arenas.frame ??= new FrameArena(heap));
}
