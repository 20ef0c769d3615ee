// SPDX-License-Identifier: MIT
// Scopes: temporaries that are freed when a function returns or throws.
import {
  FreedError,
  isInstance,
  LinmemAggregateError,
  NotOwnedError,
  OutOfMemoryError,
  ArgumentTypeError,
  isRevoked,
  wrongType,
} from '../errors.ts';
import { MALLOC_ALIGN } from '../heap/allocator.ts';
import type { Heap } from '../heap/heap.ts';
import type { AdoptedRef } from '../heap/adopted-ref.ts';
import { toAlign, toCount, type Address } from '../memory/address.ts';
import type { Allocation } from '../memory/allocation.ts';
import { attemptAll } from '../memory/attempt.ts';
import { clearBytes } from '../memory/bytes.ts';
import type { ScalarArrayRef } from '../scalar/array.ts';
import type { ScalarDescriptor, ScalarValue, Values } from '../scalar/descriptor.ts';
import { refClassesOf } from '../scalar/ref-classes.ts';
import { Ref } from '../scalar/ref.ts';
import type { Checkpoint } from './checkpoints.ts';
import { elementBytes } from '../scalar/values.ts';
import type { ScalarMethods } from '../scalar/methods.gen.ts';
import type { StringMethods } from '../text/methods.gen.ts';
import type { ByteMethods } from './byte-methods.ts';
import { copyTo, type Keepable } from './keep.ts';
import { Region, type Suballocation } from './region.ts';
import { assertHeap } from './registry.ts';
import { findScopeArena, scopeArenaOf, type ScopeArena } from './scope-arena.ts';
import { WasmSlice } from './slice.ts';

/** Temporaries of every kind: all that its `alloc...` methods allocate is freed when it ends. See `heap.scope()`. */
export class Scope extends Region {
  readonly heap: Heap;
  /** True if it has ended. */
  ended = false;
  private readonly shared: ScopeArena;
  /** @internal */
  readonly checkpoint: Checkpoint;
  /** Separate blocks. */
  private blocks: Allocation[] | undefined = undefined;
  private deferred: (() => unknown)[] | undefined = undefined;

  /** @internal Use `heap.scope()`. */
  constructor(heap: Heap) {
    super();
    this.heap = heap;
    const found = findScopeArena(heap);
    const checkpoint = found?.arena.tryPush();
    this.shared = checkpoint ? (found as ScopeArena) : scopeArenaOf(heap); // it pushed the checkpoint
    this.checkpoint = checkpoint ?? this.shared.arena.pushCheckpoint();
  }

  /**
   * Returns the address of `bytes` bytes, valid until the scope ends. Not cleared.
   * @param align a power of two up to 65,536. Default: 8
   * @throws {OutOfMemoryError} if there is no memory
   * @throws {FreedError} if the scope has ended
   * @throws {ArgumentTypeError} {@link ArgumentRangeError} if the size or the alignment is invalid
   */
  alloc(bytes: number, align: number = MALLOC_ALIGN): number {
    const { arena } = this.shared;
    if (arena.topAt > 0 && arena.checkpoints.last === this.checkpoint) return arena.alloc(bytes, align);
    return this.allocBlock(bytes, align); // a separate method: V8 inlines only short ones
  }
  private allocBlock(bytes: number, align: number): number {
    return this.suballocate(toCount(bytes, 'a size in bytes'), toAlign(align), ({ address }) => address);
  }

  /**
   * @internal Returns the address of `size` bytes, a power of two up to 8, aligned to `size` and not cleared; 0 if that
   * needs the general path.
   */
  bump(size: number): number {
    const { arena } = this.shared;
    const { topAt } = arena;
    const data = arena.viewsFor(this.checkpoint)?.data;
    if (!data) return 0;
    const at = (data.getInt32(topAt, true) + size - 1) & ~(size - 1); // as in WasmHeapArena.alloc
    if (size > ((data.getInt32(topAt + 4, true) - at) | 0)) return 0;
    data.setInt32(topAt, at + size, true);
    return at >>> 0;
  }
  /** @internal The token of what `bump` returned. */
  get token(): Allocation {
    return this.checkpoint.allocation ?? this.shared.arena.checkpoints.newest;
  }
  /** @internal As of every region, without a callback. */
  override allocScalarArray<T extends ScalarValue, A extends ArrayBufferView>(
    type: ScalarDescriptor<T, A>,
    countOrValues: number | Values<T>,
  ): ScalarArrayRef<T, A> {
    const { heap, shared } = this;
    if (typeof countOrValues !== 'number' || !shared.arena.viewsFor(this.checkpoint))
      return super.allocScalarArray(type, countOrValues);
    const bytes = elementBytes(type, countOrValues);
    const address = shared.arena.alloc(bytes, Math.min(type.size, MALLOC_ALIGN));
    clearBytes(heap, address, bytes);
    return new (refClassesOf(type).ArrayRef)(heap, address, bytes / type.size, this.token, false);
  }

  /** @internal */
  suballocate<R>(bytes: number, align: number, make: (part: Suballocation) => R): R {
    const { heap } = this;
    const { arena } = this.shared;
    if (arena.checkpoints.last === this.checkpoint) {
      try {
        return arena.suballocate(bytes, align, make);
      } catch (error) {
        if (!(error instanceof OutOfMemoryError)) throw error;
      }
    }
    this.assertOpen();
    return heap.allocateUncleared(bytes, align, (allocation) => {
      const made = make({ address: allocation.address, allocation, owned: true, arena: undefined });
      (this.blocks ??= []).push(allocation);
      return made;
    });
  }

  /**
   * Keeps `ref` past the end of the scope; the caller frees the result. The result is the same ref, or a ref to a copy at
   * another address, as most temporaries lie in a block that the scope frees.
   * @throws {NotOwnedError} if it was not made in this scope
   * @throws {FreedError} if it was freed, or the scope has ended
   * @throws {OutOfMemoryError} if there is no memory for a copy
   * @throws {ArgumentTypeError} if it is neither a ref nor a slice
   */
  keep<K extends Keepable>(ref: K): K {
    if (!(isInstance(ref, Ref) || isInstance(ref, WasmSlice)))
      throw new ArgumentTypeError('a ref or a slice', ref);
    if (ref instanceof Ref) ref.assertLive();
    else ref.assertAlive();
    const index = this.blocks?.indexOf(ref.allocation) ?? -1;
    if (index >= 0 && (ref instanceof Ref ? ref.owned : ref.owns)) {
      this.blocks?.splice(index, 1);
      return ref;
    }
    if (index < 0 && ref.allocation !== this.checkpoint.allocation)
      throw new NotOwnedError(ref.ptr, 'it was not made in this scope');
    return copyTo(this.heap, ref) as K; // a copy has the class of its source
  }

  /**
   * Calls `callback` when the scope ends, before its memory is freed; the last one that was deferred comes first.
   * @throws {ArgumentTypeError} if it is not a function
   * @throws {FreedError} if the scope has ended
   */
  defer(callback: () => unknown): void {
    if (typeof callback !== 'function') throw new ArgumentTypeError('a function', callback);
    this.assertOpen();
    (this.deferred ??= []).push(callback);
  }

  /**
   * Registers a block that the module allocated, to be freed when the scope ends. Returns the ref that owns it.
   * @throws {NotOwnedError} if it is NULL or overlaps a live block of the heap
   * @throws {FreedError} if the scope has ended
   */
  adopt(address: Address): AdoptedRef {
    this.assertOpen();
    const ref = this.heap.adopt(address);
    (this.blocks ??= []).push(ref.allocation);
    return ref;
  }

  /**
   * Frees everything that was made in the scope, even if one free fails. A second call frees only blocks whose free
   * failed.
   * @throws {LinmemAggregateError} with every error
   */
  end(): void {
    if (this.blocks || this.deferred) this.endAll();
    else if (!this.ended) this.pop();
  }
  private pop(): void {
    this.ended = true;
    this.shared.pop(this.checkpoint);
  }
  private endAll(): void {
    const deferred = this.deferred ?? [];
    this.deferred = undefined;
    const wasEnded = this.ended;
    this.ended = true;
    const pop = wasEnded ? [] : [() => this.pop()];
    attemptAll([...deferred.reverse(), ...pop, ...this.frees()] as (() => void)[]); // results are dropped
  }
  /** Returns functions that free one block each and keep it for another try if that fails. */
  private assertOpen(): void {
    if (this.ended || this.shared.arena.destroyed) throw new FreedError(this.checkpoint.top, 'scope');
  }
  private frees(): (() => void)[] {
    const blocks = this.blocks ?? [];
    this.blocks = undefined;
    return blocks.reverse().map((allocation) => () => {
      if (!allocation.isLive) return;
      try {
        this.heap.freeAllocation(allocation);
      } catch (error) {
        if (allocation.isLive) (this.blocks ??= []).push(allocation);
        throw error;
      }
    });
  }
  /** Returns a summary for JSON. */
  toJSON(): object {
    return { ended: this.ended };
  }
  /** The same as {@link end}. */
  override dispose(): void {
    this.end();
  }
}

/** `M` without the methods whose names match `K`. */
export type Without<M, K extends string> = { [N in keyof M as N extends K ? never : N]: M[N] };
/** Methods of {@link WasmHeapManager} that a scope of one has too: all that read and write. */
export interface Scope
  extends
    Without<ScalarMethods, `alloc${string}` | `heap${string}`>,
    Without<StringMethods, `alloc${string}`>,
    ByteMethods {}

/** Calls `callback` with a scope of `heap`. A promise that it returns keeps the scope open until it settles. */
export function runScope<R>(heap: Heap, callback: (scope: Scope) => R): R {
  if (typeof callback !== 'function') throw new ArgumentTypeError('a function', callback);
  assertHeap(heap);
  const scope = new Scope(heap);
  let result: R;
  let then: unknown;
  try {
    result = callback(scope);
    then = thenOf(result);
  } catch (error) {
    throw endAfter(scope, isRevoked(callback) ? wrongType('a function', callback) : error);
  }
  if (typeof then !== 'function') {
    scope.end();
    return result;
  }
  return settle(scope, result);
}

/** Ends `scope` once `result` settles. A separate function: closures here would cost every scope an allocation. */
function settle<R>(scope: Scope, result: R): R {
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

const thenOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? (value as { then?: unknown }).then : undefined;

/** Ends `scope` and returns the error to throw: `error`, together with that of the end if it failed. */
function endAfter(scope: Scope, error: unknown): unknown {
  try {
    scope.end();
    return error;
  } catch (endError) {
    return new LinmemAggregateError([error, endError], 'the callback and the end of the scope failed');
  }
}
