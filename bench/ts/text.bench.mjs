// How text compares, by encoding, framing and length, with the engine's own best calls and with wasm-heap-manager.
//
// The contenders are what a good hand would write on a view of the whole memory. Of those in a row the fastest counts:
//   sized reads         TextDecoder.decode on a subarray, or the Buffer's slice
//   terminated reads    the same behind the engine's fastest search for the NUL
//   sized writes        encodeInto on a subarray, or the Buffer's write
//   terminated writes   the same, and a 0 behind it
// They check less: no bounds, no NUL inside; the Buffer's calls for ASCII and Latin-1 cut what is above to a byte. UTF-16
// that may have lone surrogates is compared with the calls that replace them; `as it is` with those that do not. The
// engines have nothing for UTF-32, and without a Buffer nothing for ASCII, Latin-1, nor for writing UTF-16.
//
// `npm run bench -- text` prints all; what goes below a goal is marked. Any engine: node, deno run -A, bun.
import * as linmem from '../../dist/index.js';
import { createWasmHeapManager } from '../../node_modules/wasm-heap-manager/dist/exports/Exports.js';
import { race, runtime, sink } from './harness.mjs';

const { buffer } = new WebAssembly.Memory({ initial: 160, maximum: 160 });
const nothing = () => undefined;
const heap = linmem.createWasmHeapManager(() => buffer, () => 1024, nothing); // prettier-ignore
const peer = createWasmHeapManager(() => buffer, () => 1024, nothing); // prettier-ignore
const bytes = new Uint8Array(buffer);
const units = new Uint16Array(buffer);
const native = globalThis.Buffer ? Buffer.from(buffer) : undefined;
const decoders = Object.fromEntries(
  ['utf-8', 'utf-16le'].map((name) => [name, new TextDecoder(name, { ignoreBOM: true })]),
);
const encoder = new TextEncoder();
const P = 4096;
const LENGTHS = [8, 64, 4096, 2 ** 20];

const find8 = native
  ? { 'Buffer.indexOf': () => native.indexOf(0, P), 'Uint8Array.indexOf': () => bytes.indexOf(0, P) }
  : { 'Uint8Array.indexOf': () => bytes.indexOf(0, P) };
const find16 = { 'Uint16Array.indexOf': () => 2 * units.indexOf(0, P / 2) };
const decode = (name) => (end) => decoders[name].decode(bytes.subarray(P, end));
const slice = (name) => native && ((end) => native[name](P, end));
const put = (name) => native && ((text, room) => native[name](text, P, room));

/** A row: codec, its text, its options, how the engine reads it, how it writes it. */
const ROWS = [
  ['UTF-8, ASCII text', 'Utf8', 'abcdefgh', undefined,
    { TextDecoder: decode('utf-8'), 'Buffer.utf8Slice': slice('utf8Slice') },
    { encodeInto: (text, room) => encoder.encodeInto(text, bytes.subarray(P, P + room)).written, 'Buffer.utf8Write': put('utf8Write') }],
  ['UTF-8, mixed text', 'Utf8', 'Z\u00fcr \u6771\u4eac\ud83d\uddfc', undefined,
    { TextDecoder: decode('utf-8'), 'Buffer.utf8Slice': slice('utf8Slice') },
    { encodeInto: (text, room) => encoder.encodeInto(text, bytes.subarray(P, P + room)).written, 'Buffer.utf8Write': put('utf8Write') }],
  ['ASCII', 'Ascii', 'abcdefgh', undefined, { 'Buffer.asciiSlice': slice('asciiSlice') }, { 'Buffer.asciiWrite': put('asciiWrite') }],
  ['Latin-1', 'Latin1', 'abcd\u00e9fgh', undefined, { 'Buffer.latin1Slice': slice('latin1Slice') }, { 'Buffer.latin1Write': put('latin1Write') }],
  ['UTF-16', 'Utf16', 'Z\u00fcr \u6771\u4eac\ud83d\uddfc', undefined,
    { TextDecoder: decode('utf-16le'), 'Buffer.ucs2Slice, toWellFormed': native && ((end) => native.ucs2Slice(P, end).toWellFormed()) },
    { 'toWellFormed, Buffer.ucs2Write': native && ((text, room) => native.ucs2Write(text.toWellFormed(), P, room)) }],
  ['UTF-16 as it is', 'Utf16', 'Z\u00fcr \u6771\u4eac\ud83d\uddfc', { surrogates: 'wtf8' }, { 'Buffer.ucs2Slice': slice('ucs2Slice') }, { 'Buffer.ucs2Write': put('ucs2Write') }],
  ['UTF-32', 'Utf32', 'Z\u00fcr \u6771\u4eac\ud83d\uddfc', undefined, {}, {}],
]; // prettier-ignore

/** What a row is compared in: name, its linmem call, its engine calls. `n` elements are written by `text`. */
function races([, label, , options, reads, writes], text, n) {
  const size = { Utf16: 2, Utf32: 4 }[label] ?? 1;
  const method = (verb, word) => heap[`${verb}${word}${label}String`];
  const there = (calls, change) =>
    Object.fromEntries(
      Object.entries(calls)
        .filter(([, call]) => call)
        .flatMap(change),
    );
  const finders = size === 1 ? find8 : find16;
  const [readSized, readNul] = [method('read', ''), method('read', 'NullTerminated')];
  const [writeSized, writeNul] = [method('write', ''), method('write', 'NullTerminated')];
  const end = P + n * size;
  const room = n * size;
  return [
    ['read sized', () => readSized.call(heap, P, n, options).length, there(reads, ([k, f]) => [[k, () => f(end).length]])],
    ['read NUL-terminated', () => readNul.call(heap, P, undefined, options).length,
      there(reads, ([k, f]) => Object.entries(finders).map(([by, find]) => [`${k} after ${by}`, () => f(find()).length]))],
    ['write sized', () => writeSized.call(heap, P, text, n, options), there(writes, ([k, f]) => [[k, () => f(text, room)]])],
    ['write NUL-terminated', () => writeNul.call(heap, P, text, n + 1, options),
      there(writes, ([k, f]) => [[`${k} and a 0`, () => { const done = f(text, room); for (let i = 0; i < size; i++) bytes[end + i] = 0; return done; }]])],
  ]; // prettier-ignore
}

let held = true;
/** One line: linmem against the best of the others, and the goal if there is one. */
function line(what, results, goal, against) {
  const others = Object.entries(results).filter(([name]) => name !== 'linmem');
  const [best, { median }] = against
    ? [against, results[against]]
    : (others.sort(([, a], [, b]) => a.median - b.median)[0] ?? ['', {}]);
  const ratio = results.linmem.median / median;
  const ok = !goal || !(ratio > goal);
  held &&= ok;
  const shown = best ? `${ratio.toFixed(2).padStart(6)}x of ${best} (${median.toFixed(0)} ns)` : '';
  console.log(
    `${ok ? '      ' : 'MISSED'} ${what.padEnd(44)} ${results.linmem.median.toFixed(0).padStart(9)} ns ${shown}${goal ? `; goal ${goal}` : ''}`,
  );
}

/** `node bench/ts/text.bench.mjs lengths`: what short plain text costs, to see where the loops should end. */
function lengths() {
  const all = [1, 4, 8, 12, 16, 17, 20, 24, 28, 32, 33, 40, 48];
  console.log(`${runtime}; ns by length`.padEnd(40), all.map((n) => String(n).padStart(5)).join(''));
  for (const label of ['Ascii', 'Latin1', 'Utf8', 'Utf16', 'Utf32'])
    for (const word of ['', 'NullTerminated'])
      for (const verb of ['read', 'write']) {
        const method = heap[`${verb}${word}${label}String`];
        const calls = Object.fromEntries(
          all.map((n) => {
            const text = 'abcd'.repeat(12).slice(0, n);
            const at = 1024 + 512 * n;
            heap[`write${word}${label}String`](at, text, n + 1);
            const act =
              verb === 'read'
                ? () => method.call(heap, at, word ? undefined : n).length
                : () => method.call(heap, at, text, n + 1);
            return [n, () => { for (let i = 0; i < 500; i++) sink.value += act(); }]; // prettier-ignore
          }),
        );
        const results = race(calls, 500, 60);
        const shown = all.map((n) => results[n].median.toFixed(0).padStart(5)).join('');
        console.log(`${label}, ${verb} ${word || 'sized'}`.padEnd(40), shown);
      }
}
if (process.argv[2] === 'lengths') {
  lengths();
  process.exit();
}

const only = process.argv[2];
const rows = ROWS.filter(([name]) => !only || name.includes(only));

// All of them first, so that what is timed is optimised, and for all encodings.
for (const row of rows) {
  const text = row[2].repeat(8);
  const n = heap[`write${row[1]}String`](P, text, undefined, row[3]);
  heap[`writeNullTerminated${row[1]}String`](P, text, undefined, row[3]);
  for (const [, ours, theirs] of races(row, text, n))
    for (const act of [ours, ...Object.values(theirs)]) for (let i = 0; i < 5000; i++) sink.value += act();
}

console.log(`${runtime}; medians of interleaved runs`);
for (const row of rows)
  for (const length of LENGTHS) {
    const text = row[2].repeat(length / 8);
    const n = heap[`write${row[1]}String`](P, text, undefined, row[3]);
    heap[`writeNullTerminated${row[1]}String`](P, text, undefined, row[3]);
    const repeat = Math.max(2, Math.min(1000, Math.floor(4e5 / length)));
    for (const [what, ours, theirs] of races(row, text, n)) {
      const times = (act) => () => { for (let i = 0; i < repeat; i++) sink.value += act(); }; // prettier-ignore
      const calls = { linmem: ours, ...theirs };
      if (length === 8 && row[0].startsWith('UTF-8, ASCII') && what.endsWith('NUL-terminated'))
        calls['wasm-heap-manager'] = what.startsWith('read')
          ? () => peer.readNullTerminatedUtf8String(P).length
          : () => peer.writeNullTerminatedUtf8String(P, text, n + 1);
      if (calls['wasm-heap-manager'] && what.startsWith('read'))
        calls.TextDecoder = () => decode('utf-8')(P + n).length;
      const results = race(
        Object.fromEntries(Object.entries(calls).map(([k, f]) => [k, times(f)])),
        repeat,
        length > 1e5 ? 24 : 60,
      );
      const name = `${row[0]}, ${what}, ${length}`;
      if (row[0].startsWith('UTF-8, ASCII') && length === 8) {
        if (calls['wasm-heap-manager'])
          line(name, results, what.startsWith('read') ? 0.25 : undefined, 'wasm-heap-manager');
        if (calls.TextDecoder) line(name, results, 0.6, 'TextDecoder');
        const into = Object.keys(results).find((key) => key.startsWith('encodeInto'));
        if (into) line(name, results, 0.5, into);
      }
      line(name, results, length >= 4096 ? 1.05 : undefined);
    }
  }
process.exitCode = held ? 0 : 2;
