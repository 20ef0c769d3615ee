// SPDX-License-Identifier: MIT
// Converts a recording to DHAT's format, which Valgrind's dh_view and the Firefox Profiler show. Of all formats, only
// this one has the lifetimes of blocks. Documented in dhat/dh_main.c of Valgrind.
import { lastOf, type Replay } from './replay.ts';
import { nameIn, placeIn } from './tree.ts';

/** A program point: one call stack. The names are those of the format. */
export interface DhatProgramPoint {
  /** Total bytes. */
  tb: number;
  /** Total blocks. */
  tbk: number;
  /** The sum of the lifetimes of all blocks. Units: microseconds. */
  tl: number;
  /** The maximum of live bytes. */
  mb: number;
  /** The blocks at that time. */
  mbk: number;
  /** Bytes at the global peak. */
  gb: number;
  /** Blocks at that time. */
  gbk: number;
  /** Bytes at the end. */
  eb: number;
  /** Blocks at the end. */
  ebk: number;
  /** Indices of frames, innermost first. */
  fs: number[];
}

/** A file of DHAT, version 2. The names are those of the format. */
export interface DhatFile {
  readonly dhatFileVersion: 2;
  /** The mode of DHAT. */
  readonly mode: 'heap';
  /** The word for totals: blocks are "Allocated". */
  readonly verb: 'Allocated';
  /** True if block lifetimes are recorded. */
  readonly bklt: true;
  /** True if accesses to blocks are recorded. */
  readonly bkacc: false;
  /** The unit of times. */
  readonly tu: 'us';
  /** The unit of times in which rates are shown. */
  readonly Mtu: 's';
  /** Blocks with a shorter lifetime are shown as short-lived. Units: microseconds. */
  readonly tuth: number;
  /** The command: the name of the recording. */
  readonly cmd: string;
  readonly pid: number;
  /** The time at the end. Units: microseconds. */
  readonly te: number;
  /** The time of the global peak. Units: microseconds. */
  readonly tg: number;
  /** The program points. */
  readonly pps: readonly DhatProgramPoint[];
  /** The frames, as text. */
  readonly ftbl: readonly string[];
}

/** Returns the totals, maxima, final values and lifetimes of each stack. The file is its JSON. */
export function toDhat(replay: Replay): DhatFile {
  const last = lastOf(replay);
  const { recording } = replay;
  const ticks = (event: number): number =>
    event < 0 ? 0 : Math.round((recording.times[event] as number) * 1000);
  const points = programPoints(replay, ticks);
  const ftbl = ['[root]'];
  const frames = new Map<string, number>();
  for (const [site, point] of points)
    for (const frame of recording.stacks[site] ?? []) {
      const text = `0x0: ${nameIn(frame)}${frame.file ? ` (${placeIn(frame)})` : ''}`;
      let number = frames.get(text);
      if (number === undefined) frames.set(text, (number = ftbl.push(text) - 1));
      point.fs.push(number);
    }
  // dh_view needs a frame in each stack.
  for (const point of points.values()) if (point.fs.length === 0) point.fs.push(unknownFrame(ftbl));
  const file = { dhatFileVersion: 2, mode: 'heap', verb: 'Allocated', bklt: true, bkacc: false } as const;
  const times = { tu: 'us', Mtu: 's', tuth: 10, te: ticks(last), tg: ticks(Math.min(replay.peak, last)) } as const; // prettier-ignore
  return { ...file, ...times, cmd: recording.name, pid: 1, pps: [...points.values()], ftbl };
}

function unknownFrame(ftbl: string[]): number {
  const known = ftbl.indexOf('0x0: unknown');
  return known > 0 ? known : ftbl.push('0x0: unknown') - 1;
}

/** Returns the program points by stack. */
function programPoints(replay: Replay, ticks: (event: number) => number): Map<number, DhatProgramPoint> {
  const { sites, sizes } = replay.recording;
  const points = new Map<number, DhatProgramPoint>();
  const last = replay.length - 1;
  const pointOf = (block: number): DhatProgramPoint => {
    const site = sites[block] as number;
    let point = points.get(site);
    if (!point) {
      point = { tb: 0, tbk: 0, tl: 0, mb: 0, mbk: 0, gb: 0, gbk: 0, eb: 0, ebk: 0, fs: [] };
      points.set(site, point);
    }
    return point;
  };
  // eb and ebk have the current bytes and blocks of each point after each event, and so the final ones after the last.
  const endedBy = blocksByEnd(replay);
  for (let event = 0; event <= last; event++) {
    for (const block of endedBy(event)) {
      const point = pointOf(block);
      point.eb -= sizes[block] as number;
      point.ebk--;
      point.tl += ticks(event) - ticks(block);
    }
    if (replay.ends[event] !== 0) begin(pointOf(event), sizes[event] as number);
  }
  for (const block of replay.liveAt(last)) pointOf(block).tl += ticks(last) - ticks(block);
  if (replay.length > 0)
    for (const block of replay.liveAt(replay.peak)) {
      const point = pointOf(block);
      point.gb += sizes[block] as number;
      point.gbk++;
    }
  return points;
}

function begin(point: DhatProgramPoint, size: number): void {
  point.tb += size;
  point.tbk++;
  point.eb += size;
  point.ebk++;
  if (point.eb < point.mb || (point.eb === point.mb && point.mbk > 0)) return;
  point.mb = point.eb;
  point.mbk = point.ebk;
}

/**
 * Returns a function that returns the blocks that an event frees: none, one, or two for a realloc to the address of a
 * live block.
 */
function blocksByEnd(replay: Replay): (event: number) => number[] {
  const first = new Uint32Array(replay.length);
  const second = new Map<number, number>();
  for (let i = 0; i < replay.length; i++) {
    const end = replay.ends[i] as number;
    if (end === 0 || end >= replay.length) continue;
    if (first[end] === 0) first[end] = i + 1;
    else second.set(end, i);
  }
  const none: number[] = [];
  return (event) => {
    const block = (first[event] as number) - 1;
    if (block < 0) return none;
    const other = second.get(event);
    return other === undefined ? [block] : [block, other];
  };
}
