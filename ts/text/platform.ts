// SPDX-License-Identifier: MIT
// What the engine offers for text, found once: coders and, in Node and its like, the Buffer's slices.
// Browsers' coders refuse views of shared and of resizable buffers; `own` copies those first.

type Slice = (this: Uint8Array, start: number, end: number) => string;
type Store = (this: Uint8Array, text: string, offset: number, length: number) => number;
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
}
interface BufferClass {
  readonly prototype: Native;
  byteLength(text: string): number;
}

// Kept at import, so that a page that replaces them later changes nothing here.
export const Encoder: typeof TextEncoder | undefined = globalThis.TextEncoder;
export const Decoder: typeof TextDecoder | undefined = globalThis.TextDecoder;
const { fromCharCode } = String;

/** V8's major version in Node; NaN in other engines, and in Deno. */
const version =
  'Deno' in globalThis || 'Bun' in globalThis
    ? NaN
    : parseInt((globalThis as { process?: Process }).process?.versions?.v8 ?? '', 10);
const WIDE = /[^\0-\xff]/;

/**
 * Whether the bytes of a text in UTF-8 are made faster than counted: always without a Buffer and in V8 13 (Node 24);
 * in V8 before that when it has wide characters, which V8 itself knows at once.
 */
export const makesFaster = (text: string): boolean =>
  !native || version === 13 || (version < 13 && WIDE.test(text));

let encoder: TextEncoder | undefined;
let scratch: Uint8Array<ArrayBuffer> | undefined;
/** The longest text that surely fits in the scratch, in 16 KiB. */
const SCRATCH = 5461;

/** Whose bytes are in the scratch, and how many. A getter of a heap's may write a text during the write of another. */
let laid: string | undefined;
let length = 0;

/** Returns the bytes of a text in UTF-8, valid until the next call; undefined when it is too long, or there is no coder. */
export function encodeShort(text: string): Uint8Array | undefined {
  if (!Encoder || text.length > SCRATCH) return undefined;
  encoder ??= new Encoder();
  scratch ??= new Uint8Array(3 * SCRATCH);
  if (laid !== text) {
    length = encoder.encodeInto(text, scratch).written;
    laid = text;
  }
  return scratch.subarray(0, length);
}

/** Writes those bytes to `target` from `at` on, as the last use of them. */
export function storeShort(text: string, target: Uint8Array, at: number): void {
  target.set(encodeShort(text) as Uint8Array, at); // it was short before
  laid = undefined;
}

/** Returns the bytes of a text in UTF-8; undefined when there is no coder. */
export const encodeWhole = (text: string): Uint8Array | undefined =>
  Encoder && (encoder ??= new Encoder()).encode(text);

/** The Buffer's methods that work on any Uint8Array, and its measure of UTF-8; undefined elsewhere. */
export const native: Native | undefined = /* @__PURE__ */ slices();
/** The same where all of them are the engine's own code: Deno's are, but for reading, loops in JavaScript. */
export const fast: Native | undefined = 'Deno' in globalThis ? undefined : native;

/** Those methods, if the Buffer has them all and they do what this library counts on. */
function slices(): Native | undefined {
  const NodeBuffer = (globalThis as { Buffer?: BufferClass }).Buffer;
  const p = NodeBuffer?.prototype;
  if (!NodeBuffer || !p?.utf8Slice || !p.latin1Slice || !p.ucs2Slice || !p.utf8Write) return undefined;
  const { latin1Slice, ucs2Slice, utf8Slice, latin1Write, ucs2Write, utf8Write, indexOf } = p;
  const { byteLength } = NodeBuffer;
  const probe = new Uint8Array([0xef, 0xbb, 0xbf, 0xf0, 0x9f, 0x61, 0xed, 0xa0, 0x80]);
  if (utf8Slice.call(probe, 0, 9) !== '\ufeff\ufffda\ufffd\ufffd\ufffd') return undefined;
  const measure = (text: string): number =>
    (version === 13 ? encodeShort(text)?.length : undefined) ?? byteLength(text);
  return { latin1Slice, ucs2Slice, utf8Slice, latin1Write, ucs2Write, utf8Write, indexOf, measure };
}

/** Bytes from `start` up to `end` that every coder takes: a view, or a copy when the buffer is shared or resizable. */
export function own(bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && !(buffer as { resizable?: boolean }).resizable
    ? (bytes as Uint8Array<ArrayBuffer>).subarray(start, end) // its buffer is one
    : bytes.slice(start, end);
}

/** Returns the string of these units, in pieces that no engine's limit of arguments is below. */
export function fromUnits(units: Uint8Array | Uint16Array): string {
  let text = '';
  for (let i = 0; i < units.length; i += 4096)
    text += fromCharCode.apply(null, units.subarray(i, i + 4096) as unknown as number[]); // array-like
  return text;
}

/** Collects code points, about as many as are expected, to a string. */
export class Builder {
  readonly #units: Uint16Array;
  #count = 0;
  #text = '';

  constructor(expected: number) {
    this.#units = new Uint16Array(Math.min(4096, 2 * expected + 2));
  }
  add(point: number): void {
    if (this.#count + 2 > this.#units.length) this.#text = this.done();
    if (point > 0xffff) {
      this.#units[this.#count++] = 0xd7c0 + (point >>> 10); // 0xd800 + ((point - 0x10000) >> 10)
      this.#units[this.#count++] = 0xdc00 + (point & 0x3ff);
    } else this.#units[this.#count++] = point;
  }
  done(): string {
    const text = this.#text + fromUnits(this.#units.subarray(0, this.#count));
    this.#count = 0;
    return text;
  }
}
