// SPDX-License-Identifier: MIT
// The option `callSites`: linmem/debug has the code, and installs it here where it is imported.
import { ArgumentTypeError } from '../errors.ts';

/** Begins to record the call stacks of `heap`. Checks the mode. */
type TrackCallSites = (heap: object, mode: unknown) => void;
let track: TrackCallSites | undefined;

/** Makes the option take effect. */
export function installCallSites(given: TrackCallSites): void {
  track = given;
}

/** Applies the option to a heap. @throws {ArgumentTypeError} if linmem/debug is not imported, or the mode is invalid */
export function applyCallSites(heap: object, mode: unknown): void {
  if (mode === undefined || mode === false) return;
  if (!track) throw new ArgumentTypeError('an import of linmem/debug for the option callSites', mode);
  track(heap, mode);
}
