// SPDX-License-Identifier: MIT
// The access mode of the process, which depends on whether a memory has grown while accesses were hot.
//
// When a DataView access throws in optimized code, V8 stops inlining that call site for the life of the process. So the
// hot accesses are written once per mode (docs/performance.md, bench/ts/growth.bench.mjs):
//
//   G1  No access has faulted: a plain DataView call.
//   G2  One has, as when a module grows its memory while it starts: the same call at another call site.
//   G3  More have: the length of `bytes`, which is 0 once its buffer is detached, is compared first.

/** @internal The mode. Its properties are added and never changed, so that V8 treats them as constants. */
export const accessMode: { second?: true; third?: true } = {};

let isV8: boolean | undefined;

/** Records that an access faulted. Other engines stay in the first mode, which is as fast after a fault. */
export function recordFault(): void {
  isV8 ??= hasV8Messages();
  if (isV8 && !accessMode.third) accessMode[accessMode.second ? 'third' : 'second'] = true;
}

/** True if the engine words an error as V8 does. */
function hasV8Messages(): boolean {
  try {
    return (undefined as unknown as { third: boolean }).third;
  } catch (error) {
    return /^Cannot read prop/.test((error as Error).message);
  }
}
