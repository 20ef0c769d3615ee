// SPDX-License-Identifier: MIT
// Reduces a curve of many events to few points, with all peaks.
import { ArgumentTypeError } from '../errors.ts';
import { toCount } from '../memory/address.ts';
import { viewLength } from '../memory/bytes.ts';
import { assertEvent, type Replay } from './replay.ts';

/** A curve: `values[i]` is the value after event `events[i]`. */
export interface Curve {
  readonly events: Uint32Array;
  readonly values: Float64Array;
}

/**
 * Returns at most `points` points of a column with one value per event, from event `from` to `to`. Each bucket of
 * events has its lowest and its highest value, so that all peaks stay.
 *
 * @param points 2 or more
 * @throws {ArgumentTypeError} if `column` is not a typed array, or a number is none
 * @throws {ArgumentRangeError} if an event or `points` is out of range
 */
export function thin(column: Float64Array | Uint32Array, from: number, to: number, points: number): Curve {
  const length = viewLength(column);
  if (length === undefined) throw new ArgumentTypeError('a typed array', column);
  toCount(from, 'an event', 0, length + 1);
  toCount(to, 'an event', -1, length);
  toCount(points, 'a number of points', 2);
  const count = Math.max(to - from + 1, 0);
  if (count <= points) {
    const events = Uint32Array.from({ length: count }, (_, i) => from + i);
    return { events, values: Float64Array.from(events, (event) => column[event] as number) };
  }
  const buckets = Math.max(Math.floor(points / 2), 1);
  const events = new Uint32Array(buckets * 2);
  for (let bucket = 0; bucket < buckets; bucket++) {
    const start = from + Math.floor((bucket * count) / buckets);
    const end = from + Math.floor(((bucket + 1) * count) / buckets);
    let low = start;
    let high = start;
    for (let i = start + 1; i < end; i++) {
      if ((column[i] as number) < (column[low] as number)) low = i;
      if ((column[i] as number) > (column[high] as number)) high = i;
    }
    events[bucket * 2] = Math.min(low, high);
    events[bucket * 2 + 1] = Math.max(low, high);
  }
  return { events, values: Float64Array.from(events, (event) => column[event] as number) };
}

/** As {@link thin}, for the live bytes. */
export function liveCurve(replay: Replay, points: number): Curve {
  assertEvent(replay, -1);
  return thin(replay.liveBytes, 0, replay.length - 1, points);
}
