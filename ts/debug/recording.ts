// SPDX-License-Identifier: MIT
// A recording of a heap: its events in columns, in their order, and the call stacks of the events. linmem/debug creates
// recordings; linmem/inspect shows, stores and exports them.

/** A frame of a call stack. */
export interface StackFrame {
  /** The name of the function; '' if it has none. */
  readonly name: string;
  /** The URL or path of its source; '' if unknown. For a wasm function `wasm://...`. */
  readonly file: string;
  /** The line, from 1 on; 0 if unknown. */
  readonly line: number;
  /** The column, from 1 on; 0 if unknown. */
  readonly column: number;
}

/** The kinds of events, as stored in `HeapRecording.kinds`. */
export const EventKind = {
  /** An allocation: `address` and `size` of the new block. */
  alloc: 0,
  /** A free: `address` of the freed block. */
  free: 1,
  /** A resize: the block at `previous` is now at `address`, with `size` bytes. The addresses may be equal. */
  realloc: 2,
  /** A growth of the memory to `size` bytes. */
  grow: 3,
  /** A mark: `HeapRecording.marks` has its name. */
  mark: 4,
  /** A report: `HeapRecording.reports` has it. */
  report: 5,
} as const;

/** A kind of event: one of the values of `EventKind`. */
export type EventKind = (typeof EventKind)[keyof typeof EventKind];

/** A named moment in a recording. */
export interface HeapMark {
  readonly name: string;
  /** The index of its event; with several inspected modules, in the recording that `record()` returns. */
  readonly event: number;
}

/** The kind of misuse that a report is about. */
export type ReportKind = 'double-free' | 'invalid-free' | 'overflow' | 'write-after-free';

/**
 * A detected misuse of the heap. In a recording, `Stack` is an index into `HeapRecording.stacks`; in `heap.reports` of
 * an inspected heap, it is an array of frames.
 */
export interface HeapReport<Stack = number> {
  readonly kind: ReportKind;
  /** The address of the block, or the address that was freed. */
  readonly address: number;
  /** The size of the block in bytes; 0 if the block is unknown. */
  readonly size: number;
  /** The address of the first changed byte; `address` for frees. */
  readonly at: number;
  /** The call stack of the allocation; 0 or empty if unknown. */
  readonly allocated: Stack;
  /** The call stack of the free; 0 or empty if the block is live, or if unknown. */
  readonly freed: Stack;
  /** The call stack at which the misuse was detected. */
  readonly found: Stack;
  /** One sentence with the values in it. */
  readonly message: string;
  /** The index of its event. */
  readonly event: number;
  /** The name of the module; only in `heap.reports` of an inspected heap. */
  readonly module?: string;
}

/** A field of a type. */
export interface RecordedField {
  /** Its path: `x`, `position.x`, `points[2].x`; '' if the type is not a struct. */
  readonly name: string;
  /** The name of its type: `i32`, `point_t *`, `u32:3`. */
  readonly type: string;
  /**
   * The format of its bytes: the name of a scalar, for one or several consecutive values; `pointer`; `text`, up to a
   * NUL; `bits 3 5 u32` for 5 bits from bit 3 on; '' if unknown.
   */
  readonly reads: string;
  /** The offset in the type in bytes. */
  readonly offset: number;
  readonly bytes: number;
}

/** The fields of a type. */
export interface RecordedType {
  /** One of `HeapRecording.typeNames`. If it ends with `[]`, the fields are those of one element. */
  readonly name: string;
  /** The size of a value, or of one element, in bytes. */
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
  /** The start of the recording: milliseconds since 1970-01-01. */
  readonly started: number;
  /** The number of events. */
  readonly length: number;
  /** The `EventKind` of each event. */
  readonly kinds: Uint8Array;
  /** Milliseconds since `started`, in ascending order. */
  readonly times: Float64Array;
  readonly addresses: Float64Array;
  /** Bytes. */
  readonly sizes: Float64Array;
  /** The address before a realloc; 0 for all other events. */
  readonly previous: Float64Array;
  /** Indices into `stacks`. */
  readonly sites: Uint32Array;
  /** Call stacks, innermost frame first. Stack 0 is empty: an unknown stack. */
  readonly stacks: readonly (readonly StackFrame[])[];
  /** Indices into `typeNames`: the types of blocks that linmem allocated. */
  readonly types: Uint16Array;
  /** Names of types, such as `i32`, `utf8`, `point_t`. Type 0 is '': unknown. */
  readonly typeNames: readonly string[];
  /** The fields of some of these types. Missing if none is known. */
  readonly layouts?: readonly RecordedType[];
  readonly marks: readonly HeapMark[];
  readonly reports: readonly HeapReport[];
}
