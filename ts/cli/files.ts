// SPDX-License-Identifier: MIT
// Reads and writes recordings as files, in every format.
import { RecordingError } from '../errors.ts';
import { toCollapsed } from '../inspect/collapsed.ts';
import { readRecording } from '../inspect/decode.ts';
import { toDhat } from '../inspect/dhat.ts';
import { encodeRecording } from '../inspect/encode.ts';
import type { InspectedRecording } from '../inspect/format.ts';
import { toPprof } from '../inspect/pprof.ts';
import { Replay } from '../inspect/replay.ts';
import { createReport } from '../inspect/report.ts';
import { toSpeedscope } from '../inspect/speedscope.ts';
import { toTrace } from '../inspect/trace.ts';
import { CommandError, type Host } from './host.ts';

/** The formats by their file name extensions. */
const FORMATS: Readonly<Record<string, (recording: InspectedRecording, host: Host) => Uint8Array | string | Promise<string>>> = {
  '.lmh': (recording) => encodeRecording(recording),
  '.lmh.gz': (recording, { zlib }) => zlib.gzipSync(encodeRecording(recording)),
  '.html': (recording) => createReport(recording),
  '.pb.gz': (recording, { zlib }) => zlib.gzipSync(toPprof(new Replay(recording))),
  '.speedscope.json': (recording) => JSON.stringify(toSpeedscope(new Replay(recording))),
  '.trace.json': (recording) => JSON.stringify(toTrace(new Replay(recording))),
  '.dhat.json': (recording) => JSON.stringify(toDhat(new Replay(recording))),
  '.collapsed.txt': (recording) => toCollapsed(new Replay(recording)),
}; // prettier-ignore

/** The extensions, for messages. */
export const ENDINGS: string = Object.keys(FORMATS).join(', ');

/** Returns the extension of a file that identifies its format. Throws CommandError if it has none. */
export function endingOf(path: string): string {
  const ending = Object.keys(FORMATS).filter((each) => path.endsWith(each)).sort((a, b) => b.length - a.length)[0]; // prettier-ignore
  if (!ending)
    throw new CommandError(`${path}: the file name needs an extension for its format: one of ${ENDINGS}`);
  return ending;
}

/** Returns the contents of a file of that name; a promise only for `.html`. */
export function contentsOf(
  path: string,
  recording: InspectedRecording,
  host: Host,
): Uint8Array | string | Promise<string> {
  return (FORMATS[endingOf(path)] as (typeof FORMATS)[string])(recording, host);
}

/** Reads a recording. Throws CommandError with the cure if the file is not a recording. */
export async function readFile(path: string, { fs }: Host, partial: boolean): Promise<InspectedRecording> {
  if (!fs.existsSync(path)) throw new CommandError(`${path}: no such file`);
  try {
    return await readRecording(fs.readFileSync(path), { partial });
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error;
    throw new CommandError(`${path}: ${error.message.replace('{ partial: true }', '--partial')}`);
  }
}
