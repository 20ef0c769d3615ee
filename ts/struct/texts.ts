// SPDX-License-Identifier: MIT
// The strings of `char *` members: the owner of the struct owns them, and they are freed with it.
//
//   X1  Strings are allocated while a value is converted, before anything is stored. After the store, `commit` frees
//       the strings that the members pointed to before. If the conversion fails, `rollback` frees the new strings.
import { ArgumentTypeError } from '../errors.ts';
import type { Region } from '../arena/region.ts';
import type { Heap } from '../heap/heap.ts';
import type { Allocation, Dependents } from '../memory/allocation.ts';
import { attemptAll } from '../memory/attempt.ts';
import { utf8 } from '../text/codecs.ts';
import { isRegion, type Origin } from './origin.ts';

/** Allocates the strings of one value. */
export interface TextStore {
  /** The heap that contains the members. They can be set to refs of this heap. */
  readonly heap: Heap;
  /** Returns the address of a copy of `text` for the member at `at`. */
  put(at: number, text: string): number;
  /** Notes that the member at `at` will be set to an address, or null. */
  drop(at: number): void;
}

/** The strings of each allocation: from the address of the member to that of its string. */
const owned: WeakMap<Allocation, Map<number, number>> = /* @__PURE__ */ new WeakMap();

/** The strings of the members of an allocation (X1). */
export class OwnedTexts implements TextStore {
  readonly #origin: Origin;
  /** The distance from an address in the staged copy to the one in the heap. */
  readonly #base: number;
  readonly #fresh = new Map<number, number>();
  constructor(origin: Origin, base: number) {
    this.#origin = origin;
    this.#base = base;
  }

  get heap(): Heap {
    return this.#origin.heap;
  }
  put(at: number, text: string): number {
    const { place } = this.#origin;
    if (!place)
      throw new ArgumentTypeError(
        'an address or null for a char * of borrowed memory, which cannot own text',
        text,
      );
    const address = copyText(place, text);
    this.drop(at);
    this.#fresh.set(at + this.#base, address);
    return address;
  }

  drop(at: number): void {
    const before = this.#fresh.get(at + this.#base) ?? 0;
    this.#fresh.set(at + this.#base, 0);
    if (before !== 0) this.#free(before);
  }

  commit(): void {
    const { allocation: block, heap, place } = this.#origin;
    if (!place || isRegion(place) || this.#fresh.size === 0) return;
    let texts = owned.get(block);
    for (const [member, address] of this.#fresh) {
      const before = texts?.get(member);
      texts?.delete(member);
      if (before !== undefined) this.#free(before);
      if (address === 0) continue;
      texts ??= keep(block, heap);
      texts.set(member, address);
    }
  }

  rollback(): void {
    for (const address of this.#fresh.values()) if (address !== 0) this.#free(address);
  }

  #free(address: number): void {
    const { place, heap } = this.#origin;
    if (place && !isRegion(place)) heap.free(address);
  }
}

/** Returns the address of a copy of `text` with a NUL, in a heap or a region. */
function copyText(place: Heap | Region, text: string): number {
  if (isRegion(place)) return utf8.allocTerminated(place, text).address;
  const bytes = utf8.byteLength(text) + 1;
  const address = place.alloc(bytes, 1);
  try {
    utf8.writeTerminated(place, address, text, bytes);
  } catch (error) {
    place.free(address);
    throw error;
  }
  return address;
}

/** Makes `texts` dependents of a block: they are freed with it, handed over with it, and kept when it is resized. */
function keep(
  block: Allocation,
  heap: Heap,
  texts: Map<number, number> = new Map<number, number>(),
): Map<number, number> {
  const forEach = (act: (address: number) => void): void => {
    const addresses = [...texts.values()];
    texts.clear();
    attemptAll(addresses.map((address) => () => act(address)));
  };
  owned.set(block, texts);
  const dependents: Dependents = {
    invalidate: () => undefined,
    released: () => forEach((address) => heap.free(address)),
    handedOver: () => forEach((address) => heap.release(address)),
    moved: (next) => moveTexts(texts, block, next, heap),
  };
  block.extend({ dependents });
  return texts;
}

/** Moves the strings to a resized block. Strings whose members the new block does not contain are freed. */
function moveTexts(texts: Map<number, number>, block: Allocation, next: Allocation, heap: Heap): void {
  const last = next.byteLength - heap.addressBits / 8;
  const kept = new Map<number, number>();
  const cut: (() => void)[] = [];
  for (const [member, address] of texts) {
    const offset = member - block.address;
    if (offset <= last) kept.set(next.address + offset, address);
    else cut.push(() => heap.free(address));
  }
  texts.clear();
  if (kept.size > 0) keep(next, heap, kept);
  attemptAll(cut);
}
