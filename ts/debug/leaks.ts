// SPDX-License-Identifier: MIT
// Leaks: live blocks grouped by the call site that allocated them.
import { programFrame } from './call-sites.ts';
import type { StackFrame } from './recording.ts';
import { assertShape, LEAK_LINE } from './shape.ts';
import { formatFrame } from './stack-frames.ts';

/** The live blocks of one type that one call site allocated. */
export interface Leak {
  /** The number of bytes of all blocks. */
  readonly bytes: number;
  /** The number of blocks. */
  readonly count: number;
  /** The type, such as `i32`, `utf8` or `point_t`, if linmem allocated the blocks with a type; else ''. */
  readonly type: string;
  /** The innermost frame of the program; undefined if unknown. */
  readonly site: StackFrame | undefined;
  /** The call stack, innermost frame first. */
  readonly stack: readonly StackFrame[];
  /** The addresses of the blocks, oldest first. */
  readonly addresses: readonly number[];
}

/** A heap that can list its leaks. */
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
  /** The index of its call stack. */
  readonly site: number;
}

/** Returns the blocks, grouped by call stack and type, most bytes first. `blocks` has the oldest first. */
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
export function formatLeak(leak: Omit<Leak, 'stack' | 'addresses'>): string {
  assertShape(leak, LEAK_LINE, 'leak');
  const { bytes, count, type, site } = leak;
  const blocks = `${count} ${count === 1 ? 'block' : 'blocks'}${type ? ` of ${type}` : ''}`;
  const place = site ? formatFrame(site) : 'an unknown place';
  return `${blocks}, ${bytes} ${bytes === 1 ? 'byte' : 'bytes'}, allocated at ${place}`;
}
