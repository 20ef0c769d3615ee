// SPDX-License-Identifier: MIT
// Encodes recordings. Each column of a block of events is written as a whole, which compresses better.
import type { HeapRecording, StackFrame } from '../debug/recording.ts';
import { toCount } from '../memory/address.ts';
import { writeArenas } from './arenas.ts';
import { writeStart } from './file-start.ts';
import { writeLayouts } from './layouts.ts';
import { Block, EVENTS_PER_BLOCK, Has, REPORT_KINDS, TICKS_PER_MS, type InspectedRecording } from './format.ts'; // prettier-ignore
import { assertEvents, assertRecording } from './shapes.ts';
import { ByteWriter, checksum } from './varint.ts';

/** Writes a block: its kind, the size of its contents, their checksum, the contents. */
function writeBlock(out: ByteWriter, tag: number, write: (block: ByteWriter) => void): void {
  const block = new ByteWriter();
  write(block);
  const contents = block.finish();
  out.byte(tag);
  out.varint(contents.length);
  out.uint32(checksum(tag, contents));
  out.raw(contents);
}

/** The progress of writing a recording to a file or a stream. */
export class Progress {
  stacks = 1;
  types = 1;
  /** The names of the layouts that were written last. */
  layouts = '';
  events = 0;
  marks = 0;
  reports = 0;
  /** The last time that was written, in ticks. */
  ticks = 0;
  /** The numbers of frames that were written. */
  readonly frames: Map<string, number> = new Map();
}

/** Writes the part of `recording` that was not written before, for a file or for a message of a stream. */
export function writeNews(out: ByteWriter, recording: HeapRecording, progress: Progress): void {
  writeTypes(out, recording, progress);
  writeNewLayouts(out, recording, progress);
  writeStacks(out, recording, progress);
  while (progress.events < recording.length) {
    const end = Math.min(progress.events + EVENTS_PER_BLOCK, recording.length);
    writeBlock(out, Block.events, (block) => writeEvents(block, recording, progress, end));
    progress.events = end;
  }
  const marks = recording.marks.slice(progress.marks);
  if (marks.length > 0)
    writeBlock(out, Block.marks, (block) => {
      block.varint(marks.length);
      for (const { name, event } of marks) {
        block.text(name);
        block.varint(event);
      }
    });
  progress.marks = recording.marks.length;
  writeReports(out, recording, progress);
}

function writeTypes(out: ByteWriter, { typeNames }: HeapRecording, progress: Progress): void {
  const news = typeNames.slice(progress.types);
  progress.types = Math.max(typeNames.length, 1);
  if (news.length === 0) return;
  writeBlock(out, Block.types, (block) => {
    block.varint(news.length);
    for (const name of news) block.text(name);
  });
}

/** Writes all layouts if they have changed. Their number can also fall: an ambiguous layout is removed. */
function writeNewLayouts(out: ByteWriter, { layouts = [] }: HeapRecording, progress: Progress): void {
  const names = layouts.map(({ name }) => name).join();
  if (names === progress.layouts) return;
  progress.layouts = names;
  writeBlock(out, Block.layouts, (block) => writeLayouts(block, layouts));
}

/** Writes the new frames, then the new stacks. */
function writeStacks(out: ByteWriter, { stacks }: HeapRecording, progress: Progress): void {
  const news = stacks.slice(progress.stacks);
  progress.stacks = Math.max(stacks.length, 1);
  if (news.length === 0) return;
  const frames: StackFrame[] = [];
  const numbers = news.map((stack) =>
    stack.map((frame) => {
      const key = `${frame.name}\n${frame.file}\n${frame.line}\n${frame.column}`;
      let number = progress.frames.get(key);
      if (number === undefined) {
        number = progress.frames.size;
        progress.frames.set(key, number);
        frames.push(frame);
      }
      return number;
    }),
  );
  writeBlock(out, Block.frames, (block) => writeFrames(block, frames));
  writeBlock(out, Block.stacks, (block) => {
    block.varint(numbers.length);
    for (const stack of numbers) {
      block.varint(stack.length);
      for (const number of stack) block.varint(number);
    }
  });
}

function writeFrames(block: ByteWriter, frames: readonly StackFrame[]): void {
  block.varint(frames.length);
  let file = '';
  for (const frame of frames) {
    // Consecutive frames often have the same file: its name is written when it changes.
    block.byte(frame.file === file ? 0 : 1);
    if (frame.file !== file) block.text((file = frame.file));
    block.text(frame.name);
    block.varint(frame.line);
    block.varint(frame.column);
  }
}

/** Returns the binary logarithm of the largest power of two, up to 16, that divides all these addresses. */
function commonAlignment(addresses: readonly Float64Array[], start: number, end: number): number {
  let bits = 0;
  for (const column of addresses) for (let i = start; i < end; i++) bits |= (column[i] as number) % 16;
  return bits === 0 ? 4 : 31 - Math.clz32(bits & -bits);
}

function writeEvents(block: ByteWriter, recording: HeapRecording, progress: Progress, end: number): void {
  const start = progress.events;
  assertEvents(recording, start, end);
  const { kinds, times, addresses, sizes, previous, sites, types } = recording;
  block.varint(end - start);
  const shift = commonAlignment([addresses, previous], start, end);
  block.byte(shift);
  for (let i = start; i < end; i++) {
    let head = kinds[i] as number;
    if (sizes[i] !== 0) head |= Has.size;
    if (sites[i] !== 0) head |= Has.site;
    if (types[i] !== 0) head |= Has.type;
    if (previous[i] !== 0) head |= Has.previous;
    block.byte(head);
  }
  for (let i = start; i < end; i++) {
    const ticks = toCount(Math.round((times[i] as number) * TICKS_PER_MS), 'a time in microseconds');
    block.varint(ticks - progress.ticks);
    progress.ticks = ticks;
  }
  const unit = 2 ** shift;
  let last = 0;
  for (let i = start; i < end; i++) {
    const address = (addresses[i] as number) / unit;
    block.signed(address - last);
    last = address;
  }
  // Values that are 0 are not written: their bit in the first byte of the event is 0.
  const column = (values: ArrayLike<number>, unit = 1): void => {
    for (let i = start; i < end; i++) if (values[i] !== 0) block.varint((values[i] as number) / unit);
  };
  column(sizes);
  column(sites);
  column(types);
  column(previous, unit);
}

function writeReports(out: ByteWriter, recording: HeapRecording, progress: Progress): void {
  const reports = recording.reports.slice(progress.reports);
  progress.reports = recording.reports.length;
  if (reports.length === 0) return;
  writeBlock(out, Block.reports, (block) => {
    block.varint(reports.length);
    for (const report of reports) {
      block.byte(toCount(REPORT_KINDS.indexOf(report.kind), `the kind of a report, not ${report.kind}`));
      for (const value of [report.address, report.size, report.at, report.allocated, report.freed, report.found, report.event])
        block.varint(value); // prettier-ignore
      block.text(report.message);
    }
  });
}

/** Writes the block with the name and the time. */
export function writeHead(out: ByteWriter, recording: HeapRecording): void {
  writeBlock(out, Block.head, (block) => {
    block.text(recording.name);
    block.varint(Math.round(recording.started));
  });
}

/**
 * Encodes a recording as a file. Times are rounded to microseconds; everything else is exact.
 *
 * @returns the bytes of a `.lmh` file: about 6 for each event, and a third of that after gzip
 * @throws {ArgumentRangeError} if a number of the recording is not an integer in [0, 2^53), or times are not ascending
 * @throws {ArgumentTypeError} if it is not a recording
 */
export function encodeRecording(recording: InspectedRecording): Uint8Array {
  assertRecording(recording);
  const out = new ByteWriter();
  writeStart(out);
  writeHead(out, recording);
  const progress = new Progress();
  writeNews(out, recording, progress);
  for (const { address, bytes } of recording.bytes ?? [])
    writeBlock(out, Block.bytes, (block) => {
      block.varint(address);
      block.raw(bytes);
    });
  const { arenas } = recording;
  if (arenas) writeBlock(out, Block.arenas, (block) => writeArenas(block, arenas));
  writeBlock(out, Block.end, (block) => block.varint(progress.events));
  return out.finish().slice();
}
