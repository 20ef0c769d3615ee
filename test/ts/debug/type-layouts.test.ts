// The fields of blocks that linmem knows the type of, in recordings and snapshots, and from a file.
import { describe, expect, test } from 'vitest';
import {
  heapLeaks,
  recordHeap,
  snapshotHeap,
  trackCallSites,
  type RecordedType,
} from '../../../ts/debug/index.ts';
import {
  array, bits, bool, chars, createHeapSync, cstr, enumeration, f64, i32, i64, pointer, struct, u16, u32, u8, type WasmHeapManager,
} from '../../../ts/index.ts'; // prettier-ignore
import { decodeRecording } from '../../../ts/inspect/decode.ts';
import { encodeRecording } from '../../../ts/inspect/encode.ts';

const Point = struct('point_t', { x: i32, y: f64 });
const Node = struct('node_t', {
  at: Point,
  low: bits(u32, 3),
  high: bits(u32, 6),
  ok: bool,
  numbers: array(u16, 3),
  points: array(Point, 2),
  label: chars(8),
  text: cstr,
  next: pointer(Point),
  colour: enumeration('colour_t', { red: 0, green: 1 }),
});

function tracked(): WasmHeapManager {
  const heap = createHeapSync();
  trackCallSites(heap);
  return heap;
}
const layoutsOf = (heap: WasmHeapManager): readonly RecordedType[] => recordHeap(heap).layouts ?? [];

describe('a recording', () => {
  test('has the fields of structs, those of structs inside by their paths', () => {
    const heap = tracked();
    Node.alloc(heap);
    const [layout, ...others] = layoutsOf(heap);
    expect(others).toEqual([]);
    expect(layout).toMatchObject({ name: 'node_t', bytes: Node.size });
    expect(layout?.fields.map(({ name, type, reads, offset }) => [name, type, reads, offset])).toEqual([
      ['at.x', 'i32', 'i32', 0],
      ['at.y', 'f64', 'f64', 8],
      ['low', 'u32:3', 'bits 0 3 u32', 16],
      ['high', 'u32:6', 'bits 3 6 u32', 16],
      ['ok', 'bool', 'bool', 18],
      ['numbers', 'u16[3]', 'u16', 20],
      ['points[0].x', 'i32', 'i32', 32],
      ['points[0].y', 'f64', 'f64', 40],
      ['points[1].x', 'i32', 'i32', 48],
      ['points[1].y', 'f64', 'f64', 56],
      ['label', 'char[8]', 'text', 64],
      ['text', 'char *', 'pointer', 72],
      ['next', 'point_t *', 'pointer', 76],
      ['colour', 'colour_t', 'i32', 80],
    ]);
  });

  test('has those of values and of arrays, by element', () => {
    const heap = tracked();
    heap.allocInt32(1);
    Point.allocArray(heap, 3);
    heap.allocNullTerminatedUtf8String('text');
    expect(layoutsOf(heap).map(({ name, bytes, fields }) => [name, bytes, fields.length])).toEqual([
      ['i32', 4, 1],
      ['point_t[]', 16, 2],
    ]);
    expect(heapLeaks(heap).map(({ type }) => type)).toContain('utf8');
  });

  test('has none of types of one name that differ, and one of those that do not', () => {
    const heap = tracked();
    for (const fields of [{ x: i32 }, { x: i64 }]) struct('twice_t', fields).alloc(heap);
    for (const fields of [{ x: u8 }, { x: u8 }]) struct('same_t', fields).alloc(heap);
    expect(layoutsOf(heap).map(({ name }) => name)).toEqual(['same_t']);
  });

  test('has them in its file too', () => {
    const heap = tracked();
    Node.alloc(heap);
    const recording = recordHeap(heap);
    expect(decodeRecording(encodeRecording(recording)).layouts).toEqual(recording.layouts);
  });
});

test('a snapshot has the fields of what is live', () => {
  const heap = createHeapSync();
  Point.alloc(heap).free();
  heap.allocInt32(1);
  expect(snapshotHeap(heap).layouts.map(({ name }) => name)).toEqual(['i32']);
});
