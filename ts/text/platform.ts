// SPDX-License-Identifier: MIT
// What the engine offers for text, found once: coders and, in Node and its like, the Buffer's slices.
// Browsers' coders refuse views of shared and of resizable buffers; those are copied first.
import { EncodingError } from '../errors.ts';
import type { Policy } from './policy.ts';

type Slice = (this: Uint8Array, start: number, end: number) => string;
/** Writes what it can of a text. */
export type Store = (this: Uint8Array, text: string, offset: number, length: number) => number;
interface Native {
  readonly latin1Slice: Slice;
  readonly ucs2Slice: Slice;
  readonly utf8Slice: Slice;
  readonly latin1Write: Store;
  readonly ucs2Write: Store;
  readonly utf8Write: Store;
  indexOf(this: Uint8Array, value: number, from: number): number;
  /** Bytes of a text in UTF-8. */
  measure(text: string): number;
}
interface Process {
  readonly versions?: { readonly v8?: string };
  getBuiltinModule?(name: 'node:v8'): { isStringOneByteRepresentation?(text: string): boolean } | undefined;
  getBuiltinModule?(name: 'node:buffer'): { isAscii?(bytes: Uint8Array): boolean } | undefined;
}
interface BufferClass {
  readonly prototype: Native;
  byteLength(text: string): number;
}

// Kept at import, so that a page that replaces them later changes nothing here.
export const Encoder: typeof TextEncoder | undefined = globalThis.TextEncoder;
export const Decoder: typeof TextDecoder | undefined = globalThis.TextDecoder;
const decode = /* @__PURE__ */ (() => Decoder?.prototype.decode)();
const { apply } = Reflect;
const { fromCodePoint } = String;

const host = (globalThis as { process?: Process }).process;
const isBun = 'Bun' in globalThis;
/** V8's major version in Node; NaN in other engines, and in Deno. */
const version = 'Deno' in globalThis || isBun ? NaN : parseInt(host?.versions?.v8 ?? '', 10);
const WIDE = /[^\0-\xff]/;
let asked: ((text: string) => boolean) | undefined;

/**
 * Whether all units of a text are known to be below U+0100. Engines keep most such texts in a byte each: V8 sees at once
 * that the pattern finds none there; Bun's JavaScriptCore looks at every unit, and has to be asked how it keeps them.
 */
export const isNarrow = (text: string): boolean =>
  isBun
    ? (asked ??=
        host?.getBuiltinModule?.('node:v8')?.isStringOneByteRepresentation ?? ((one) => !WIDE.test(one)))(
        text,
      )
    : !WIDE.test(text);

/** Whether bytes that no other thread writes are known to be ASCII. */
export const isAscii = (bytes: Uint8Array): boolean | undefined =>
  bytes.buffer instanceof ArrayBuffer && host?.getBuiltinModule?.('node:buffer')?.isAscii?.(bytes);

let encoder: TextEncoder | undefined;
let scratch: Uint8Array<ArrayBuffer> | undefined;
/** The longest text that surely fits in the scratch, in 16 KiB. */
const SHORT = 5461;
/** What was encoded last, so that who counts a text and then writes it encodes it once. */
let laid: string | undefined;
let made: Uint8Array | undefined;

/**
 * Whether the bytes of a text in UTF-8 are made faster than counted: always without a Buffer; in V8 13 (Node 24) when
 * they are few; and in V8 before that when it has wide characters, which V8 itself knows at once.
 */
export const makesFaster = (text: string): boolean =>
  !native || (text.length <= SHORT && (version === 13 || (version < 13 && !isNarrow(text))));

/** Returns the bytes of a text in UTF-8, valid until the next call; undefined when there is no coder. */
export function encoded(text: string): Uint8Array | undefined {
  if (!Encoder) return undefined;
  if (made && laid === text) return made;
  encoder ??= new Encoder();
  if (text.length > SHORT) return encoder.encode(text);
  const bytes = spare();
  made = bytes.subarray(0, encoder.encodeInto(text, bytes).written);
  laid = text;
  return made;
}

/** The scratch, for another use: what was encoded there is lost. */
function spare(): Uint8Array<ArrayBuffer> {
  made = undefined;
  return (scratch ??= new Uint8Array(3 * SHORT));
}

/** Whether a text has a NUL. */
export function hasNul(text: string): boolean {
  // V8 looks for one among units of 2 bytes at 0.5 ns each: as it goes by bytes it stops at each that is ASCII.
  if (fast && text.length > 64 && !isNarrow(text)) {
    const low = spare();
    for (let from = 0; from < text.length; from += 3 * SHORT - 1) {
      const part = text.slice(from, from + 3 * SHORT - 1);
      low[fast.latin1Write.call(low, part, 0, part.length)] = 0; // it keeps the low byte of each
      if (fast.indexOf.call(low, 0, 0) < part.length && part.includes('\0')) return true;
    }
    return false;
  }
  return text.includes('\0');
}

/** The Buffer's methods that work on any Uint8Array, and its measure of UTF-8; undefined elsewhere. */
export const native: Native | undefined = /* @__PURE__ */ slices();
/** The same where all of them are the engine's own code: Deno's are, but for reading, loops in JavaScript. */
export const fast: Native | undefined = 'Deno' in globalThis ? undefined : native;

/** The same where a text is counted soon, but read slowly. */
export const byCount: Native | undefined = version < 13 ? native : undefined;

/** Those methods, if the Buffer has them all and they do what this library counts on. */
function slices(): Native | undefined {
  const NodeBuffer = (globalThis as { Buffer?: BufferClass }).Buffer;
  const p = NodeBuffer?.prototype;
  if (!NodeBuffer || !p?.utf8Slice || !p.latin1Slice || !p.ucs2Slice || !p.utf8Write) return undefined;
  const { latin1Slice, ucs2Slice, utf8Slice, latin1Write, ucs2Write, utf8Write, indexOf } = p;
  const { byteLength } = NodeBuffer;
  const probe = new Uint8Array([0xef, 0xbb, 0xbf, 0xf0, 0x9f, 0x61, 0xed, 0xa0, 0x80]);
  if (utf8Slice.call(probe, 0, 9) !== '\ufeff\ufffda\ufffd\ufffd\ufffd') return undefined;
  const measure = (text: string): number => {
    if (version !== 13 || (text.length > SHORT && !isNarrow(text))) return byteLength(text);
    let count = 0;
    for (let from = 0; from < text.length; from += SHORT)
      count += utf8Write.call(spare(), text.slice(from, from + SHORT), 0, 3 * SHORT);
    return count;
  };
  return { latin1Slice, ucs2Slice, utf8Slice, latin1Write, ucs2Write, utf8Write, indexOf, measure };
}

const decoders: Record<string, TextDecoder> = {};

/** Returns the text of bytes as the engine's decoder has it, which there must be. */
export function decodeBy(
  name: string,
  fatal: boolean,
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  const decoder = (decoders[name + fatal] ??= new (Decoder as typeof TextDecoder)(name, {
    ignoreBOM: true,
    fatal,
  }));
  const { buffer } = bytes;
  const isTaken = buffer instanceof ArrayBuffer && !(buffer as { resizable?: boolean }).resizable;
  return apply(decode as TextDecoder['decode'], decoder, [
    isTaken ? bytes.subarray(start, end) : bytes.slice(start, end),
  ]);
}

/** What is read for bytes that are no text. @throws {EncodingError} when the policy is `throw` */
export function replaced({ invalid }: Policy, address: number): number {
  if (invalid === 'throw') throw new EncodingError(`the bytes at address ${address} are no text`, address);
  return 0xfffd;
}

/** What {@link gather} is given: a code point, or NO_TEXT, and behind it how many bytes it takes. */
export const take = (bytes: number, point: number): number => bytes * 0x200000 + point;
export const NO_TEXT = 0x1fffff;

/**
 * The text of bytes, a code point at a time, as `next` takes them from an index on.
 * @throws {EncodingError} when it finds no text and the policy is `throw`
 */
export function gather(
  start: number,
  end: number,
  policy: Policy,
  base: number,
  next: (at: number) => number,
): string {
  let text = '';
  let points: number[] = [];
  for (let at = start; at < end;) {
    const taken = next(at);
    let point = taken & NO_TEXT;
    if (point === NO_TEXT) point = replaced(policy, base + at);
    if (points.push(point) > 4095) {
      text += fromCodePoint(...points);
      points = [];
    }
    at += taken >> 21;
  }
  return text + fromCodePoint(...points);
}
