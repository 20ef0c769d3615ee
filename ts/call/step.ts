// SPDX-License-Identifier: MIT
// The steps of a call, one for each parameter, and the state of a call.
//
//   P1  Values that a caller can hook into (objects, lists: their getters run) are converted first, and the addresses of
//       refs are taken last: nothing runs between that and the call which could free what they refer to.
import type { WasmType } from './abi.ts';
import type { Lower, WasmValue } from './values.ts';

/** A call while it is made. */
export interface Frame {
  /** The arguments, by parameter; hidden ones have none. */
  readonly args: unknown[];
  /** The values that the function gets, by parameter. */
  readonly raw: WasmValue[];
  /** Elements of the lists, by parameter. */
  readonly lengths: (number | undefined)[];
}

/** The memory and the conversion of an out-parameter. */
export interface OutPlace {
  readonly size: number;
  readonly align: number;
  readonly read: (at: number) => unknown;
}

/** The memory and the conversions of an inout parameter. */
export interface InoutPlace {
  /** The address of the argument, or of a copy. */
  readonly place: (value: unknown) => number;
  readonly read: (at: number) => unknown;
}

/** One parameter. */
export interface Step {
  /** Its WebAssembly type. */
  readonly wasm: WasmType;
  /** Whether it has no argument. */
  readonly hidden: boolean;
  /** When it is converted: P1. Hidden ones need the lengths of lists. */
  readonly order: 0 | 1 | 2;
  /** The conversion, where the argument is all that it needs. */
  readonly lower?: Lower;
  readonly prepare: (frame: Frame, index: number) => WasmValue;
  /** Of a single out-parameter. */
  readonly out?: OutPlace;
  readonly inout?: InoutPlace;
  /** Its part of the result. */
  collect?(frame: Frame, index: number): unknown;
}
