// SPDX-License-Identifier: MIT
// Slots of a function table for callbacks, one list for each signature.
//
//   L1  A slot is a permanent entry of the table that calls a variable function. So the table grows only while more
//       slots are needed, a few at a time, and no entry of other code is changed.
//   L2  A free slot throws when it is called. The slot that has been free longest is used next, so that a call through
//       a stale function pointer throws and does not run another callback.
import { CallError, ModuleError } from '../errors.ts';
import { keyOf, toWasmFunction, type FunctionType } from './trampoline.ts';
import type { WebAssemblyTable } from '../memory/platform-types.ts';

/** The function that a slot calls. */
export type SlotFunction = (...args: (number | bigint)[]) => unknown;

/** One entry of a table. */
export interface Slot {
  /** Its index: the function pointer. */
  index: number;
  act: SlotFunction;
}

/** The number of slots that are created at once for a signature. */
const BATCH = 8;

/** The function of a free slot. */
export const stale: SlotFunction = () => {
  throw new CallError(
    'callback',
    undefined,
    'C called a callback that was disposed, or whose call has returned',
  );
};

/** The slots of one signature in one table. */
export class SlotList {
  readonly table: WebAssemblyTable;
  readonly #type: FunctionType;
  readonly #free: Slot[] = [];
  constructor(table: WebAssemblyTable, type: FunctionType) {
    this.table = table;
    this.#type = type;
  }

  /** Returns a slot that calls `act`. @throws {ModuleError} if the table cannot grow */
  take(act: SlotFunction): Slot {
    // L2: one slot always stays free, so that the slot that was released last is not used next.
    if (this.#free.length < 2) this.#grow();
    const slot = this.#free.shift() as Slot; // there are free slots now
    slot.act = act;
    return slot;
  }
  /** Releases a slot. */
  release(slot: Slot): void {
    slot.act = stale;
    this.#free.push(slot);
  }

  #grow(): void {
    const fresh = Array.from({ length: BATCH }, () => makeSlot(this.#type));
    let index: number;
    try {
      index = this.table.grow(BATCH);
    } catch (cause) {
      if (this.#free.length > 0) return;
      throw new ModuleError(
        'the function table of the module cannot grow for a callback; link it with -sALLOW_TABLE_GROWTH (Emscripten), ' +
          'or with -Wl,--growable-table',
        { missing: ['ALLOW_TABLE_GROWTH'], flags: '-sALLOW_TABLE_GROWTH' },
        { cause },
      );
    }
    fresh.forEach(({ slot, entry }, i) => {
      this.table.set(index + i, entry);
      slot.index = index + i;
      this.#free.push(slot);
    });
  }
}

function makeSlot(type: FunctionType): { slot: Slot; entry: unknown } {
  const slot: Slot = { index: 0, act: stale };
  const entry = toWasmFunction(type, entryOf(slot, type.parameters.length) as never); // has the parameters of the signature
  return { slot, entry };
}

function entryOf(slot: Slot, count: number): SlotFunction {
  if (count === 0) return () => slot.act();
  if (count === 1) return (a) => slot.act(a as number);
  if (count === 2) return (a, b) => slot.act(a as number, b as number);
  if (count === 3) return (a, b, c) => slot.act(a as number, b as number, c as number);
  return (...args) => slot.act(...args);
}

const lists: WeakMap<WebAssemblyTable, Map<string, SlotList>> = /* @__PURE__ */ new WeakMap();
/** Returns the slots of a signature in a table, which all libraries share. */
export function slotsOf(table: WebAssemblyTable, type: FunctionType): SlotList {
  let known = lists.get(table);
  if (!known) lists.set(table, (known = new Map()));
  const key = keyOf(type);
  let list = known.get(key);
  if (!list) known.set(key, (list = new SlotList(table, type)));
  return list;
}
