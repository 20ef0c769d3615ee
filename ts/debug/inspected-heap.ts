// SPDX-License-Identifier: MIT
// InspectedHeap: the heaps of all modules that were instantiated while inspect() watched, as one.
import { ArgumentTypeError } from '../errors.ts';
import type { CallSites } from './call-sites.ts';
import type { HeapCoverage } from './coverage.ts';
import { groupLeaks, type Leak } from './leaks.ts';
import type { BlockRecord } from './recorder.ts';
import type { InspectedModule } from './inspected-module.ts';
import type { HeapMark, HeapRecording, HeapReport, StackFrame } from './recording.ts';
import { recordingOf } from './record.ts';

/** Blocks of one call site that are still live, in one module. */
export interface InspectionLeak extends Leak {
  /** The name of the module whose memory they lie in. */
  readonly module: string;
}

/** The heaps of the modules that were instantiated while `inspect` watched. */
export class InspectedHeap {
  readonly #modules: readonly InspectedModule[];
  readonly #unseen: readonly HeapCoverage[];
  readonly #sites: CallSites;
  readonly #started: number;
  readonly #stop: () => void;
  /** How many events each module had before a mark. */
  readonly #marks = new WeakMap<HeapMark, ReadonlyMap<InspectedModule, number>>();
  #markCount = 0;

  /** @internal Only `inspect` makes one. */
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

  /** Bytes of all live blocks. */
  get liveBytes(): number {
    return this.#sum((module) => module.recorder.liveBytes);
  }
  /** How many blocks are live. */
  get liveBlocks(): number {
    return this.#sum((module) => module.recorder.liveBlocks);
  }
  /** The most bytes that were live at once; of several modules, the sum of each one's. */
  get peakBytes(): number {
    return this.#sum((module) => module.recorder.peakBytes);
  }
  /** How many blocks were allocated. */
  get allocations(): number {
    return this.#sum((module) => module.recorder.allocations);
  }
  /** How often a block was freed. */
  get frees(): number {
    return this.#sum((module) => module.recorder.frees);
  }

  /** For each module: the functions of its allocator that are recorded, and those that were not found. */
  get coverage(): readonly HeapCoverage[] {
    return [...this.#modules.map(({ coverage }) => coverage), ...this.#unseen];
  }

  /** Double frees and frees of what is no block, oldest first, and in guard mode overflows and writes after a free. */
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

  /** In guard mode, looks for overflows and writes after a free in all blocks. O(blocks and bytes). */
  checkNow(): readonly HeapReport<readonly StackFrame[]>[] {
    for (const module of this.#modules) module.checkNow();
    return this.reports;
  }

  /** Notes this moment, for {@link leaks}, and in the recordings. */
  mark(name: string = `mark ${this.#markCount + 1}`): HeapMark {
    this.#markCount++;
    for (const module of this.#modules) module.mark(name);
    const sequences = new Map(this.#modules.map((module) => [module, module.recorder.sequence]));
    const mark = { name, event: this.#moduleOf(undefined)?.marks.at(-1)?.event ?? 0 };
    this.#marks.set(mark, sequences);
    return mark;
  }

  /**
   * Returns the blocks that are live, by the call sites where they were allocated, those with most bytes first.
   * O(blocks).
   * @param options.since only blocks that were allocated after this mark
   * @throws {ArgumentTypeError} if `since` is not a mark of this heap
   */
  leaks(options: { readonly since?: HeapMark } = {}): InspectionLeak[] {
    const { since } = options;
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
   * Returns what happened since `inspect` began, or since {@link startRecording}. O(events).
   * @param module the name of the module, as in `coverage`
   * @defaultValue the module with most allocations
   */
  record(module?: string): HeapRecording {
    return recordingOf(this.#moduleOf(module), this.#sites, this.#started);
  }

  /**
   * Returns a copy of bytes of a module's memory, for pages that follow the program; undefined if the range is not in it.
   * @param module as of {@link record}
   */
  readBytes(address: number, size: number, module?: string): Uint8Array | undefined {
    const { buffer } = this.#moduleOf(module)?.memory ?? {};
    if (!buffer || !(address >= 0 && size >= 0 && address + size <= buffer.byteLength)) return undefined;
    return new Uint8Array(buffer, address, size).slice();
  }

  /** Forgets the events until now, and records those that follow: first an allocation for each block that is live. */
  startRecording(): void {
    for (const module of this.#modules) module.restartLog();
  }

  /** Stops recording events. Blocks are still followed. */
  stopRecording(): void {
    for (const { recorder } of this.#modules) recorder.stopLog();
  }

  /** Stops watching for new modules, and lets those that were seen go on unseen. */
  stop(): void {
    this.#stop();
    for (const module of this.#modules) module.disarm();
  }

  #moduleOf(name: string | undefined): InspectedModule | undefined {
    if (name !== undefined) return this.#modules.find((module) => module.name === name);
    return [...this.#modules].sort((a, b) => b.recorder.allocations - a.recorder.allocations)[0];
  }

  #stack(site: number): readonly StackFrame[] {
    return this.#sites.stacks[site] ?? [];
  }

  #sum(of: (module: InspectedModule) => number): number {
    return this.#modules.reduce((sum, module) => sum + of(module), 0);
  }
}
