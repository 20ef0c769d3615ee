// SPDX-License-Identifier: MIT
// The reports of one inspected module.
import type { BlockRecord, Recorder } from './recorder.ts';
import { EventKind, type HeapReport, type ReportKind } from './recording.ts';

/** The maximum number of reports, as a misuse in a loop would add reports without end. */
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

  /** Adds the report of a free of an address that is not a live block; `record` is the last block there. */
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
      this.add('invalid-free', none, address, found, `${where} was freed, but no block was allocated there`);
    }
  }
}

/** Returns an address as text for reports. */
export const hex = (address: number): string => `0x${address.toString(16)}`;
