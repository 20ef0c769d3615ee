// SPDX-License-Identifier: MIT
// A binary before it is instantiated: its allocator, and the rewritten binary.
import { findAllocator, isClosed, type FoundFunction } from './find-allocator.ts';
import { missingFamilies } from './coverage.ts';
import type { Prepared } from './intercept.ts';
import { HIDDEN, rewrite } from './rewrite.ts';
import { ROLES, type AllocatorFunction } from './roles.ts';
import { readLayout, type ModuleLayout } from './sections.ts';

/** A binary that was analysed. */
export interface PreparedModule extends Prepared {
  readonly functions: readonly FoundFunction[];
  readonly notes: readonly string[];
  readonly hasMemory: boolean;
  /** The reason that guard mode is off; undefined if it is on. */
  readonly whyUnguarded: string | undefined;
  /** The addresses of the allocator's variables. */
  readonly state: readonly number[];
  readonly memory64: boolean;
  /** The maximum size of its memory in bytes; Infinity if the binary has none. */
  readonly maxBytes: number;
  /** The names of exports by the index of the function that replaces them in the rewritten binary. */
  readonly exportNames: ReadonlyMap<number, string>;
}

const PAGE = 65536;
const THREADS = 'it uses shared memory: allocations and frees of other threads would not be recorded';

/**
 * Analyses and rewrites a binary.
 * @param withTables see {@link rewrite}
 */
export function prepareModule(
  bytes: Uint8Array<ArrayBuffer>,
  withTables: boolean,
  withGuard: boolean,
): PreparedModule {
  let layout: ModuleLayout;
  try {
    layout = readLayout(bytes);
  } catch (error) {
    return nothing([`its binary cannot be read: ${messageOf(error)}`]);
  }
  if (layout.memories === 0) return { ...nothing(['it has no memory']), hasMemory: false };
  try {
    const found = findAllocator(layout);
    const { functions, notes, state } = found;
    if (functions.length === 0) return nothing(notes);
    const wrapped = functions.map(({ index, role, how }) => ({
      index,
      role,
      isOpen: how === 'shape' && ROLES[role].event === 'realloc',
    }));
    const { binary, exportNames } = rewrite(layout, wrapped, withTables);
    return {
      rewritten: binary,
      functions,
      notes: layout.shared ? [...notes, THREADS] : notes,
      hasMemory: true,
      state,
      whyUnguarded: withGuard
        ? whyUnguarded(missingFamilies(functions), isClosed(layout, found), layout.shared)
        : undefined,
      memory64: layout.memory64,
      maxBytes: layout.maxPages * PAGE,
      exportNames,
    };
  } catch (error) {
    return nothing([`its binary cannot be rewritten: ${messageOf(error)}`]);
  }
}

/** Returns the reason why a module cannot be guarded; undefined if it can. */
function whyUnguarded(
  missing: readonly AllocatorFunction[],
  isClosed: boolean,
  isShared: boolean,
): string | undefined {
  if (isShared) return 'guard mode is off: it uses shared memory';
  const unknown = missing.filter((family) => family === 'realloc' || family === 'memalign');
  if (isClosed || unknown.length === 0) return undefined;
  return `guard mode is off: ${unknown.join(' and ')} could not be identified, so the sizes of blocks are uncertain`;
}

const nothing = (notes: readonly string[]): PreparedModule => ({
  rewritten: undefined,
  functions: [],
  notes,
  hasMemory: true,
  state: [],
  whyUnguarded: undefined,
  memory64: false,
  maxBytes: 0,
  exportNames: new Map(),
});

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The exports that were added to a module. */
export interface AddedExports {
  readonly table: WebAssembly.Table;
  readonly off: WebAssembly.Global<'i32'>;
  readonly guard: WebAssembly.Global<'i32'>;
  /** The number of the current call from JavaScript; 0 if none runs. */
  readonly entry: WebAssembly.Global<'i32'>;
  readonly memory: WebAssembly.Memory | undefined;
  readonly start: (() => void) | undefined;
  /** Returns the original code of a wrapped function, by the index of its wrapper. */
  body(index: number): (...args: unknown[]) => unknown;
}

/** Returns the added exports of an instance of a rewritten binary. */
export function addedExports({ exports }: WebAssembly.Instance): AddedExports {
  const get = <T>(name: string): T => exports[HIDDEN + name] as T; // rewrite.ts added it
  return {
    table: get('table'),
    off: get('off'),
    guard: get('guard'),
    entry: get('entry'),
    memory: get('memory'),
    start: get('start'),
    body: (index) => get(`body ${index}`),
  };
}

/** Returns the original exports, as an object like that of the engine. */
export function originalExports({ exports }: WebAssembly.Instance): WebAssembly.Exports {
  const entries = Object.entries(exports).filter(([name]) => !name.startsWith(HIDDEN));
  return Object.freeze(
    Object.assign(Object.create(null), Object.fromEntries(entries)) as WebAssembly.Exports,
  ); // it has no prototype
}
