// SPDX-License-Identifier: MIT
// Converts a recording to speedscope profiles (https://www.speedscope.app/file-format-schema.json).
import type { StackFrame } from '../debug/recording.ts';
import { assertEvent, lastOf, type Replay } from './replay.ts';
import { bySite, liveBySite, type SiteTotals } from './sites.ts';
import { nameIn, placeIn } from './tree.ts';

/** A sampled profile: stacks, outermost frame first, and their bytes. */
export interface SpeedscopeProfile {
  readonly type: 'sampled';
  readonly name: string;
  readonly unit: 'bytes';
  readonly startValue: 0;
  readonly endValue: number;
  readonly samples: number[][];
  readonly weights: number[];
}

/** A file of speedscope. */
export interface SpeedscopeFile {
  readonly $schema: 'https://www.speedscope.app/file-format-schema.json';
  readonly name: string;
  readonly exporter: 'linmem';
  readonly activeProfileIndex: 0;
  readonly shared: { readonly frames: { name: string; file?: string; line?: number; col?: number }[] };
  readonly profiles: SpeedscopeProfile[];
}

/**
 * Returns four profiles: the blocks that are live after event `event`, those at the peak, all allocations, and
 * temporary ones. The file is the result as JSON.
 */
export function toSpeedscope(replay: Replay, event: number = lastOf(replay)): SpeedscopeFile {
  assertEvent(replay, event);
  const frames: SpeedscopeFile['shared']['frames'] = [];
  const numbers = new Map<string, number>();
  const numberOf = (frame: StackFrame): number => {
    const key = `${frame.name}\n${placeIn(frame)}`;
    let number = numbers.get(key);
    if (number === undefined) {
      number = frames.length;
      numbers.set(key, number);
      const { file, line, column } = frame;
      frames.push({ name: nameIn(frame), ...(file && { file }), ...(line > 0 && { line }), ...(column > 0 && { col: column }) }); // prettier-ignore
    }
    return number;
  };
  const profile = (name: string, totals: SiteTotals): SpeedscopeProfile => {
    const samples: number[][] = [];
    const weights: number[] = [];
    for (let site = 0; site < totals.bytes.length; site++) {
      if (totals.bytes[site] === 0) continue;
      const stack = replay.recording.stacks[site] ?? [];
      const known = stack.length > 0 ? stack : [{ name: 'unknown', file: '', line: 0, column: 0 }];
      samples.push(known.map(numberOf).reverse());
      weights.push(totals.bytes[site] as number);
    }
    return { type: 'sampled', name, unit: 'bytes', startValue: 0, endValue: totals.totalBytes, samples, weights }; // prettier-ignore
  };
  const peak = Math.min(replay.peak, event);
  return {
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    name: replay.recording.name,
    exporter: 'linmem',
    activeProfileIndex: 0,
    shared: { frames },
    profiles: [
      profile('live', liveBySite(replay, event)),
      profile('live at the peak', liveBySite(replay, peak)),
      profile('allocated', bySite(replay, 'allocated', -1, event)),
      profile('temporary', bySite(replay, 'temporary', -1, event)),
    ],
  };
}
