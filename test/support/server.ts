// A server of files given as text, and of linmem's files, for tests in a page.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Serves `pages`, each with its Content-Security-Policy if it has one, and the files of dist/. */
export class PageServer {
  /** The paths that were asked for, in order. */
  readonly requests: string[] = [];
  readonly #server: Server;

  constructor(pages: Readonly<Record<string, { text: string; policy?: string }>>) {
    this.#server = createServer((request, response) => {
      const path = request.url ?? '/';
      this.requests.push(path);
      const page = pages[path];
      response.setHeader('Content-Type', TYPES[extname(path)] ?? 'text/html');
      if (page?.policy) response.setHeader('Content-Security-Policy', page.policy);
      try {
        response.end(page ? page.text : readFileSync(`dist${path}`));
      } catch {
        response.writeHead(404).end();
      }
    });
  }

  /** Starts, and resolves to the address. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
  }
}
