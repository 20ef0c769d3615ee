// Leaks and double frees in a program on unmodified sql.js, found with file and line.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  inspect,
  type InspectedHeap,
  type InspectOptions,
  type InspectionLeak as Leak,
  type StackFrame,
} from '../../../ts/debug/index.ts';

interface SqlJs {
  Database: new () => Database;
  _malloc(size: number): number;
  _free(address: number): void;
  _sqlite3_exec(db: number, sql: number, callback: number, argument: number, message: number): number;
  stringToNewUTF8(text: string): number;
}
interface Database {
  db: number;
  run(sql: string, values?: unknown[]): void;
  prepare(sql: string): { free(): void };
  exec(sql: string): { values: unknown[][] }[];
  close(): void;
}

const file = fileURLToPath(import.meta.url);
const lines = readFileSync(file, 'utf8').split('\n');
/** The line of this file that ends with a comment. */
const lineOf = (comment: string): number => lines.findIndex((line) => line.endsWith(`// ${comment}`)) + 1;

async function start(options?: InspectOptions): Promise<{ SQL: SqlJs; heap: InspectedHeap }> {
  const require = createRequire(import.meta.url);
  delete require.cache[require.resolve('sql.js')]; // it keeps its module
  const { result, heap } = await inspect(() => (require('sql.js') as () => Promise<SqlJs>)(), options);
  return { SQL: result, heap };
}

/** The frame of this file in a stack. */
function frameHere(stack: readonly StackFrame[]): StackFrame | undefined {
  return stack.find((frame) => frame.file.replace('file://', '') === file);
}
const isAt = (comment: string) => (leak: Leak) => frameHere(leak.stack)?.line === lineOf(comment);

let SQL: SqlJs;
let heap: InspectedHeap;
let db: Database;

const LONG = `select 1, '${'x'.repeat(3000)}'`; // longer than what SQLite takes from its own pool

function leakStatement(): void {
  db.prepare(LONG); // leaks: a statement
}
function leakString(): void {
  const [sql, message] = [SQL.stringToNewUTF8('no such statement'), SQL._malloc(4)];
  SQL._sqlite3_exec(db.db, sql, 0, 0, message); // leaks: the message of the error
  SQL._free(message);
  SQL._free(sql);
}
function leakBlock(): number {
  return SQL._malloc(1234); // leaks: a block
}

describe.each<InspectOptions>([{}, { stacks: 'all' }])('sql.js, unmodified, with %o', (options) => {
  beforeEach(async () => {
    ({ SQL, heap } = await start(options));
    db = new SQL.Database();
    db.run('create table t(a, b)');
    for (let i = 0; i < 20; i++) db.run('insert into t values (?, ?)', [i, `text ${i}`]);
    db.exec('select count(*) from t');
  });

  test('its allocator is found by its shape, and every free matches an allocation', () => {
    const [coverage] = heap.coverage;
    expect(coverage).toMatchObject({
      isRecorded: true,
      unmatchedFrees: 0,
      unseenFrees: 0,
      lost: 0,
      notes: [],
    });
    expect(coverage?.functions.map(({ does, how }) => [does, how])).toEqual(
      expect.arrayContaining([
        ['malloc', 'shape'],
        ['free', 'shape'],
        ['realloc', 'shape'],
      ]),
    );
    expect(heap.allocations).toBeGreaterThan(100);
    expect(heap.allocations - heap.frees).toBe(heap.liveBlocks);
  });

  test('three leaks are found with bytes, count, file and line, and nothing else', () => {
    const since = heap.mark();
    leakStatement();
    for (let i = 0; i < 3; i++) leakString();
    const address = leakBlock();
    const leaks = heap.leaks({ since });
    expect(leaks.filter((leak) => frameHere(leak.stack) === undefined)).toEqual([]);
    const block = leaks.filter(isAt('leaks: a block'));
    expect(block).toMatchObject([{ bytes: 1234, count: 1, addresses: [address] }]);
    expect(block[0]?.site).toMatchObject({ name: 'leakBlock', line: lineOf('leaks: a block') });
    expect(leaks.every(({ site, stack }) => site === frameHere(stack))).toBe(true);
    const strings = leaks.filter(isAt('leaks: the message of the error'));
    expect(strings.map(({ count }) => count)).toEqual([3]);
    expect(strings[0]?.bytes).toBeGreaterThan(3 * 'near "no": syntax error'.length);
    const statements = leaks.filter(isAt('leaks: a statement'));
    expect(statements.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThan(LONG.length);
    expect(leaks.length).toBe(1 + 1 + statements.length);
  });

  test('what is freed is no leak', () => {
    const since = heap.mark();
    db.prepare(LONG).free();
    SQL._free(SQL._malloc(100));
    expect(heap.leaks({ since })).toEqual([]);
    expect(heap.reports).toEqual([]);
  });

  test('a double free is reported with three sites', () => {
    const address = SQL._malloc(48); // allocated
    SQL._free(address); // freed
    SQL._free(address); // freed again
    const [report, ...others] = heap.reports;
    expect(others).toEqual([]);
    expect(report).toMatchObject({ kind: 'double-free', address, size: 48 });
    const sites = [report?.allocated, report?.freed, report?.found].map(
      (stack) => frameHere(stack ?? [])?.line,
    );
    expect(sites).toEqual(['allocated', 'freed', 'freed again'].map(lineOf));
  });

  test('a free of what is no block is reported, a free of NULL is not', () => {
    SQL._free(0);
    expect(heap.reports).toEqual([]);
  });

  test('the recording has every event, and its blocks add up', () => {
    heap.mark('here');
    leakBlock();
    const { length, kinds, sizes, addresses, previous, sites, stacks, marks, times } = heap.record();
    expect(length).toBe(heap.record().length);
    const live = new Map<number, number>();
    for (let i = 0; i < length; i++) {
      const [kind, address = 0, size = 0] = [kinds[i], addresses[i], sizes[i]];
      if (kind === 1) live.delete(address);
      if (kind === 2) live.delete(previous[i] ?? 0);
      if (kind === 0 || kind === 2) live.set(address, size);
      expect(sites[i]).toBeLessThan(stacks.length);
      if (i > 0) expect(times[i]).toBeGreaterThanOrEqual(times[i - 1] ?? 0);
    }
    expect([...live.values()].reduce((sum, size) => sum + size, 0)).toBe(heap.liveBytes);
    expect(live.size).toBe(heap.liveBlocks);
    expect(marks).toEqual([{ name: 'here', event: length - 2 }]);
  });
});
