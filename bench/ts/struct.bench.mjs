// Claims: a struct's field costs at most 1.4 times the raw DataView to set and get, one of an array's element 1.6 times,
// and a loop over 1,000 structs at most twice what it costs with hand-written offsets. With several structs in use, as
// in real programs.
import { array, chars, createHeapSync, f32, f64, i32, struct, u16, u32, u8 } from '../../dist/index.js';
import { claim, race, sink, table } from './harness.mjs';

const heap = createHeapSync({ initialBytes: 4 << 20 });
const Point = struct('point_t', { id: i32, x: f32, y: f32 });
const Others = [
  struct('color_t', { r: u8, g: u8, b: u8, a: u8 }),
  struct('player_t', { name: chars(16), flags: u16, score: f64, pos: Point }),
  struct('vertex_t', { at: array(f32, 3), x: f32, id: i32 }),
  struct('size_t2', { width: f64, height: f64, id: u32 }),
  struct('mixed_t', { id: u8, x: f64, y: i32 }),
];
// All of them have run before anything is timed.
for (const Type of Others) {
  const one = Type.alloc(heap);
  const many = Type.allocArray(heap, 4);
  for (let i = 0; i < 20000; i++) {
    for (const name of Object.keys(Type.fields))
      sink.value ^= typeof one[name] === 'number' ? (one[name] = i & 7) : 0;
    sink.value ^= many.at(i & 3).address;
  }
}

const N = 1 << 12;
const p = Point.alloc(heap);
const points = Point.allocArray(heap, 1000);
const raw = new DataView(heap.memory.buffer);
const at = p.address;
const base = points.address;

const fields = {
  'raw DataView': () => { let s = 0; for (let i = 0; i < N; i++) { raw.setFloat32(at + 4, i, true); s += raw.getFloat32(at + 4, true); } sink.value += s; },
  'p.x of an owner': () => { let s = 0; for (let i = 0; i < N; i++) { p.x = i; s += p.x; } sink.value += s; },
}; // prettier-ignore
const elements = {
  'raw DataView': () => { let s = 0; for (let i = 0; i < N; i++) { const q = base + (i % 1000) * 12; raw.setFloat32(q + 4, i, true); s += raw.getFloat32(q + 4, true); } sink.value += s; },
  'points.at(i).x': () => { let s = 0; for (let i = 0; i < N; i++) { const q = points.at(i % 1000); q.x = i; s += q.x; } sink.value += s; },
}; // prettier-ignore
const loops = {
  'hand-written offsets': () => { let s = 0; for (let i = 0; i < 1000; i++) { const q = base + i * 12; raw.setFloat32(q + 8, raw.getFloat32(q + 4, true) + 1, true); s += raw.getInt32(q, true); } sink.value += s; },
  'for (i) points.at(i)': () => { let s = 0; for (let i = 0; i < points.length; i++) { const q = points.at(i); q.y = q.x + 1; s += q.id; } sink.value += s; },
  'for (of)': () => { let s = 0; for (const q of points) { q.y = q.x + 1; s += q.id; } sink.value += s; },
}; // prettier-ignore

const a = race(fields, N);
table('A field, set and got', a);
const b = race(elements, N);
table('A field of an element, set and got', b);
const c = race(loops, 1000);
table('1,000 structs, each: y = x + 1, sum += id', c);
const held = [
  claim(a, 'p.x of an owner', 'raw DataView', 1.4),
  claim(b, 'points.at(i).x', 'raw DataView', 1.6),
  claim(c, 'for (i) points.at(i)', 'hand-written offsets', 2),
];
process.exitCode = held.every(Boolean) ? 0 : 2;
