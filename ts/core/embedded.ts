// SPDX-License-Identifier: MIT
// Modules that source files hold as texts: `textOf` in tools/build.mjs writes them.
import type { OwnBytes } from '../memory/platform-types.ts';

/**
 * Returns the bytes of an embedded module.
 * @param alphabet the characters of the text: the symbol of a character is its index
 * @param size in bytes
 */
export function decodeEmbedded(alphabet: string, size: number, text: string): OwnBytes {
  const symbols = new Uint8Array(128);
  for (let i = 0; i < alphabet.length; i++) symbols[alphabet.charCodeAt(i)] = i;
  const bytes = new Uint8Array(size);
  const direct = alphabet.length - 2; // the two symbols from here on precede a larger byte
  let count = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = symbols[text.charCodeAt(i)] as number; // the text is ASCII
    if (start || symbol < direct) {
      bytes[count++] = start + symbol;
      start = 0;
    } else start = direct + (symbol - direct) * alphabet.length;
  }
  return bytes;
}
