// SPDX-License-Identifier: MIT
// The frames of an arena: what was lent since the arena was reset, and since each of its marks.
//
//   F1  Frames lie on each other, oldest first; the first one began with the epoch. What is lent belongs to the
//       newest one.
//   F2  A frame is a loan: when it ends, every ref and slice that was cut from it ends.
//   F3  As long as nobody else knows where the arena lies, only this thread ends frames, and F2 is all there is to
//       check. From then on slices compare the epoch in memory too.
import { ArgumentTypeError, FreedError, OutOfBoundsError, StaleEpochError } from '../errors.ts';
import { Block } from '../memory/block.ts';
import type { WasmHeapArena } from './arena.ts';
import type { ArenaPlace } from './place.ts';

/** Where an arena stood when the frame began, and the loan, once something was cut from it. */
export class Frame {
  /** Of all frames of the arena, from 1 on. */
  readonly number: number;
  readonly top: number;
  readonly chunks: number;
  loan: Block | undefined;
  constructor(number: number, top: number, chunks: number) {
    this.number = number;
    this.top = top;
    this.chunks = chunks;
    this.loan = undefined;
  }
}

/** A place in an arena to go back to, as {@link WasmHeapArena.mark} returned it. */
export class ArenaMark {
  /** The arena it is a mark of. */
  readonly arena: WasmHeapArena;
  /** The epoch it was made in. */
  readonly epoch: number;
  /** The library's own. */
  frame: Frame;
  /** The library's own: use {@link WasmHeapArena.mark}. */
  constructor(arena: WasmHeapArena, epoch: number, frame: Frame) {
    this.arena = arena;
    this.epoch = epoch;
    this.frame = frame;
  }
}

/** The frames of one arena. */
export class Frames {
  /** The epoch they are of. */
  born = 0;
  /** F3. */
  exposed: boolean;
  private readonly arena: WasmHeapArena;
  private readonly place: ArenaPlace;
  private readonly frames: Frame[] = [];
  private count = 0;

  constructor(arena: WasmHeapArena, place: ArenaPlace, exposed: boolean) {
    this.arena = arena;
    this.place = place;
    this.exposed = exposed;
    this.begin();
  }

  /** The loan of the newest frame. */
  get newest(): Block {
    return this.loanOf(this.frames[this.frames.length - 1] as Frame); // F1: there is always one
  }
  private loanOf(frame: Frame): Block {
    if (frame.loan) return frame.loan;
    const loan = new Block(this.place.heap, frame.top, 0);
    loan.keeps = this.arena;
    if (this.exposed) loan.epoch = this.place.epochOf(this.born);
    return (frame.loan = loan);
  }
  /** Ends all frames, and begins the first one of the epoch in memory. */
  begin(): void {
    this.endAll();
    this.born = this.place.epoch;
    this.place.heap.arenas.epochs.reached(this.born);
    this.push();
  }
  /** Begins a frame where the arena stands. */
  push(): Frame {
    const { at, chunks } = this.place;
    return this.pushAt(this.place.read(at.top), chunks);
  }
  /** As {@link push}, for an arena that stands at `top` and has so many chunks. */
  pushAt(top: number, chunks: number): Frame {
    const frame = new Frame(++this.count, top, chunks);
    this.frames.push(frame);
    return frame;
  }
  /** Ends `frame` when it is the newest one and no chunk was taken since; else does nothing. Returns whether it did. */
  popAt(frame: Frame, chunks: number | undefined): boolean {
    if (this.frames[this.frames.length - 1] !== frame || frame.chunks !== chunks) return false;
    this.endNewest();
    return true;
  }
  /** F3: from here on others know the arena too. Returns where it lies. */
  expose(): number {
    const { address } = this.place;
    if (!this.exposed) {
      this.exposed = true;
      const epoch = this.place.epochOf(this.born);
      for (const { loan } of this.frames) if (loan) loan.epoch = epoch;
    }
    return address;
  }
  /** Refuses what is no mark here in epoch `now`; errors as {@link WasmHeapArena.rewind}. */
  assertMark(mark: ArenaMark, now: number): void {
    if (!(mark instanceof ArenaMark) || mark.arena !== this.arena)
      throw new ArgumentTypeError('a mark of this arena', mark);
    if (mark.epoch !== now) throw new StaleEpochError(mark.epoch, now);
    if (!this.has(mark.frame)) throw new FreedError(mark.frame.top, 'mark');
  }
  /** Whether `frame` has not ended. */
  has(frame: Frame): boolean {
    return this.frames[this.frames.length - 1] === frame || this.frames.includes(frame);
  }
  /** Ends `frame`, which is here, and all newer ones. */
  endFrom(frame: Frame): void {
    while (this.endNewest() !== frame);
  }
  /** Ends all frames. */
  endAll(): void {
    while (this.endNewest());
  }
  private endNewest(): Frame | undefined {
    const last = this.frames.pop();
    last?.loan?.end();
    return last;
  }
  /** The number of the frame that `loan` is of; 0 when it has ended. */
  numberOf(loan: Block): number {
    return this.frames.find((frame) => frame.loan === loan)?.number ?? 0;
  }
  /**
   * The loan, of frame `number` or any for 0, that [at, at + size) belongs to.
   * @throws {FreedError} when the frame has ended
   * @throws {OutOfBoundsError} when that is not lent
   */
  around(at: number, size: number, number: number): Block {
    if (number > 0 && !this.frames.some((frame) => frame.number === number))
      throw new FreedError(at, 'slice');
    const chunk = this.place.chunkOf(at, size);
    const begins = ({ chunks, top }: Frame): boolean => chunks < chunk || (chunks === chunk && top <= at);
    const frame = this.frames.findLast((each) => begins(each) && (number === 0 || each.number === number));
    if (!frame) throw new OutOfBoundsError(at, size, this.place.heap.byteLength);
    return this.loanOf(frame);
  }
}
