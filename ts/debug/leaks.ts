// SPDX-License-Identifier: MIT
// Leaks: live blocks grouped by the place that allocated them.
import { programFrame } from './call-sites.ts';
import type { StackFrame } from './recording.ts';
import { formatFrame } from './stack-frames.ts';

/** Blocks of one type that one place allocated and that are live. */
export interface Leak {
  /** The bytes of all of them. */
  readonly bytes: number;
  /** How many blocks. */
  readonly count: number;
  /** The type, such as `i32`, `utf8` or `point_t`, if linmem allocated them as one; else ''. */
  readonly type: string;
  /** The innermost place in the program; undefined if it is unknown. */
  readonly site: StackFrame | undefined;
  /** The call stack, innermost frame first. */
  readonly stack: readonly StackFrame[];
  /** The addresses of the blocks, oldest first. */
  readonly addresses: readonly number[];
}

/** A heap whose leaks can be listed. */
export interface LeakSource<M = unknown> {
  /** Returns a mark: this moment. */
  mark(): M;
  /** Returns the live blocks that were allocated after the mark. Types and sites may be left out. */
  leaks(options: { readonly since: M }): readonly (Partial<Leak> & Pick<Leak, 'bytes' | 'count' | 'stack'>)[];
}

/** A live block, before grouping. */
export interface LiveBlock {
  readonly address: number;
  readonly bytes: number;
  readonly type: string;
  /** An index into the stacks. */
  readonly site: number;
}

/** Returns the blocks, given oldest first, grouped by call stack and type, the most bytes first. */
export function groupLeaks(blocks: Iterable<LiveBlock>, stacks: readonly (readonly StackFrame[])[]): Leak[] {
  const groups = new Map<string, { bytes: number; type: string; site: number; addresses: number[] }>();
  for (const { address, bytes, type, site } of blocks) {
    const key = `${site} ${type}`;
    let group = groups.get(key);
    if (!group) groups.set(key, (group = { bytes: 0, type, site, addresses: [] }));
    group.bytes += bytes;
    group.addresses.push(address);
  }
  const leaks = [...groups.values()].map(({ bytes, type, site, addresses }): Leak => {
    const stack = stacks[site] ?? [];
    return { bytes, count: addresses.length, type, site: programFrame(stack), stack, addresses };
  });
  return leaks.sort((a, b) => b.bytes - a.bytes);
}

/** Returns `3 blocks of i32, 12 bytes, allocated at f (file:1:2)`. */
export function formatLeak({ bytes, count, type, site }: Omit<Leak, 'stack' | 'addresses'>): string {
  const blocks = `${count} ${count === 1 ? 'block' : 'blocks'}${type ? ` of ${type}` : ''}`;
  const place = site ? formatFrame(site) : 'an unknown place';
  return `${blocks}, ${bytes} ${bytes === 1 ? 'byte' : 'bytes'}, allocated at ${place}`;
}
