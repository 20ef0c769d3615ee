// SPDX-License-Identifier: MIT
// The inspector in a separate window, opened by the page whose heap it shows.
import { ArgumentRangeError, assertHas, ModuleError } from '../errors.ts';
import { readOptions } from '../heap/options.ts';
import { feedPort, INTERVAL, isLiveSource, type LiveSource, type PagePort } from './feed.ts';
import { isLiveMessage } from './messages.ts';
import { pageFor } from './report.ts';

/** Options of `openInspector`. */
export interface OpenOptions {
  /**
   * The interval between updates in milliseconds.
   *
   * @defaultValue 250
   */
  readonly interval?: number;
}

/** A window with the inspector. */
export interface Inspector {
  readonly window: Window;
  /** Ends the updates. The window stays open. */
  stop(): void;
}

/** A worker whose heap is exposed by `exposeHeap`. */
export interface HeapWorker {
  postMessage(message: unknown, transfer: Transferable[]): void;
}

/**
 * Opens a window that shows a heap while the program runs: one of this page, or of a worker that calls `exposeHeap`.
 * Call it in the listener of a click: browsers open no window otherwise.
 *
 * @param source a heap of `linmem/debug`, or a worker
 * @returns the window, once it shows the heap
 * @throws {ModuleError} if the browser opens no window
 * @throws {ArgumentTypeError} if `source` is neither
 */
export async function openInspector(
  source: LiveSource | HeapWorker,
  options: OpenOptions = {},
): Promise<Inspector> {
  const { interval = INTERVAL } = readOptions(options, { interval: 'number' });
  if (!(interval >= 0 && interval < 2 ** 31))
    throw new ArgumentRangeError('an interval from 0 to 2147483647 milliseconds', interval);
  const isHeap = isLiveSource(source);
  if (!isHeap) assertHas(source, 'postMessage', 'a heap with a method record, or a worker');
  if (typeof globalThis.open !== 'function')
    throw new ModuleError('openInspector needs the window of a browser: in Node, use serveInspector');
  const html = await pageFor({ kind: 'opener' });
  const url = URL.createObjectURL(new Blob([html], { type: 'text/html' }));
  const opened = globalThis.open(url, '_blank');
  if (!opened)
    throw new ModuleError('the browser opened no window: call openInspector in a listener of a click, and allow pop-ups for this page'); // prettier-ignore
  const port = await portOf(opened);
  URL.revokeObjectURL(url);
  if (isHeap) return { window: opened, stop: feedPort(port, source as LiveSource, interval) };
  (source as HeapWorker).postMessage({ linmem: 'ready', interval }, [port]);
  return { window: opened, stop: () => (source as HeapWorker).postMessage({ linmem: 'end' }, []) };
}

/** Resolves to the port that the page in the window sends. */
function portOf(opened: Window): Promise<MessagePort> {
  return new Promise((resolve) => {
    const listen = ({ source, data, ports }: MessageEvent<unknown>): void => {
      const [port] = ports;
      if (source !== opened || !isLiveMessage(data) || data.linmem !== 'ready' || !port) return;
      removeEventListener('message', listen);
      resolve(port);
    };
    addEventListener('message', listen);
  });
}

/** The global object of a worker. */
export interface WorkerScope {
  addEventListener(type: 'message', listener: (event: MessageEvent<unknown>) => void): void;
  removeEventListener(type: 'message', listener: (event: MessageEvent<unknown>) => void): void;
}

/**
 * Exposes a heap of this worker, so that its page can call `openInspector(worker)`.
 *
 * @param scope the target of the page's messages: the worker's global object, or another port
 * @returns a function that ends it
 */
export function exposeHeap(
  source: LiveSource,
  scope: WorkerScope = globalThis as unknown as WorkerScope,
): () => void {
  assertHas(source, 'record', 'a heap with a method record');
  for (const name of ['addEventListener', 'removeEventListener'])
    assertHas(scope, name, 'a worker scope, with addEventListener and removeEventListener');
  const stops: (() => void)[] = [];
  const stop = (): void => {
    for (const each of stops.splice(0)) each();
  };
  const listen = ({ data, ports }: MessageEvent<unknown>): void => {
    if (!isLiveMessage(data)) return;
    const port: PagePort | undefined = ports[0];
    const { interval = INTERVAL } = data as { interval?: number };
    if (data.linmem === 'ready' && port) stops.push(feedPort(port, source, interval));
    else if (data.linmem === 'end') stop();
  };
  scope.addEventListener('message', listen);
  return () => {
    scope.removeEventListener('message', listen);
    stop();
  };
}
