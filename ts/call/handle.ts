// SPDX-License-Identifier: MIT
// The type of a callback that C may keep.

declare const OF: unique symbol;
/** A callback of type `C`, which `createCallback` returned. */
export interface CallbackHandle<C> {
  readonly [OF]?: C;
  /** Its index in the function table, which is its address in C. */
  readonly address: number;
}
