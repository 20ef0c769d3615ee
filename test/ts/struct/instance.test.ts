// Instances and arrays of structs as values: their printed form, and the address that they become.
import { expect, test } from 'vitest';
import { array, chars, createHeapSync, FreedError, i32, i64, struct } from '../../../ts/index.ts';

const heap = createHeapSync();
const Point = struct('point_t', { id: i32, x: i64 });
const at = (address: number): string => `0x${address.toString(16)}`;

test('an instance is its address as a number, and readable as a string', () => {
  const p = Point.alloc(heap, { id: 1 });
  expect(Number(p)).toBe(p.address);
  expect((p as unknown as number) + 4).toBe(p.address + 4);
  expect([`${p}`, String(p), p.toString()]).toEqual(
    Array.from({ length: 3 }, () => `point_t at ${at(p.address)} {"id":1,"x":"0"}`),
  );
  const { address } = p;
  p.free();
  expect(String(p)).toBe(`point_t at ${at(address)} (freed)`);
  expect(() => Number(p)).toThrow(FreedError);
});

test('fields with the names of members hide neither the address nor the printed form', () => {
  const names = [
    'address',
    'heap',
    'allocation',
    'assertLive',
    'toString',
    'valueOf',
    'constructor',
    'owned',
  ];
  const Odd = struct('odd', Object.fromEntries(names.map((name) => [name, i32])));
  const odd = Odd.alloc(heap, { address: 6, toString: 7 });
  expect(Number(odd)).toBe(heap.allocations().find(({ byteLength }) => byteLength === 32)?.address);
  expect(`${odd}`).toMatch(/^odd at 0x[\da-f]+ \{"address":6,"heap":0,.*"toString":7,/);
  heap.freeAll();
});

test('an array of structs, of texts or of arrays prints its first 100 elements', () => {
  const points = Point.allocArray(heap, 2);
  expect(Number(points)).toBe(points.address);
  expect(String(points)).toBe(`point_t[2] at ${at(points.address)}: [{"id":0,"x":"0"}, {"id":0,"x":"0"}]`);
  points.free();
  expect(String(points)).toMatch(/^point_t\[2\] at 0x[\da-f]+ \(freed\)$/);
  const Table = struct('table', { names: array(chars(4), 2), grid: array(array(i32, 2), 150) });
  const table = Table.alloc(heap, { names: ['a', 'bc'] });
  expect(String(table.names)).toMatch(/^char\[4\]\[2\] at 0x[\da-f]+: \["a", "bc"\]$/);
  expect(String(table.grid)).toMatch(/: \[(\[0,0\], ){100}\.\.\. 50 more items\]$/);
  table.free();
});
