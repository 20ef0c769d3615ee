// SPDX-License-Identifier: MIT
// The coverage of a module's heap: the functions of its allocator that are recorded, and those that are not.
import { has, type FoundFunction } from './find-allocator.ts';
import { ROLES, type AllocatorFunction } from './roles.ts';

/** A function of a module that was identified as one of its allocator. */
export interface CoveredFunction {
  /** The kind of function. */
  readonly does: AllocatorFunction;
  /** Its name; '' if it was found by its shape. */
  readonly name: string;
  /** The evidence: the name of an export, the name section, or its shape. */
  readonly how: 'export' | 'name' | 'shape';
  /** Its index in the module. */
  readonly index: number;
}

/** The coverage of the heap of one module. */
export interface HeapCoverage {
  /** The name of the module. */
  readonly module: string;
  /** True if its allocator is recorded. If false, `notes` has the reason, and the heap is unknown. */
  readonly isRecorded: boolean;
  readonly functions: readonly CoveredFunction[];
  /** The kinds of functions that were not identified; empty if nothing is recorded. */
  readonly missing: readonly AllocatorFunction[];
  /** The number of calls that returned a block. */
  readonly allocations: number;
  /** The number of calls that freed an address. */
  readonly frees: number;
  /** The number of frees of addresses at which no block was ever recorded. */
  readonly unmatchedFrees: number;
  /** The number of blocks that were allocated at the address of a live block, whose free was not recorded. */
  readonly unseenFrees: number;
  /** The number of blocks and events that did not fit in the memory of the recorder. */
  readonly lost: number;
  /** True if guard mode is on. */
  readonly isGuarded: boolean;
  /** Uncertainties and limits, one sentence each. */
  readonly notes: readonly string[];
}

const FAMILIES: readonly AllocatorFunction[] = ['malloc', 'free', 'realloc', 'calloc', 'memalign'];

/** Returns the identified functions. */
export const coveredFunctions = (functions: readonly FoundFunction[]): CoveredFunction[] =>
  functions.map(({ role, name, how, index }) => ({ does: ROLES[role].family, name, how, index }));

/** Returns the families of functions that were not found. */
export const missingFamilies = (functions: readonly FoundFunction[]): AllocatorFunction[] =>
  FAMILIES.filter((family) => !has(functions, family));
