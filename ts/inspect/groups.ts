// SPDX-License-Identifier: MIT
// Groups stacks by call site: the line of the program.
import type { HeapRecording, StackFrame } from '../debug/recording.ts';
import { nameIn, placeIn } from './tree.ts';

/** A call site: the innermost frame of the program; if there is none, that of a package, or of WebAssembly. */
export interface CallSite {
  readonly name: string;
  /** `file:line:column`, or the known parts of it. */
  readonly place: string;
}

/** The call sites of a recording. */
export interface CallSites {
  readonly sites: readonly CallSite[];
  /** The index of the call site of each stack. */
  readonly ofStack: Uint32Array;
}

const isWasm = ({ file }: StackFrame): boolean => file.startsWith('wasm:');
const isPackage = ({ file }: StackFrame): boolean => /[\\/]node_modules[\\/]|^node:/.test(file);

/** Returns the innermost frame of the program, of a package, or of WebAssembly, in this order. */
export function siteFrame(stack: readonly StackFrame[]): StackFrame | undefined {
  return (
    stack.find((frame) => frame.file !== '' && !isWasm(frame) && !isPackage(frame)) ??
    stack.find((frame) => !isWasm(frame)) ??
    stack[0]
  );
}

/** Returns the call site of a stack. */
export function callSiteOf(stack: readonly StackFrame[]): CallSite {
  const frame = siteFrame(stack);
  return frame ? { name: nameIn(frame), place: placeIn(frame) } : { name: 'unknown', place: '' };
}

/** Returns the call sites of all stacks. */
export function callSitesOf({ stacks }: HeapRecording): CallSites {
  const sites: CallSite[] = [];
  const numbers = new Map<string, number>();
  const ofStack = Uint32Array.from(stacks.length > 0 ? stacks : [[]], (stack) => {
    const site = callSiteOf(stack);
    const key = `${site.name}\n${site.place}`;
    let number = numbers.get(key);
    if (number === undefined) numbers.set(key, (number = sites.push(site) - 1));
    return number;
  });
  return { sites, ofStack };
}

/** Returns the sums, by call site, of a column with a value for each stack. */
export function sumByCallSite({ sites, ofStack }: CallSites, values: Float64Array): Float64Array {
  const sums = new Float64Array(sites.length);
  for (let stack = 0; stack < ofStack.length; stack++) {
    const site = ofStack[stack] as number;
    sums[site] = (sums[site] as number) + (values[stack] ?? 0);
  }
  return sums;
}
