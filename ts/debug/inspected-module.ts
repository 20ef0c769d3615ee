// SPDX-License-Identifier: MIT
// InspectedModule: one instance with its recorder, its reports and their reliability.
import type { CallSites } from './call-sites.ts';
import { coveredFunctions, missingFamilies, type HeapCoverage } from './coverage.ts';
import { Guard, type GuardOptions } from './guard.ts';
import { addedExports, type AddedExports, type PreparedModule } from './prepared-module.ts';
import { Recorder, type BlockRecord, type Engine, type StackMode } from './recorder.ts';
import { EventKind, type HeapMark, type HeapReport } from './recording.ts';
import { Reports } from './reports.ts';
import { WasmCallSites } from './wasm-call-sites.ts';
import { Slot } from './wrapper-code.ts';

/** Options of recordings. */
export interface RecordingOptions {
  readonly stacks: StackMode;
  readonly maxEvents: number;
  /** The start of the inspection in milliseconds of performance.now(). */
  readonly started: number;
  readonly sites: CallSites;
  readonly engine: Engine;
  readonly guard: GuardOptions | false;
}

/**
 * The distance in bytes below an address in which its block is searched: an unidentified memalign may return an address
 * inside a block.
 */
const LOOK_BACK = 512;
const STEP = 8;

/** An instance whose allocator is recorded. */
export class InspectedModule {
  readonly name: string;
  readonly prepared: PreparedModule;
  readonly recorder: Recorder;
  readonly reports: Reports;
  readonly marks: HeapMark[] = [];
  readonly memory: WebAssembly.Memory | undefined;
  /** The number of frees of addresses at which there was never a block. */
  unmatchedFrees = 0;
  readonly #added: AddedExports;
  readonly #options: RecordingOptions;
  readonly #sites: WasmCallSites;
  readonly #knowsMemalign: boolean;
  /** True if the binary contains a heap that was in use when it was built. */
  readonly #hasOldBlocks: boolean;
  readonly #guard: Guard | undefined;
  #pages = 0;
  #reportsBefore = 0;
  #isResetting = false;

  constructor(
    name: string,
    prepared: PreparedModule,
    instance: WebAssembly.Instance,
    options: RecordingOptions,
  ) {
    this.name = name;
    this.prepared = prepared;
    this.#options = options;
    this.#added = addedExports(instance);
    this.memory = this.#added.memory;
    this.#knowsMemalign = !missingFamilies(prepared.functions).includes('memalign');
    this.#sites = new WasmCallSites(options.sites, prepared.exportNames, options.stacks !== 'entry');
    this.#hasOldBlocks = isInUse(this.memory, prepared.state);
    const capture = (_entry: number): number => {
      this.#tick();
      if (!this.#isResetting) this.#resetSoon();
      return this.#sites.capture(capture);
    };
    const report = (address: number, record: number): void => this.#mismatch(address, record >>> 0, report);
    this.recorder = new Recorder(
      {
        capture,
        report,
        clock: () => this.#tick(),
        guard: (ordinal, ...args) => this.#guard?.call(ordinal, args) ?? 0,
      },
      options.engine,
      options.stacks,
      options.maxEvents,
    );
    this.reports = new Reports(this.recorder);
    this.#guard = this.#makeGuard(() => this.#sites.capture());
    this.#tick();
  }

  /** Starts recording, and runs the module's start function. */
  arm(): void {
    const { table, off, start } = this.#added;
    table.set(Slot.event, this.recorder.exports.event);
    table.set(Slot.resized, this.recorder.exports.resized);
    table.set(Slot.guard, this.recorder.exports.guarded);
    off.value = 0;
    start?.();
  }

  /** Stops recording. A guard stays, as blocks in the quarantine must be freed. */
  disarm(): void {
    if (!this.#guard) this.#added.off.value = 1;
  }

  /** Checks all redzones and the quarantine. */
  checkNow(): void {
    this.#guard?.checkNow();
  }

  #makeGuard(capture: () => number): Guard | undefined {
    const { guard } = this.#options;
    const { memory, recorder, reports, prepared } = this;
    if (!guard || prepared.whyUnguarded !== undefined || !memory) return undefined;
    const { functions, memory64, maxBytes } = prepared;
    const bodies = functions.map(({ index }) => this.#added.body(index));
    const entry = (): number => this.#added.entry.value;
    this.#added.guard.value = 1;
    return new Guard(
      { functions, memory64, memory, maxBytes, recorder, reports, bodies, entry, capture },
      guard,
    );
  }

  get coverage(): HeapCoverage {
    const { recorder, prepared } = this;
    return {
      module: this.name,
      isRecorded: true,
      functions: coveredFunctions(prepared.functions),
      missing: missingFamilies(prepared.functions),
      allocations: recorder.allocations,
      frees: recorder.frees,
      unmatchedFrees: this.unmatchedFrees,
      unseenFrees: recorder.unseenFrees,
      lost: recorder.lost,
      isGuarded: this.#guard !== undefined,
      notes: [
        ...prepared.notes,
        ...(prepared.whyUnguarded ? [prepared.whyUnguarded] : []),
        ...(this.#hasOldBlocks ? [OLD_BLOCKS] : []),
        ...this.#doubts(),
      ],
    };
  }

  /** The reports; none if many frees have no recorded allocation, as they would be false alarms. */
  get trustedReports(): readonly HeapReport[] {
    return this.#doubts().length > 0 ? [] : this.reports.all;
  }

  #doubts(): string[] {
    const { recorder, unmatchedFrees } = this;
    const doubts: string[] = [];
    if (unmatchedFrees > allowance(recorder.frees))
      doubts.push(`${unmatchedFrees} of ${recorder.frees} frees are of blocks whose allocation was not recorded, so double frees and invalid frees are not reported`); // prettier-ignore
    if (recorder.unseenFrees > allowance(recorder.allocations))
      doubts.push(
        `the frees of ${recorder.unseenFrees} blocks were not recorded, so some leaks may be false`,
      );
    return doubts;
  }

  /** Adds a mark to the log. */
  mark(name: string): void {
    this.#tick();
    this.marks.push({ name, event: this.recorder.logged });
    this.recorder.exports.note(EventKind.mark, 0, 0, 0);
  }

  /** Clears the log, and writes an allocation for each live block to it. */
  restartLog(): void {
    this.marks.length = 0;
    this.#reportsBefore = this.reports.all.length;
    this.recorder.restartLog();
  }

  /** The reports whose events are in the log. */
  get loggedReports(): readonly HeapReport[] {
    return this.trustedReports.slice(this.#reportsBefore);
  }

  /**
   * Resets the number of the current call after the current task. An exception or a trap leaves it set, and no call
   * runs when no JavaScript runs.
   */
  #resetSoon(): void {
    this.#isResetting = true;
    queueMicrotask(() => {
      this.#isResetting = false;
      this.#added.entry.value = 0;
    });
  }

  /** Sets the time of the next events, and records a growth of the memory. */
  #tick(): void {
    this.recorder.setTime(performance.now() - this.#options.started);
    const size = this.memory?.buffer.byteLength ?? 0;
    if (size === this.#pages) return;
    this.#pages = size;
    this.recorder.exports.note(EventKind.grow, 0, size, 0);
  }

  /** Handles a free of an address that is not a live block. */
  #mismatch(address: number, at: number, callee: (address: number, record: number) => void): void {
    const record = this.recorder.recordAt(at);
    const inside = record || this.#knowsMemalign ? undefined : this.#blockBelow(address);
    if (inside) {
      this.recorder.exports.forget(inside.address, 0);
      return;
    }
    if (!record && this.#hasOldBlocks) return;
    if (!record) this.unmatchedFrees++;
    if (!this.reports.isFull) this.reports.addFree(address, record, this.#sites.capture(callee));
  }

  /** Returns the live block that contains an address and begins at most {@link LOOK_BACK} bytes below it. */
  #blockBelow(address: number): BlockRecord | undefined {
    for (let at = address - STEP; at >= address - LOOK_BACK && at > 0; at -= STEP) {
      const block = this.recorder.find(at);
      if (block && block.freed === 0) return address < block.address + block.size ? block : undefined;
    }
    return undefined;
  }
}

const OLD_BLOCKS = 'its heap was in use when the binary was built, so invalid frees are not reported';

/** True if an allocator was used before its module was instantiated: its variables are not zero. */
function isInUse(memory: WebAssembly.Memory | undefined, state: readonly number[]): boolean {
  if (!memory) return false;
  const data = new DataView(memory.buffer);
  return state.some((address) => address + 4 <= data.byteLength && data.getUint32(address, true) !== 0);
}

/** Returns the number of mismatches that errors of the program can explain. */
const allowance = (calls: number): number => 4 + calls / 1000;
