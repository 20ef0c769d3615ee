// Claims: a recording of a million events is read and replayed in at most a second, its heap at any event is found in at
// most 20 ms, and it takes at most 6.2 MB, 1.8 MB compressed. An AddressTable takes at most 0.7 of the time of a Map. The page is
// measured in test/ts/inspect/page.node.test.ts.
import { gzipSync } from 'node:zlib';
import { AddressTable } from '../../dist/inspect/address-table.js';
import { decodeRecording, encodeRecording, EventKind, Replay } from '../../dist/inspect/index.js';
import { createHeapSync } from '../../dist/index.js';
import { claim, race, runtime, sink, table } from './harness.mjs';

const EVENTS = 1_000_000;

/** One entry in each column for each event. */
const emptyColumns = () => ({
  kinds: new Uint8Array(EVENTS),
  times: new Float64Array(EVENTS),
  addresses: new Float64Array(EVENTS),
  sizes: new Float64Array(EVENTS),
  previous: new Float64Array(EVENTS),
  sites: new Uint32Array(EVENTS),
  types: new Uint16Array(EVENTS),
});

/** Records a program that parses documents: each makes nodes of a few sizes, keeps some for a while, and frees the rest. */
function record() {
  const { exports, handle } = createHeapSync({ initialBytes: 1 << 24 });
  const columns = emptyColumns();
  let state = 12345;
  const random = (n) => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8) % n;
  const nodes = Array.from({ length: 400 }, () => [16, 24, 24, 40, 40, 64, 200][random(7)] + (random(8) === 0 ? random(60) : 0)); // prettier-ignore
  const kept = [];
  let length = 0;
  let time = 0;
  const put = (kind, address, size, site) => {
    if (length >= EVENTS) return;
    columns.kinds[length] = kind;
    columns.times[length] = Math.round((time += random(6) === 0 ? 2 : 0)) / 1000;
    columns.addresses[length] = address;
    columns.sizes[length] = size;
    columns.sites[length++] = site;
  };
  while (length < EVENTS) {
    const first = random(200);
    const document = [];
    for (let i = 0; i < 200; i++) {
      const size = nodes[first + i];
      const address = exports.lm_heap_alloc(handle, size);
      put(EventKind.alloc, address, size, 1 + ((first + i) % 300));
      document.push(address);
    }
    for (const [i, address] of document.entries())
      if (i % 10 === 0) kept.push(address);
      else {
        exports.lm_heap_free(handle, address);
        put(EventKind.free, address, 0, 0);
      }
    if (kept.length > 40_000)
      for (const address of kept.splice(0, 20_000)) {
        exports.lm_heap_free(handle, address);
        put(EventKind.free, address, 0, 0);
      }
  }
  const stacks = Array.from({ length: 301 }, (_, i) => i === 0 ? [] : [{ name: `step${i}`, file: 'app.js', line: i, column: 1 }, { name: 'main', file: 'app.js', line: 1, column: 1 }]); // prettier-ignore
  return { name: 'bench', started: 0, length, ...columns, stacks, typeNames: [''], marks: [], reports: [] };
}

const recording = record();
const bytes = encodeRecording(recording);
const replay = new Replay(recording);
const goal = (ok, text) => {
  console.log(`  ${ok ? 'ok    ' : 'MISSED'} ${text}`);
  if (!ok) process.exitCode = 2;
};
const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
const time = (rounds, act) =>
  median(
    Array.from({ length: rounds }, (_, i) => {
      const start = performance.now();
      sink.value += act(i);
      return performance.now() - start;
    }),
  );

console.log(`\nA recording of ${EVENTS} events (${runtime}; medians)`);
const megabytes = (size) => `${(size / 1e6).toFixed(1)} MB`;
const packed = gzipSync(bytes).length;
goal(bytes.length <= 6.2e6, `its file: ${megabytes(bytes.length)} (goal: at most 6.2)`);
goal(packed <= 1.8e6, `compressed: ${megabytes(packed)} (goal: at most 1.8)`);
const read = time(5, () => decodeRecording(bytes).length);
const replayed = time(5, () => new Replay(recording).length);
const seek = time(100, (i) => replay.liveAt((i * 7_919_117) % EVENTS).length);
goal(
  read + replayed <= 1000,
  `read ${read.toFixed(0)} ms, replayed ${replayed.toFixed(0)} ms (goal: at most 1,000 together)`,
);
goal(seek <= 20, `the heap at an event: ${seek.toFixed(1)} ms (goal: at most 20)`);

const { addresses, kinds, length } = recording;
const follow = (table, set, remove) => {
  for (let i = 0; i < length; i++)
    if (kinds[i] === EventKind.alloc) set.call(table, addresses[i], i);
    else sink.value += remove.call(table, addresses[i]) ? 1 : 0;
};
const times = race(
  {
    AddressTable: () => follow(new AddressTable(), AddressTable.prototype.set, AddressTable.prototype.remove),
    Map: () => follow(new Map(), Map.prototype.set, Map.prototype.delete),
  },
  length,
  12,
);
table('Following the addresses of these events', times);
if (!claim(times, 'AddressTable', 'Map', 0.7)) process.exitCode = 2;
