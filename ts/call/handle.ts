// SPDX-License-Identifier: MIT
// The type of a kept callback: the address of a function of one type.

declare const OF: unique symbol;
/** A callback of type `C` that was made by `createCallback`. */
export interface CallbackHandle<C> {
  readonly [OF]?: C;
  /** Its index in the function table, which is its address in C. */
  readonly address: number;
}
