// SPDX-License-Identifier: MIT
// Converts a recording to collapsed stacks, which flamegraph.pl, inferno, speedscope and Perfetto read.
import { lastOf, type Replay } from './replay.ts';
import { bySite, type Metric } from './sites.ts';
import { nameIn } from './tree.ts';

/** Returns a line for each stack: its frames, outermost first, joined by `;`, a space, and its bytes. */
export function toCollapsed(replay: Replay, metric: Metric = 'live', event: number = lastOf(replay)): string {
  const totals = bySite(replay, metric, -1, event);
  const bytes = new Map<string, number>();
  for (let site = 0; site < totals.bytes.length; site++) {
    if (totals.bytes[site] === 0) continue;
    const stack = replay.recording.stacks[site] ?? [];
    // `;` separates frames, and a line ends at its line break.
    const names = stack.map((frame) => nameIn(frame).replace(/[;\s]+/g, '_')).reverse();
    const line = names.join(';') || 'unknown';
    bytes.set(line, (bytes.get(line) ?? 0) + (totals.bytes[site] as number));
  }
  return [...bytes].map(([line, count]) => `${line} ${count}\n`).join('');
}
