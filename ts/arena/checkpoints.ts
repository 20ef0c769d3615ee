// SPDX-License-Identifier: MIT
// Checkpoints of an arena: what was allocated since the last reset, and since each mark.
//
//   F1  Checkpoints form a stack. The first one began with the epoch. An allocation belongs to the newest one.
//   F2  A checkpoint has one allocation token, shared by all refs and slices that were made in it: they become invalid
//       with it.
//   F3  While no other code knows the address of the arena (it is not published), only this thread ends checkpoints, and
//       F2 is the only check. Once it is published, slices compare the epoch in memory too.
import { ArgumentTypeError, FreedError, isInstance, OutOfBoundsError, StaleEpochError } from '../errors.ts';
import { Allocation, type AllocationExtras } from '../memory/allocation.ts';
import type { ArenaStruct } from './arena-struct.ts';
import { registryOf } from './registry.ts';

/** The state of an arena when a checkpoint began, and its token once something was allocated. */
export class Checkpoint {
  /** Counts all checkpoints of the arena, from 1 on. */
  readonly number: number;
  readonly top: number;
  readonly chunks: number;
  allocation: Allocation | undefined;
  /** The previous checkpoint; undefined for the first, and after this one has ended. */
  below: Checkpoint | undefined;
  /** True if its scope has ended: it ends once none is above it. See scope-arena.ts. */
  isLeft: boolean;
  constructor(number: number, top: number, chunks: number, below: Checkpoint | undefined) {
    this.number = number;
    this.top = top;
    this.chunks = chunks;
    this.allocation = undefined;
    this.below = below;
    this.isLeft = false;
  }
}

/** A state of an arena to return to: see {@link WasmHeapArena.mark}. */
export class ArenaMark {
  /** The arena of the mark. */
  readonly arena: object;
  /** The epoch it was made in. */
  readonly epoch: number;
  /** @internal */
  checkpoint: Checkpoint;
  /** @internal */
  constructor(arena: object, epoch: number, checkpoint: Checkpoint) {
    this.arena = arena;
    this.epoch = epoch;
    this.checkpoint = checkpoint;
  }
}

/** The checkpoints of one arena. */
export class Checkpoints {
  /** The epoch they belong to. */
  epoch = 0;
  /** F3. */
  published: boolean;
  private readonly arena: object;
  private readonly extras: AllocationExtras;
  private readonly struct: ArenaStruct;
  /** F1. A list: an array takes twice the time in V8. */
  last: Checkpoint | undefined;
  private count = 0;

  /** @param arena kept alive by refs and slices, and compared by marks */
  constructor(arena: object, struct: ArenaStruct, published: boolean) {
    this.arena = arena;
    this.extras = { retains: arena };
    this.struct = struct;
    this.published = published;
    this.begin();
  }

  /** The token of the newest checkpoint. */
  get newest(): Allocation {
    return this.tokenOf(this.last as Checkpoint); // F1: there is always one
  }
  private tokenOf(checkpoint: Checkpoint): Allocation {
    if (checkpoint.allocation) return checkpoint.allocation;
    const token = new Allocation(this.struct.heap, checkpoint.top, 0);
    token.extras = this.extras;
    if (this.published) token.epoch = this.struct.checkOf(this.epoch);
    return (checkpoint.allocation = token);
  }
  /** Ends all checkpoints and begins the first one of the epoch in memory. */
  begin(): void {
    this.endAll();
    this.epoch = this.struct.epoch;
    registryOf(this.struct.heap).epochs.recordReached(this.epoch);
    this.push();
  }
  /** Begins a checkpoint. */
  push(): Checkpoint {
    const { fields, chunks } = this.struct;
    return this.pushAt(this.struct.read(fields.top), chunks);
  }
  /** As {@link push}, with the top and the number of chunks known. */
  pushAt(top: number, chunks: number): Checkpoint {
    return (this.last = new Checkpoint(++this.count, top, chunks, this.last));
  }
  /** F3: from then on other code may know the arena. Returns its address. */
  publish(): number {
    const { address } = this.struct;
    if (!this.published) {
      this.published = true;
      const epoch = this.struct.checkOf(this.epoch);
      for (const { allocation } of this.stack) if (allocation) allocation.epoch = epoch;
    }
    return address;
  }
  /** Throws unless `mark` is a mark of this arena in epoch `current`. See {@link WasmHeapArena.rewind}. */
  assertMark(mark: ArenaMark, current: number): void {
    if (!isInstance(mark, ArenaMark) || mark.arena !== this.arena)
      throw new ArgumentTypeError('a mark of this arena', mark);
    if (mark.epoch !== current) throw new StaleEpochError(mark.epoch, current);
    if (!this.has(mark.checkpoint)) throw new FreedError(mark.checkpoint.top, 'mark');
  }
  /** True if `checkpoint` has not ended. */
  has(checkpoint: Checkpoint): boolean {
    return this.last === checkpoint || this.stack.includes(checkpoint);
  }
  /** Ends `checkpoint`, which is in the stack, and all newer ones. */
  endFrom(checkpoint: Checkpoint): void {
    while (this.endNewest() !== checkpoint);
  }
  /** Ends all checkpoints. */
  endAll(): void {
    while (this.endNewest());
  }
  /** Ends the newest checkpoint and returns it. */
  endNewest(): Checkpoint | undefined {
    const { last } = this;
    if (last) {
      this.last = last.below;
      last.below = undefined;
      last.allocation?.markFreed();
    }
    return last;
  }
  /** All checkpoints, the oldest first. */
  get stack(): Checkpoint[] {
    const all: Checkpoint[] = [];
    for (let each = this.last; each; each = each.below) all.push(each);
    return all.reverse();
  }
  /** Returns the number of the checkpoint with this token; 0 if it has ended. */
  numberOf(token: Allocation): number {
    return this.stack.find(({ allocation }) => allocation === token)?.number ?? 0;
  }
  /**
   * Returns the token of the checkpoint that [at, at + size) was allocated in: checkpoint `number`, or any if 0.
   * @throws {FreedError} if the checkpoint has ended
   * @throws {OutOfBoundsError} if the range is not allocated
   */
  tokenAt(at: number, size: number, number: number): Allocation {
    if (number > 0 && !this.stack.some((checkpoint) => checkpoint.number === number))
      throw new FreedError(at, 'slice');
    const chunk = this.struct.chunkOf(at, size);
    const isBefore = ({ chunks, top }: Checkpoint): boolean =>
      chunks < chunk || (chunks === chunk && top <= at);
    const found = this.stack.findLast(
      (checkpoint) => isBefore(checkpoint) && (number === 0 || checkpoint.number === number),
    );
    if (!found) throw new OutOfBoundsError(at, size, this.struct.heap.byteLength);
    return this.tokenOf(found);
  }
}
