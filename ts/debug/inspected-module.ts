// SPDX-License-Identifier: MIT
// InspectedModule: one instance, with its recorder, its reports and what is known of both.
import type { CallSites } from './call-sites.ts';
import { coveredFunctions, missingFamilies, type HeapCoverage } from './coverage.ts';
import { Guard, type GuardOptions } from './guard.ts';
import { addedExports, type AddedExports, type PreparedModule } from './prepared-module.ts';
import { Recorder, type BlockRecord, type Engine, type StackMode } from './recorder.ts';
import { EventKind, type HeapMark, type HeapReport } from './recording.ts';
import { Reports } from './reports.ts';
import { WasmCallSites } from './wasm-call-sites.ts';
import { Slot } from './wrapper-code.ts';

/** How modules are recorded. */
export interface RecordingOptions {
  readonly stacks: StackMode;
  readonly maxEvents: number;
  /** When the inspection began, by performance.now(). */
  readonly started: number;
  readonly sites: CallSites;
  readonly engine: Engine;
  readonly guard: GuardOptions | false;
}

/** How far below an address the block is searched that a memalign which is not known has taken it from. */
const LOOK_BACK = 512;
const STEP = 8;

/** An instance whose allocator reports. */
export class InspectedModule {
  readonly name: string;
  readonly prepared: PreparedModule;
  readonly recorder: Recorder;
  readonly reports: Reports;
  readonly marks: HeapMark[] = [];
  readonly memory: WebAssembly.Memory | undefined;
  /** Frees of addresses at which there was never a block. */
  unmatchedFrees = 0;
  readonly #added: AddedExports;
  readonly #options: RecordingOptions;
  readonly #sites: WasmCallSites;
  readonly #knowsMemalign: boolean;
  /** Whether the binary has a heap in it that was in use when it was made. */
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

  /** Lets the module report from now on, and runs its start function. */
  arm(): void {
    const { table, off, start } = this.#added;
    table.set(Slot.event, this.recorder.exports.event);
    table.set(Slot.resized, this.recorder.exports.resized);
    table.set(Slot.guard, this.recorder.exports.guarded);
    off.value = 0;
    start?.();
  }

  /** Lets the module go on unseen; with its guard, as blocks that wait must be freed. */
  disarm(): void {
    if (!this.#guard) this.#added.off.value = 1;
  }

  /** Checks all redzones and freed blocks. */
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

  /** The reports, or none if the module's books do not balance: they would be false alarms. */
  get trustedReports(): readonly HeapReport[] {
    return this.#doubts().length > 0 ? [] : this.reports.all;
  }

  #doubts(): string[] {
    const { recorder, unmatchedFrees } = this;
    const doubts: string[] = [];
    if (unmatchedFrees > allowance(recorder.frees))
      doubts.push(`${unmatchedFrees} of ${recorder.frees} frees are of blocks whose allocation was not seen, so that double frees and free of no block are not reported`); // prettier-ignore
    if (recorder.unseenFrees > allowance(recorder.allocations))
      doubts.push(`the frees of ${recorder.unseenFrees} blocks were not seen, so some leaks may be false`);
    return doubts;
  }

  /** Notes a mark. */
  mark(name: string): void {
    this.#tick();
    this.marks.push({ name, event: this.recorder.logged });
    this.recorder.exports.note(EventKind.mark, 0, 0, 0);
  }

  /** Empties the log: it begins with an allocation for each live block. */
  restartLog(): void {
    this.marks.length = 0;
    this.#reportsBefore = this.reports.all.length;
    this.recorder.restartLog();
  }

  /** The reports whose events are in the log. */
  get loggedReports(): readonly HeapReport[] {
    return this.trustedReports.slice(this.#reportsBefore);
  }

  /** An exception or a trap leaves the number of the call that it ended. Once no JavaScript runs, no call does. */
  #resetSoon(): void {
    this.#isResetting = true;
    queueMicrotask(() => {
      this.#isResetting = false;
      this.#added.entry.value = 0;
    });
  }

  /** Sets the time of the next events, and notes whether the memory has grown. */
  #tick(): void {
    this.recorder.setTime(performance.now() - this.#options.started);
    const size = this.memory?.buffer.byteLength ?? 0;
    if (size === this.#pages) return;
    this.#pages = size;
    this.recorder.exports.note(EventKind.grow, 0, size, 0);
  }

  /** A free of what is no live block. */
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

  /** The live block that contains an address and begins shortly below it. */
  #blockBelow(address: number): BlockRecord | undefined {
    for (let at = address - STEP; at >= address - LOOK_BACK && at > 0; at -= STEP) {
      const block = this.recorder.find(at);
      if (block && block.freed === 0) return address < block.address + block.size ? block : undefined;
    }
    return undefined;
  }
}

const OLD_BLOCKS = 'its heap was in use when the binary was made, so that frees of no block are not reported';

/** Whether an allocator has worked before its module was instantiated: its state is not zero. */
function isInUse(memory: WebAssembly.Memory | undefined, state: readonly number[]): boolean {
  if (!memory) return false;
  const data = new DataView(memory.buffer);
  return state.some((address) => address + 4 <= data.byteLength && data.getUint32(address, true) !== 0);
}

/** How many mismatches a program's own errors may explain. */
const allowance = (calls: number): number => 4 + calls / 1000;
