// SPDX-License-Identifier: MIT
// The shapes of recordings and of snapshots that programs pass in.
import { EventKind, type HeapRecording } from '../debug/recording.ts';
import type { HeapSnapshot } from '../debug/snapshot.ts';
import { assertShape, STACK, type Shape } from '../debug/shape.ts';
import { ArgumentRangeError, isArray, wrongType } from '../errors.ts';
import { toCount } from '../memory/address.ts';
import { isOf } from '../memory/buffers.ts';
import { viewLength } from '../memory/bytes.ts';
import type { InspectedRecording } from './format.ts';

const TYPE = { name: 'string', bytes: 'count' } as const;
const FIELD = { ...TYPE, type: 'string', reads: 'string', offset: 'count' } as const;
const LAYOUTS: Shape = [{ ...TYPE, fields: [FIELD] }];
const SLICES: Shape = [{ address: 'count', bytes: 'count', type: 'string', epoch: 'count', isStale: 'boolean', site: 'count' }]; // prettier-ignore
const ARENA = { kind: 'string', address: 'count', bytes: 'count', usedBytes: 'count', epoch: 'count', checkpoints: [{ number: 'count', top: 'count' }] } as const; // prettier-ignore

/** The columns of a recording: one value for each event. */
const COLUMNS = {
  kinds: 'Uint8Array',
  times: 'Float64Array',
  addresses: 'Float64Array',
  sizes: 'Float64Array',
  previous: 'Float64Array',
  sites: 'Uint32Array',
  types: 'Uint16Array',
} as const;

const REPORT = { kind: 'string', address: 'count', size: 'count', at: 'count', allocated: 'count', freed: 'count', found: 'count', message: 'string', event: 'count' } as const; // prettier-ignore

/** The shape of an {@link InspectedRecording}, without its stacks. */
const RECORDING: Shape = {
  name: 'string',
  started: 'number',
  length: 'count',
  typeNames: ['string'],
  'layouts?': LAYOUTS,
  marks: [{ name: 'string', event: 'count' }],
  reports: [REPORT],
  'bytes?': [{ address: 'count' }],
  'arenas?': [{ ...ARENA, slices: SLICES }],
};

/** The shape of a {@link HeapSnapshot}. */
const SNAPSHOT: Shape = {
  name: 'string',
  taken: 'number',
  memoryBytes: 'count',
  isComplete: 'boolean',
  blocks: {},
  allocations: [{ address: 'count', bytes: 'count', type: 'string', site: 'count', isInternal: 'boolean' }],
  arenas: [{ ...ARENA, blocks: ['count'] }],
  slices: SLICES,
  layouts: LAYOUTS,
  stacks: [STACK],
};

/**
 * Checks the parts of a recording, but not the values of its events. O(frames).
 * @param known the number of stacks that were checked before
 * @throws {ArgumentTypeError} if a part is of another type
 * @throws {ArgumentRangeError} if a number is out of range, or a column has fewer than `length` values
 */
export function assertRecording(recording: InspectedRecording, known = 0): void {
  assertShape(recording, RECORDING, 'a recording');
  const { started, length, stacks, marks, reports, arenas = [], bytes = [] } = recording;
  if (!isArray(stacks)) throw wrongType('stacks of a recording of type array', stacks);
  for (let i = known; i < stacks.length; i++) assertShape(stacks[i], STACK, 'stacks of a recording');
  toCount(Math.round(started), 'the start of a recording');
  for (const name of Object.keys(COLUMNS) as (keyof typeof COLUMNS)[])
    assertColumn(recording[name], COLUMNS[name], length, name);
  for (const { bytes: part } of bytes) assertColumn(part, 'Uint8Array', 0, 'bytes');
  for (const { event } of [...marks, ...reports])
    toCount(event, 'the event of a mark or a report', 0, length);
  const sites = reports.flatMap(({ allocated, freed, found }) => [allocated, freed, found]);
  for (const { slices } of arenas) sites.push(...slices.map(({ site }) => site));
  for (const site of sites) toCount(site, 'an index into stacks', 0, Math.max(stacks.length, 1));
}

/** Checks the parts of a snapshot, as {@link assertRecording}. */
export function assertSnapshot(snapshot: HeapSnapshot): void {
  assertShape(snapshot, SNAPSHOT, 'a snapshot');
  const { addresses, sizes, states } = snapshot.blocks;
  assertColumn(addresses, 'Float64Array', 0, 'addresses');
  assertColumn(sizes, 'Float64Array', addresses.length, 'sizes');
  assertColumn(states, 'Uint8Array', addresses.length, 'states');
}

/**
 * @param type the name of its class
 * @throws {ArgumentTypeError} if `column` is not of this class, in any realm
 * @throws {ArgumentRangeError} if it has fewer than `length` values
 */
export function assertColumn(column: ArrayBufferView, type: string, length: number, name: string): void {
  const count = viewLength(column);
  if (count === undefined || !isOf(type, column)) throw wrongType(`${name} of type ${type}`, column);
  toCount(count, `the length of ${name}`, length);
}

/**
 * Checks the values of the events from index `from` to `to - 1`.
 * @throws {ArgumentRangeError} if a number is not an integer in its range, or times are not ascending
 */
export function assertEvents(recording: HeapRecording, from: number, to: number): void {
  const { times, stacks, typeNames } = recording;
  const check = (name: keyof typeof COLUMNS, what: string, limit: number = 2 ** 53): void => {
    const values = recording[name];
    for (let i = from; i < to; i++) toCount(values[i] as number, what, 0, limit);
  };
  check('kinds', 'the kind of an event', Object.keys(EventKind).length);
  check('addresses', 'an address');
  check('sizes', 'a size');
  check('previous', 'an address before a realloc');
  check('sites', 'a site, an index into stacks', Math.max(stacks.length, 1));
  check('types', 'a type, an index into typeNames', Math.max(typeNames.length, 1));
  for (let i = from; i < to; i++) {
    const [time = 0, before = 0] = [times[i], times[i - 1]];
    if (!(time >= before && time < Infinity))
      throw new ArgumentRangeError(`a time from ${before} ms on, that of the event before`, time);
  }
}
