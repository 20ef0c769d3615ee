// SPDX-License-Identifier: MIT
// The inspector of a Node program: a server for this machine only, whose URL contains a secret.
//
//   S1  It listens on 127.0.0.1, and answers only requests with that host name: a page whose host name resolves to
//       127.0.0.1 is refused.
//   S2  Every URL contains 128 random bits. Requests without them get 404.
//   S3  The page may only run its script and connect to this server.
import { ArgumentRangeError, ModuleError } from '../errors.ts';
import { readOptions } from '../heap/options.ts';
import { encodeRecording } from './encode.ts';
import { bytesOf, INTERVAL, isLiveSource, LiveFeed, type LiveSource } from './feed.ts';
import type { InspectedRecording } from './format.ts';
import { frameOf } from './messages.ts';
import { assertRecording } from './shapes.ts';
import { pageFor } from './report.ts';

/** Options of `serveInspector`. */
export interface ServeOptions {
  /**
   * The port; 0 for any free port.
   *
   * @defaultValue 0
   */
  readonly port?: number;
  /**
   * True if the server keeps a program running that has nothing else to do.
   *
   * @defaultValue false
   */
  readonly keepAlive?: boolean;
}

/** A server of the inspector. */
export interface InspectorServer {
  /** The URL of the page, for a browser on this machine. Every program that knows it can read the heap. */
  readonly url: string;
  /** Sends the last events to the pages, and closes the server. */
  close(): Promise<void>;
}

/** The members of a request of `node:http` that are used. */
interface Request {
  readonly method?: string;
  readonly url?: string;
  readonly headers: { readonly host?: string };
}
interface Response {
  writeHead(status: number, headers: Readonly<Record<string, string>>): void;
  write(bytes: Uint8Array): boolean;
  end(body?: string | Uint8Array): void;
  destroy(): void;
  on(event: 'close', listener: () => void): void;
}
interface Server {
  listen(port: number, host: string, done: () => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  address(): { readonly port: number };
  close(done: () => void): void;
  closeAllConnections(): void;
  unref(): void;
}
interface Http {
  createServer(handler: (request: Request, response: Response) => void): Server;
}
interface NodeProcess {
  getBuiltinModule?(name: string): unknown;
}

const HEADERS = {
  'Content-Security-Policy': "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const; // prettier-ignore
const BINARY = 'application/octet-stream';

/** The maximum number of bytes of a block that are sent. */
const MOST_BYTES = 65536;

/**
 * Serves the inspector of a heap, or of a recording, to browsers on this machine. Only in Node and in runtimes with its
 * `node:http`.
 *
 * @param source a heap of `linmem/debug`, which the page shows while the program runs, or a recording
 * @returns the server, once its URL can be opened
 * @throws {ModuleError} if there is no `node:http` here
 * @throws {ArgumentRangeError} if `port` is not a port, or a recording has numbers that a file cannot have
 * @throws {ArgumentTypeError} if `source` is neither
 */
export async function serveInspector(
  source: LiveSource | InspectedRecording,
  options: ServeOptions = {},
): Promise<InspectorServer> {
  const { port = 0, keepAlive = false } = readOptions(options, { port: 'number', keepAlive: 'boolean' });
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new ArgumentRangeError('a port from 0 to 65535', port);
  const host = (globalThis as { process?: NodeProcess }).process;
  const http = host?.getBuiltinModule?.('node:http') as Http | undefined;
  if (!http)
    throw new ModuleError('serveInspector needs node:http, of Node 20.16 or newer: in a browser, use openInspector'); // prettier-ignore
  const site = new Site(source);
  const server = http.createServer((request, response) => site.answer(request, response));
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  if (!keepAlive) server.unref();
  const { port: actual } = server.address();
  site.host = `127.0.0.1:${actual}`;
  const close = async (): Promise<void> => {
    site.end();
    const closed = new Promise<void>((resolve) => server.close(resolve));
    setTimeout(() => server.closeAllConnections(), 200);
    await closed;
  };
  return { url: `http://${site.host}/${site.token}/`, close };
}

/** The pages and files of a server. */
class Site {
  readonly token: string = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join(''); // prettier-ignore
  host = '';
  readonly #source: LiveSource | InspectedRecording;
  readonly #file: Uint8Array | undefined;
  readonly #streams: Set<() => void> = new Set();

  constructor(source: LiveSource | InspectedRecording) {
    this.#source = source;
    if (isLiveSource(source)) assertRecording(source.record());
    this.#file = isLiveSource(source) ? undefined : encodeRecording(source);
  }

  /** Answers a request (S1, S2). */
  answer(request: Request, response: Response): void {
    const refuse = (status: number, why: string): void => {
      response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8' });
      response.end(`${why}\n`);
    };
    const [path = '', query = ''] = (request.url ?? '').split('?');
    if (request.headers.host !== this.host) refuse(403, 'This server answers only requests to 127.0.0.1.');
    else if (request.method !== 'GET') refuse(405, 'Only GET.');
    else if (!path.startsWith(`/${this.token}/`))
      refuse(404, 'Not found. Use the complete address that the program printed.');
    else if (!this.#serve(path.slice(this.token.length + 2), query, response)) refuse(404, 'Not here.');
  }

  /** Returns false if there is no such page or file. */
  #serve(name: string, query: string, response: Response): boolean {
    const source = this.#source;
    if (name === '') void this.#page(response);
    else if (name === 'heap.lmh' && this.#file) send(response, BINARY, this.#file);
    else if (name === 'stream' && isLiveSource(source)) this.#stream(source, response);
    else if (name === 'bytes' && isLiveSource(source)) {
      const { address, size } = Object.fromEntries(new URLSearchParams(query)) as {
        address?: string;
        size?: string;
      };
      const bytes = bytesOf(source, Number(address), Math.min(Number(size), MOST_BYTES));
      if (!bytes) return false;
      send(response, BINARY, bytes);
    } else return false;
    return true;
  }

  async #page(response: Response): Promise<void> {
    const isLive = this.#file === undefined;
    const html = await pageFor(isLive ? { kind: 'stream', url: 'stream', bytes: 'bytes' } : { kind: 'file', url: 'heap.lmh' }); // prettier-ignore
    send(response, 'text/html; charset=utf-8', html);
  }

  #stream(source: LiveSource, response: Response): void {
    response.writeHead(200, { ...HEADERS, 'Content-Type': BINARY });
    const feed = new LiveFeed(source);
    const news = (): void => {
      try {
        for (const blocks of feed.next()) response.write(frameOf(blocks));
      } catch {
        response.destroy(); // the page shows that the stream broke; the program must not end by it
      }
    };
    news();
    const timer = setInterval(news, INTERVAL);
    (timer as unknown as { unref?(): void }).unref?.();
    const finish = (): void => {
      clearInterval(timer);
      this.#streams.delete(finish);
      news();
      response.end();
    };
    this.#streams.add(finish);
    response.on('close', () => {
      clearInterval(timer);
      this.#streams.delete(finish);
    });
  }

  /** Sends the last events to all streams, and ends them. */
  end(): void {
    for (const finish of this.#streams) finish();
  }
}

function send(response: Response, type: string, body: string | Uint8Array): void {
  response.writeHead(200, { ...HEADERS, 'Content-Type': type });
  response.end(body);
}
