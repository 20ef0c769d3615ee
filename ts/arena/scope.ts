// SPDX-License-Identifier: MIT
// Scopes: what is made in one is gone when it ends, however it ends.
//
//   P1  The scopes of a heap share one arena that grows, its scratch. Each open scope has a mark in it; the newest
//       one cuts from it, others, which an async function or a kept scope may still use, take blocks of their own.
//   P2  A scope that ends before a newer one leaves its mark: what lies above is still in use. The last of them to
//       end rewinds to the lowest.
import { ArgumentTypeError, FreedError, NotOwnedError, OutOfMemoryError } from '../errors.ts';
import { MALLOC_ALIGN } from '../heap/allocator.ts';
import type { WasmHeapManager } from './manager.ts';
import { toAlign, toCount } from '../memory/address.ts';
import { attemptAll } from '../memory/attempt.ts';
import type { Block } from '../memory/block.ts';
import { isShared } from '../memory/memory.ts';
import { ScalarArrayRef } from '../scalar/array.ts';
import { Ref, ScalarRef } from '../scalar/ref.ts';
import type { Scalar, ScalarValue } from '../scalar/scalar.ts';
import { StringRef, type TextHeap } from '../text/ref.ts';
import { WasmHeapArena } from './arena.ts';
import type { Frame } from './frames.ts';
import { Region, type Cut } from './region.ts';
import { WasmSlice } from './slice.ts';

/** Bytes that a heap's scopes share before they take more. */
const SCRATCH_BYTES = 4000;

/** P1. */
export class Scratch {
  readonly arena: WasmHeapArena;
  /** Not in shared memory, where a full one makes scopes take blocks of their own. */
  readonly grows: boolean;
  /** The open scope that was made last. Below it are those that were open then, some of them ended. */
  newest: Scope | undefined = undefined;
  constructor(heap: WasmHeapManager) {
    this.grows = !isShared(heap);
    const where = { capBytes: SCRATCH_BYTES, align: 16 };
    this.arena = new WasmHeapArena(heap, where, { grow: this.grows }, {}, 'arena', false);
  }
}

function scratchOf(heap: WasmHeapManager): Scratch {
  const { arenas } = heap;
  const { scratch } = arenas;
  return scratch && !scratch.arena.destroyed ? scratch : (arenas.scratch = new Scratch(heap));
}

/** What a scope can keep: a ref or a slice that was made in it. */
export type Keepable = Ref | WasmSlice | SliceOf<number> | SliceOf<bigint> | SliceOf<boolean>;
type SliceOf<T extends ScalarValue> = WasmSlice<ArrayBufferView, T>;

/**
 * Temporaries of every kind: what its `alloc...` methods make is taken back when it ends. Made by `heap.scope()`.
 */
export class Scope extends Region {
  readonly heap: WasmHeapManager;
  /** Whether it has ended. */
  ended = false;
  private readonly scratch: Scratch;
  /** The newest scope when this one began. */
  private readonly outer: Scope | undefined;
  private readonly frame: Frame;
  /** Blocks of its own. */
  private blocks: Block[] | undefined = undefined;

  /** The library's own: use `heap.scope()`. */
  constructor(heap: WasmHeapManager) {
    super();
    this.heap = heap;
    const scratch = scratchOf(heap);
    this.scratch = scratch;
    this.frame = scratch.arena.enter();
    this.outer = scratch.newest;
    scratch.newest = this;
  }

  /**
   * Returns the address of `bytes` bytes, lent until the scope ends. They are not cleared.
   * @param align a power of two up to 65,536; 8 unless given
   * @throws {OutOfMemoryError} when there is no room
   * @throws {FreedError} when the scope has ended
   * @throws {ArgumentTypeError} {@link ArgumentRangeError} when the size or the alignment is no such number
   */
  alloc(bytes: number, align: number = MALLOC_ALIGN): number {
    const { scratch } = this;
    if (scratch.newest === this && scratch.grows) return scratch.arena.alloc(bytes, align);
    return this.allocApart(bytes, align); // apart, as V8 inlines only what is short
  }
  private allocApart(bytes: number, align: number): number {
    return this.cut(toCount(bytes, 'a size in bytes'), toAlign(align), ({ address }) => address);
  }

  /** As for every region; a way of the library's own. */
  override allocScalar<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    value?: T,
  ): ScalarRef<T, A> {
    const { newest, arena, grows } = this.scratch;
    return newest === this && grows ? arena.allocScalar(row, value) : super.allocScalar(row, value);
  }

  cut<R>(bytes: number, align: number, make: (cut: Cut) => R): R {
    const { heap } = this;
    const { newest, arena } = this.scratch;
    if (newest === this) {
      try {
        return arena.cut(bytes, align, make);
      } catch (error) {
        if (!(error instanceof OutOfMemoryError)) throw error;
      }
    }
    if (this.ended) throw new FreedError(this.frame.top, 'scope');
    return heap.lendAsIs(bytes, align, (block) => {
      const made = make({ address: block.address, block, owned: true, arena: undefined });
      (this.blocks ??= []).push(block);
      return made;
    });
  }

  /**
   * Takes `ref` out of the scope: what it returns lives on, and the caller frees it. It is the same ref, or one to a
   * copy at another address, as most temporaries lie in one block that ends with the scope.
   * @throws {NotOwnedError} when it was not made in this scope
   * @throws {FreedError} when it was freed, or the scope has ended
   * @throws {OutOfMemoryError} when there is no room for a copy
   * @throws {ArgumentTypeError} when it is no ref and no slice
   */
  keep<K extends Keepable>(ref: K): K {
    if (!(ref instanceof Ref || ref instanceof WasmSlice))
      throw new ArgumentTypeError('a ref or a slice', ref);
    if (ref instanceof Ref) ref.assertLive();
    else ref.assertAlive();
    const index = this.blocks?.indexOf(ref.block) ?? -1;
    if (index >= 0 && (ref instanceof Ref ? ref.owned : ref.owns)) {
      this.blocks?.splice(index, 1);
      return ref;
    }
    if (index < 0 && ref.block !== this.frame.loan)
      throw new NotOwnedError(ref instanceof Ref ? ref.address : ref.ptr, 'it was not made in this scope');
    return copyOf(this.heap, ref) as K; // a copy is of the class of what it was made from
  }

  /**
   * Takes everything back that was made in it, also when one free fails. Done twice it is done once.
   * @throws {AggregateError} with every error
   */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    const { scratch } = this;
    let { newest } = scratch;
    let lowest: Frame | undefined;
    for (; newest?.ended; newest = newest.outer) lowest = newest.frame;
    scratch.newest = newest;
    if (!lowest) this.frame.loan?.end();
    else if (!scratch.arena.destroyed) scratch.arena.leave(lowest);
    const blocks = this.blocks;
    if (!blocks) return;
    this.blocks = undefined;
    attemptAll(blocks.reverse().map((block) => () => block.live && this.heap.takeBack(block)));
  }
  /** The same as {@link end}. */
  override dispose(): void {
    this.end();
  }
}

/** Runs `act` in a scope of `heap`; a promise that it returns holds the scope open until it settles. */
export function runScope<R>(heap: WasmHeapManager, act: (scope: Scope) => R): R {
  const scope = new Scope(heap);
  let result: R;
  try {
    result = act(scope);
  } catch (error) {
    throw endAfter(scope, error);
  }
  if (!isThenable(result)) {
    scope.end();
    return result;
  }
  const settled = Promise.resolve(result).then(
    (value) => {
      scope.end();
      return value;
    },
    (error: unknown) => {
      throw endAfter(scope, error);
    },
  );
  return settled as R; // a promise of the same value
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

/** Ends `scope`, and returns the error to throw: `error`, with what went wrong at the end if anything did. */
function endAfter(scope: Scope, error: unknown): unknown {
  try {
    scope.end();
    return error;
  } catch (more) {
    return new AggregateError([error, more], 'the scope failed, and so did its end');
  }
}

/** A copy of what `ref` stands for, in a block of its own. */
function copyOf(heap: WasmHeapManager, ref: Keepable): Keepable {
  if (ref instanceof WasmSlice) {
    const copy = heap.allocSlice(ref.type as Scalar, ref.length); // of its own value
    heap.copy(copy.ptr, ref.ptr, ref.byteLength);
    return copy;
  }
  if (ref instanceof ScalarArrayRef) return copyArray(heap, ref);
  if (ref instanceof ScalarRef) return heap.allocScalar(ref.type, ref.value);
  if (ref instanceof StringRef) return copyString(heap, ref);
  throw new ArgumentTypeError('a ref or a slice', ref);
}

function copyArray(heap: WasmHeapManager, array: ScalarArrayRef): ScalarArrayRef {
  const copy = heap.allocScalarArray(array.type, array.length);
  heap.copy(copy.address, array.address, array.byteLength);
  return copy;
}

function copyString(heap: WasmHeapManager, from: StringRef): StringRef {
  const { codec, framing, wordBytes } = from;
  // A sized string is as long as its text; the others keep their room.
  const room = framing === 'Sized' ? from.encodedElementCount : from.allocatedElementCount;
  const copy = (heap as unknown as TextHeap).allocText(
    // installed on every manager
    codec,
    framing,
    framing === 'Terminated' ? room - 1 : room,
    wordBytes,
  );
  if (framing !== 'Paired') heap.copy(copy.address, from.address, copy.byteLength);
  else {
    heap.copy(copy.place, from.place, room * codec.bytesPerElement);
    heap.copy(copy.address + wordBytes, from.address + wordBytes, wordBytes); // the count; its pointer is set
  }
  return copy;
}
