// SPDX-License-Identifier: MIT
// Guard mode: redzones after blocks, and a quarantine of freed blocks.
//
//   G1  The redzone follows the block, which is allocated larger. The start of blocks and the headers of the allocator
//       do not change.
//   G2  A freed block is filled and waits in the quarantine until that is full; then its fill is checked, and the
//       module frees it. A realloc always moves, so that a write through the old address is found.
//   G3  The first allocation allocates and frees as much memory as the quarantine and the redzones may need. So the
//       memory grows at once, and not later in calls that would not grow it without a guard: JavaScript that keeps a
//       view over such a call would lose it.
//   G4  While the functions here run, `busy` is 1: functions that the bodies call are not guarded.
import type { FoundFunction } from './find-allocator.ts';
import { GuardedMemory } from './guarded-memory.ts';
import { Quarantine } from './quarantine.ts';
import type { BlockRecord, Recorder } from './recorder.ts';
import { EventKind } from './recording.ts';
import { hex, type Reports } from './reports.ts';
import { ROLES, type Role } from './roles.ts';

/** Options of guard mode. */
export interface GuardOptions {
  /**
   * The size of the redzone after each block in bytes.
   * @defaultValue 16
   */
  readonly redzone?: number;
  /**
   * The size of the quarantine: freed blocks of so many bytes are not reused.
   * @defaultValue 1,048,576
   */
  readonly quarantine?: number;
}

/** The guarded module. */
export interface GuardedModule {
  readonly functions: readonly FoundFunction[];
  readonly memory64: boolean;
  readonly memory: WebAssembly.Memory;
  /** The maximum size of the memory in bytes. */
  readonly maxBytes: number;
  readonly recorder: Recorder;
  readonly reports: Reports;
  /** The original code of each wrapped function. */
  readonly bodies: readonly ((...args: unknown[]) => unknown)[];
  /** Returns the number of the current call from JavaScript. */
  entry(): number;
  /** Returns the number of the current call stack. */
  capture(): number;
}

const REDZONE = 16;
const QUARANTINE = 2 ** 20;
const FILL_BEHIND = 0xfb;
const FILL_FREED = 0xfd;
/** The factor by which more than the quarantine is reserved: blocks are rounded up and have redzones. */
const RESERVES = 2;
const MAX_RESERVE = 2 ** 24;
/** The largest header that a program may keep between the start of an allocation and its block. Units: bytes. */
const MAX_HEADER = 64;
const HEADER_STEP = 4;
/** The alignment of every malloc. */
const NATURAL_ALIGNMENT = 8;

export class Guard {
  readonly #module: GuardedModule;
  readonly #memory: GuardedMemory;
  readonly #redzone: number;
  readonly #maxSize: number;
  /** The number of bytes to allocate and free first: G3. */
  #reserve: number;
  /** Live blocks without a redzone. */
  readonly #bare = new Set<number>();
  readonly #quarantine: Quarantine;

  constructor(module: GuardedModule, { redzone = REDZONE, quarantine = QUARANTINE }: GuardOptions) {
    this.#module = module;
    this.#memory = new GuardedMemory(module.memory);
    this.#redzone = redzone;
    const reserve = Math.min(RESERVES * quarantine, MAX_RESERVE);
    this.#reserve = module.memory.buffer.byteLength + reserve < module.maxBytes ? reserve : 0;
    this.#quarantine = new Quarantine(quarantine, (block) => this.#checkFreed(block));
    this.#maxSize = module.memory64 ? 2 ** 48 : 2 ** 32 - 1 - redzone;
  }

  /** Does the work of function `ordinal`, and returns its result. */
  call(ordinal: number, args: readonly number[]): number {
    const { role: name, how } = this.#module.functions[ordinal] as FoundFunction; // the wrapper belongs to it
    const role = ROLES[name];
    if (how === 'shape' && role.event === 'realloc') return this.#watchRealloc(ordinal, role, args);
    if (role.event === 'alloc') return this.#allocate(ordinal, role, args);
    if (role.event === 'free') return this.#free(ordinal, role, args);
    return this.#reallocate(ordinal, role, args);
  }

  /** Checks every redzone and every block in the quarantine. O(blocks and bytes). */
  checkNow(): void {
    const blocks: BlockRecord[] = [];
    this.#module.recorder.forEachLive(0, (block) => blocks.push(block));
    for (const block of blocks) this.#checkBehind(block);
    this.#quarantine.check();
  }

  /** Grows the memory (G3). */
  #growFirst(): void {
    const size = this.#reserve;
    this.#reserve = 0;
    const sized = this.#ordinalOf('allocSized');
    const plain = this.#ordinalOf('malloc');
    const ordinal = plain ?? sized;
    if (ordinal === undefined) return;
    const address = this.#body(ordinal, [size, NATURAL_ALIGNMENT]);
    if (address !== 0) this.#releaser(address, NATURAL_ALIGNMENT, size)?.();
  }

  #allocate(ordinal: number, role: Role, args: readonly number[]): number {
    if (this.#reserve > 0) this.#growFirst();
    const count = role.count === undefined ? 1 : (args[role.count] ?? 0);
    const size = count * (args[role.size ?? 0] ?? 0);
    if (size === 0 && role.isEmptyNone) return this.#body(ordinal, args);
    const isBare = size > this.#maxSize || role.isEitherOrder === true;
    const larger = isBare ? args : args.map((value, i) => (i === role.count ? 1 : i === role.size ? size + this.#redzone : value)); // prettier-ignore
    const result = this.#body(ordinal, larger);
    const address =
      role.out === undefined ? result : result === 0 ? this.#memory.pointerAt(args[role.out] ?? 0) : 0;
    if (role.isEitherOrder) this.#tell(EventKind.alloc, address, this.#sizeOfAligned(args), 0, true);
    else this.#tell(EventKind.alloc, address, size, 0, isBare);
    return result;
  }

  /** Returns the size of two parameters, of which the other is the alignment, as the recorder does. */
  #sizeOfAligned([first = 0, second = 0]: readonly number[]): number {
    const { recorder } = this.#module;
    return recorder.sizeOfAligned(first, second);
  }

  #free(ordinal: number, role: Role, args: readonly number[]): number {
    const address = args[role.pointer ?? 0] ?? 0;
    if (address === 0 || (role.old !== undefined && args[role.old] === 0)) return this.#body(ordinal, args);
    const block = this.#liveBlock(address);
    const redzone = this.#redzoneOf(address);
    this.#tell(EventKind.free, address, 0, 0);
    if (!block) return this.#module.recorder.find(address) ? 0 : this.#body(ordinal, args);
    this.#checkBehind(block);
    const original = args.map((value, i) => (i === role.old ? value + redzone : value));
    this.#retire(block, () => this.#body(ordinal, original));
    return 0;
  }

  #reallocate(ordinal: number, role: Role, args: readonly number[]): number {
    const address = args[role.pointer ?? 0] ?? 0;
    const size = args[role.size ?? 0] ?? 0;
    const align = role.align === undefined ? 0 : (args[role.align] ?? 0);
    const block = this.#liveBlock(address);
    const release = this.#releaser(address, align, (block?.size ?? 0) + this.#redzoneOf(address));
    const moved =
      block && release && size <= this.#maxSize ? this.#newBlock(ordinal, role, size, align) : undefined;
    if (!block || !release || moved === undefined) return this.#resize(ordinal, role, args, block);
    if (moved === 0) return 0;
    this.#checkBehind(block);
    this.#memory.copy(address, moved, Math.min(block.size, size));
    this.#tell(EventKind.realloc, moved, size, address);
    const freed = this.#module.recorder.find(address);
    this.#retire(freed ?? block, release);
    return moved;
  }

  /**
   * Runs a realloc that was found by its shape. The malloc and free that it calls are guarded, so only a block that
   * does not move needs an update. The program may keep a header in the block: its address is then higher, and its size
   * smaller. A block that was resized in place has no redzone.
   */
  #watchRealloc(ordinal: number, role: Role, args: readonly number[]): number {
    const address = args[role.pointer ?? 0] ?? 0;
    const block = this.#blockWithHeader(address);
    if (block) this.#checkBehind(block);
    const result = this.#body(ordinal, args);
    if (!block || result !== address || this.#liveBlock(block.address)?.sequence !== block.sequence)
      return result;
    const { recorder } = this.#module;
    recorder.exports.resized(
      BigInt(block.address),
      BigInt(address - block.address + (args[role.size ?? 0] ?? 0)),
    );
    this.#bare.add(block.address);
    return result;
  }

  /** Returns the live block at `address`, or at most {@link MAX_HEADER} bytes below it. */
  #blockWithHeader(address: number): BlockRecord | undefined {
    for (let header = 0; header <= MAX_HEADER && header < address; header += HEADER_STEP) {
      const block = this.#liveBlock(address - header);
      if (block) return block;
    }
    return undefined;
  }

  /** Calls the module's realloc, for a block that is unknown or cannot be moved. */
  #resize(ordinal: number, role: Role, args: readonly number[], block: BlockRecord | undefined): number {
    const address = args[role.pointer ?? 0] ?? 0;
    const size = args[role.size ?? 0] ?? 0;
    const behind = block ? this.#redzoneOf(address) : 0;
    const isBare = size > this.#maxSize || (address !== 0 && !block);
    if (block) this.#checkBehind(block);
    const larger = args.map((value, i) =>
      i === role.size && !isBare ? value + this.#redzone : i === role.old ? value + behind : value,
    );
    const result = this.#body(ordinal, larger);
    if (result !== 0) this.#tell(EventKind.realloc, result, size, address, isBare);
    return result;
  }

  /** Allocates a block with a redzone for a realloc; undefined if the module has no function for that. */
  #newBlock(ordinal: number, role: Role, size: number, align: number): number | undefined {
    const total = size + this.#redzone;
    if (role.old === undefined) return this.#body(ordinal, [0, total]); // realloc(NULL, size)
    const sized = this.#ordinalOf('allocSized');
    if (sized !== undefined) return this.#body(sized, [total, align]);
    const plain = this.#ordinalOf('malloc');
    return plain !== undefined && align <= NATURAL_ALIGNMENT ? this.#body(plain, [total]) : undefined;
  }

  /** Returns the function that frees a block that realloc moved from. */
  #releaser(address: number, align: number, size: number): (() => void) | undefined {
    const plain = this.#ordinalOf('free');
    if (plain !== undefined) return () => this.#body(plain, [address]);
    const sized = this.#ordinalOf('freeSized');
    return sized === undefined ? undefined : () => this.#body(sized, [address, size, align]);
  }

  #ordinalOf(role: FoundFunction['role']): number | undefined {
    const ordinal = this.#module.functions.findIndex((one) => one.role === role);
    return ordinal < 0 ? undefined : ordinal;
  }

  /** Fills a freed block and adds it to the quarantine. */
  #retire(block: BlockRecord, free: () => void): void {
    const record = this.#module.recorder.find(block.address) ?? block; // has the stack of the free
    this.#bare.delete(block.address);
    this.#memory.fill(block.address, block.size, FILL_FREED);
    this.#quarantine.add(record, free);
  }

  #checkBehind(block: BlockRecord): void {
    const { address, size } = block;
    const at = this.#memory.firstOther(address + size, this.#redzoneOf(address), FILL_BEHIND);
    if (at === undefined) return;
    const text = `byte ${at - address} of a block of ${size} bytes at ${hex(address)} was written`;
    this.#module.reports.add('overflow', block, at, this.#module.capture(), text);
    this.#memory.fill(address + size, this.#redzoneOf(address), FILL_BEHIND);
  }

  #checkFreed(block: BlockRecord): void {
    const { address, size } = block;
    const at = this.#memory.firstOther(address, size, FILL_FREED);
    if (at === undefined) return;
    const text = `byte ${at - address} of a block of ${size} bytes at ${hex(address)} was written after it was freed`;
    this.#module.reports.add('write-after-free', block, at, this.#module.capture(), text);
    this.#memory.fill(address, size, FILL_FREED);
  }

  #liveBlock(address: number): BlockRecord | undefined {
    const block = this.#module.recorder.find(address);
    return block && block.freed === 0 ? block : undefined;
  }

  #redzoneOf(address: number): number {
    return this.#bare.has(address) ? 0 : this.#redzone;
  }

  /** Records an event, and writes the redzone of a new block. */
  #tell(kind: number, address: number, size: number, previous: number, isBare = false): void {
    const { recorder, entry } = this.#module;
    recorder.exports.event(kind, BigInt(address), BigInt(size), BigInt(previous), entry());
    if (kind === EventKind.free || address === 0) return;
    if (isBare) this.#bare.add(address);
    else {
      this.#bare.delete(address);
      this.#memory.fill(address + size, this.#redzone, FILL_BEHIND);
    }
  }

  /** Calls the original code of a wrapped function. Numbers are unsigned. */
  #body(ordinal: number, args: readonly number[]): number {
    const { bodies, functions, memory64 } = this.#module;
    const { type } = ROLES[(functions[ordinal] as FoundFunction).role]; // ordinals are those of the wrappers
    const [params = ''] = type.split(':');
    const given = [...params].map((letter, i) =>
      letter === 'p' && memory64 ? BigInt(args[i] ?? 0) : args[i],
    );
    const result = bodies[ordinal]?.(...given);
    if (typeof result === 'bigint') return Number(BigInt.asUintN(64, result));
    return typeof result === 'number' ? result >>> 0 : 0;
  }
}
