// Snapshots of linmem's heaps as recordings: every live block, arenas, stale slices.
import { expect, test } from 'vitest';
import { createHeapSync } from '../../../ts/core/heap.ts';
import { snapshotHeap } from '../../../ts/debug/index.ts';
import { decodeRecording } from '../../../ts/inspect/decode.ts';
import { encodeRecording } from '../../../ts/inspect/encode.ts';
import { Replay } from '../../../ts/inspect/replay.ts';
import { recordingOfSnapshot } from '../../../ts/inspect/snapshot.ts';

test('has each allocation, and what C allocated', () => {
  const heap = createHeapSync({ callSites: 'all' });
  const numbers = heap.allocInt32Array(100);
  const text = heap.allocNullTerminatedUtf8String('hello');
  const inC = heap.exports.lm_heap_alloc(heap.handle, 48);
  const freed = heap.allocInt32(1);
  const { address } = freed;
  freed.free();
  const recording = recordingOfSnapshot(snapshotHeap(heap, 'mine'));
  const replay = new Replay(recording);
  const blocks = [...replay.liveAt(recording.length - 1)];
  const typeAt = (at: number): string | undefined => {
    const block = blocks.find((each) => recording.addresses[each] === at);
    return block === undefined ? undefined : recording.typeNames[recording.types[block] as number];
  };
  expect(recording.name).toBe('mine');
  expect(typeAt(numbers.address)).toContain('i32');
  expect(typeAt(text.address)).toContain('utf8');
  expect(typeAt(inC)).toBe('allocated by C');
  expect(typeAt(address)).toBe(undefined);
  expect(replay.memoryBytes[0]).toBe(heap.byteLength);
  const block = blocks.find((each) => recording.addresses[each] === numbers.address) as number;
  expect(recording.sizes[block]).toBe(400);
  expect(recording.stacks[recording.sites[block] as number]?.length).toBeGreaterThan(0);
});

test('has arenas with their checkpoints and slices, stale ones too, also in a file', () => {
  const heap = createHeapSync({ callSites: 'all' });
  const arena = heap.createHeapArena(4096);
  const kept = arena.allocF32(8);
  const mark = arena.mark();
  const stale = arena.allocI32(4);
  arena.rewind(mark);
  const after = arena.allocI32(2);
  const snapshot = recordingOfSnapshot(snapshotHeap(heap));
  const [found] = decodeRecording(encodeRecording(snapshot)).arenas ?? [];
  expect(decodeRecording(encodeRecording(snapshot)).arenas).toEqual(snapshot.arenas);
  expect(found).toMatchObject({ kind: 'arena', address: arena.basePtr, bytes: arena.capBytes, usedBytes: arena.usedBytes() }); // prettier-ignore
  const states = found?.slices.map(({ address, bytes, isStale }) => [address, bytes, isStale]);
  expect(states).toContainEqual([kept.ptr, 32, false]);
  expect(states).toContainEqual([stale.ptr, 16, true]);
  expect(states).toContainEqual([after.ptr, 8, false]);
  expect(found?.checkpoints.length).toBeGreaterThan(0);
});
