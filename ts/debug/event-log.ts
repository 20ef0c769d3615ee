// SPDX-License-Identifier: MIT
// EventLog: the columns of a recording in progress.
import {
  EventKind,
  type HeapMark,
  type HeapRecording,
  type HeapReport,
  type StackFrame,
} from './recording.ts';

const FIRST = 1024;
/** The default maximum of events: 39 bytes each, 82 MB. */
export const MAX_EVENTS: number = 2 ** 21;

/** The contents of an event. */
export interface HeapEvent {
  readonly kind: EventKind;
  readonly address?: number;
  readonly size?: number;
  readonly previous?: number;
  readonly site?: number;
  readonly type?: number;
}

const grown = <A extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(
  old: A,
  length: number,
): A => {
  const fresh = new (old.constructor as new (length: number) => A)(length); // the class of a typed array
  fresh.set(old);
  return fresh;
};

/** The events of one heap, in their order. */
export class EventLog {
  readonly started: number = Date.now();
  length = 0;
  marks: HeapMark[] = [];
  reports: HeapReport[] = [];
  readonly #typeNames: string[] = [''];
  readonly #types = new Map<string, number>([['', 0]]);
  readonly #origin = performance.now();
  readonly #max: number;
  #kinds = new Uint8Array(FIRST);
  #times = new Float64Array(FIRST);
  #addresses = new Float64Array(FIRST);
  #sizes = new Float64Array(FIRST);
  #previous = new Float64Array(FIRST);
  #sites = new Uint32Array(FIRST);
  #eventTypes = new Uint16Array(FIRST);

  /** @param max the maximum number of events */
  constructor(max: number = MAX_EVENTS) {
    this.#max = max;
  }

  /** True if the log of a heap with `blocks` live blocks is full: {@link clear} it then. */
  isFull(blocks: number): boolean {
    return this.length >= Math.max(this.#max, 4 * blocks);
  }
  /** Removes all events, marks and reports. */
  clear(): void {
    this.length = 0;
    this.marks = [];
    this.reports = [];
  }

  /** Appends an event. Returns its index. */
  add({ kind, address = 0, size = 0, previous = 0, site = 0, type = 0 }: HeapEvent): number {
    const event = this.length++;
    if (event === this.#kinds.length) this.#grow(2 * event);
    this.#kinds[event] = kind;
    this.#times[event] = Math.max(performance.now() - this.#origin, this.#times[event - 1] ?? 0);
    this.#addresses[event] = address;
    this.#sizes[event] = size;
    this.#previous[event] = previous;
    this.#sites[event] = site;
    this.#eventTypes[event] = type;
    return event;
  }
  /** Removes the event if it is the last one. Returns true if it was. */
  undo(event: number): boolean {
    if (event !== this.length - 1) return false;
    this.length = event;
    return true;
  }
  #grow(length: number): void {
    this.#kinds = grown(this.#kinds, length);
    this.#times = grown(this.#times, length);
    this.#addresses = grown(this.#addresses, length);
    this.#sizes = grown(this.#sizes, length);
    this.#previous = grown(this.#previous, length);
    this.#sites = grown(this.#sites, length);
    this.#eventTypes = grown(this.#eventTypes, length);
  }

  /** Sets the type of the block that an event allocated. It is unknown before the owner exists. */
  setType(event: number, name: string): void {
    this.#eventTypes[event] = this.#typeOf(name);
  }
  #typeOf(name: string): number {
    let type = this.#types.get(name);
    if (type === undefined) {
      if (this.#typeNames.length === 65536) return 0; // the column has 16 bits
      type = this.#typeNames.push(name) - 1;
      this.#types.set(name, type);
    }
    return type;
  }

  /** Adds a mark. Returns it. */
  mark(name: string): HeapMark {
    const mark = { name, event: this.add({ kind: EventKind.mark }) };
    this.marks.push(mark);
    return mark;
  }
  /** Adds a report. Returns it. */
  report(report: Omit<HeapReport, 'event'>): HeapReport {
    const { address, size, found } = report;
    const event = this.add({ kind: EventKind.report, address, size, site: found });
    const whole = { ...report, event };
    this.reports.push(whole);
    return whole;
  }

  /** Returns a copy of all events, marks and reports. O(events). */
  toRecording(name: string, stacks: readonly (readonly StackFrame[])[]): HeapRecording {
    const { length } = this;
    return {
      name,
      started: this.started,
      length,
      kinds: this.#kinds.slice(0, length),
      times: this.#times.slice(0, length),
      addresses: this.#addresses.slice(0, length),
      sizes: this.#sizes.slice(0, length),
      previous: this.#previous.slice(0, length),
      sites: this.#sites.slice(0, length),
      stacks: [...stacks],
      types: this.#eventTypes.slice(0, length),
      typeNames: [...this.#typeNames],
      marks: [...this.marks],
      reports: [...this.reports],
    };
  }
}
