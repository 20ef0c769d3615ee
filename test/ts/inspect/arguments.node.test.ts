// Wrong arguments of every export of linmem/inspect: each gets an error of linmem.
import { createContext, runInContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { snapshotHeap } from '../../../ts/debug/index.ts';
import { ArgumentTypeError, RecordingError } from '../../../ts/errors.ts';
import { createHeapSync } from '../../../ts/index.ts';
import * as exported from '../../../ts/inspect/index.ts';
import { accepts, checkParts, checkRow, type Row } from '../../support/hostile.ts';
import { makeRecording } from '../../support/recording.ts';

const {
  bySite, byAddress, callTree, createReport, decodeRecording, diffSites, encodeRecording, exposeHeap, fragmentationAt,
  frameName, leaksOf, liveBySite, liveCurve, openInspector, placeOf, readRecording, recordingOfSnapshot, RecordingReader,
  Replay, serveInspector, sizeHistogram, thin, toCollapsed, toDhat, toPprof, toSpeedscope, toTrace,
} = exported; // prettier-ignore
const { none, event, optionalEvent, emptyList, options, whole } = accepts;
const recording = {
  ...makeRecording({ seed: 3, events: 200, live: 20, stacks: 4 }),
  layouts: [{ name: 'point_t', bytes: 4, fields: [{ name: 'x', type: 'i32', reads: 'i32', offset: 0, bytes: 4 }] }],
  bytes: [{ address: 8, bytes: new Uint8Array(8) }],
  reports: [{ kind: 'overflow', address: 8, size: 8, at: 16, allocated: 1, freed: 0, found: 1, message: 'm', event: 3 }],
  arenas: [{ kind: 'arena', address: 8, bytes: 64, usedBytes: 8, epoch: 1, checkpoints: [{ number: 1, top: 8 }], slices: [{ address: 8, bytes: 8, type: 'i32', epoch: 1, isStale: false, site: 1 }] }],
} as const; // prettier-ignore
const bytes = encodeRecording(recording);
const replay = new Replay(recording);
const [frame] = recording.stacks[1] as [exported.StackFrame];
const stacks = recording.stacks;
const totals = bySite(replay, 'live', -1, 100);
const live = { record: () => recording };
const scope = { addEventListener: () => undefined, removeEventListener: () => undefined };
const serve = async (...args: Parameters<typeof serveInspector>): Promise<void> =>
  (await serveInspector(...args)).close();
/** A Uint8Array is a file: a RecordingError is the answer. */
const file = (value: unknown): boolean => ArrayBuffer.isView(value);
const points = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 2;

const ROWS: readonly Row[] = [
  ['decodeRecording', decodeRecording, () => [bytes, {}], [file, options]],
  ['readRecording', readRecording, () => [bytes, {}], [file, options]],
  ['RecordingReader.add', (...args) => new RecordingReader().add(...(args as [never])), () => [bytes.subarray(9), 9], [file, (value) => value === undefined || whole(value)]],
  ['encodeRecording', encodeRecording, () => [recording], [none]],
  ['createReport', createReport, () => [recording], [none]],
  ['recordingOfSnapshot', recordingOfSnapshot, () => [snapshotHeap(createHeapSync())], [none]],
  ['Replay', (given) => new Replay(given), () => [recording], [none]],
  ['liveAt', (at) => replay.liveAt(at), () => [5], [event]],
  ['isLive', (block, at) => replay.isLive(block, at), () => [5, 6], [none, event]],
  ['eventAt', (ms) => replay.eventAt(ms), () => [0.1], [(value) => typeof value === 'number' && !Number.isNaN(value)]],
  ['historyOf', (address, size) => replay.historyOf(address, size), () => [1024, 8], [none, (value) => value === undefined]],
  ['bySite', bySite, () => [replay, 'leaked', -1, 9], [none, none, event, event]],
  ['liveBySite', liveBySite, () => [replay, 9], [none, event]],
  ['diffSites', diffSites, () => [replay, 2, 9], [none, event, event]],
  ['leaksOf', leaksOf, () => [replay, 2], [none, optionalEvent]],
  ['fragmentationAt', fragmentationAt, () => [replay, 9], [none, event]],
  ['sizeHistogram', sizeHistogram, () => [replay, 9], [none, event]],
  ['byAddress', byAddress, () => [replay, replay.liveAt(9)], [none, none]],
  ['thin', thin, () => [replay.liveBytes, 0, 9, 4], [file, none, event, none]],
  ['liveCurve', liveCurve, () => [replay, 4], [none, points]],
  ['callTree', callTree, () => [stacks, totals], [emptyList, none]],
  ['frameName', frameName, () => [frame], [(value) => value === undefined]],
  ['placeOf', placeOf, () => [frame], [none]],
  ['toCollapsed', toCollapsed, () => [replay, 'live', 9], [none, (value) => value === undefined, optionalEvent]],
  ['toPprof', toPprof, () => [replay, 9], [none, optionalEvent]],
  ['toSpeedscope', toSpeedscope, () => [replay, 9], [none, optionalEvent]],
  ['toDhat', toDhat, () => [replay], [none]],
  ['toTrace', toTrace, () => [replay, 50], [none, (value) => value === undefined || points(value)]],
  ['serveInspector', serve, () => [live, {}], [none, options]],
  ['exposeHeap', exposeHeap, () => [live, scope], [none, none]],
]; // prettier-ignore
test.each(ROWS)('%s refuses what is not its argument', (...row) => checkRow(row));
test('every export has a row', () => {
  const functions = Object.entries(exported).filter(([, value]) => typeof value === 'function');
  const known = [...ROWS.map(([name]) => name.split('.')[0]), 'openInspector', 'RecordingError'];
  expect(functions.map(([name]) => name).filter((name) => !known.includes(name))).toEqual([]);
});
test('openInspector refuses everything where no window is', async () => {
  for (const args of [
    [undefined],
    [live, null],
    [live, { interval: -1 }],
    [live, { interval: 2 ** 31 }],
    [live],
  ])
    await expect(openInspector(...(args as [never])), String(args)).rejects.toHaveProperty('code');
});

test.each<[string, (changed: never) => unknown]>([
  ['encodeRecording', encodeRecording],
  ['Replay', (changed) => toPprof(new Replay(changed))],
  ['serveInspector', serve as never],
  ['serveInspector, while the program runs', (changed) => serve({ record: () => changed })],
])('%s refuses a recording with a wrong part', (name, call) =>
  checkParts(name, call, recording, ['layouts', 'bytes', 'arenas']),
);
test('a snapshot, a frame and totals with a wrong part are refused', async () => {
  const heap = createHeapSync({ callSites: 'all' });
  heap.allocInt32(4);
  heap.createHeapArena(64).allocInt32();
  const { stats: _, ...snapshot } = snapshotHeap(heap);
  await checkParts('recordingOfSnapshot', recordingOfSnapshot, snapshot);
  await checkParts('placeOf', placeOf, frame);
  await checkParts('callTree', (changed) => callTree(stacks, changed), {
    bytes: totals.bytes,
    blocks: totals.blocks,
  });
});
test('values of events that no heap has are refused', () => {
  for (const [name, value] of [['sizes', NaN], ['sizes', -1], ['addresses', 1.5], ['times', Infinity], ['times', -1], ['kinds', 6], ['sites', 99], ['types', 99], ['previous', 2 ** 53]] as const) {
    const column = recording[name].slice();
    column[7] = value;
    for (const use of [encodeRecording, (changed: typeof recording) => new Replay(changed)])
      expect(() => use({ ...recording, [name]: column }), name).toThrow(expect.objectContaining({ code: 'INVALID_RANGE' }));
  }
}); // prettier-ignore

test('frozen recordings, proxies of them and of a Replay, and clones give what the recording gives', () => {
  const freeze = (part: unknown): unknown => {
    if (typeof part !== 'object' || part === null || ArrayBuffer.isView(part)) return part;
    for (const inner of Object.values(part)) freeze(inner);
    return Object.freeze(part);
  };
  const expected = liveBySite(replay, 150);
  expect(liveBySite(new Proxy(replay, {}), 150)).toEqual(expected);
  for (const given of [
    new Proxy(recording, {}),
    structuredClone(recording),
    freeze(structuredClone(recording)),
  ]) {
    expect(liveBySite(new Replay(given as typeof recording), 150)).toEqual(expected);
    expect(encodeRecording(given as typeof recording)).toEqual(bytes);
  }
});

describe('a file', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  const padded = new Uint8Array(bytes.length + 3);
  padded.set(bytes, 3);
  const lying = Object.defineProperty(bytes.slice(), 'length', { value: 20 });
  test.each<[string, ArrayBufferView | ArrayBufferLike]>([
    ['an ArrayBuffer', bytes.buffer.slice(0)],
    ['a SharedArrayBuffer', shared.buffer],
    ['a view of one', shared],
    ['a DataView', new DataView(bytes.buffer)],
    ['a part of a buffer', padded.subarray(3)],
    ['one whose length is hidden', lying],
    [
      'one of another realm',
      runInContext('(values) => new Uint8Array(values)', createContext({}))([...bytes]),
    ],
  ])('is read from %s', async (_, given) => {
    const expected = decodeRecording(bytes);
    expect(decodeRecording(given)).toEqual(expected);
    expect(await readRecording(given)).toEqual(expected);
  });
  test.each<[string, () => ArrayBufferView | ArrayBufferLike]>([
    ['a detached buffer', () => {
      const { buffer } = bytes.slice();
      structuredClone(buffer, { transfer: [buffer] });
      return buffer;
    }],
    ['a view outside its buffer', () => {
      const buffer = new ArrayBuffer(64, { maxByteLength: 64 } as never) as ArrayBuffer & { resize(bytes: number): void };
      const view = new Uint8Array(buffer, 32, 32);
      buffer.resize(8);
      return view;
    }],
  ])('is not read from %s', async (_, make) => {
    expect(() => decodeRecording(make())).toThrow(ArgumentTypeError);
    await expect(readRecording(make())).rejects.toThrow(ArgumentTypeError);
    expect(() => new RecordingReader().add(make())).toThrow(ArgumentTypeError);
  }); // prettier-ignore
  test('that is compressed and shared is read; damaged, it is refused', async () => {
    const stream = new Blob([bytes as Uint8Array<ArrayBuffer>])
      .stream()
      .pipeThrough(new CompressionStream('gzip'));
    const packed = new Uint8Array(await new Response(stream).arrayBuffer());
    const sharedFile = new Uint8Array(new SharedArrayBuffer(packed.length));
    sharedFile.set(packed);
    expect(await readRecording(sharedFile)).toEqual(decodeRecording(bytes));
    sharedFile.fill(255, 40, 60);
    await expect(readRecording(sharedFile)).rejects.toThrow(RecordingError);
  });
});
