// The server on the loopback: who gets an answer, and a page that follows a program.
import http from 'node:http';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspect } from '../../../ts/debug/index.ts';
import { ArgumentRangeError, ArgumentTypeError } from '../../../ts/errors.ts';
import { createHeapSync } from '../../../ts/index.ts';
import { decodeRecording } from '../../../ts/inspect/decode.ts';
import { LiveFeed } from '../../../ts/inspect/feed.ts';
import { FrameReader, frameOf } from '../../../ts/inspect/messages.ts';
import { serveInspector } from '../../../ts/inspect/server.ts';
import { bytesText } from '../../../ts/inspect/units.ts';
import { launch, openPage } from '../../support/browser.ts';
import { buildModule, bumpAllocator } from '../../support/build-module.ts';
import { prng, SEED } from '../../support/prng.ts';
import { makeRecording, recordingOf } from '../../support/recording.ts';

const get = (url: string, options: http.RequestOptions = {}): Promise<{ status: number; body: Buffer; headers: http.IncomingHttpHeaders }> =>
  new Promise((resolve, reject) => {
    const request = http.request(url, { agent: false, ...options }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts), headers: response.headers }));
    });
    request.on('error', reject);
    request.end();
  }); // prettier-ignore

test('a source that fails while a page follows it breaks the stream, and the program goes on', async () => {
  let calls = 0;
  const source = {
    record: () => {
      if (++calls > 2) throw new Error('of the source');
      return recordingOf(['alloc', 64, 9]);
    },
    readBytes: () => 5 as never,
  };
  const server = await serveInspector(source);
  await expect(get(`${server.url}stream`)).rejects.toThrow(/aborted|reset|hang up/);
  expect((await get(`${server.url}bytes?address=0&size=8`)).status).toBe(404);
  expect((await get(server.url)).status).toBe(200);
  await server.close();
  expect(calls).toBe(3);
});

describe('requests', () => {
  const recording = recordingOf(['alloc', 64, 9]);
  test('the page and the file are at the address with the secret', async () => {
    const server = await serveInspector(recording);
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/$/);
    const page = await get(server.url);
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.body.toString()).toContain('"kind":"file"');
    expect(decodeRecording((await get(`${server.url}heap.lmh`)).body).length).toBe(1);
    await server.close();
    await expect(get(server.url)).rejects.toThrow(/ECONNREFUSED/);
  });
  test.each<[string, (url: string) => string, http.RequestOptions, number]>([
    ['no secret', (url) => new URL('/', url).href, {}, 404],
    ['a wrong secret', (url) => url.replace(/[0-9a-f]{32}/, '0'.repeat(32)), {}, 404],
    ['a part of the secret', (url) => url.slice(0, -8), {}, 404],
    ['another file', (url) => `${url}package.json`, {}, 404],
    ['a way out', (url) => `${url}..%2f..%2fetc%2fpasswd`, {}, 404],
    ['bytes of a recording', (url) => `${url}bytes?address=0&size=8`, {}, 404],
    ['another host name', (url) => url, { headers: { host: 'example.org' } }, 403],
    ['no host name', (url) => url, { setHost: false }, 400],
    ['POST', (url) => url, { method: 'POST' }, 405],
  ])('%s is refused', async (_, change, options, status) => {
    const server = await serveInspector(recording);
    const answer = await get(change(server.url), options);
    expect(answer.status).toBe(status);
    expect(answer.body.toString()).not.toContain('linmem</b>');
    await server.close();
  }); // prettier-ignore
  test('a port that is none, and one that is taken', async () => {
    await expect(serveInspector(recording, { port: 70_000 })).rejects.toThrow(ArgumentRangeError);
    const server = await serveInspector(recording);
    await expect(serveInspector(recording, { port: Number(new URL(server.url).port) })).rejects.toThrow(/EADDRINUSE/); // prettier-ignore
    await server.close();
  });
});

test("bytes of linmem's heaps and of those of inspect() are sent, and none of what is outside", async () => {
  const heap = createHeapSync({ callSites: 'all' });
  const block = heap.allocInt32(0x01020304);
  const { result, heap: inspected } = await inspect(() => WebAssembly.instantiate(buildModule({ memory: [0, 1], ...bumpAllocator(0) }))); // prettier-ignore
  const { malloc, memory } = result.instance.exports as {
    malloc(size: number): number;
    memory: WebAssembly.Memory;
  };
  const address = malloc(2);
  new Uint8Array(memory.buffer).set([7, 8], address);
  for (const [source, at, size, expected] of [[heap, block.address, 4, [4, 3, 2, 1]], [inspected, address, 2, [7, 8]]] as const) {
    const server = await serveInspector(source);
    expect([...(await get(`${server.url}bytes?address=${at}&size=${size}`)).body]).toEqual(expected);
    for (const outside of [2 ** 40, -1, 'x']) expect((await get(`${server.url}bytes?address=${outside}&size=4`)).status).toBe(404);
    await server.close();
  } // prettier-ignore
});

test(`frames come out as they went in, however they are cut (SEED=${SEED})`, () => {
  const random = prng(SEED);
  const frames = Array.from({ length: 50 }, () =>
    Uint8Array.from({ length: random(300) }, () => random(256)),
  );
  const bytes = new Uint8Array(Buffer.concat(frames.map(frameOf))); // a Buffer's parts are Buffers
  const found: Uint8Array[] = [];
  const reader = new FrameReader((frame) => found.push(frame.slice()));
  for (let at = 0; at < bytes.length;) {
    const size = 1 + random(40);
    reader.add(bytes.subarray(at, at + size));
    at += size;
  }
  expect(found).toEqual(frames);
});

test('a feed says what is new, and begins again where the recording does', () => {
  const whole = makeRecording({ seed: SEED, events: 500, live: 50, stacks: 5 });
  let length = 100;
  const feed = new LiveFeed({ record: () => ({ ...whole, length, marks: [], reports: [] }) });
  expect(feed.next().length).toBe(1);
  expect(feed.next()).toEqual([]);
  length = 400;
  expect(feed.next().length).toBe(1);
  length = 20;
  expect(feed.next().map((message) => message.length > 0)).toEqual([false, true]);
});

test('a feed refuses a wrong stack among the new ones, and among all where the recording begins again', () => {
  const whole = makeRecording({ seed: SEED, events: 500, live: 50, stacks: 5 });
  const wrong = [5 as never];
  let length = 100;
  let { stacks } = whole;
  const feed = new LiveFeed({ record: () => ({ ...whole, length, stacks, marks: [], reports: [] }) });
  feed.next();
  stacks = [...whole.stacks, wrong];
  expect(() => feed.next()).toThrow(ArgumentTypeError);
  stacks = [whole.stacks[0] ?? [], wrong, ...whole.stacks.slice(2)];
  length = 20;
  expect(() => feed.next()).toThrow(ArgumentTypeError);
});

describe('a page that follows a program', () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launch()), 60_000);
  afterAll(async () => browser?.close());

  test('shows what is new, bytes of blocks, and the end', async () => {
    const whole = makeRecording({ seed: SEED, events: 4000, live: 200, stacks: 10 });
    let length = 1000;
    const source = {
      record: () => ({ ...whole, length, marks: [], reports: [] }),
      readBytes: (address: number, size: number) =>
        new TextEncoder().encode(`at ${address}`).subarray(0, size),
    };
    const server = await serveInspector(source);
    const { page, errors } = await openPage(browser);
    await page.goto(server.url);
    const events = (count: string): Promise<unknown> => page.getByText(`event ${count} of ${count}`).waitFor({ timeout: 20_000 }); // prettier-ignore
    await events('1,000');
    length = 4000;
    await events('4,000');
    await page.locator('[data-tab=blocks]').click();
    await page.locator('#table tbody button').first().click();
    const heading = await page.getByRole('heading', { name: 'Block 0x' }).innerText();
    const address = Number(heading.replace('Block ', ''));
    await page.getByText(`at ${address}`.slice(0, 8)).first().waitFor();
    await server.close();
    await page.getByText('the program has ended').waitFor();
    expect(await page.locator('#live').innerText()).toMatch(/B$/);
    expect(errors).toEqual([]);
    await page.close();
  }, 60_000);

  test('a seek stays where it is while the program goes on', async () => {
    const whole = makeRecording({ seed: SEED, events: 2000, live: 100, stacks: 10 });
    let length = 1000;
    const server = await serveInspector({ record: () => ({ ...whole, length, marks: [], reports: [] }) });
    const { page } = await openPage(browser);
    await page.goto(server.url);
    await page.getByText('event 1,000 of 1,000').waitFor();
    await page.locator('#slider').fill('400');
    await page.getByText('event 401 of 1,000').waitFor();
    length = 2000;
    await page.getByText('event 401 of 2,000').waitFor();
    await server.close();
    await page.close();
    expect(bytesText(0)).toBe('0 B');
  }, 60_000);
});
