// SPDX-License-Identifier: MIT
// Latin-1 (ISO 8859-1): byte n is U+00n, all 256 of them. Not windows-1252, which is what browsers call latin1.
import { EncodingError } from '../errors.ts';
import { assertString, TextCodec, type Encoded } from './codec.ts';
import { fromUnits, made, native } from './platform.ts';

/** @throws {EncodingError} when `text` has a unit that `beyond` finds */
export function prepareBytes(text: string, beyond: RegExp, name: string): Encoded {
  assertString(text);
  const at = text.search(beyond);
  if (at >= 0) throw new EncodingError(`the character at index ${at} is not in ${name}`, at);
  return { byteLength: text.length, copyTo: (target) => copyUnits(text, target) };
}

/** Writes a text of one-byte characters. */
export function copyUnits(text: string, target: Uint8Array): void {
  if (native) native.latin1Write.call(target, text, 0, text.length);
  else for (let i = 0; i < text.length; i++) target[i] = text.charCodeAt(i);
}

class Latin1 extends TextCodec {
  prepare(text: string): Encoded {
    return prepareBytes(text, /[^\0-\xff]/, this.name);
  }
  decode(bytes: Uint8Array, _options?: object, at = 0): string {
    const text = (): string => (native ? native.latin1Slice.call(bytes, 0, bytes.length) : fromUnits(bytes));
    return made(text, bytes, at, 'text');
  }
}

/** Latin-1, exactly U+0000 to U+00FF. */
export const latin1: TextCodec = /* @__PURE__ */ new Latin1('iso-8859-1', 'Latin1', 1, 0x100);
