// SPDX-License-Identifier: MIT
// A running heap as a stream of blocks: what is new since the blocks before.
import type { HeapRecording } from '../debug/recording.ts';
import { Progress, writeHead, writeNews } from './encode.ts';
import type { InspectedRecording } from './format.ts';
import { isLiveMessage, type LiveMessage } from './messages.ts';
import { ByteWriter } from './varint.ts';

/** A heap that a page can follow. The heaps of `linmem/debug` are such. */
export interface LiveSource {
  /** Returns what happened until now. Called several times a second. */
  record(): HeapRecording;
  /** Returns bytes of the memory; undefined for a range that is not there, or throws. */
  readBytes?(address: number, size: number): Uint8Array | undefined;
}

/** Returns a copy of bytes of the memory of a heap; undefined for a range that is not there. */
export function bytesOf(source: LiveSource, address: number, size: number): Uint8Array | undefined {
  try {
    return source.readBytes?.(address, size)?.slice();
  } catch {
    return undefined;
  }
}

/** Whether something is a running heap, rather than a recording. */
export const isLiveSource = (source: LiveSource | InspectedRecording): source is LiveSource =>
  typeof (source as LiveSource).record === 'function';

/** How often a page is told what is new, in milliseconds. */
export const INTERVAL = 250;

/** The blocks of one page. An empty message says that the recording begins again. */
export class LiveFeed {
  readonly #source: LiveSource;
  #progress: Progress | undefined;
  #started = 0;

  constructor(source: LiveSource) {
    this.#source = source;
  }

  /** Returns the messages since the last call; none if nothing has happened. */
  next(): Uint8Array[] {
    const recording = this.#source.record();
    const messages: Uint8Array[] = [];
    const known = this.#progress;
    // Fewer events than before: the log was cleared.
    if (known && (recording.length < known.events || recording.started !== this.#started)) {
      messages.push(new Uint8Array(0));
      this.#progress = undefined;
    }
    const out = new ByteWriter();
    if (!this.#progress) writeHead(out, recording);
    this.#progress ??= new Progress();
    this.#started = recording.started;
    writeNews(out, recording, this.#progress);
    if (out.length > 0) messages.push(out.finish().slice());
    return messages;
  }
}

/** The part of a MessagePort that is used here. */
export interface PagePort {
  postMessage(message: LiveMessage): void;
  onmessage: ((event: MessageEvent<unknown>) => unknown) | null;
}

/** Feeds a page through a port until the function that it returns is called. */
export function feedPort(port: PagePort, source: LiveSource, interval: number = INTERVAL): () => void {
  const feed = new LiveFeed(source);
  const send = (): void => {
    for (const bytes of feed.next()) port.postMessage({ linmem: 'blocks', bytes });
  };
  port.onmessage = ({ data }) => {
    if (!isLiveMessage(data) || data.linmem !== 'read') return;
    port.postMessage({
      linmem: 'bytes',
      id: data.id,
      bytes: bytesOf(source, data.address, data.size),
    });
  };
  send();
  const timer = setInterval(send, interval);
  return () => {
    clearInterval(timer);
    send();
    port.postMessage({ linmem: 'end' });
  };
}
