// Compares text by encoding, framing and length with the best calls of the engine and with wasm-heap-manager.
//
// The contenders are hand-written calls on a view of the whole memory. The fastest of these counts:
//   sized reads         TextDecoder.decode on a subarray, or the slice methods of Buffer
//   terminated reads    the same after the engine's fastest search for the NUL
//   sized writes        encodeInto on a subarray, or the write methods of Buffer
//   terminated writes   the same after the engine's fastest search for a NUL in the text, followed by a 0: linmem
//                       refuses a text with a NUL, which no engine call does
// Writes have either exactly the capacity that the text needs, or none: then up to the end of the memory.
//
// The contenders check less: they have no bounds; Buffer truncates characters above 0xff and texts that do not fit. linmem
// checks both before it writes the first byte. If the engine has no call for that, it is one pass over the text, at about
// half the cost of copying. The goal for a write of 8 bytes is relative to encodeInto without a search for a NUL. UTF-16
// that may have lone surrogates is compared with calls that replace them, `as it is` with calls that do not. Engines have
// no calls for UTF-32, and without Buffer none for ASCII, Latin-1 and for writing UTF-16.
//
// `npm run bench -- --only=text` prints all rows and marks those that miss a goal. Any engine: node, deno run -A, bun.
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
const MOST = buffer.byteLength - P - 4;
const LENGTHS = [8, 64, 4096, 2 ** 20];

// Calls are kept as source and compiled for each line of the table: a function shared by all would be polymorphic, whose
// cost hides the measured one. END and CAPACITY are replaced; `next` is the next of the texts.
const find8 = {
  'Buffer.indexOf': native && 'native.indexOf(0, P)',
  'Uint8Array.indexOf': 'bytes.indexOf(0, P)',
};
const find16 = { 'Uint16Array.indexOf': '2 * units.indexOf(0, P / 2)' };
const findInText = { includes: "next.includes('\\0')", indexOf: "next.indexOf('\\0') >= 0" };
const decode = (name) => `decoders['${name}'].decode(bytes.subarray(P, END)).length`;
const slice = (name) => native && `native.${name}(P, END).length`;
const put = (name, text = 'next') => native && `native.${name}(${text}, P, CAPACITY)`;
const utf8 = [
  { TextDecoder: decode('utf-8'), 'Buffer.utf8Slice': slice('utf8Slice') },
  {
    encodeInto: 'encoder.encodeInto(next, bytes.subarray(P, P + CAPACITY)).written',
    'Buffer.utf8Write': put('utf8Write'),
  },
];
const wide = 'Z\u00fcr \u6771\u4eac\ud83d\uddfc';

/** A line of the table: codec, text, options, and the calls of the engine that read and write. */
const CASES = [
  ['UTF-8, ASCII text', 'Utf8', 'abcdefgh', undefined, ...utf8],
  ['UTF-8, mixed text', 'Utf8', wide, undefined, ...utf8],
  ['ASCII', 'Ascii', 'abcdefgh', undefined, { 'Buffer.asciiSlice': slice('asciiSlice') }, { 'Buffer.asciiWrite': put('asciiWrite') }],
  ['Latin-1', 'Latin1', 'abcd\u00e9fgh', undefined, { 'Buffer.latin1Slice': slice('latin1Slice') }, { 'Buffer.latin1Write': put('latin1Write') }],
  ['UTF-16', 'Utf16', wide, undefined,
    { TextDecoder: decode('utf-16le'), 'Buffer.ucs2Slice, toWellFormed': native && 'native.ucs2Slice(P, END).toWellFormed().length' },
    { 'toWellFormed, Buffer.ucs2Write': put('ucs2Write', 'next.toWellFormed()') }],
  ['UTF-16 as it is', 'Utf16', wide, { surrogates: 'wtf8' }, { 'Buffer.ucs2Slice': slice('ucs2Slice') }, { 'Buffer.ucs2Write': put('ucs2Write') }],
  ['UTF-32', 'Utf32', wide, undefined, {}, {}],
]; // prettier-ignore

/** Strings of that text, all different so that the engine cannot fold them, and flat. */
function textsOf(text) {
  const count = text.length > 1e5 ? 2 : 8;
  return Array.from({ length: count }, (_, i) => JSON.parse(JSON.stringify('abcdefgh'[i] + text.slice(1))));
}

/** The comparisons of a line: name, and the source of the call of each contender. A text has `n` elements. */
function races([, label, , options, reads, writes], n) {
  const size = { Utf16: 2, Utf32: 4 }[label] ?? 1;
  const method = (operation, word, args) =>
    `heap.${operation}${word}${label}String(P, ${args}${options ? ', options' : ''})`;
  const fill = (source, end, capacity) => source.replaceAll('END', end).replaceAll('CAPACITY', capacity);
  const changed = (calls, change) =>
    Object.fromEntries(Object.entries(calls).filter(([, call]) => call).flatMap(change)); // prettier-ignore
  const end = P + n * size;
  const fixed = (capacity) => changed(writes, ([k, f]) => [[k, fill(f, end, capacity)]]);
  const zero = Array.from({ length: size }, (_, i) => ` + (bytes[${end + i}] = 0)`).join('');
  const finders = Object.entries(changed(size === 1 ? find8 : find16, (one) => [one]));
  const zeroed = (capacity) =>
    changed(fixed(capacity), ([k, f]) =>
      Object.entries(findInText).map(([by, isThere]) => [
        `${k} and a 0 after ${by}`,
        `(${isThere} ? NaN : ${f}${zero})`,
      ]),
    );
  const terminated = ([k, f]) => finders.map(([by, find]) => [`${k} after ${by}`, fill(f, find)]);
  return [
    ['read sized', `${method('read', '', n)}.length`, changed(reads, ([k, f]) => [[k, fill(f, end)]])],
    ['read NUL-terminated', `${method('read', 'NullTerminated', 'undefined')}.length`, changed(reads, terminated)],
    ['write sized', method('write', '', `next, ${n}`), fixed(n * size)],
    ['write sized, no capacity', method('write', '', 'next, undefined'), fixed(MOST)],
    ['write NUL-terminated', method('write', 'NullTerminated', `next, ${n + 1}`), zeroed(n * size)],
    ['write NUL-terminated, no capacity', method('write', 'NullTerminated', 'next, undefined'), zeroed(MOST)],
  ]; // prettier-ignore
}

/** Returns a function that makes a call `repeat` times. */
function times(source, texts, repeat, options) {
  const scope = { heap, peer, P, bytes, units, native, decoders, encoder, sink, texts, repeat, options };
  const loop = `let turn = 0; return () => {
    for (let i = 0; i < repeat; i++) { const next = texts[turn++ & ${texts.length - 1}]; sink.value += ${source}; }
  };`;
  return new Function(...Object.keys(scope), loop)(...Object.values(scope));
}

let held = true;
/** Prints one line: linmem against the best of the others, and the goal if there is one. */
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

/** `node bench/ts/text.bench.mjs lengths`: the cost of short text by length, to choose the limits of the fast path. */
function lengths() {
  const all = [1, 4, 8, 12, 16, 17, 20, 24, 28, 32, 33, 40, 48];
  console.log(`${runtime}; ns by length`.padEnd(40), all.map((n) => String(n).padStart(5)).join(''));
  for (const label of ['Ascii', 'Latin1', 'Utf8', 'Utf16', 'Utf32'])
    for (const word of ['', 'NullTerminated'])
      for (const operation of ['read', 'write']) {
        const method = heap[`${operation}${word}${label}String`];
        const calls = Object.fromEntries(
          all.map((n) => {
            const text = 'abcd'.repeat(12).slice(0, n);
            const at = 1024 + 512 * n;
            heap[`write${word}${label}String`](at, text, n + 1);
            const act =
              operation === 'read'
                ? () => method.call(heap, at, word ? undefined : n).length
                : () => method.call(heap, at, text, n + 1);
            return [n, () => { for (let i = 0; i < 500; i++) sink.value += act(); }]; // prettier-ignore
          }),
        );
        const results = race(calls, 500, 60, 50e6);
        const shown = all.map((n) => results[n].median.toFixed(0).padStart(5)).join('');
        console.log(`${label}, ${operation} ${word || 'sized'}`.padEnd(40), shown);
      }
}
if (process.argv[2] === 'lengths') {
  lengths();
  process.exit();
}

const only = process.argv[2];
const cases = CASES.filter(([name]) => !only || name.includes(only));

// All calls run first, so that the timed code is optimized, and for all encodings.
for (const entry of cases) {
  const text = entry[2].repeat(8);
  const n = heap[`write${entry[1]}String`](P, text, undefined, entry[3]);
  heap[`writeNullTerminated${entry[1]}String`](P, text, undefined, entry[3]);
  for (const [, ours, theirs] of races(entry, n))
    for (const source of [ours, ...Object.values(theirs)]) times(source, textsOf(text), 5000, entry[3])();
}

console.log(`${runtime}; medians of interleaved runs`);
for (const entry of cases)
  for (const length of LENGTHS) {
    const text = entry[2].repeat(length / 8);
    const n = heap[`write${entry[1]}String`](P, text, undefined, entry[3]);
    heap[`writeNullTerminated${entry[1]}String`](P, text, undefined, entry[3]);
    const repeat = Math.max(2, Math.min(1000, Math.floor(4e5 / length)));
    const isFirst = length === 8 && entry[0].startsWith('UTF-8, ASCII');
    for (const [what, ours, theirs] of races(entry, n)) {
      const calls = { linmem: ours, ...theirs };
      if (isFirst && what === 'read NUL-terminated') {
        calls['wasm-heap-manager'] = 'peer.readNullTerminatedUtf8String(P).length';
        calls.TextDecoder = decode('utf-8').replace('END', P + n);
      }
      if (isFirst && what.startsWith('write NUL'))
        calls.encodeInto = `encoder.encodeInto(next, bytes.subarray(P, P + ${what.endsWith('capacity') ? MOST : n})).written + (bytes[${P + n}] = 0)`;
      if (isFirst && what === 'write NUL-terminated')
        calls['wasm-heap-manager'] = `peer.writeNullTerminatedUtf8String(P, next, ${n + 1})`;
      const texts = textsOf(text);
      const loops = Object.entries(calls).map(([k, f]) => [k, times(f, texts, repeat, entry[3])]);
      const results = race(
        Object.fromEntries(loops),
        repeat,
        length > 1e5 ? 24 : length > 64 ? 80 : 300,
        50e6,
      );
      const name = `${entry[0]}, ${what}, ${length}`;
      if (isFirst) {
        if (calls['wasm-heap-manager'])
          line(name, results, what.startsWith('read') ? 0.25 : undefined, 'wasm-heap-manager');
        if (calls.TextDecoder) line(name, results, 0.6, 'TextDecoder');
        if (calls.encodeInto) line(name, results, 0.5, 'encodeInto');
      }
      line(name, results, length >= 4096 ? 1.05 : undefined);
    }
  }
process.exitCode = held ? 0 : 2;
