// SPDX-License-Identifier: MIT
// Converts a recording to trace events, which Perfetto and chrome://tracing show as curves with marks.
import { assertEvent, type Replay } from './replay.ts';
import { liveCurve } from './timeline.ts';

/** An event of the format: a counter, an instant, or metadata. */
export interface TraceEvent {
  readonly name: string;
  readonly cat: string;
  readonly ph: 'C' | 'i' | 'M';
  /** Microseconds. */
  readonly ts: number;
  readonly pid: number;
  readonly tid: number;
  readonly s?: 'g';
  readonly args: Readonly<Record<string, number | string>>;
}

/** A file of trace events. */
export interface TraceFile {
  readonly traceEvents: TraceEvent[];
  readonly displayTimeUnit: 'ms';
}

const COMMON = { cat: 'heap', pid: 1, tid: 1 } as const;

/**
 * Returns counters of the live bytes, the live blocks and the size of the memory, with at most `points` points and all
 * peaks, and an instant for each mark and report. The file is the result as JSON.
 */
export function toTrace(replay: Replay, points = 20_000): TraceFile {
  assertEvent(replay, -1);
  const { times, marks, reports, name } = replay.recording;
  const at = (event: number): number => Math.round((times[event] ?? 0) * 1000);
  const traceEvents: TraceEvent[] = [
    { ...COMMON, name: 'process_name', ph: 'M', ts: 0, args: { name } },
    { ...COMMON, name: 'thread_name', ph: 'M', ts: 0, args: { name: 'heap' } },
  ];
  let memory = 0;
  for (const event of liveCurve(replay, points).events) {
    const ts = at(event);
    traceEvents.push({ ...COMMON, name: 'live bytes', ph: 'C', ts, args: { bytes: replay.liveBytes[event] as number } }); // prettier-ignore
    traceEvents.push({ ...COMMON, name: 'live blocks', ph: 'C', ts, args: { blocks: replay.liveBlocks[event] as number } }); // prettier-ignore
    if (replay.memoryBytes[event] === memory) continue;
    memory = replay.memoryBytes[event] as number;
    traceEvents.push({ ...COMMON, name: 'memory', ph: 'C', ts, args: { bytes: memory } });
  }
  for (const mark of marks)
    traceEvents.push({ ...COMMON, name: mark.name, ph: 'i', s: 'g', ts: at(mark.event), args: {} });
  for (const { kind, event, message } of reports)
    traceEvents.push({ ...COMMON, name: kind, ph: 'i', s: 'g', ts: at(event), args: { message } });
  return { traceEvents, displayTimeUnit: 'ms' };
}
