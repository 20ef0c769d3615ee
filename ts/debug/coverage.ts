// SPDX-License-Identifier: MIT
// The coverage of a module's heap: which functions of its allocator are recorded, and which are not.
import { has, type FoundFunction } from './find-allocator.ts';
import { ROLES, type AllocatorFunction } from './roles.ts';

/** A function of a module that was taken for one of its allocator. */
export interface CoveredFunction {
  /** The function of an allocator that it was taken for. */
  readonly does: AllocatorFunction;
  /** Its name; '' if it was found by its shape. */
  readonly name: string;
  /** How it was found: by the name of an export, by the name section, or by its shape. */
  readonly how: 'export' | 'name' | 'shape';
  /** Its index in the module. */
  readonly index: number;
}

/** The coverage of the heap of one module. */
export interface HeapCoverage {
  /** The name of the module. */
  readonly module: string;
  /** Whether its allocator reports. If not, `notes` say why, and nothing is known of its heap. */
  readonly isRecorded: boolean;
  readonly functions: readonly CoveredFunction[];
  /** The functions that were not identified; empty if nothing is recorded. */
  readonly missing: readonly AllocatorFunction[];
  /** Calls that returned a block. */
  readonly allocations: number;
  /** Calls that freed something. */
  readonly frees: number;
  /** Frees of addresses at which no block was ever seen. */
  readonly unmatchedFrees: number;
  /** Blocks that were allocated where another one was live, so that its free was not seen. */
  readonly unseenFrees: number;
  /** Blocks and events that did not fit into the recorder's memory. */
  readonly lost: number;
  /** Whether guard mode is on. */
  readonly isGuarded: boolean;
  /** Uncertainties and limits, one sentence each. */
  readonly notes: readonly string[];
}

const FAMILIES: readonly AllocatorFunction[] = ['malloc', 'free', 'realloc', 'calloc', 'memalign'];

/** Returns what functions were taken for. */
export const coveredFunctions = (functions: readonly FoundFunction[]): CoveredFunction[] =>
  functions.map(({ role, name, how, index }) => ({ does: ROLES[role].family, name, how, index }));

/** Returns the families of functions that were not found. */
export const missingFamilies = (functions: readonly FoundFunction[]): AllocatorFunction[] =>
  FAMILIES.filter((family) => !has(functions, family));
