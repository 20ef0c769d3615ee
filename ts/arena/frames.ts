// SPDX-License-Identifier: MIT
// The frames of an arena: what was lent since the arena was reset, and since each of its marks.
//
//   F1  Frames lie on each other, oldest first; the first one began with the epoch. What is lent belongs to the
//       newest one.
//   F2  A frame is a loan: when it ends, every ref and slice that was cut from it ends.
//   F3  As long as nobody else knows where the arena lies, only this thread ends frames, and F2 is all there is to
//       check. From then on slices compare the epoch in memory too.
import { ArgumentTypeError, FreedError, StaleEpochError } from '../errors.ts';
import { Block } from '../memory/block.ts';
import type { WasmHeapArena } from './arena.ts';
import type { ArenaPlace } from './place.ts';

/** A place in an arena to go back to, as {@link WasmHeapArena.mark} returned it. */
export class ArenaMark {
  /** The arena it is a mark of. */
  readonly arena: WasmHeapArena;
  /** The epoch it was made in. */
  readonly epoch: number;
  /** The library's own. */
  frame: Block;
  /** The library's own: use {@link WasmHeapArena.mark}. */
  constructor(arena: WasmHeapArena, epoch: number, frame: Block) {
    this.arena = arena;
    this.epoch = epoch;
    this.frame = frame;
  }
}

/** The frames of one arena: loans that begin at the arena's top, and how many chunks it had then. */
export class Frames {
  /** The epoch they are of. */
  born = 0;
  /** F3. */
  exposed: boolean;
  private readonly arena: WasmHeapArena;
  private readonly place: ArenaPlace;
  private readonly frames: Block[] = [];
  private readonly chunks: number[] = [];

  constructor(arena: WasmHeapArena, place: ArenaPlace, exposed: boolean) {
    this.arena = arena;
    this.place = place;
    this.exposed = exposed;
    this.begin();
  }

  get newest(): Block {
    return this.frames[this.frames.length - 1] as Block; // F1: there is always one
  }
  /** Ends all frames, and begins the first one of the epoch in memory. */
  begin(): void {
    this.endAll();
    this.born = this.place.epoch;
    this.place.heap.arenas.epochs.reached(this.born);
    this.push();
  }
  /** Begins a frame where the arena stands. */
  push(): Block {
    const { at, chunks } = this.place;
    return this.pushAt(this.place.read(at.top), chunks);
  }
  /** As {@link push}, for an arena that stands at `top` and has so many chunks. */
  pushAt(top: number, chunks: number): Block {
    const frame = new Block(this.place.heap, top, 0);
    frame.keeps = this.arena;
    if (this.exposed) frame.epoch = this.place.epochOf(this.born);
    this.frames.push(frame);
    this.chunks.push(chunks);
    return frame;
  }
  /** Ends `frame` when it is the newest one and no chunk was taken since; else does nothing. Returns whether it did. */
  popAt(frame: Block, chunks: number | undefined): boolean {
    const last = this.frames.length - 1;
    if (this.frames[last] !== frame || this.chunks[last] !== chunks) return false;
    this.endNewest();
    return true;
  }
  /** F3: from here on others know the arena too. Returns where it lies. */
  expose(): number {
    const { address } = this.place;
    if (!this.exposed) {
      this.exposed = true;
      const epoch = this.place.epochOf(this.born);
      for (const frame of this.frames) frame.epoch = epoch;
    }
    return address;
  }
  /** Refuses what is no mark here in epoch `now`; errors as {@link WasmHeapArena.rewind}. */
  assertMark(mark: ArenaMark, now: number): void {
    if (!(mark instanceof ArenaMark) || mark.arena !== this.arena)
      throw new ArgumentTypeError('a mark of this arena', mark);
    if (mark.epoch !== now) throw new StaleEpochError(mark.epoch, now);
    if (this.chunksAt(mark.frame) === undefined) throw new FreedError(mark.frame.address, 'mark');
  }
  /** The chunks there were when `frame` began; undefined when it is not here. */
  chunksAt(frame: Block): number | undefined {
    const last = this.frames.length - 1;
    return this.chunks[this.frames[last] === frame ? last : this.frames.indexOf(frame)];
  }
  /** Ends `frame`, which is here, and all newer ones. */
  endFrom(frame: Block): void {
    while (this.endNewest() !== frame);
  }
  /** Ends all frames. */
  endAll(): void {
    while (this.endNewest());
  }
  private endNewest(): Block | undefined {
    const last = this.frames.pop();
    this.chunks.pop();
    last?.end();
    return last;
  }
  /** The frame that address `at` in chunk `chunk` belongs to. */
  around(chunk: number, at: number): Block {
    let i = this.frames.length;
    while (--i > 0) {
      const began = this.chunks[i] as number; // one for each frame
      if (began < chunk || (began === chunk && (this.frames[i] as Block).address <= at)) break;
    }
    return this.frames[i] as Block; // F1
  }
}
