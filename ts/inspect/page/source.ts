// SPDX-License-Identifier: MIT
// The sources of the page's recording: the page itself, the server that sent it, the window that opened it, or a file
// that the user chooses.
import { readRecording, RecordingReader } from '../decode.ts';
import type { InspectedRecording } from '../format.ts';
import { FrameReader, isLiveMessage, type PageSource } from '../messages.ts';

/** The functions by which a source updates the page. */
export interface Sink {
  show(recording: InspectedRecording, isLive: boolean): void;
  fail(error: unknown): void;
  /** Shows the state of the connection, in a few words. */
  status(text: string): void;
  bytesOf: ((address: number, size: number) => Promise<Uint8Array | undefined>) | undefined;
}

/** Reads the recording from the source of the page. */
export async function start(sink: Sink): Promise<void> {
  const source = JSON.parse(document.getElementById('source')?.textContent ?? 'null') as PageSource | null;
  try {
    if (!source) sink.status('Open a recording (.lmh), or drop one here.');
    else if (source.kind === 'data') sink.show(await fromBase64(source.data), false);
    else if (source.kind === 'file') sink.show(await fromUrl(source.url, sink), false);
    else if (source.kind === 'stream') await fromStream(source.url, source.bytes, sink);
    else fromOpener(sink);
  } catch (error) {
    sink.fail(error);
  }
}

/** Reads a file that the user chose. */
export async function fromFile(file: File, sink: Sink): Promise<void> {
  try {
    sink.status(`reading ${file.name}`);
    sink.show(await readRecording(new Uint8Array(await file.arrayBuffer())), false);
  } catch (error) {
    sink.fail(error);
  }
}

async function fromBase64(data: string): Promise<InspectedRecording> {
  const text = atob(data);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return readRecording(bytes);
}

async function fromUrl(url: string, sink: Sink): Promise<InspectedRecording> {
  sink.status('loading');
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the server answered ${response.status} to ${url}`);
  return readRecording(new Uint8Array(await response.arrayBuffer()));
}

/** Shows the recording of a reader at most twice per second, and less often if drawing takes long. */
class LiveView {
  #reader: RecordingReader = new RecordingReader();
  readonly #sink: Sink;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pause = 500;

  constructor(sink: Sink) {
    this.#sink = sink;
  }
  add(bytes: Uint8Array): void {
    // An empty message: the recording restarts.
    if (bytes.length === 0) this.#reader = new RecordingReader();
    else this.#reader.add(bytes);
    this.#timer ??= setTimeout(() => this.show(), this.#pause);
  }
  show(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const start = performance.now();
    this.#sink.show(this.#reader.recording(), true);
    this.#pause = Math.max(500, (performance.now() - start) * 4);
  }
}

async function fromStream(url: string, bytes: string, sink: Sink): Promise<void> {
  const response = await fetch(url);
  if (!response.ok || !response.body) throw new Error(`the server answered ${response.status} to ${url}`);
  sink.bytesOf = async (address, size) => {
    const answer = await fetch(`${bytes}?address=${address}&size=${size}`);
    return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : undefined;
  };
  const view = new LiveView(sink);
  const frames = new FrameReader((frame) => view.add(frame));
  const reader = response.body.getReader();
  sink.status('live');
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      frames.add(value);
    }
  } finally {
    sink.bytesOf = undefined;
    view.show();
    sink.status('the program has ended');
  }
}

function fromOpener(sink: Sink): void {
  const view = new LiveView(sink);
  const channel = new MessageChannel();
  const waiting = new Map<number, (bytes: Uint8Array | undefined) => void>();
  let asked = 0;
  channel.port1.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (!isLiveMessage(data)) return;
    try {
      if (data.linmem === 'blocks') view.add(data.bytes);
      else if (data.linmem === 'bytes') waiting.get(data.id)?.(data.bytes);
      else if (data.linmem === 'end') {
        sink.bytesOf = undefined;
        view.show();
        sink.status('the program has ended');
      }
    } catch (error) {
      sink.fail(error);
    }
  };
  sink.bytesOf = (address, size) =>
    new Promise((resolve) => {
      waiting.set(++asked, resolve);
      channel.port1.postMessage({ linmem: 'read', id: asked, address, size });
    });
  sink.status('live');
  const from = opener as Window | null;
  if (!from) throw new Error('the page that opened this window cannot be reached: it must not be cross-origin isolated with same-origin openers only'); // prettier-ignore
  // The opener created this page, which has its origin.
  from.postMessage({ linmem: 'ready' }, '*', [channel.port2]);
}
