// SPDX-License-Identifier: MIT
// The misuses of a heap that were seen.
import type { BlockRecord, Recorder } from './recorder.ts';
import { EventKind, type HeapReport, type ReportKind } from './recording.ts';

/** So many are kept: a program that goes wrong in a loop would report without end. */
const MAX_REPORTS = 1000;

/** The reports of one module. */
export class Reports {
  readonly all: HeapReport[] = [];
  readonly #recorder: Recorder;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  get isFull(): boolean {
    return this.all.length >= MAX_REPORTS;
  }

  /** Adds a report, and its event to the log. */
  add(kind: ReportKind, block: BlockRecord, at: number, found: number, message: string): void {
    if (this.isFull) return;
    const { address, size, site: allocated, freed } = block;
    const event = this.#recorder.logged;
    this.all.push({
      kind,
      address,
      size,
      at,
      allocated,
      freed: Math.max(0, freed - 1),
      found,
      message,
      event,
    });
    this.#recorder.exports.note(EventKind.report, address, size, found);
  }

  /** Adds the report of a free of what is no live block; `record` is the block that was there before. */
  addFree(address: number, record: BlockRecord | undefined, found: number): void {
    const where = hex(address);
    if (record)
      this.add(
        'double-free',
        record,
        address,
        found,
        `the block of ${record.size} bytes at ${where} was freed twice`,
      );
    else {
      const none = { address, size: 0, sequence: 0, site: 0, freed: 0 };
      this.add('invalid-free', none, address, found, `${where} was freed, where no block was allocated`);
    }
  }
}

/** An address as it is written in reports. */
export const hex = (address: number): string => `0x${address.toString(16)}`;
