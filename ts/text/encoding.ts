// SPDX-License-Identifier: MIT
// Encoding: the operations of a text encoding on bytes. Does not depend on memories.
import type { Policy } from './policy.ts';

/** A text encoding. Counts are in its elements: bytes in ASCII, Latin-1 and UTF-8, 2 bytes in UTF-16, 4 in UTF-32. */
export interface Encoding {
  /** The standard name, as in `utf-8`. */
  readonly name: string;
  /** The name in method names, as in `readNullTerminatedUtf8String`. */
  readonly label: string;
  /** The size of an element in bytes. */
  readonly bytesPerElement: 1 | 2 | 4;
  /** @internal An element below this limit is a whole character. */
  readonly singleElementLimit: number;
  /**
   * @internal Returns the number of elements of `text`.
   * @throws {EncodingError} if it has a character that the encoding lacks, or a lone surrogate under the policy `throw`
   */
  readonly countElements: (text: string, policy: Policy) => number;
  /**
   * @internal Writes `text` to `bytes` from index `at` on, if it has at most `max` elements, which fit in `bytes`.
   * Returns the number of elements; or -1, and writes nothing, if it has more. Throws as `countElements`.
   * @param isCounted true if `max` is the result of `countElements`
   */
  readonly encodeInto: (
    bytes: Uint8Array,
    at: number,
    text: string,
    max: number,
    policy: Policy,
    isCounted?: boolean,
  ) => number;
  /** @internal Returns the text of the bytes in [start, end); byte 0 is at address `base`, for errors. */
  readonly decodeRange: (
    bytes: Uint8Array,
    start: number,
    end: number,
    policy: Policy,
    base: number,
  ) => string;
  /** @internal Returns the number of elements of a code point. */
  readonly elementsOf: (point: number) => number;
}
