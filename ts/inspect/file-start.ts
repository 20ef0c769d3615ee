// SPDX-License-Identifier: MIT
// The first nine bytes of a file: the signature and the version.
import { RecordingError } from '../errors.ts';
import { MAGIC, VERSION } from './format.ts';
import type { ByteWriter } from './varint.ts';

/** Writes the start of a file. */
export function writeStart(out: ByteWriter): void {
  for (const byte of MAGIC) out.byte(byte);
  out.byte(VERSION);
}

/** The cure for a file that is cut off. */
export const CUT: string =
  'copy it again, wait until the program that writes it has ended, or read the events before with { partial: true }';

/**
 * Returns the offset of the first block. Throws RecordingError if `bytes` do not start like a recording of this
 * version.
 */
export function startOf(bytes: Uint8Array): number {
  const differs = MAGIC.findIndex((byte, i) => bytes[i] !== byte);
  if (differs >= 0 && differs >= bytes.length && bytes.length > 0)
    throw new RecordingError('truncated', bytes.length, `the file has ${bytes.length} bytes: ${CUT}`);
  if (differs >= 0) throw new RecordingError('foreign', differs, foreignReason(bytes));
  const version = bytes[MAGIC.length];
  if (version === undefined)
    throw new RecordingError('truncated', bytes.length, `the file has no version: ${CUT}`);
  if (version !== VERSION)
    throw new RecordingError('version', MAGIC.length, `the format has version ${version}, this linmem reads version ${VERSION}: update linmem`); // prettier-ignore
  return MAGIC.length + 1;
}

/** Returns the message for a file that is not a recording. */
function foreignReason(bytes: Uint8Array): string {
  const starts = (...head: number[]): boolean => head.every((byte, i) => bytes[i] === byte);
  if (bytes.length === 0) return 'the file is empty: record again, with --out=heap.lmh';
  if (starts(0x1f, 0x8b)) return 'the file is compressed by gzip: read it with readRecording, or gunzip it';
  if (starts(0x89, 0x4c, 0x4d, 0x48) || starts(0x09, 0x4c, 0x4d, 0x48) || starts(0xef, 0xbf, 0xbd, 0x4c))
    return 'the recording was copied as text, which changed its bytes: copy it in binary mode';
  if (starts(0x7b)) return 'the file is JSON: a recording of a heap (.lmh) is needed, not one of its exports';
  if (starts(0, 0x61, 0x73, 0x6d))
    return 'the file is a WebAssembly module: record a program with npx linmem inspect';
  return 'the file is not a recording of a heap: record one with npx linmem inspect PROGRAM --out=heap.lmh';
}
