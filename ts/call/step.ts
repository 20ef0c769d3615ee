// SPDX-License-Identifier: MIT
// The steps of a call, one for each parameter, and the state of a call.
//
//   P1  Values that can run user code (objects and lists, by their getters) are converted first. The addresses of refs
//       are taken last, so that no code can free their blocks before the call.
import type { WasmType } from './abi.ts';
import type { Lower, WasmValue } from './values.ts';

/** The state of one call. */
export interface Frame {
  /** The arguments, by parameter; hidden parameters have none. */
  readonly args: unknown[];
  /** The values that are passed to the function, by parameter. */
  readonly raw: WasmValue[];
  /** The lengths of the lists, by parameter. */
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
  /** Returns the address of the argument, or of a copy. */
  readonly place: (value: unknown) => number;
  readonly read: (at: number) => unknown;
}

/** The step of one parameter. */
export interface Step {
  /** Its WebAssembly type. */
  readonly wasm: WasmType;
  /** True if the parameter has no argument. */
  readonly hidden: boolean;
  /** The order of conversion: P1. Hidden parameters need the lengths of lists. */
  readonly order: 0 | 1 | 2;
  /** The conversion, if it needs only the argument. */
  readonly lower?: Lower;
  readonly prepare: (frame: Frame, index: number) => WasmValue;
  /** Set for an out-parameter of one value. */
  readonly out?: OutPlace;
  readonly inout?: InoutPlace;
  /** Returns its part of the result. */
  collect?(frame: Frame, index: number): unknown;
}
