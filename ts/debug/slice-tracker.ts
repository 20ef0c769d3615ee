// SPDX-License-Identifier: MIT
// SliceTracker: the slices in the arenas of one heap, with their call sites.
import { define } from '../errors.ts';
import { registryOf, type ArenaRegistry, type RegisteredArena } from '../arena/registry.ts';
import { WasmSlice } from '../arena/slice.ts';
import type { Heap } from '../heap/heap.ts';

/** The number of slices that are remembered. Collected ones are forgotten first, then the oldest. */
const REMEMBERED = 16384;

/** A slice of an arena. */
export interface TrackedSlice {
  readonly slice: WasmSlice;
  /** The index of the call stack that created it. */
  readonly site: number;
}
interface Entry {
  readonly slice: Pick<WeakRef<WasmSlice>, 'deref'>;
  readonly site: number;
}
/** Every arena is a region. */
type WatchedArena = RegisteredArena & { suballocate: (...args: never[]) => unknown };

/** Returns the arenas of a registry that were not collected. */
export const arenasIn = ({ arenas }: ArenaRegistry): RegisteredArena[] =>
  [...arenas.values()].flatMap((weak) => weak.deref() ?? []);

/**
 * Records slices as HeapTracker records blocks: W1 of heap-tracker.ts. Does not keep arenas or slices from being
 * collected.
 */
export class SliceTracker {
  readonly #registry: ArenaRegistry;
  readonly #capture: () => number;
  #entries: Entry[] = [];

  /** @param capture returns the number of the current call stack */
  constructor(heap: Heap, capture: () => number) {
    this.#capture = capture;
    const registry = (this.#registry = registryOf(heap));
    const { add } = registry;
    for (const arena of arenasIn(registry)) this.#watch(arena);
    define(registry, 'add', (...args: Parameters<typeof add>) => {
      add.apply(registry, args);
      this.#watch(args[1]);
    });
  }

  /** The slices that are still referenced, oldest first. */
  list(): TrackedSlice[] {
    return this.#entries.flatMap(({ slice, site }) => {
      const live = slice.deref();
      return live ? [{ slice: live, site }] : [];
    });
  }
  /** Restores the registry and the arenas. */
  remove(): void {
    delete (this.#registry as Partial<ArenaRegistry>).add;
    for (const arena of arenasIn(this.#registry)) delete (arena as Partial<WatchedArena>).suballocate;
  }

  #watch(arena: RegisteredArena): void {
    const watched = arena as WatchedArena;
    if (Object.hasOwn(watched, 'suballocate')) return;
    const { suballocate } = watched;
    const slices = this;
    define(watched, 'suballocate', function (this: unknown, ...args: never[]): unknown {
      const made = suballocate.apply(this, args);
      if (made instanceof WasmSlice) slices.#add(made);
      return made;
    });
  }
  #add(slice: WasmSlice): void {
    if (this.#entries.length >= 2 * REMEMBERED)
      this.#entries = this.#entries.filter((entry) => entry.slice.deref()).slice(-REMEMBERED);
    const weak = typeof WeakRef === 'function' ? new WeakRef(slice) : { deref: () => slice };
    this.#entries.push({ slice: weak, site: this.#capture() });
  }
}
