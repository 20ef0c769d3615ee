// The exports, each opened by a reader of its own tool: pprof by pprof-format, speedscope's and pprof's files and collapsed
// stacks by the page of speedscope, DHAT's by the page of Valgrind.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Ajv } from 'ajv';
import type { Browser } from 'playwright';
import { Profile } from 'pprof-format';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toCollapsed } from '../../../ts/inspect/collapsed.ts';
import { toDhat } from '../../../ts/inspect/dhat.ts';
import { toPprof } from '../../../ts/inspect/pprof.ts';
import { Replay } from '../../../ts/inspect/replay.ts';
import { bySite, liveBySite } from '../../../ts/inspect/sites.ts';
import { toSpeedscope } from '../../../ts/inspect/speedscope.ts';
import { toTrace } from '../../../ts/inspect/trace.ts';
import { launch, openPage } from '../../support/browser.ts';
import { prng, SEED } from '../../support/prng.ts';
import { makeRecording, makeStacks, recordingOf } from '../../support/recording.ts';
import { DH_VIEW } from '../../../tools/setup.mjs';

const recording = makeRecording({ seed: SEED, events: 8000, live: 600, stacks: 30 });
const replay = new Replay(recording);
const last = replay.length - 1;
const sum = (numbers: Iterable<number>): number => [...numbers].reduce((a, b) => a + b, 0);
/** The same numbers by the names of the frames, as those formats have them that do not know places. */
const byNames = (totals: { bytes: Float64Array }): Record<string, number> => {
  const found: Record<string, number> = {};
  totals.bytes.forEach((bytes, site) => {
    const names = (recording.stacks[site] ?? [])
      .map(({ name }) => name)
      .reverse()
      .join(';');
    if (bytes > 0) found[names] = (found[names] ?? 0) + bytes;
  });
  return found;
};

describe(`pprof, read by pprof-format (SEED=${SEED})`, () => {
  const profile = Profile.decode(toPprof(replay));
  const text = (index: unknown): string => profile.stringTable.strings[Number(index)] as string;
  test('has the four values of heap profiles', () =>
    expect(profile.sampleType.map(({ type, unit }) => [text(type), text(unit)])).toEqual([
      ['alloc_objects', 'count'], ['alloc_space', 'bytes'], ['inuse_objects', 'count'], ['inuse_space', 'bytes'],
    ])); // prettier-ignore
  test('has the totals of the replay', () => {
    const totals = [0, 1, 2, 3].map((i) => sum(profile.sample.map(({ value }) => Number(value[i]))));
    const [allocated, live] = [bySite(replay, 'allocated', -1, last), liveBySite(replay, last)];
    expect(totals).toEqual([allocated.totalBlocks, allocated.totalBytes, live.totalBlocks, live.totalBytes]);
    expect(live.totalBytes).toBeGreaterThan(0);
  });
  test('has the stacks, innermost frame first, with files and lines', () => {
    const stacks = profile.sample.map(({ locationId }) =>
      locationId.map((id) => {
        const { line } = profile.location[Number(id) - 1] as (typeof profile.location)[0];
        const { name, filename } = profile.function[
          Number(line[0]?.functionId) - 1
        ] as (typeof profile.function)[0];
        return `${text(name)} ${text(filename)} ${line[0]?.line}`;
      }),
    );
    const used = new Set(Array.from({ length: last + 1 }, (_, i) => i).filter((i) => replay.ends[i] !== 0).map((i) => recording.sites[i])); // prettier-ignore
    const expected = recording.stacks.filter((_, site) => used.has(site)).map((stack) => stack.map(({ name, file, line }) => `${name} ${file} ${line}`)); // prettier-ignore
    expect(stacks).toEqual(expected);
  });
  test('has the time and the length of the recording', () => {
    expect(BigInt(profile.timeNanos)).toBe(1_790_000_000_000_000_000n);
    expect(Number(profile.durationNanos)).toBe(Math.round((recording.times[last] as number) * 1e6));
    expect(text(profile.defaultSampleType)).toBe('inuse_space');
  });
  test('of a recording without stacks and of an empty one', () => {
    expect(Profile.decode(toPprof(new Replay(recordingOf(['alloc', 8, 5])))).sample.length).toBe(1);
    expect(Profile.decode(toPprof(new Replay(recordingOf()))).sample).toEqual([]);
  });
});

describe('speedscope', () => {
  const schema = JSON.parse(readFileSync('node_modules/speedscope/dist/release/file-format-schema.json', 'utf8')) as object; // prettier-ignore
  const validate = new Ajv({ strict: false }).compile(schema);
  test.each([['', replay], [' without stacks', new Replay(recordingOf(['alloc', 8, 5]))], [' that is empty', new Replay(recordingOf())]])('the file of a recording%s matches the schema', (_, of) => {
    validate(JSON.parse(JSON.stringify(toSpeedscope(of))));
    expect(validate.errors).toBe(null);
  }); // prettier-ignore
  test('has the totals of the replay', () => {
    const totals = toSpeedscope(replay).profiles.map(({ weights, endValue }) => [sum(weights), endValue]);
    const expected = [liveBySite(replay, last), liveBySite(replay, replay.peak), bySite(replay, 'allocated', -1, last), bySite(replay, 'temporary', -1, last)]; // prettier-ignore
    expect(totals).toEqual(expected.map(({ totalBytes }) => [totalBytes, totalBytes]));
  });
});

test('collapsed stacks have the bytes of each stack, outermost frame first', () => {
  const lines = toCollapsed(replay).trim().split('\n');
  expect(Object.fromEntries(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))).toEqual(byNames(liveBySite(replay, last))); // prettier-ignore
  const odd = { ...recordingOf(['alloc', 8, 5]), sites: Uint32Array.of(1), stacks: [[], [{ name: 'a; b\n9', file: '', line: 0, column: 0 }]] }; // prettier-ignore
  expect(toCollapsed(new Replay(odd))).toBe('a_b_9 5\n');
});

test('trace events: counters keep the peak and go forward, marks and reports are instants', () => {
  const { traceEvents } = toTrace(replay, 200);
  for (const event of traceEvents) {
    expect(event).toMatchObject({
      name: expect.any(String),
      cat: 'heap',
      pid: 1,
      tid: 1,
      args: expect.any(Object),
    });
    expect(Number.isInteger(event.ts) && event.ts >= 0).toBe(true);
  }
  const live = traceEvents.filter(({ ph, name }) => ph === 'C' && name === 'live bytes');
  expect(live.length).toBe(200);
  expect(Math.max(...live.map(({ args }) => args.bytes as number))).toBe(replay.liveBytes[replay.peak]);
  expect(live.map(({ ts }) => ts)).toEqual(live.map(({ ts }) => ts).sort((a, b) => a - b));
  const instants = traceEvents.filter(({ ph }) => ph === 'i').map(({ name }) => name);
  expect(instants).toEqual([
    ...recording.marks.map(({ name }) => name),
    ...recording.reports.map(({ kind }) => kind),
  ]);
});

describe('DHAT', () => {
  test('totals, ends and lifetimes are those of the blocks', () => {
    const { pps, te } = toDhat(replay);
    const allocated = bySite(replay, 'allocated', -1, last);
    const live = liveBySite(replay, last);
    const peak = liveBySite(replay, replay.peak);
    const of = (key: 'tb' | 'tbk' | 'eb' | 'ebk' | 'gb' | 'gbk' | 'tl'): number =>
      sum(pps.map((point) => point[key]));
    expect([of('tb'), of('tbk')]).toEqual([allocated.totalBytes, allocated.totalBlocks]);
    expect([of('eb'), of('ebk')]).toEqual([live.totalBytes, live.totalBlocks]);
    expect([of('gb'), of('gbk')]).toEqual([peak.totalBytes, peak.totalBlocks]);
    const ticks = (event: number): number => Math.round((recording.times[event] as number) * 1000);
    const lifetimes = Array.from({ length: last + 1 }, (_, i) => i).filter((i) => replay.ends[i] !== 0).map((i) => ticks(Math.min(replay.ends[i] as number, last)) - ticks(i)); // prettier-ignore
    expect([of('tl'), te]).toEqual([sum(lifetimes), ticks(last)]);
    for (const { mb, gb, eb, tb } of pps) expect(mb >= gb && mb >= eb && tb >= mb).toBe(true);
  });
  test('a realloc onto a live block ends both', () => {
    const { pps } = toDhat(new Replay(recordingOf(['alloc', 8, 4], ['alloc', 16, 6], ['realloc', 16, 9, 8])));
    expect(pps).toMatchObject([{ tb: 19, tbk: 3, eb: 9, ebk: 1 }]);
  });
});

describe('the pages of the tools, in Chromium', () => {
  let browser: Browser;
  const folder = mkdtempSync(join(tmpdir(), 'linmem-exports-'));
  beforeAll(async () => void (browser = await launch()), 60_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });
  const write = (name: string, contents: string | Uint8Array): string => {
    writeFileSync(join(folder, name), contents);
    return join(folder, name);
  };

  test.each<[string, () => string | Uint8Array]>([
    ['heap.speedscope.json', () => JSON.stringify(toSpeedscope(replay))],
    ['heap.pb.gz', () => gzipSync(toPprof(replay))],
    ['heap.collapsed.txt', () => toCollapsed(replay)],
  ])('speedscope opens %s and shows its functions', async (name, make) => {
    const bytes = Buffer.from(make() as string).toString('base64');
    const script = write(`${name}.js`, `speedscope.loadFileFromBase64(${JSON.stringify(name)}, '${bytes}')`);
    const url = pathToFileURL('node_modules/speedscope/dist/release/index.html').href;
    const { page, errors } = await openPage(browser);
    await page.goto(`${url}#localProfilePath=${script}`);
    await page.getByText('Sandwich').click();
    await page.getByText(/^(parse|tokenize|insert|main)$/).first().waitFor();
    expect(await page.title()).toContain(name.includes('speedscope') ? recording.name : name);
    await page.getByText('Total', { exact: true }).first().click();
    const lines = await page.locator('tr').allInnerTexts();
    // Collapsed stacks have no unit.
    const { totalBytes } = liveBySite(replay, last);
    const shown = name.includes('collapsed') ? totalBytes.toLocaleString('en-US') : `${(totalBytes / 1024).toFixed(2)} KB`; // prettier-ignore
    expect(lines.find((text) => /\bmain\b/.test(text))).toContain(shown);
    expect(errors).toEqual([]);
    await page.close();
  }); // prettier-ignore

  test("Valgrind's dh_view opens the DHAT file and shows its totals", async () => {
    const { page, errors } = await openPage(browser);
    const viewer = DH_VIEW as string;
    expect(existsSync(viewer), 'npm test installs valgrind').toBe(true);
    await page.goto(pathToFileURL(viewer).href);
    await page.locator('input[type=file]').setInputFiles(write('dhat.out', JSON.stringify(toDhat(replay))));
    await page.getByText('Total:').first().waitFor();
    const text = await page.locator('body').innerText();
    const { totalBytes, totalBlocks } = bySite(replay, 'allocated', -1, last);
    const shown = (n: number): string => n.toLocaleString('en-US');
    expect(text).toContain(`${shown(totalBytes)} bytes`);
    expect(text).toContain(`${shown(totalBlocks)} blocks`);
    expect(text).toContain('main (/app/src/main.ts:12:3)');
    expect(errors).toEqual([]);
    await page.close();
  });
});

test('stacks of the generator share their outer frames', () =>
  expect(makeStacks(5, prng(1)).slice(1).every((stack) => stack.at(-1)?.name === 'main')).toBe(true)); // prettier-ignore
