// SPDX-License-Identifier: MIT
// The call stacks of a recorded module's events, without the frames of the recorder.
import type { CallSites } from './call-sites.ts';
import type { StackFrame } from './recording.ts';
import type { Callee } from './stack-index.ts';

const isWasm = ({ file }: StackFrame): boolean => file.startsWith('wasm://');
/** The file of every wasm frame in JavaScriptCore. */
const ANY_MODULE = 'wasm://';

/** The call stacks of one recorded module. */
export class WasmCallSites {
  readonly #sites: CallSites;
  /** The names of the exports, by the index of the function that replaces each. */
  readonly #exportNames: ReadonlyMap<number, string>;
  /** True if the frames inside the module are those of the event. */
  readonly #isExact: boolean;
  /** The trimmed stack of each stack. */
  readonly #trimmed = new Map<number, number>([[0, 0]]);

  /** The file of the recorder's frames. */
  #recorderFile: string | undefined;

  constructor(sites: CallSites, exportNames: ReadonlyMap<number, string>, isExact: boolean) {
    this.#sites = sites;
    this.#exportNames = exportNames;
    this.#isExact = isExact;
  }

  /**
   * Returns the number of the current stack.
   * @param below the import that the recorder called. Default: the function of linmem that the program called
   */
  capture(below?: Callee): number {
    const whole = this.#sites.capture(below ?? WasmCallSites.prototype.capture, !this.#isExact);
    let site = this.#trimmed.get(whole);
    if (site === undefined) {
      const frames = this.#sites.stacks[whole] ?? [];
      // In a bundle, the frames of linmem above it have no separate file.
      if (below && this.#recorderFile === undefined) this.#recorderFile = frames.find(isWasm)?.file;
      site = this.#sites.add(this.#trim(frames));
      this.#trimmed.set(whole, site);
    }
    return site;
  }

  /**
   * Returns the frames without those of linmem: all up to the last one of the recorder, and the wrapper. Keeps the
   * frames inside the module only if each event has its stack: a stack that the events of an entry share has those of
   * the first event.
   */
  #trim(frames: readonly StackFrame[]): StackFrame[] {
    const recorder = this.#lastOfRecorder(frames);
    const outside = frames.slice(recorder + 1);
    const first = outside.findIndex((frame) => !isWasm(frame));
    const inside = outside.slice(0, first < 0 ? outside.length : first);
    const kept = this.#isExact ? inside.slice(recorder < 0 ? 0 : 1) : inside.slice(-1);
    const whole = [...kept, ...outside.slice(inside.length)];
    return whole.map((frame) => (isWasm(frame) ? this.#named(frame) : frame));
  }

  /**
   * Returns the index of the recorder's last frame, or -1. If frames do not name their module, it is the first wasm
   * frame.
   */
  #lastOfRecorder(frames: readonly StackFrame[]): number {
    const recorder = this.#recorderFile;
    if (recorder !== ANY_MODULE) return frames.findLastIndex(({ file }) => file === recorder);
    return frames[0] && isWasm(frames[0]) ? 0 : -1;
  }

  #named(frame: StackFrame): StackFrame {
    const index = /^wasm-function\[(\d+)\]$/.exec(frame.name)?.[1];
    const name = index === undefined ? undefined : this.#exportNames.get(Number(index));
    return name === undefined ? frame : { ...frame, name };
  }
}
