// SPDX-License-Identifier: MIT
// InspectedHeap: the heaps of all modules that were instantiated during inspect(), as one.
import { ArgumentTypeError } from '../errors.ts';
import { readOptions } from '../heap/options.ts';
import type { CallSites } from './call-sites.ts';
import type { HeapCoverage } from './coverage.ts';
import { groupLeaks, type Leak } from './leaks.ts';
import type { BlockRecord } from './recorder.ts';
import type { InspectedModule } from './inspected-module.ts';
import type { HeapMark, HeapRecording, HeapReport, StackFrame } from './recording.ts';
import { assertShape } from './shape.ts';
import { recordingOf } from './record.ts';

/** The live blocks of one call site, in one module. */
export interface InspectionLeak extends Leak {
  /** The name of the module whose memory they lie in. */
  readonly module: string;
}

/** The heaps of the modules that were instantiated during `inspect`. */
export class InspectedHeap {
  readonly #modules: readonly InspectedModule[];
  readonly #unseen: readonly HeapCoverage[];
  readonly #sites: CallSites;
  readonly #started: number;
  readonly #stop: () => void;
  /** The number of events of each module before a mark. */
  readonly #marks = new WeakMap<HeapMark, ReadonlyMap<InspectedModule, number>>();
  #markCount = 0;

  /** @internal Use {@link inspect}. */
  constructor(
    modules: readonly InspectedModule[],
    unseen: readonly HeapCoverage[],
    sites: CallSites,
    started: number,
    stop: () => void,
  ) {
    // prettier-ignore
    this.#modules = modules;
    this.#unseen = unseen;
    this.#sites = sites;
    this.#started = started;
    this.#stop = stop;
  }

  /** The number of bytes of all live blocks. */
  get liveBytes(): number {
    return this.#sum((module) => module.recorder.liveBytes);
  }
  /** The number of live blocks. */
  get liveBlocks(): number {
    return this.#sum((module) => module.recorder.liveBlocks);
  }
  /** The maximum of live bytes; the sum of the maxima of all modules. */
  get peakBytes(): number {
    return this.#sum((module) => module.recorder.peakBytes);
  }
  /** The number of allocations. */
  get allocations(): number {
    return this.#sum((module) => module.recorder.allocations);
  }
  /** The number of frees. */
  get frees(): number {
    return this.#sum((module) => module.recorder.frees);
  }

  /** For each module, the functions of its allocator that are recorded, and those that were not found. */
  get coverage(): readonly HeapCoverage[] {
    return [...this.#modules.map(({ coverage }) => coverage), ...this.#unseen];
  }

  /** Double frees and invalid frees and, in guard mode, overflows and writes after a free. Oldest first. */
  get reports(): readonly HeapReport<readonly StackFrame[]>[] {
    return this.#modules.flatMap(({ name, trustedReports }) =>
      trustedReports.map(({ allocated, freed, found, ...report }) => ({
        ...report,
        module: name,
        allocated: this.#stack(allocated),
        freed: this.#stack(freed),
        found: this.#stack(found),
      })),
    );
  }

  /**
   * In guard mode, checks all blocks for overflows and writes after a free. Returns all reports. O(blocks and bytes).
   */
  checkNow(): readonly HeapReport<readonly StackFrame[]>[] {
    for (const module of this.#modules) module.checkNow();
    return this.reports;
  }

  /** Returns a mark: this moment, for {@link leaks}. It is in the recordings. */
  mark(name: string = `mark ${this.#markCount + 1}`): HeapMark {
    assertShape(name, 'string', 'name');
    this.#markCount++;
    for (const module of this.#modules) module.mark(name);
    const sequences = new Map(this.#modules.map((module) => [module, module.recorder.sequence]));
    const mark = { name, event: this.#moduleOf(undefined)?.marks.at(-1)?.event ?? 0 };
    this.#marks.set(mark, sequences);
    return mark;
  }

  /**
   * Returns the live blocks, grouped by the call sites that allocated them, most bytes first. O(blocks).
   * @param options.since only blocks that were allocated after this mark
   * @throws {ArgumentTypeError} if `since` is not a mark of this heap
   */
  leaks(options: { readonly since?: HeapMark } = {}): InspectionLeak[] {
    const { since } = readOptions(options, { since: 'object' });
    const sequences = since === undefined ? new Map<InspectedModule, number>() : this.#marks.get(since);
    if (!sequences) throw new ArgumentTypeError('a mark of this heap', since);
    return this.#modules
      .flatMap((module) => this.#leaksOf(module, sequences.get(module) ?? 0))
      .sort((a, b) => b.bytes - a.bytes);
  }

  #leaksOf(module: InspectedModule, since: number): InspectionLeak[] {
    const blocks: BlockRecord[] = [];
    module.recorder.forEachLive(since, (block) => blocks.push(block));
    blocks.sort((a, b) => a.sequence - b.sequence);
    const live = blocks.map(({ address, size, site }) => ({ address, bytes: size, type: '', site }));
    return groupLeaks(live, this.#sites.stacks).map((leak) => ({ ...leak, module: module.name }));
  }

  /**
   * Returns the recording since `inspect` began, or since {@link startRecording}; an empty one if there is no such module
   * yet. O(events).
   * @param module the name of the module, as in `coverage`
   * @defaultValue the module with most allocations
   */
  record(module?: string): HeapRecording {
    return recordingOf(this.#moduleOf(module), this.#sites, this.#started);
  }

  /**
   * Returns a copy of bytes of a module's memory, for pages that show the program; undefined if the range lies outside.
   * @param module as in {@link record}
   * @throws {ArgumentTypeError} if the address or the size is not a number, or the module not a string
   */
  readBytes(address: number, size: number, module?: string): Uint8Array | undefined {
    const { buffer } = this.#moduleOf(module)?.memory ?? {};
    assertShape([address, size], ['number'], 'bytes');
    const isCount = (bytes: number): boolean => Number.isSafeInteger(bytes) && bytes >= 0;
    if (!buffer || ![address, size, buffer.byteLength - address - size].every(isCount)) return undefined;
    return new Uint8Array(buffer, address, size).slice();
  }

  /** Drops all events and records new ones, first an allocation for each live block. */
  startRecording(): void {
    for (const module of this.#modules) module.restartLog();
  }

  /** Stops recording events. Leaks and reports stay complete. */
  stopRecording(): void {
    for (const { recorder } of this.#modules) recorder.stopLog();
  }

  /** Stops inspecting new modules, and stops recording the inspected ones. */
  stop(): void {
    this.#stop();
    for (const module of this.#modules) module.disarm();
  }

  #moduleOf(name: string | undefined): InspectedModule | undefined {
    if (name !== undefined) {
      assertShape(name, 'string', 'module');
      return this.#modules.find((module) => module.name === name);
    }
    return [...this.#modules].sort((a, b) => b.recorder.allocations - a.recorder.allocations)[0];
  }

  #stack(site: number): readonly StackFrame[] {
    return this.#sites.stacks[site] ?? [];
  }

  #sum(of: (module: InspectedModule) => number): number {
    return this.#modules.reduce((sum, module) => sum + of(module), 0);
  }
}
