// SPDX-License-Identifier: MIT
// What V8 does to an access that failed in compiled code, as one does after a growth: it never compiles that call of
// the DataView's in line again, wherever its function is used. That takes ten times as long, for ever. So there are
// three ways of access, and each is left before it has failed twice (bench/ts/growth.bench.mjs):
//
//   G1  No access has failed yet: straight on. A heap's own lending looks for growth itself, so what that grows fails
//       nowhere.
//   G2  One has, as when a module grows its memory while it starts: the same, by another call.
//   G3  Others have: the length of `bytes`, which is 0 as soon as they are detached, is compared first.

/**
 * Which of the ways accesses go, by the properties it has; the library's own. They are added and never changed: V8 then
 * sees constants in all three.
 */
export const growth: { second?: true; third?: true } = {};

let isV8: boolean | undefined;

/** Notes that an access failed. Other engines stay with the first way, which is as fast afterwards. */
export function noteFailure(): void {
  isV8 ??= saysWhatItReads();
  if (isV8 && !growth.third) growth[growth.second ? 'third' : 'second'] = true;
}

/** Whether the engine says of an error like this what V8 says. */
function saysWhatItReads(): boolean {
  try {
    return (undefined as unknown as { third: boolean }).third;
  } catch (error) {
    return /^Cannot read prop/.test((error as Error).message);
  }
}
