// SPDX-License-Identifier: MIT
// The text of `char *` members: it belongs to whatever owns the struct, and is freed with it.
//
//   X1  Text is allocated while a value is converted, before anything is stored. `commit` follows the store and
//       frees what the members pointed to before; `rollback` frees what was allocated for a value that failed.
import { ArgumentTypeError } from '../errors.ts';
import type { Region } from '../arena/region.ts';
import type { Heap } from '../heap/heap.ts';
import type { Allocation, Dependents } from '../memory/allocation.ts';
import { attemptAll } from '../memory/attempt.ts';
import { utf8 } from '../text/codecs.ts';
import { isRegion, type Origin } from './origin.ts';

/** Takes the texts of one value. */
export interface TextStore {
  /** The heap that the members are in, whose refs they can be set to. */
  readonly heap: Heap;
  /** Returns the address of a copy of `text` for the member at `at`. */
  put(at: number, text: string): number;
  /** Says that the member at `at` is about to get an address, or null. */
  drop(at: number): void;
}

/** The texts of an allocation: the address of the member to that of its text. */
const owned: WeakMap<Allocation, Map<number, number>> = /* @__PURE__ */ new WeakMap();

/** X1, for the members of an allocation. */
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

/** A copy of `text` with its NUL, in a heap or a region. */
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

/** Makes `texts` belong to a block: they are freed with it, go with it to the module, and stay with it when it is resized. */
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

/** Texts whose members the new block does not have are freed. */
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
