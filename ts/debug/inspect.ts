// SPDX-License-Identifier: MIT
// inspect: records the heap of any module from its instantiation on.
import { readOptions, type OptionKinds } from '../heap/options.ts';
import type { StartModule } from '../interop/capture.ts';
import { createInstantiateWasm } from '../interop/instantiate-wasm.ts';
import { settle } from '../interop/settle.ts';
import { toCount } from '../memory/address.ts';
import { CallSites } from './call-sites.ts';
import { coveredFunctions, type HeapCoverage } from './coverage.ts';
import type { GuardOptions } from './guard.ts';
import { toRate } from './heap-tracker.ts';
import { InspectedHeap } from './inspected-heap.ts';
import { InspectedModule, type RecordingOptions } from './inspected-module.ts';
import { Interception } from './intercept.ts';
import { originalExports, prepareModule, type PreparedModule } from './prepared-module.ts';
import type { StackMode } from './recorder.ts';
import { assertShape, type Shape } from './shape.ts';

/** Options of {@link inspect}. */
export interface InspectOptions {
  /** Ends the wait: `inspect` rejects with the signal's reason, and the functions of WebAssembly are restored. */
  readonly signal?: AbortSignal;
  /**
   * The events that get a call stack: with `'entry'` one stack for each call of the module from JavaScript, with
   * `'all'` one for each event, with a number one for that share of the events (`1 / 16`), with `false` none. Costs:
   * docs/debug.md.
   * @defaultValue 'entry'
   */
  readonly stacks?: StackMode;
  /**
   * True if blocks get redzones and freed blocks a quarantine, so that overflows and writes after a free are reported.
   * Stays off in modules whose allocator is not fully identified: see `heap.coverage`.
   * @defaultValue false
   */
  readonly guard?: boolean | GuardOptions;
  /**
   * The maximum number of events of a recording, 5 to 10 bytes each. Leaks and reports are complete beyond it.
   * @defaultValue 4,194,304
   */
  readonly maxEvents?: number;
  /**
   * True if modules that are instantiated after `start` has settled are inspected too, until `heap.stop()`.
   * @defaultValue false
   */
  readonly keepWatching?: boolean;
}

/** The result of {@link inspect}. */
export interface Inspected<R> {
  /** The value that `start` resolved to. */
  readonly result: R;
  /** The heaps of the modules that `start` instantiated. */
  readonly heap: InspectedHeap;
}

const MAX_EVENTS = 2 ** 22;

/**
 * Runs `start` and resolves to its result and to the heap of the WebAssembly modules that it instantiates. Every
 * allocation and every free of these modules is recorded. Works on unmodified modules: finds the allocator in the
 * binary, and instantiates a rewritten copy. If there is no allocator, or the binary cannot be rewritten, the module
 * runs unchanged, and `heap.coverage` has the reason. The functions of WebAssembly are restored when `start` has
 * settled.
 * @param start starts the program: `() => initSqlJs()`
 * @throws {ArgumentTypeError} if `start` is no function, or an option has the wrong type
 * @throws {ArgumentRangeError} if a number is out of range
 * @throws {ModuleError} if the functions of WebAssembly cannot be replaced here
 * @throws any error of `start`, and the reason of the option `signal`
 */
export async function inspect<R>(
  start: StartModule<R>,
  options: InspectOptions = {},
): Promise<Inspected<Awaited<R>>> {
  assertShape(start, 'function', 'start');
  const given = optionsOf(options);
  const { signal, keepWatching } = given;
  signal?.throwIfAborted();
  const inspection = new Inspection(given);
  inspection.interception.start();
  const { instantiateWasm, failed } = createInstantiateWasm(() => undefined);
  try {
    const { value } = await settle(() => start({ instantiateWasm }), [failed], signal);
    if (!keepWatching) inspection.interception.stop();
    return { result: value as Awaited<R>, heap: inspection.heap };
  } catch (error) {
    inspection.interception.stop();
    throw error;
  }
}

/** The options with their defaults. */
interface AllOptions extends Required<Omit<InspectOptions, 'signal' | 'guard'>> {
  readonly signal: AbortSignal | undefined;
  readonly guard: GuardOptions | false;
}

/** One call of {@link inspect}. */
class Inspection {
  readonly interception: Interception<PreparedModule>;
  readonly heap: InspectedHeap;
  readonly #modules: InspectedModule[] = [];
  readonly #unseen: HeapCoverage[] = [];
  readonly #options: RecordingOptions;
  #count = 0;

  constructor({ stacks, maxEvents, guard }: AllOptions) {
    const sites = new CallSites();
    this.interception = new Interception({
      prepare: (bytes) => prepareModule(bytes, stacks === 'entry', guard !== false),
      made: (prepared, instance, reason) => this.#made(prepared, instance, reason),
    });
    const { originals: engine } = this.interception;
    this.#options = {
      stacks,
      maxEvents,
      started: performance.now(),
      sites,
      engine,
      guard,
    };
    const stop = (): void => this.interception.stop();
    this.heap = new InspectedHeap(this.#modules, this.#unseen, sites, Date.now(), stop);
  }

  #made(
    prepared: PreparedModule | undefined,
    instance: WebAssembly.Instance,
    reason?: string,
  ): WebAssembly.Exports {
    if (prepared?.hasMemory === false) return instance.exports; // a trampoline, or only functions
    const name = `module ${++this.#count}`;
    if (!prepared?.rewritten || reason !== undefined) {
      this.#unseen.push(unseen(name, prepared, reason));
      return instance.exports;
    }
    const module = new InspectedModule(name, prepared, instance, this.#options);
    this.#modules.push(module);
    module.arm();
    return originalExports(instance);
  }
}

function unseen(
  module: string,
  prepared: PreparedModule | undefined,
  reason: string | undefined,
): HeapCoverage {
  return {
    module,
    isRecorded: false,
    functions: coveredFunctions(prepared?.functions ?? []),
    missing: [],
    allocations: 0,
    frees: 0,
    unmatchedFrees: 0,
    unseenFrees: 0,
    lost: 0,
    isGuarded: false,
    notes: [...(prepared?.notes ?? []), ...(reason === undefined ? [] : [reason])],
  };
}

/** Returns all options, each read once. */
function optionsOf(options: InspectOptions): AllOptions {
  const {
    signal,
    stacks = 'entry',
    maxEvents = MAX_EVENTS,
    keepWatching = false,
    guard = false,
  } = readOptions(options, OPTIONS);
  if (signal !== undefined) assertShape(signal, SIGNAL, 'signal');
  if (stacks !== false) toRate(stacks, 'stacks');
  toCount(maxEvents, 'maxEvents', 0, 2 ** 31);
  const sizes = readOptions(typeof guard === 'object' ? guard : {}, GUARD_OPTIONS);
  for (const [name, bytes] of Object.entries(sizes)) toCount(bytes, `guard.${name}`, 0, 2 ** 30 + 1);
  return { signal, stacks, keepWatching, maxEvents, guard: guard ? sizes : false };
}

const OPTIONS: OptionKinds<InspectOptions> = {
  signal: 'object',
  stacks: 'string, number or boolean',
  guard: 'boolean or object',
  maxEvents: 'number',
  keepWatching: 'boolean',
};
const SIGNAL: Shape = { addEventListener: 'function', throwIfAborted: 'function' };
const GUARD_OPTIONS: OptionKinds<GuardOptions> = { redzone: 'number', quarantine: 'number' };
