// SPDX-License-Identifier: MIT
// The liveness token of one allocation. All refs to an allocation hold the same token, so that every one of them sees
// the free.
//
//   B1  The `memory` of a live allocation is the memory it lies in. The `memory` of a freed one is `FREED_MEMORY`, which
//       has no bytes and throws FreedError: refs read through the token and need no other liveness test.
//   B2  The `views` of the owning ref are those of the token's `memory`, so that the owner skips the token.
//   B3  A token has six fields and no private method, as a program can have millions: V8 keeps 8 bytes for each of them.
import { FreedError } from '../errors.ts';
import type { Address } from './address.ts';
import { LinearMemory, type MemoryViews } from './linear-memory.ts';

/** The memory of all freed allocations. */
class FreedMemory extends LinearMemory {
  override locate(address: Address): never {
    throw new FreedError(Number(address));
  }
}

const FREED_MEMORY: LinearMemory = /* @__PURE__ */ new FreedMemory({
  buffer: /* @__PURE__ */ new ArrayBuffer(0),
});

/**
 * An epoch stored in memory: 64 bits at `at`, which had this value when the allocation was made. It is valid as long as
 * the 32-bit integer at `magicAt` is `magic`; any other value means that the memory was reused.
 */
export interface EpochCheck {
  readonly at: number;
  readonly low: number;
  readonly high: number;
  readonly magicAt: number;
  readonly magic: number;
}

/** State that becomes invalid together with an allocation: the contents of an arena, a slice header in shared memory. */
export interface Dependents {
  /** Invalidates them. Returns a function that undoes this, for a free that fails. */
  invalidate(): (() => void) | undefined;
  /** Called after the block was freed: frees its dependents, such as the strings of a struct. */
  released?(): void;
  /** Called after the block was handed over to the module, which then also owns the dependents. */
  handedOver?(): void;
  /** Called instead of `released` after the block was resized: `next` then has the dependents. */
  moved?(next: Allocation): void;
}

/** The ref or arena that owns an allocation. */
export interface Owner {
  views: MemoryViews;
}

/** State that few allocations have. Never changed, as several may share it. */
export interface AllocationExtras {
  /**
   * The owner, instead of `owner`, if it may be collected as garbage: a WeakRef, which is missing in the `lib` of
   * ES2020.
   */
  readonly weakOwner?: { deref(): Owner | undefined } | undefined;
  /** Frees the block once that owner was collected. */
  readonly reclaimer?: Reclaimer | undefined;
  readonly dependents?: Dependents | undefined;
  /** An object that must not be collected while the allocation is in use: the arena of a suballocation. */
  readonly retains?: object | undefined;
}

/** A heap or an arena that frees allocations whose owner was collected. Must not throw. */
export interface Reclaimer {
  reclaim(allocation: Allocation): void;
}

/** One allocation of a heap. */
export class Allocation {
  /** The first byte. */
  readonly address: number;
  /** The size asked for, in bytes. */
  readonly byteLength: number;
  /** B1. */
  memory: LinearMemory;
  /** The owner; held by `extras.weakOwner` instead if the heap collects garbage. */
  owner: Owner | undefined;
  /** Set if C code or other threads can invalidate the allocation too. */
  epoch: EpochCheck | undefined;
  extras: AllocationExtras | undefined;

  constructor(memory: LinearMemory, address: number, byteLength: number) {
    this.memory = memory;
    this.address = address;
    this.byteLength = byteLength;
    this.owner = undefined;
    this.epoch = undefined;
    this.extras = undefined;
  }
  /** Adds to {@link extras}. */
  extend(extras: AllocationExtras): void {
    this.extras = { ...this.extras, ...extras };
  }

  /** The owner, unless it was collected. */
  get currentOwner(): Owner | undefined {
    return this.owner ?? (this.extras && this.weakOwner());
  }

  private weakOwner(): Owner | undefined {
    return this.extras?.weakOwner?.deref();
  }

  /** False once freed. An allocation at the same address later has another token. */
  get isLive(): boolean {
    return this.memory !== FREED_MEMORY;
  }

  /** Returns the error for a use after the free. linmem/debug replaces it by one that has the call site of the free. */
  freedError(address: number, what?: string): FreedError {
    return new FreedError(address, what);
  }

  /** Marks it as freed: every use of it throws from here on. @throws {TypeError} if the owner is frozen */
  markFreed(): void {
    this.setMemory(FREED_MEMORY);
  }

  /** Undoes {@link markFreed}: the allocator refused the free. */
  restore(memory: LinearMemory): void {
    this.setMemory(memory);
  }

  private setMemory(memory: LinearMemory): void {
    const { currentOwner } = this;
    if (currentOwner) currentOwner.views = memory.views; // first: it throws if the owner is frozen
    this.memory = memory;
  }
}
