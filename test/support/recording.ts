// Recordings made from a seed: programs that allocate, free and leak, with call stacks that share their outer frames.
import { EventKind, type HeapMark, type HeapReport, type StackFrame } from '../../ts/debug/recording.ts';
import type { InspectedRecording } from '../../ts/inspect/format.ts';
import { EventColumns } from '../../ts/inspect/columns.ts';
import { prng } from './prng.ts';

const NAMES = ['parse', 'tokenize', 'readRow', 'insert', 'prepare', 'step', 'finalize', 'decode', 'resize', 'copyText', 'hash', 'grow']; // prettier-ignore
const FILES = ['/app/src/parser.ts', '/app/src/store.ts', 'wasm://wasm/sqlite', '/app/src/image.ts'];
const TYPES = ['', 'utf8', 'i32', 'point_t', 'f64'];

/** Makes call stacks: `count` of them, of 3 to 8 frames each, below main. */
export function makeStacks(count: number, random: (n: number) => number): StackFrame[][] {
  const main = { name: 'main', file: '/app/src/main.ts', line: 12, column: 3 };
  const stacks: StackFrame[][] = [[]];
  while (stacks.length <= count) {
    const stack: StackFrame[] = [main];
    for (let depth = 2 + random(6); depth > 0; depth--) {
      const name = NAMES[random(NAMES.length)] as string;
      const file = FILES[name.length % FILES.length] as string;
      stack.unshift({ name, file, line: 10 + random(5) * 7, column: 5 });
    }
    stacks.push(stack);
  }
  return stacks;
}

/** Options of `makeRecording`. */
export interface Make {
  readonly seed: number;
  readonly events: number;
  readonly stacks?: number;
  /** How many blocks live at a time, about. */
  readonly live?: number;
}

/** An allocator that hands out the lowest gap of a size class, so that addresses repeat as those of real heaps do. */
class Addresses {
  readonly #free: Map<number, number[]> = new Map();
  top = 65536;
  take(size: number): number {
    const rounded = Math.ceil((size + 8) / 16) * 16;
    const known = this.#free.get(rounded)?.pop();
    if (known !== undefined) return known;
    this.top += rounded;
    return this.top - rounded + 8;
  }
  release(address: number, size: number): void {
    const rounded = Math.ceil((size + 8) / 16) * 16;
    const list = this.#free.get(rounded) ?? [];
    this.#free.set(rounded, list);
    list.push(address);
  }
}

/** Returns the same recording for the same options. One block in 200 is never freed. */
export function makeRecording({ seed, events, stacks = 200, live = 20000 }: Make): InspectedRecording {
  const random = prng(seed);
  const columns = new EventColumns();
  columns.reserve(events);
  const memory = new Addresses();
  const blocks: { address: number; size: number; site: number }[] = [];
  const marks: HeapMark[] = [];
  const reports: HeapReport[] = [];
  const stackList = makeStacks(stacks, random);
  let time = 0;
  let pages = 16;
  const sizeOf = (): number => (random(40) === 0 ? 1024 + random(64 * 1024) : 8 + random(120));
  const put = (kind: number, address: number, size: number, site: number, previous = 0, type = 0): void => {
    const i = columns.length++;
    columns.kinds[i] = kind;
    columns.times[i] = Math.round((time += random(8)) * 1) / 1000;
    columns.addresses[i] = address;
    columns.sizes[i] = size;
    columns.sites[i] = site;
    columns.previous[i] = previous;
    columns.types[i] = type;
  };
  while (columns.length < events) {
    const i = columns.length;
    // A wave, so that the timeline has a shape.
    const wanted = live * (0.6 + 0.4 * Math.sin((i / events) * 12));
    if (memory.top > pages * 65536) {
      pages = Math.ceil(memory.top / 65536) + 8;
      put(EventKind.grow, 0, pages * 65536, 0);
    } else if (i % Math.ceil(events / 4) === Math.ceil(events / 8)) {
      marks.push({ name: `step ${marks.length + 1}`, event: i });
      put(EventKind.mark, 0, 0, 0);
    } else if (random(20) === 0 && blocks.length > 0) {
      const block = blocks[random(blocks.length)] as (typeof blocks)[0];
      const size = sizeOf();
      const address = memory.take(size);
      put(EventKind.realloc, address, size, block.site, block.address);
      memory.release(block.address, block.size);
      Object.assign(block, { address, size });
    } else if (blocks.length < wanted || blocks.length === 0) {
      const size = sizeOf();
      const block = {
        address: memory.take(size),
        size,
        site: 1 + Math.floor((random(stacks) * random(stacks)) / stacks),
      };
      put(EventKind.alloc, block.address, size, block.site, 0, random(4) === 0 ? random(TYPES.length) : 0);
      if (random(200) !== 0) blocks.push(block);
    } else {
      const at =
        random(2) === 0 ? blocks.length - 1 - random(Math.min(64, blocks.length)) : random(blocks.length);
      const block = blocks[at] as (typeof blocks)[0];
      blocks[at] = blocks[blocks.length - 1] as (typeof blocks)[0];
      blocks.pop();
      if (reports.length < 3 && random(5000) === 0 && columns.length + 1 < events) {
        const message = `double free of the block of ${block.size} bytes at ${block.address}`;
        reports.push({ kind: 'double-free', address: block.address, size: block.size, at: block.address, allocated: block.site, freed: 1, found: 2, message, event: i }); // prettier-ignore
        put(EventKind.report, block.address, block.size, 2);
      }
      put(EventKind.free, block.address, 0, 1 + random(stacks));
      memory.release(block.address, block.size);
    }
  }
  return {
    name: `made from seed ${seed}`,
    started: 1_790_000_000_000,
    ...columns,
    stacks: stackList,
    typeNames: TYPES,
    marks,
    reports,
  };
}

/** Returns a recording of these events: kind, address, size, the address before. One microsecond apart, stack 0. */
export function recordingOf(
  ...events: readonly (readonly [keyof typeof EventKind, number, number, number?])[]
): InspectedRecording {
  const columns = new EventColumns();
  columns.reserve(events.length);
  columns.length = events.length;
  for (const [i, [kind, address, size, previous = 0]] of events.entries()) {
    columns.kinds[i] = EventKind[kind];
    columns.times[i] = i / 1000;
    columns.addresses[i] = address;
    columns.sizes[i] = size;
    columns.previous[i] = previous;
  }
  const lists = { stacks: [[]], typeNames: [''], marks: [], reports: [] };
  return { name: 'events', started: 1_790_000_000_000, ...columns, ...lists };
}
