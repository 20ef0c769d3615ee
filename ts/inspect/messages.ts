// SPDX-License-Identifier: MIT
// The messages between the page and the program that it shows.

/** The source of a page's recording: the JSON in its element `#source`. */
export type PageSource =
  | { readonly kind: 'data'; readonly data: string }
  | { readonly kind: 'file'; readonly url: string }
  | { readonly kind: 'stream'; readonly url: string; readonly bytes: string }
  | { readonly kind: 'opener' };

/** A message between a page and a program, through a MessagePort. */
export type LiveMessage =
  | { readonly linmem: 'ready' }
  | { readonly linmem: 'blocks'; readonly bytes: Uint8Array }
  | { readonly linmem: 'read'; readonly id: number; readonly address: number; readonly size: number }
  | { readonly linmem: 'bytes'; readonly id: number; readonly bytes: Uint8Array | undefined }
  | { readonly linmem: 'end' };

export function isLiveMessage(data: unknown): data is LiveMessage {
  return typeof data === 'object' && data !== null && typeof (data as LiveMessage).linmem === 'string';
}

/** Returns blocks as a frame of a stream: the number of bytes as a little-endian uint32, then the bytes. */
export function frameOf(blocks: Uint8Array): Uint8Array {
  const frame = new Uint8Array(blocks.length + 4);
  new DataView(frame.buffer).setUint32(0, blocks.length, true);
  frame.set(blocks, 4);
  return frame;
}

/** Splits the bytes of a stream, which arrive in any portions, into frames. */
export class FrameReader {
  readonly #found: (frame: Uint8Array) => void;
  #parts: Uint8Array[] = [];
  #length = 0;

  constructor(found: (frame: Uint8Array) => void) {
    this.#found = found;
  }

  add(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    for (let size = this.#nextSize(); size !== undefined; size = this.#nextSize()) {
      const all = this.#joined();
      this.#parts = [all.subarray(4 + size)];
      this.#length -= 4 + size;
      this.#found(all.subarray(4, 4 + size));
    }
  }

  /** Returns the size of the first frame; undefined if it is incomplete. */
  #nextSize(): number | undefined {
    if (this.#length < 4) return undefined;
    if ((this.#parts[0] as Uint8Array).length < 4) this.#joined();
    const [first] = this.#parts as [Uint8Array];
    const size = new DataView(first.buffer, first.byteOffset).getUint32(0, true);
    return this.#length >= 4 + size ? size : undefined;
  }

  #joined(): Uint8Array {
    if (this.#parts.length === 1) return this.#parts[0] as Uint8Array;
    const all = new Uint8Array(this.#length);
    let offset = 0;
    for (const part of this.#parts) {
      all.set(part, offset);
      offset += part.length;
    }
    this.#parts = [all];
    return all;
  }
}
