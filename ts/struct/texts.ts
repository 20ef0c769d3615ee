// SPDX-License-Identifier: MIT
// The text of `char *` members: it belongs to whatever owns the struct, and is freed with it.
//
//   X1  Text is allocated while a value is converted, before anything is stored. `commit` follows the store and
//       frees what the members pointed to before; `rollback` frees what was allocated for a value that failed.
import { ArgumentTypeError } from '../errors.ts';
import type { Region } from '../arena/region.ts';
import type { Heap } from '../heap/heap.ts';
import type { Allocation } from '../memory/allocation.ts';
import { utf8 } from '../text/codecs.ts';
import { isRegion, whenFreed, type Origin } from './origin.ts';

/** Takes the texts of one value. */
export interface TextStore {
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
  /** What to add to an address in the staged copy to get the one in the heap. */
  readonly #base: number;
  readonly #fresh = new Map<number, number>();
  constructor(origin: Origin, base: number) {
    this.#origin = origin;
    this.#base = base;
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

function keep(block: Allocation, heap: Heap): Map<number, number> {
  const texts = new Map<number, number>();
  owned.set(block, texts);
  whenFreed(block, () => {
    for (const address of texts.values()) heap.free(address);
    texts.clear();
  });
  return texts;
}
