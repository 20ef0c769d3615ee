// Call stacks of this engine, each stored once.
import { afterEach, describe, expect, test } from 'vitest';
import { CallSites, programFrame } from '../../../ts/debug/call-sites.ts';
import { parseStack } from '../../../ts/debug/stack-frames.ts';

const FILE = /call-sites\.test\.ts/;
/** The line of the caller, as its engine counts it. */
const lineHere = (): number => parseStack(new Error().stack ?? '')[1]?.line ?? 0;

describe('a captured stack', () => {
  test('begins with the caller of capture, with its name, file and line', () => {
    const sites = new CallSites();
    function allocate(): [number, number] {
      return [lineHere(), sites.capture()];
    }
    const [line, site] = allocate();
    const [frame, caller] = sites.stacks[site] ?? [];
    expect(frame).toMatchObject({ name: 'allocate', line, file: expect.stringMatching(FILE) });
    expect(caller).toMatchObject({ file: expect.stringMatching(FILE) });
  });
  test('has no frame of linmem, wherever it is in the stack', () => {
    const sites = new CallSites();
    const site = sites.add([]);
    expect(site).toBe(0);
    sites.capture();
    expect(
      sites.stacks.flat().filter(({ file }) => /\/ts\/debug\/call-sites\.ts/.test(file) && !FILE.test(file)),
    ).toEqual([]);
  });
  test('is one for each place, and the same for the same place', () => {
    const sites = new CallSites();
    const numbers = Array.from({ length: 100 }, () => [sites.capture(), sites.capture()]);
    expect(new Set(numbers.map(String)).size).toBe(1);
    expect(new Set(numbers[0]).size).toBe(2);
    expect(sites.stacks).toHaveLength(3);
  });
  test('is one for each path to a place', () => {
    const sites = new CallSites();
    const place = (): number => sites.capture();
    const one = (): number => place();
    const two = (): number => place();
    expect(one()).not.toBe(two());
  });
  test('is deeper than the limit of the engine, which is as before afterwards', () => {
    const { stackTraceLimit } = Error as { stackTraceLimit?: number };
    const sites = new CallSites();
    const deep = (n: number): number => (n === 0 ? sites.capture() : deep(n - 1) + 0); // no tail calls, which JavaScriptCore makes
    const found = (sites.stacks[deep(20)] ?? []).filter(({ file }) => FILE.test(file));
    expect(found.length).toBeGreaterThanOrEqual(21);
    expect((Error as { stackTraceLimit?: number }).stackTraceLimit).toBe(stackTraceLimit);
  });
  test('crosses an await', async () => {
    const sites = new CallSites();
    async function inner(): Promise<number> {
      await Promise.resolve();
      const site = sites.capture(); // no tail call, which JavaScriptCore makes
      return site;
    }
    async function outer(): Promise<number> {
      return await inner();
    }
    const names = (sites.stacks[await outer()] ?? []).map(({ name }) => name);
    expect(names[0]).toBe('inner');
    if ('captureStackTrace' in Error && /V8|Chrom|Node/i.test(globalThis.navigator?.userAgent ?? ''))
      expect(names.map((name) => name.replace('async ', ''))).toContain('outer'); // Vitest's stacks do not say async
  });
  test('begins with the caller of the function that is given', () => {
    const sites = new CallSites();
    const hidden = (): number => sites.capture(hidden) + 0;
    function shown(): number {
      return hidden() + 0; // as above
    }
    if ('captureStackTrace' in Error) expect(sites.stacks[shown()]?.[0]?.name).toBe('shown');
  });
});

describe('a program that changes how stacks are written', () => {
  const engine = Error as { prepareStackTrace?: unknown; stackTraceLimit?: unknown };
  const before = Object.getOwnPropertyDescriptors(Error);
  afterEach(() => {
    for (const name of ['prepareStackTrace', 'stackTraceLimit'] as const) {
      const old = before[name as keyof typeof before];
      if (old) Object.defineProperty(Error, name, old);
      else delete engine[name];
    }
  });
  const isV8 = !('Bun' in globalThis) && / at /.test(new Error().stack ?? '');

  test.runIf(isV8)('as an array of call sites: is understood', () => {
    const sites = new CallSites();
    engine.prepareStackTrace = (_: unknown, list: unknown[]) => list;
    const site = sites.capture();
    delete engine.prepareStackTrace;
    expect(sites.stacks[site]?.[0]?.line).toBeGreaterThan(0);
  });
  test.runIf(isV8).each([[undefined], [{}], [17], ['']])('as %j: an unknown place', (text) => {
    const sites = new CallSites();
    engine.prepareStackTrace = () => text;
    expect(sites.capture()).toBe(0);
  });
  test('a limit of 0 frames is an unknown place or more, and never an error', () => {
    engine.stackTraceLimit = 0;
    const sites = new CallSites();
    expect(sites.capture()).toBeGreaterThanOrEqual(0);
    expect(engine.stackTraceLimit).toBe(0);
  });
  test('a limit that cannot be set leaves the stacks of the engine', () => {
    Object.defineProperty(Error, 'stackTraceLimit', { value: 5, writable: false, configurable: true });
    const sites = new CallSites();
    expect(sites.stacks[sites.capture()]?.[0]?.file).toMatch(FILE);
  });
});

describe('the frame of the program', () => {
  const frame = (file: string, line: number) => ({ name: 'f', file, line, column: 1 });
  test.each([
    ['the first outside of wasm and the engine', [frame('wasm://h/a.wasm', 0), frame('node:events', 1), frame('', 0), frame('/a.js', 7)], 3],
    ['the first outside of packages', [frame('wasm://h/a.wasm', 0), frame('/p/node_modules/sql.js/a.js', 3), frame('/p/a.js', 7)], 2],
    ['the first of a package, if there is no other', [frame('node:events', 1), frame('C:\\p\\node_modules\\a.js', 3), frame('/p/node_modules/b.js', 4)], 1],
    ['the first, if there is no other', [frame('wasm://h/a.wasm', 0), frame('node:events', 1)], 0],
  ] as const)('is %s', (_, frames, index) => expect(programFrame(frames)).toBe(frames[index])); // prettier-ignore
  test('of no stack is undefined', () => expect(programFrame([])).toBeUndefined());
});
