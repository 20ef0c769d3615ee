// Wrong arguments of every export of linmem/debug: each gets an error of linmem.
import { expect, test } from 'vitest';
import * as exported from '../../../ts/debug/index.ts';
import { ArgumentTypeError } from '../../../ts/errors.ts';
import { createHeapSync, type WasmHeapManager } from '../../../ts/index.ts';
import { buildModule, bumpAllocator } from '../../support/build-module.ts';
import { accepts, checkParts, checkRow, type Row } from '../../support/hostile.ts';

const {
  CallSites, expectNoLeaks, formatFrame, formatLeak, heapLeaks, inspect, LeakError, markHeap, parseStack, programFrame,
  recordHeap, resolveLeaks, resolveSources, sitesOf, snapshotHeap, trackCallSites,
} = exported; // prettier-ignore
const { none, any, text, optionalText, callback, emptyList, options } = accepts;

const heap = createHeapSync({ callSites: 'all' });
const mark = markHeap(heap);
const ref = heap.allocInt32(7);
const leaks = heapLeaks(heap);
const [leak] = leaks as [exported.Leak];
const frame = { name: 'f', file: '/a.ts', line: 1, column: 2 };
const load = (): string => '';
const { heap: inspected } = await inspect(async () => {
  const { functions, data } = bumpAllocator(0);
  await WebAssembly.instantiate(buildModule({ memory: [0, 1], functions, data }));
});
const inspectedMark = inspected.mark();
const track = (...args: Parameters<typeof trackCallSites>): void => trackCallSites(...args)();
const optionalNumber = (value: unknown): boolean => value === undefined || typeof value === 'number';

const ROWS: readonly Row[] = [
  ['expectNoLeaks', expectNoLeaks, () => [heap, () => 1], [none, callback]],
  ['formatFrame', formatFrame, () => [frame], [none]],
  ['formatLeak', formatLeak, () => [leak], [none]],
  ['heapLeaks', heapLeaks, () => [heap, { since: mark }], [none, options]],
  ['inspect', inspect, () => [() => 1, {}], [callback, options]],
  ['LeakError', (given) => new LeakError(given), () => [leaks], [emptyList]],
  ['markHeap', markHeap, () => [heap, 'a'], [none, optionalText]],
  ['parseStack', parseStack, () => ['f@a:1:2'], [text]],
  ['programFrame', programFrame, () => [[frame]], [emptyList]],
  ['recordHeap', recordHeap, () => [heap, 'a'], [none, optionalText]],
  ['resolveLeaks', resolveLeaks, () => [leaks, load], [emptyList, (value) => value === undefined || callback(value)]],
  ['resolveSources', resolveSources, () => [recordHeap(heap), load], [none, (value) => value === undefined || callback(value)]],
  ['sitesOf', sitesOf, () => [new Error('e')], [any]],
  ['snapshotHeap', snapshotHeap, () => [heap, 'a'], [none, optionalText]],
  ['trackCallSites', track, () => [createHeapSync(), 'all', {}], [none, (value) => value === undefined, options]],
  ['CallSites.add', (given) => new CallSites().add(given), () => [[frame]], [emptyList]],
  ['CallSites.intern', (given) => new CallSites().intern(given), () => ['f@a:1:2'], [text]],
  ['CallSites.capture', (below, isOuter) => new CallSites().capture(below, isOuter), () => [checkRow, false], [(value) => value === undefined || typeof value === 'function', any]],
  ['WasmHeapManager.mark', (name) => heap.mark(name), () => ['a'], [optionalText]],
  ['WasmHeapManager.leaks', (given) => heap.leaks(given), () => [{ since: mark }], [options]],
  ['WasmHeapManager.record', (name) => heap.record(name), () => ['a'], [optionalText]],
  ['InspectedHeap.mark', (name) => inspected.mark(name), () => ['a'], [optionalText]],
  ['InspectedHeap.leaks', (given) => inspected.leaks(given), () => [{ since: inspectedMark }], [options]],
  ['InspectedHeap.record', (name) => inspected.record(name), () => ['module 1'], [optionalText]],
  // Every number that is not in a memory is outside of it: undefined is returned.
  ['InspectedHeap.readBytes', (at, size, name) => inspected.readBytes(at, size, name), () => [0, 4, 'module 1'], [optionalNumber, optionalNumber, optionalText]],
]; // prettier-ignore
test.each(ROWS)('%s refuses what is not its argument', async (...row) => {
  const before = [heap.statistics.liveBlocks, Reflect.ownKeys(heap)];
  await checkRow(row);
  expect([heap.statistics.liveBlocks, Reflect.ownKeys(heap)]).toEqual(before);
  expect([ref.value, heap.holds()]).toEqual([7, true]);
});
test('every export has a row', () => {
  const known = new Set([...ROWS.map(([name]) => name.split('.')[0]), 'InspectedHeap']);
  const functions = Object.entries(exported).filter(([, value]) => typeof value === 'function');
  expect(functions.map(([name]) => name).filter((name) => !known.has(name))).toEqual([]);
});

test.each<[string, (changed: never) => unknown, object, string[]]>([
  ['formatFrame', formatFrame, frame, []],
  ['formatLeak', formatLeak, { bytes: 4, count: 1, type: 'i32', site: frame }, ['type', 'site']],
  ['LeakError', (changed) => new LeakError(changed), [leak], ['type', 'site', 'addresses']],
  ['resolveLeaks', resolveLeaks, [leak], ['type', 'site', 'addresses']],
  ['resolveSources', resolveSources, { stacks: [[], [frame]] }, []],
  ['CallSites.add', (changed) => new CallSites().add(changed), [frame], []],
  ['heapLeaks', (changed) => heapLeaks(heap, changed), { since: mark }, ['since']],
  ['trackCallSites', (changed) => track(createHeapSync(), 'all', changed), { maxEvents: 8 }, ['maxEvents']],
  ['inspect', (changed) => inspect(() => 1, changed), { stacks: 'all', maxEvents: 8, keepWatching: false }, ['stacks', 'maxEvents', 'keepWatching']],
  ['inspect, guard', (guard) => inspect(() => 1, { guard }), { redzone: 8, quarantine: 8 }, ['redzone', 'quarantine']],
  ['inspect, signal', (changed) => inspect(() => 1, changed), { signal: new AbortController().signal }, ['signal']],
  ['a source of leaks', (changed) => expectNoLeaks({ mark: () => 1, leaks: () => changed }, () => 1), [], []],
])('%s refuses an object with a wrong part', (name, call, valid, optional) => checkParts(name, call, valid, optional)); // prettier-ignore

test('options are read once, and only their own: what Object.prototype has and what a getter does has no effect', async () => {
  const reads: string[] = [];
  const once = (name: string, value: unknown): object =>
    Object.defineProperty({}, name, { enumerable: true, get: () => reads.push(name) && value });
  const other = createHeapSync();
  const freeing = { get maxEvents() { other.freeAll(); return 8; } }; // prettier-ignore
  for (const name of ['since', 'maxEvents', 'stacks', 'guard', 'signal', 'keepWatching'])
    Object.defineProperty(Object.prototype, name, { value: 'wrong', configurable: true, writable: true });
  try {
    heapLeaks(heap, once('since', mark));
    inspected.leaks(once('since', inspectedMark));
    track(createHeapSync(), 'all', once('maxEvents', 8));
    for (const [name, value] of [['maxEvents', 8], ['stacks', 'all'], ['guard', once('redzone', 8)], ['keepWatching', false]] as const)
      await inspect(() => 1, once(name, value));
    other.allocInt32(1);
    track(other, 'all', freeing);
    expect(other.statistics.liveBlocks).toBe(0);
    expect([heapLeaks(heap, {}).length, inspected.leaks({})]).toEqual([heapLeaks(heap).length, []]);
  } finally {
    for (const name of ['since', 'maxEvents', 'stacks', 'guard', 'signal', 'keepWatching'])
      delete (Object.prototype as Record<string, unknown>)[name];
  }
  expect(reads).toEqual(['since', 'since', 'maxEvents', 'maxEvents', 'stacks', 'guard', 'redzone', 'keepWatching']);
}); // prettier-ignore
test('a frozen heap is not half tracked', () => {
  for (const freeze of [Object.freeze, Object.seal, Object.preventExtensions])
    for (const part of [(one: WasmHeapManager) => one, (one: WasmHeapManager) => one.table]) {
      const frozen = createHeapSync();
      freeze(part(frozen));
      expect(() => trackCallSites(frozen)).toThrow(ArgumentTypeError);
      const { allocations } = snapshotHeap(frozen);
      expect([allocations, Reflect.ownKeys(frozen.table).includes('register')]).toEqual([[], false]);
    }
});
test('a Proxy of a heap has the call sites of the heap', () => {
  const proxy = new Proxy(heap, {});
  expect([proxy.leaks({ since: proxy.mark() }), heapLeaks(proxy)]).toEqual([[], heapLeaks(heap)]);
  expect(() => trackCallSites(proxy)).toThrow(ArgumentTypeError);
  const other = createHeapSync();
  const stop = trackCallSites(new Proxy(other, {}));
  other.alloc(8);
  expect(heapLeaks(other)).toMatchObject([{ bytes: 8, count: 1 }]);
  stop();
  expect(() => heapLeaks(other)).toThrow(ArgumentTypeError);
});
