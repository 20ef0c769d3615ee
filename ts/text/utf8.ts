// SPDX-License-Identifier: MIT
// UTF-8 (RFC 3629, WHATWG Encoding): strings to bytes and back. Knows no memory and no terminators.
import { ArgumentTypeError, EncodingError } from '../errors.ts';

/** What to do with text that has no exact form. Each choice keeps to `replace` unless asked otherwise. */
export interface TextOptions {
  /** A lone surrogate in a string to be written: `replace` writes U+FFFD, `throw` refuses the string. */
  readonly surrogates?: 'replace' | 'throw';
  /** Bytes that are not UTF-8: `replace` reads U+FFFD as the WHATWG decoder does, `throw` refuses them. */
  readonly invalid?: 'replace' | 'throw';
  /** A U+0000 inside a string that ends at its first NUL: `throw` (the default) refuses it, `allow` writes it. */
  readonly nul?: 'throw' | 'allow';
}

// Kept at import, so that a page that replaces them later changes nothing here.
const Encoder = globalThis.TextEncoder;
const Decoder = globalThis.TextDecoder;
let encoder: TextEncoder | undefined;
let lenient: TextDecoder | undefined;
let strict: TextDecoder | undefined;

/** @throws {ArgumentTypeError} when `value` is not a primitive string */
export function assertString(value: unknown): asserts value is string {
  if (typeof value !== 'string') throw new ArgumentTypeError('a string', value);
}

/**
 * Returns the index of the first lone surrogate at or after `from`, or -1. O(n).
 */
export function loneSurrogate(text: string, from = 0): number {
  for (let i = from; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const next = text.charCodeAt(i + 1); // NaN at the end
    if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return i;
    i++;
  }
  return -1;
}

/**
 * Returns how many bytes `text` takes in UTF-8, without a terminator; a lone surrogate counts as U+FFFD. O(n).
 * @throws {ArgumentTypeError} when it is not a string
 */
export function utf8ByteLength(text: string): number {
  assertString(text);
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // A pair is two units and four bytes: two from their count, two from the first of them.
    if (unit >= 0xd800 && unit < 0xdc00) {
      const next = text.charCodeAt(i + 1);
      if (next >= 0xdc00 && next <= 0xdfff) i++;
    }
  }
  return bytes;
}

/**
 * Returns the bytes of `text`, in a buffer of their own.
 * @throws {ArgumentTypeError} when it is not a string
 * @throws {EncodingError} when it has a lone surrogate and the policy is `throw`
 */
export function encodeUtf8(text: string, options?: TextOptions): Uint8Array<ArrayBuffer> {
  assertString(text);
  if (options?.surrogates === 'throw') {
    const at = loneSurrogate(text);
    if (at >= 0) throw new EncodingError(`the string has a lone surrogate at index ${at}`, at);
  }
  return (encoder ??= new Encoder()).encode(text) as Uint8Array<ArrayBuffer>; // the spec says a new ArrayBuffer
}

/**
 * Returns the text of `bytes`. A leading U+FEFF is text like any other and stays.
 * @param at where the bytes start, for the error
 * @throws {EncodingError} when they are not UTF-8 and the policy is `throw`
 */
export function decodeUtf8(bytes: Uint8Array, at: number, options?: TextOptions): string {
  const own = detached(bytes);
  if (options?.invalid !== 'throw')
    return (lenient ??= new Decoder('utf-8', { ignoreBOM: true })).decode(own);
  strict ??= new Decoder('utf-8', { ignoreBOM: true, fatal: true });
  try {
    return strict.decode(own);
  } catch {
    throw new EncodingError(`the ${bytes.length} bytes at address ${at} are not UTF-8`, at);
  }
}

/** Browsers' decoders refuse views of shared and of resizable buffers (Node's take them): those are copied. */
function detached(bytes: Uint8Array): Uint8Array {
  const buffer = bytes.buffer;
  return buffer instanceof ArrayBuffer && !(buffer as { resizable?: boolean }).resizable
    ? bytes
    : bytes.slice();
}
