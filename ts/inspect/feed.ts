// SPDX-License-Identifier: MIT
// The recording of a running heap as a stream: each message has the events since the last one.
import type { HeapRecording } from '../debug/recording.ts';
import { assertHas } from '../errors.ts';
import { bytesOf as viewBytes } from '../memory/bytes.ts';
import { Progress, writeHead, writeNews } from './encode.ts';
import { isLiveMessage, type LiveMessage } from './messages.ts';
import { assertRecording } from './shapes.ts';
import { ByteWriter } from './varint.ts';

/** A heap that a page can show while the program runs, such as those of `linmem/debug`. */
export interface LiveSource {
  /** Returns the recording until now. Called several times per second. */
  record(): HeapRecording;
  /** Returns bytes of the memory; returns undefined or throws if the range lies outside. */
  readBytes?(address: number, size: number): Uint8Array | undefined;
}

/** Returns a copy of bytes of the memory of a heap; undefined if the range lies outside, or the source gives no bytes. */
export function bytesOf(source: LiveSource, address: number, size: number): Uint8Array | undefined {
  try {
    const bytes = source.readBytes?.(address, size);
    return bytes && new Uint8Array(viewBytes(bytes));
  } catch {
    return undefined;
  }
}

/** True for a running heap, false for a recording. */
export function isLiveSource(source: unknown): source is LiveSource {
  try {
    assertHas(source, 'record', '');
    return true;
  } catch {
    return false;
  }
}

/** The interval between two messages in milliseconds. */
export const INTERVAL = 250;

/** The messages for one page. An empty message means that the recording restarts. */
export class LiveFeed {
  readonly #source: LiveSource;
  #progress: Progress | undefined;
  #started = 0;

  constructor(source: LiveSource) {
    this.#source = source;
  }

  /** Returns the messages since the last call; none if there are no new events. */
  next(): Uint8Array[] {
    const recording = this.#source.record();
    const known = this.#progress;
    assertRecording(recording, known?.stacks); // not all of them four times a second
    const messages: Uint8Array[] = [];
    // Fewer events than before: the log was cleared.
    if (known && (recording.length < known.events || recording.started !== this.#started)) {
      assertRecording(recording); // its stacks may be others
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

/** The members of a MessagePort that are used. */
export interface PagePort {
  postMessage(message: LiveMessage): void;
  onmessage: ((event: MessageEvent<unknown>) => unknown) | null;
}

/** Sends messages through a port until the returned function is called. */
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
