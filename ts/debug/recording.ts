// SPDX-License-Identifier: MIT
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
  /** The index of its event; of several inspected modules, in the recording that `record()` returns. */
  readonly event: number;
}

/** The kind of misuse that a report is about. */
export type ReportKind = 'double-free' | 'invalid-free' | 'overflow' | 'write-after-free';

/**
 * A misuse of the heap that was seen. In a recording a `Stack` is an index into `HeapRecording.stacks`; in `heap.reports`
 * of an inspected heap it is the frames themselves.
 */
export interface HeapReport<Stack = number> {
  readonly kind: ReportKind;
  /** The address of the block, or the address that was freed. */
  readonly address: number;
  /** The size of the block, in bytes; 0 where no block is known. */
  readonly size: number;
  /** The first byte that was found changed; `address` for frees. */
  readonly at: number;
  /** Where the block was allocated; 0 or empty where unknown. */
  readonly allocated: Stack;
  /** Where the block was freed; 0 or empty where it was not, or where unknown. */
  readonly freed: Stack;
  /** Where the misuse was found. */
  readonly found: Stack;
  /** One sentence with the values in it. */
  readonly message: string;
  /** The index of its event. */
  readonly event: number;
  /** The module whose heap it is; only in `heap.reports` of an inspected heap. */
  readonly module?: string;
}

/** A field of a type, as linmem knows it. */
export interface RecordedField {
  /** Its path: `x`, `position.x`, `points[2].x`; '' where the type itself is a value. */
  readonly name: string;
  /** The name of its type: `i32`, `point_t *`, `u32:3`. */
  readonly type: string;
  /**
   * How its bytes are read: the name of a scalar, or several of it one after the other; `pointer`; `text`, up to a NUL;
   * `bits 3 5 u32` for 5 bits from bit 3 on; '' where that is not known.
   */
  readonly reads: string;
  /** Bytes from the beginning of the type. */
  readonly offset: number;
  readonly bytes: number;
}

/** The fields of a type. */
export interface RecordedType {
  /** One of `HeapRecording.typeNames`. If it ends with `[]`, the fields are those of one element. */
  readonly name: string;
  /** The bytes of a value, or of one element. */
  readonly bytes: number;
  readonly fields: readonly RecordedField[];
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
  /** The fields of some of these types. Absent where none is known. */
  readonly layouts?: readonly RecordedType[];
  readonly marks: readonly HeapMark[];
  readonly reports: readonly HeapReport[];
}
