// SPDX-License-Identifier: MIT
// The engine's own text coders: TextEncoder, TextDecoder and, in Node, Deno and Bun, the methods of Buffer. Browsers'
// coders refuse views of shared and of resizable buffers, so those are copied first. docs/performance.md has the
// measurements behind each choice.
import { EncodingError } from '../errors.ts';
import type { Policy } from './policy.ts';
import type { OwnBytes } from '../memory/platform-types.ts';

type SliceText = (this: Uint8Array, start: number, end: number) => string;
/** Writes as much of a text as fits in `length` bytes. */
export type WriteText = (this: Uint8Array, text: string, offset: number, length: number) => number;
/** Methods of Buffer, which work on any Uint8Array. */
interface BufferMethods {
  readonly latin1Slice: SliceText;
  readonly ucs2Slice: SliceText;
  readonly utf8Slice: SliceText;
  readonly latin1Write: WriteText;
  readonly ucs2Write: WriteText;
  readonly utf8Write: WriteText;
  indexOf(this: Uint8Array, value: number, from: number): number;
  /** Returns the number of bytes of a text in UTF-8. */
  utf8Length(text: string): number;
}
interface Process {
  readonly versions?: { readonly v8?: string };
  getBuiltinModule?(name: 'node:v8'): { isStringOneByteRepresentation?(text: string): boolean } | undefined;
  getBuiltinModule?(name: 'node:buffer'): { isAscii?(bytes: Uint8Array): boolean } | undefined;
}
interface BufferClass {
  readonly prototype: BufferMethods;
  byteLength(text: string): number;
}

// Taken at import: a page that replaces them later has no effect here.
export const Encoder: typeof TextEncoder | undefined = globalThis.TextEncoder;
export const Decoder: typeof TextDecoder | undefined = globalThis.TextDecoder;
const decode = /* @__PURE__ */ (() => Decoder?.prototype.decode)();
const { apply } = Reflect;
const { fromCodePoint } = String;

const host = (globalThis as { process?: Process }).process;
const isBun = 'Bun' in globalThis;
/** V8's major version in Node; NaN in other engines, and in Deno. */
const version = 'Deno' in globalThis || isBun ? NaN : parseInt(host?.versions?.v8 ?? '', 10);
const TWO_BYTE = /[^\0-\xff]/;
let bunIsOneByte: ((text: string) => boolean) | undefined;

/**
 * True if all units of a text are known to be below U+0100. Engines store most such texts in one byte per unit. V8 then
 * knows at once that the pattern does not match; Bun (JavaScriptCore) tests every unit; its `node:v8` returns the form.
 */
export const isOneByte = (text: string): boolean =>
  isBun
    ? (bunIsOneByte ??=
        host?.getBuiltinModule?.('node:v8')?.isStringOneByteRepresentation ?? ((one) => !TWO_BYTE.test(one)))(
        text,
      )
    : !TWO_BYTE.test(text);

/** True if the bytes are known to be ASCII, and no other thread can write them. */
export const isAscii = (bytes: Uint8Array): boolean | undefined =>
  bytes.buffer instanceof ArrayBuffer && host?.getBuiltinModule?.('node:buffer')?.isAscii?.(bytes);

let encoder: TextEncoder | undefined;
let scratch: OwnBytes | undefined;
/** The longest text that is sure to fit in the scratch buffer of 16 KiB. */
const SHORT = 5461;
/** The last text that was encoded, and its bytes: a caller that counts a text and then writes it encodes it once. */
let lastText: string | undefined;
let lastBytes: Uint8Array | undefined;

/**
 * True if the UTF-8 bytes of a text are made faster than counted: always without a Buffer; in V8 13 (Node 24) if the text
 * is short; in V8 before 13 if it is short and not a one-byte text.
 */
export const isEncodedFaster = (text: string): boolean =>
  !bufferMethods || (text.length <= SHORT && (version === 13 || (version < 13 && !isOneByte(text))));

/** Returns the UTF-8 bytes of a text, valid until the next call; undefined if the engine has no TextEncoder. */
export function encodedUtf8(text: string): Uint8Array | undefined {
  if (!Encoder) return undefined;
  if (lastBytes && lastText === text) return lastBytes;
  encoder ??= new Encoder();
  if (text.length > SHORT) return encoder.encode(text);
  const bytes = scratchBytes();
  lastBytes = bytes.subarray(0, encoder.encodeInto(text, bytes).written);
  lastText = text;
  return lastBytes;
}

/** Returns the scratch buffer for any use. The bytes of the last text are lost. */
function scratchBytes(): OwnBytes {
  lastBytes = undefined;
  return (scratch ??= new Uint8Array(3 * SHORT));
}

/** True if a text has a NUL. */
export function hasNul(text: string): boolean {
  // V8 searches two-byte texts for bytes, and stops at the high byte of every ASCII unit: 0.5 ns per unit.
  if (nativeBufferMethods && text.length > 64 && !isOneByte(text)) {
    const low = scratchBytes();
    for (let from = 0; from < text.length; from += 3 * SHORT - 1) {
      const part = text.slice(from, from + 3 * SHORT - 1);
      low[nativeBufferMethods.latin1Write.call(low, part, 0, part.length)] = 0; // the low byte of each unit
      if (nativeBufferMethods.indexOf.call(low, 0, 0) < part.length && part.includes('\0')) return true;
    }
    return false;
  }
  return text.includes('\0');
}

/** The methods of Buffer; undefined in engines that have none. */
export const bufferMethods: BufferMethods | undefined = /* @__PURE__ */ findBufferMethods();
/** The methods of Buffer if they are native code. In Deno the methods that write are loops in JavaScript. */
export const nativeBufferMethods: BufferMethods | undefined =
  'Deno' in globalThis ? undefined : bufferMethods;

/** The methods of Buffer if the engine counts UTF-8 fast but decodes it slowly: V8 before 13. */
export const slowUtf8Methods: BufferMethods | undefined = version < 13 ? bufferMethods : undefined;

/** Returns the methods of Buffer, if all exist and behave as linmem needs. */
function findBufferMethods(): BufferMethods | undefined {
  const NodeBuffer = (globalThis as { Buffer?: BufferClass }).Buffer;
  const p = NodeBuffer?.prototype;
  if (!NodeBuffer || !p?.utf8Slice || !p.latin1Slice || !p.ucs2Slice || !p.utf8Write) return undefined;
  const { latin1Slice, ucs2Slice, utf8Slice, latin1Write, ucs2Write, utf8Write, indexOf } = p;
  const { byteLength } = NodeBuffer;
  const probe = new Uint8Array([0xef, 0xbb, 0xbf, 0xf0, 0x9f, 0x61, 0xed, 0xa0, 0x80]);
  if (utf8Slice.call(probe, 0, 9) !== '\ufeff\ufffda\ufffd\ufffd\ufffd') return undefined;
  const utf8Length = (text: string): number => {
    if (version !== 13 || (text.length > SHORT && !isOneByte(text))) return byteLength(text);
    let count = 0;
    for (let from = 0; from < text.length; from += SHORT)
      count += utf8Write.call(scratchBytes(), text.slice(from, from + SHORT), 0, 3 * SHORT);
    return count;
  };
  return { latin1Slice, ucs2Slice, utf8Slice, latin1Write, ucs2Write, utf8Write, indexOf, utf8Length };
}

const decoders: Record<string, TextDecoder> = {};

/** Returns the text of bytes by the engine's TextDecoder, which must exist. */
export function decodeWith(
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
  const isAccepted = buffer instanceof ArrayBuffer && !(buffer as { resizable?: boolean }).resizable;
  return apply(decode as TextDecoder['decode'], decoder, [
    isAccepted ? bytes.subarray(start, end) : bytes.slice(start, end),
  ]);
}

/** Returns the code point to read for invalid bytes. @throws {EncodingError} if the policy is `throw` */
export function replacement({ invalid }: Policy, address: number): number {
  if (invalid === 'throw')
    throw new EncodingError(`the bytes at address ${address} are not valid in this encoding`, address);
  return 0xfffd;
}

/** Packs a code point, or INVALID, and the number of bytes it has, for {@link decodePoints}. */
export const pointOf = (bytes: number, point: number): number => bytes * 0x200000 + point;
export const INVALID = 0x1fffff;

/**
 * Returns the text of the bytes in [start, end). `next` returns the code point at an index, packed by {@link pointOf}.
 * @throws {EncodingError} if it finds invalid bytes and the policy is `throw`
 */
export function decodePoints(
  start: number,
  end: number,
  policy: Policy,
  base: number,
  next: (at: number) => number,
): string {
  let text = '';
  let points: number[] = [];
  for (let at = start; at < end;) {
    const packed = next(at);
    let point = packed & INVALID;
    if (point === INVALID) point = replacement(policy, base + at);
    if (points.push(point) > 4095) {
      text += fromCodePoint(...points);
      points = [];
    }
    at += packed >> 21;
  }
  return text + fromCodePoint(...points);
}
