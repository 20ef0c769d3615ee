// SPDX-License-Identifier: MIT
// Reads the log of a recorder, whose format is in csrc/recorder_internal.h.
import { EventKind } from './recording.ts';

/** Receives one event of the log: its time in milliseconds. */
export type EventReader = (
  kind: number, time: number, address: number, size: number, previous: number, site: number,
) => void; // prettier-ignore

const Has = { time: 8, words: 16, site: 32 } as const;
const KIND = 7;
const TICKS_PER_MS = 8;

/** Reads chunks of one log, in their order. */
export class LogReader {
  readonly #visit: EventReader;
  #bytes: Uint8Array = new Uint8Array();
  #at = 0;
  #time = 0;
  #address = 0;
  #site = 0;

  constructor(visit: EventReader) {
    this.#visit = visit;
  }

  /** Calls the reader with each event of a chunk. O(events). */
  read(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#at = 0;
    while (this.#at < bytes.length) this.#event();
  }

  #event(): void {
    const head = this.#bytes[this.#at++] ?? 0;
    const kind = head & KIND;
    if (head & Has.time) this.#time += this.#number();
    const distance = this.#signed();
    const address = this.#address + (head & Has.words ? distance * 8 : distance);
    const size = kind === EventKind.free ? 0 : this.#number();
    const previous = kind === EventKind.realloc ? address + this.#signed() : 0;
    if (head & Has.site) this.#site = this.#number();
    this.#address = address;
    this.#visit(kind, this.#time / TICKS_PER_MS, address, size, previous, this.#site);
  }

  #number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at++] ?? 0;
      if (byte < 128) return value + byte * scale;
      value += (byte - 128) * scale;
    }
  }

  #signed(): number {
    const value = this.#number();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
