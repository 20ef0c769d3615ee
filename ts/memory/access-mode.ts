// SPDX-License-Identifier: MIT
// The access mode of the process. When a DataView access throws in optimized code, V8 stops inlining that call site for
// the life of the process, which makes it ten times slower. So each access is written with one call site per mode
// (docs/performance.md, bench/ts/growth.bench.mjs, bench/ts/refused.bench.mjs):
//
//   G1  No access has thrown. The DataView checks bounds and growth; a comparison before it would make a hot loop up to
//       2.5 times slower, as V8 then does not unroll the loop.
//   G2  One access has thrown, and V8 no longer inlines its call site. The same code runs at a second call site.
//       Refused accesses leave the mode at G2.
//   G3  The memory has grown in G2, or many accesses were refused: the length of `bytes`, which is 0 once its buffer is
//       detached, is compared first, and nothing throws any more.
//
// JavaScriptCore stays in G1: an access that threw stays fast. SpiderMonkey also stops inlining such call sites, and
// inlines only functions of up to about 130 bytes of bytecode. It gets separate short functions, which compare lengths
// as in G3.
import type { Address } from './address.ts';
import type { LinearMemory } from './linear-memory.ts';

/** The first letter of an error's text, which tells the engines apart: C in V8, c in SpiderMonkey. */
const initial: string | undefined = /* @__PURE__ */ (() => {
  try {
    return (undefined as unknown as { x: string }).x;
  } catch (error) {
    return (error as Error).message[0];
  }
})();
/** True if the engine needs access modes: false in SpiderMonkey, which has separate functions. */
export const hasModes: boolean = initial !== 'c';

/** The number of refused accesses in G2 from which on G3 is faster: each costs one inlined call site. */
const MAX_REFUSALS = 16;
let refusals = 0;

/**
 * Changes the mode if an access of `size` bytes at `address` threw in the DataView, because the memory has grown or the
 * address lies outside. Called before the memory is refreshed.
 */
export function recordFault(memory: LinearMemory, address: Address, size: number): void {
  const { mode } = memory;
  if (mode.G3 || initial !== 'C' || !Number.isInteger(address)) return;
  const known = memory.bytes.length;
  const hasGrown = memory.refresh().byteLength > known;
  if (!hasGrown && address >= 0 && (address as number) <= known - size) return; // the value was refused
  if (!mode.G2) {
    mode.G2 = true;
    refusals = 0;
  } else if (hasGrown || ++refusals > MAX_REFUSALS) mode.G3 = true;
}

/** True if `size` bytes at `p` lie inside the last view. An address from 4 GiB on takes the general path. */
export function isInside(memory: LinearMemory, p: Address, size: number): p is number {
  return typeof p === 'number' && p >>> 0 === p && p <= memory.bytes.length - size;
}
