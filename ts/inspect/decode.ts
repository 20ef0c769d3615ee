// SPDX-License-Identifier: MIT
// Decodes recordings. Nothing in a file is trusted: every block has a checksum, every count is compared with the
// remaining bytes before anything is allocated, and every index with the length of its table.
import { EventKind, type HeapMark, type HeapRecording, type HeapReport, type RecordedType, type StackFrame } from '../debug/recording.ts'; // prettier-ignore
import { RecordingError } from '../errors.ts';
import { readOptions } from '../heap/options.ts';
import { toCount } from '../memory/address.ts';
import { isShared } from '../memory/buffers.ts';
import { bytesOf } from '../memory/bytes.ts';
import { Block, EVENTS_PER_BLOCK, Has, REPORT_KINDS, TICKS_PER_MS, type HeapBytes, type InspectedRecording } from './format.ts'; // prettier-ignore
import { readArenas, type RecordedArena } from './arenas.ts';
import { EventColumns } from './columns.ts';
import { CUT, startOf } from './file-start.ts';
import { readLayouts } from './layouts.ts';
import { ByteReader, checksum } from './varint.ts';

const KINDS: number = Object.keys(EventKind).length;

/** Options of `decodeRecording`. */
export interface DecodeOptions {
  /**
   * True to return the events before the point at which a file is cut off or damaged, instead of an error.
   *
   * @defaultValue false
   */
  readonly partial?: boolean;
}

/** Reads the blocks of a file or of a stream. {@link recording} returns the events so far. */
export class RecordingReader {
  #name = '';
  #started = 0;
  #ticks = 0;
  #ended = false;
  readonly #columns: EventColumns = new EventColumns();
  readonly #frames: StackFrame[] = [];
  readonly #stacks: StackFrame[][] = [[]];
  readonly #types: string[] = [''];
  readonly #marks: HeapMark[] = [];
  readonly #reports: HeapReport[] = [];
  readonly #bytes: HeapBytes[] = [];
  #arenas: RecordedArena[] | undefined;
  #layouts: RecordedType[] | undefined;

  /** True if the last block was read. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Reads whole blocks. `base` is the offset of `bytes` in the file, for messages. Throws RecordingError. */
  add(source: ArrayBufferView | ArrayBufferLike, base = 0): void {
    const bytes = ownBytes(source);
    toCount(base, 'an offset in bytes');
    let offset = 0;
    while (offset < bytes.length) {
      if (this.#ended)
        throw new ByteReader(bytes.subarray(offset), base + offset).damaged('bytes after the end');
      const block = blockAt(bytes, offset, base);
      this.#read(block.tag, new ByteReader(block.contents, base + block.start));
      offset = block.end;
    }
  }

  #read(tag: number, block: ByteReader): void {
    const read = this.#readers[tag];
    if (read) {
      read(block);
      if (block.left > 0) throw block.damaged(`${block.left} bytes too many in a block`);
    } else if (tag < 128)
      throw new RecordingError('version', block.base, `a block of kind ${tag}, unknown here: update linmem`);
  }

  readonly #readers: Record<number, (block: ByteReader) => void> = {
    [Block.head]: (block) => {
      this.#name = block.text();
      this.#started = block.varint();
    },
    [Block.types]: (block) => {
      for (let count = block.count(1); count > 0; count--) this.#types.push(block.text());
    },
    [Block.frames]: (block) => this.#readFrames(block),
    [Block.stacks]: (block) => this.#readStacks(block),
    [Block.events]: (block) => this.#readEvents(block),
    [Block.marks]: (block) => {
      for (let count = block.count(2); count > 0; count--)
        this.#marks.push({ name: block.text(), event: below(block, this.#columns.length, 'event') });
    },
    [Block.reports]: (block) => this.#readReports(block),
    [Block.bytes]: (block) => {
      const address = block.varint();
      this.#bytes.push({ address, bytes: block.raw(block.left).slice() });
    },
    [Block.arenas]: (block) => {
      this.#arenas = readArenas(block, () => below(block, this.#stacks.length, 'stack'));
    },
    [Block.layouts]: (block) => {
      this.#layouts = readLayouts(block);
    },
    [Block.end]: (block) => {
      const events = block.varint();
      if (events !== this.#columns.length)
        throw block.damaged(`${this.#columns.length} events where ${events} were written`);
      this.#ended = true;
    },
  };

  #readFrames(block: ByteReader): void {
    let file = '';
    for (let count = block.count(4); count > 0; count--) {
      if (block.byte() !== 0) file = block.text();
      this.#frames.push({ file, name: block.text(), line: block.varint(), column: block.varint() });
    }
  }

  #readStacks(block: ByteReader): void {
    for (let count = block.count(1); count > 0; count--) {
      const stack: StackFrame[] = [];
      for (let depth = block.count(1); depth > 0; depth--)
        stack.push(this.#frames[below(block, this.#frames.length, 'frame')] as StackFrame);
      this.#stacks.push(stack);
    }
  }

  #readEvents(block: ByteReader): void {
    // Each event has at least three bytes: its kind, its time and its address.
    const count = block.count(3);
    if (count > EVENTS_PER_BLOCK) throw block.damaged(`${count} events in a block`);
    const unit = 2 ** below(block, 5, 'alignment');
    const columns = this.#columns;
    const start = columns.reserve(count);
    const end = start + count;
    const heads = block.raw(count);
    for (let i = 0; i < count; i++) columns.kinds[start + i] = kindOf(block, heads[i] as number);
    for (let i = start; i < end; i++)
      columns.times[i] = (this.#ticks = safe(block, this.#ticks + block.varint())) / TICKS_PER_MS;
    let address = 0;
    for (let i = start; i < end; i++) columns.addresses[i] = safe(block, (address += block.signed()) * unit);
    const column = (to: Float64Array | Uint32Array | Uint16Array, bit: number, read: () => number): void => {
      for (let i = 0; i < count; i++) to[start + i] = (heads[i] as number) & bit ? read() : 0;
    };
    column(columns.sizes, Has.size, () => block.varint());
    column(columns.sites, Has.site, () => below(block, this.#stacks.length, 'stack'));
    column(columns.types, Has.type, () => below(block, this.#types.length, 'type'));
    column(columns.previous, Has.previous, () => safe(block, block.varint() * unit));
    columns.length = end;
  }

  #readReports(block: ByteReader): void {
    for (let count = block.count(9); count > 0; count--) {
      const kind = REPORT_KINDS[below(block, REPORT_KINDS.length, 'kind of report')] as HeapReport['kind'];
      const [address, size, at] = [block.varint(), block.varint(), block.varint()];
      const stack = (): number => below(block, this.#stacks.length, 'stack');
      const [allocated, freed, found] = [stack(), stack(), stack()];
      const event = below(block, this.#columns.length, 'event');
      const message = block.text();
      this.#reports.push({ kind, address, size, at, allocated, freed, found, message, event });
    }
  }

  /** Returns the recording so far. The next `add` reuses its columns. */
  recording(): InspectedRecording {
    const { kinds, times, addresses, sizes, previous, sites, types, length } = this.#columns;
    const columns = { length, kinds, times, addresses, sizes, previous, sites, types };
    const lists = {
      stacks: this.#stacks,
      typeNames: this.#types,
      marks: this.#marks,
      reports: this.#reports,
    };
    const bytes = this.#bytes.length > 0 ? { bytes: this.#bytes } : {};
    const arenas = this.#arenas ? { arenas: this.#arenas } : {};
    const layouts = this.#layouts ? { layouts: this.#layouts } : {};
    return {
      name: this.#name,
      started: this.#started,
      ...columns,
      ...lists,
      ...bytes,
      ...arenas,
      ...layouts,
    };
  }
}

/** Reads a number. Throws RecordingError unless it is below `limit`. */
function below(block: ByteReader, limit: number, what: string): number {
  const value = block.varint();
  if (value >= limit) throw block.damaged(`${what} ${value} of ${limit}`);
  return value;
}

function kindOf(block: ByteReader, head: number): number {
  const kind = head & 7;
  if (kind >= KINDS || head > 127) throw block.damaged(`an event of kind ${head}`);
  return kind;
}

function safe(block: ByteReader, value: number): number {
  if (value < 0 || value > Number.MAX_SAFE_INTEGER) throw block.damaged(`the number ${value}`);
  return value;
}

interface FoundBlock {
  readonly tag: number;
  readonly contents: Uint8Array;
  /** The offsets of the contents and of the next block. */
  readonly start: number;
  readonly end: number;
}

/** Finds the block at `offset`. Throws RecordingError if the bytes end before it does, or if its checksum differs. */
function blockAt(bytes: Uint8Array, offset: number, base: number): FoundBlock {
  const head = new ByteReader(bytes.subarray(offset, offset + 13), base + offset);
  const truncated = (): RecordingError =>
    new RecordingError('truncated', base + bytes.length, `the file is cut off in the block that starts at byte ${base + offset}: ${CUT}`); // prettier-ignore
  let size: number;
  let crc: number;
  const tag = head.byte();
  try {
    size = head.varint();
    crc = head.uint32();
  } catch (error) {
    throw bytes.length - offset < 13 ? truncated() : error;
  }
  const start = offset + head.offset;
  if (size > bytes.length - start) throw truncated();
  const contents = bytes.subarray(start, start + size);
  if (checksum(tag, contents) !== crc)
    throw new ByteReader(contents, base + start).damaged('the checksum of a block differs');
  return { tag, contents, start, end: start + size };
}

/**
 * Decodes a `.lmh` file.
 *
 * @param source the file: a buffer, shared or not, or any view of one
 * @returns the recording, in arrays that share nothing with `source`
 * @throws {ArgumentTypeError} if `source` is neither, or detached; also if an option is wrong
 * @throws {RecordingError} if the bytes are not a recording, are cut off or damaged, or have a newer format
 */
export function decodeRecording(
  source: ArrayBufferView | ArrayBufferLike,
  options: DecodeOptions = {},
): InspectedRecording {
  const { partial } = readOptions(options, { partial: 'boolean' });
  const bytes = ownBytes(source);
  const start = startOf(bytes);
  const reader = new RecordingReader();
  try {
    reader.add(bytes.subarray(start), start);
    if (!reader.ended) throw new RecordingError('truncated', bytes.length, `the file has no end: ${CUT}`);
  } catch (error) {
    if (!partial || !(error instanceof RecordingError) || error.fault === 'version') throw error;
  }
  return reader.recording();
}

/**
 * Decodes a `.lmh` file, which may be compressed by gzip.
 *
 * @returns as `decodeRecording`
 * @throws {RecordingError} as `decodeRecording`; also if the compressed file is cut off or damaged
 */
export async function readRecording(
  source: ArrayBufferView | ArrayBufferLike,
  options: DecodeOptions = {},
): Promise<HeapRecording> {
  const given = readOptions(options, { partial: 'boolean' });
  const bytes = ownBytes(source);
  return decodeRecording(bytes[0] === 0x1f && bytes[1] === 0x8b ? await gunzip(bytes) : bytes, given);
}

/** Returns the bytes of a buffer or a view; copied if threads share them, as checked bytes must not change. */
function ownBytes(source: ArrayBufferView | ArrayBufferLike): Uint8Array {
  const bytes = bytesOf(source);
  return isShared(bytes) ? bytes.slice() : bytes;
}

async function gunzip(bytes: Uint8Array): Promise<Uint8Array> {
  try {
    const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
    const inflated = stream.pipeThrough(new DecompressionStream('gzip'));
    return new Uint8Array(await new Response(inflated).arrayBuffer());
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RecordingError('damaged', 0, `gzip cannot read the file (${why}): copy or record it again`);
  }
}
