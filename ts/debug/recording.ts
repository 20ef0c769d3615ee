// A recording of a heap: its events in columns, in the order in which they happened, and the call
// stacks they came from. linmem/debug writes recordings; linmem/inspect shows, stores and exports
// them.

/** A place in the program: one line of a call stack. */
export interface StackFrame {
  /** The name of the function; '' where it has none. */
  readonly name: string;
  /** The URL or path of its source; '' where it is unknown. A wasm function's is `wasm://...`. */
  readonly file: string;
  /** From 1; 0 where it is unknown. */
  readonly line: number;
  /** From 1; 0 where it is unknown. */
  readonly column: number;
}

/** The kinds of events, as stored in `HeapRecording.kinds`. */
export const EventKind = {
  /** `address` and `size` of the new block. */
  alloc: 0,
  /** `address` of the block that was freed. */
  free: 1,
  /** `previous` became `address`, with `size` bytes; the two may be equal. */
  realloc: 2,
  /** The memory has `size` bytes from now on. */
  grow: 3,
  /** A mark: `HeapRecording.marks` has its name. */
  mark: 4,
  /** A report: `HeapRecording.reports` has it. */
  report: 5,
} as const;

/** A kind of event: one of the values of `EventKind`. */
export type EventKind = (typeof EventKind)[keyof typeof EventKind];

/** A moment that the program named. */
export interface HeapMark {
  readonly name: string;
  /** The index of its event. */
  readonly event: number;
}

/** The kind of misuse that a report is about. */
export type ReportKind = 'double-free' | 'invalid-free' | 'overflow' | 'write-after-free';

/** A misuse of the heap that was seen. Stacks are indexes into `HeapRecording.stacks`. */
export interface HeapReport {
  readonly kind: ReportKind;
  /** The address of the block, or the address that was freed. */
  readonly address: number;
  /** The size of the block, in bytes; 0 where no block is known. */
  readonly size: number;
  /** The first byte that was found changed; `address` for frees. */
  readonly at: number;
  /** Where the block was allocated; 0 where unknown. */
  readonly allocated: number;
  /** Where the block was freed; 0 where it was not, or where unknown. */
  readonly freed: number;
  /** Where the misuse was found. */
  readonly found: number;
  /** One sentence with the values in it. */
  readonly message: string;
  /** The index of its event. */
  readonly event: number;
}

/**
 * A recording. The columns have one entry for each of the `length` events; they may be longer than
 * that. Addresses and sizes are doubles, so that 64-bit memories fit.
 */
export interface HeapRecording {
  /** The name of the program or of the module that was recorded. */
  readonly name: string;
  /** When the recording began: milliseconds since 1970-01-01. */
  readonly started: number;
  /** How many events there are. */
  readonly length: number;
  /** One `EventKind` each. */
  readonly kinds: Uint8Array;
  /** Milliseconds since `started`; never less than those of the event before. */
  readonly times: Float64Array;
  readonly addresses: Float64Array;
  /** Bytes. */
  readonly sizes: Float64Array;
  /** The address before a realloc; 0 for all other events. */
  readonly previous: Float64Array;
  /** Indexes into `stacks`. */
  readonly sites: Uint32Array;
  /** Call stacks, innermost frame first. Stack 0 is empty: an unknown place. */
  readonly stacks: readonly (readonly StackFrame[])[];
  /** Indexes into `typeNames`: the type of the block, where linmem allocated it. */
  readonly types: Uint16Array;
  /** Names of types, such as `i32`, `utf8`, `point_t`. Type 0 is '': unknown. */
  readonly typeNames: readonly string[];
  readonly marks: readonly HeapMark[];
  readonly reports: readonly HeapReport[];
}
