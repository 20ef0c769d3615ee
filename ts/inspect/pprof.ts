// SPDX-License-Identifier: MIT
// Converts a recording to a pprof profile (https://github.com/google/pprof/blob/main/proto/profile.proto).
import type { StackFrame } from '../debug/recording.ts';
import { assertEvent, lastOf, type Replay } from './replay.ts';
import { bySite, liveBySite } from './sites.ts';
import { placeIn } from './tree.ts';
import { ByteWriter } from './varint.ts';

/** The values of each sample, the same as in heap profiles of Go. */
const VALUES = [
  ['alloc_objects', 'count'],
  ['alloc_space', 'bytes'],
  ['inuse_objects', 'count'],
  ['inuse_space', 'bytes'],
] as const;

/** The field numbers of profile.proto. */
const FIELD = { sampleType: 1, sample: 2, location: 4, function: 5, stringTable: 6, timeNanos: 9, durationNanos: 10, defaultSampleType: 14 } as const; // prettier-ignore

const writeInt = (out: ByteWriter, field: number, value: number): void => {
  out.varint(field * 8);
  out.varint(value);
};
const writeBytes = (out: ByteWriter, field: number, bytes: Uint8Array): void => {
  out.varint(field * 8 + 2);
  out.sized(bytes);
};
const message = (write: (out: ByteWriter) => void): Uint8Array => {
  const out = new ByteWriter();
  write(out);
  return out.finish();
};

/** The strings, functions and locations of a profile, each with its id. */
class Tables {
  readonly strings: Map<string, number> = new Map([['', 0]]);
  readonly functions: Map<string, { id: number; frame: StackFrame }> = new Map();
  readonly locations: Map<string, { id: number; function: number; frame: StackFrame }> = new Map();

  text(text: string): number {
    const known = this.strings.get(text) ?? this.strings.size;
    this.strings.set(text, known);
    return known;
  }
  function(frame: StackFrame): number {
    const key = `${frame.name}\n${frame.file}`;
    const known = this.functions.get(key) ?? { id: this.functions.size + 1, frame };
    this.functions.set(key, known);
    return known.id;
  }
  location(frame: StackFrame): number {
    const key = `${frame.name}\n${placeIn(frame)}`;
    const known = this.locations.get(key) ?? {
      id: this.locations.size + 1,
      function: this.function(frame),
      frame,
    };
    this.locations.set(key, known);
    return known.id;
  }
}

/**
 * Returns an uncompressed pprof profile of the allocations up to event `event` and the blocks that are live then. `go
 * tool pprof`, Pyroscope, Perfetto and speedscope open it.
 */
export function toPprof(replay: Replay, event: number = lastOf(replay)): Uint8Array {
  assertEvent(replay, event);
  const { recording } = replay;
  const tables = new Tables();
  const out = new ByteWriter();
  for (const [type, unit] of VALUES)
    writeBytes(out, FIELD.sampleType, message((value) => {
      writeInt(value, 1, tables.text(type));
      writeInt(value, 2, tables.text(unit));
    })); // prettier-ignore
  writeSamples(out, replay, event, tables);
  for (const { id, function: of, frame } of tables.locations.values())
    writeBytes(out, FIELD.location, message((location) => {
      writeInt(location, 1, id);
      writeBytes(location, 4, message((line) => {
        writeInt(line, 1, of);
        writeInt(line, 2, frame.line);
      }));
    })); // prettier-ignore
  for (const { id, frame } of tables.functions.values())
    writeBytes(out, FIELD.function, message((each) => {
      writeInt(each, 1, id);
      writeInt(each, 2, tables.text(frame.name || placeIn(frame)));
      writeInt(each, 3, tables.text(frame.name));
      writeInt(each, 4, tables.text(frame.file));
    })); // prettier-ignore
  const encoder = new TextEncoder();
  for (const text of tables.strings.keys()) writeBytes(out, FIELD.stringTable, encoder.encode(text));
  writeTimes(out, recording.started, event < 0 ? 0 : (recording.times[event] as number));
  writeInt(out, FIELD.defaultSampleType, tables.text('inuse_space'));
  return out.finish().slice();
}

/** Writes the times. Nanoseconds since 1970 do not fit in a double, so they are computed in two halves. */
function writeTimes(out: ByteWriter, started: number, duration: number): void {
  out.varint(FIELD.timeNanos * 8);
  let rest = BigInt(Math.round(started)) * 1_000_000n;
  for (; rest > 127n; rest >>= 7n) out.byte(Number(rest & 127n) | 128);
  out.byte(Number(rest));
  writeInt(out, FIELD.durationNanos, Math.round(duration * 1e6));
}

function writeSamples(out: ByteWriter, replay: Replay, event: number, tables: Tables): void {
  const allocated = bySite(replay, 'allocated', -1, event);
  const live = liveBySite(replay, event);
  for (let site = 0; site < allocated.blocks.length; site++) {
    if (allocated.blocks[site] === 0) continue;
    const stack = replay.recording.stacks[site] ?? [];
    const locations = (stack.length > 0 ? stack : [{ name: 'unknown', file: '', line: 0, column: 0 }]).map(
      (frame) => tables.location(frame),
    );
    const values = [allocated.blocks[site], allocated.bytes[site], live.blocks[site], live.bytes[site]];
    const packed = (numbers: readonly (number | undefined)[]): Uint8Array =>
      message((list) => {
        for (const number of numbers) list.varint(number ?? 0);
      });
    writeBytes(out, FIELD.sample, message((sample) => {
      writeBytes(sample, 1, packed(locations));
      writeBytes(sample, 2, packed(values));
    })); // prettier-ignore
  }
}
