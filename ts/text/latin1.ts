// SPDX-License-Identifier: MIT
// Latin-1 (ISO 8859-1): byte n is U+00n, all 256 of them. Not windows-1252, which is what browsers call latin1.
import { EncodingError } from '../errors.ts';
import { TextCodec } from './codec.ts';
import { fast, gather, isNarrow, native, take, type Store } from './platform.ts';

/** Returns the length of a text. @throws {EncodingError} when it has a unit that `beyond` finds */
export function countBytes(text: string, isKnown: boolean, beyond: RegExp, name: string): number {
  const index = isKnown ? -1 : text.search(beyond);
  if (index >= 0) throw new EncodingError(`the character at index ${index} is not in ${name}`, index);
  return text.length;
}

// Of this module's own, so that V8 sees which functions they are, and calls them without a detour.
const latin1Write = fast?.latin1Write;
const latin1Slice = native?.latin1Slice;

/** Writes the `length` units of a text by `store` if there is one. Returns them; or -1 where they are above `most`. */
export function putBytes(
  bytes: Uint8Array,
  at: number,
  text: string,
  length: number,
  most: number,
  store: Store | undefined,
): number {
  if (length > most) return -1;
  if (store) return store.call(bytes, text, at, length);
  for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
  return length;
}

const count = (text: string): number => countBytes(text, isNarrow(text), /[^\0-\xff]/, 'Latin-1');

/** Latin-1, exactly U+0000 to U+00FF. */
export const latin1: TextCodec = /* @__PURE__ */ new TextCodec(
  'iso-8859-1',
  'Latin1',
  1,
  0x100,
  count,
  (bytes, at, text, most) => putBytes(bytes, at, text, count(text), most, latin1Write),
  (bytes, start, end, policy, base) =>
    latin1Slice
      ? latin1Slice.call(bytes, start, end)
      : gather(start, end, policy, base, (at) => take(1, bytes[at] as number)), // at is inside
);
