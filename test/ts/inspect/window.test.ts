// The inspector of a heap of this page, and of a worker's: in a window that is a frame here.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ArgumentTypeError, ModuleError } from '../../../ts/errors.ts';
import type { LiveMessage } from '../../../ts/inspect/messages.ts';
import { RecordingReader } from '../../../ts/inspect/decode.ts';
import { exposeHeap, openInspector, type HeapWorker, type WorkerScope } from '../../../ts/inspect/window.ts';
import { recordingOf } from '../../support/recording.ts';

const source = {
  record: () => recordingOf(['alloc', 64, 9]),
  readBytes: (address: number, size: number) => Uint8Array.from({ length: size }, (_, i) => address + i),
};
/** Collects what a port gets. */
const collect = (port: MessagePort): LiveMessage[] => {
  const messages: LiveMessage[] = [];
  port.onmessage = ({ data }) => void messages.push(data as LiveMessage);
  return messages;
};
const isBrowser = typeof document === 'object';
afterEach(() => vi.unstubAllGlobals());

describe('a worker', () => {
  test('feeds the page whose port it is sent, answers it, and ends', async () => {
    const listeners: ((event: MessageEvent<unknown>) => void)[] = [];
    const scope: WorkerScope = {
      addEventListener: (_, listener) => void listeners.push(listener),
      removeEventListener: (_, listener) => void listeners.splice(listeners.indexOf(listener), 1),
    };
    const stop = exposeHeap(source, scope);
    const { port1, port2 } = new MessageChannel();
    const messages = collect(port1);
    const tell = (data: unknown, ports: readonly MessagePort[]): void => {
      for (const listener of [...listeners]) listener({ data, ports } as unknown as MessageEvent<unknown>);
    };
    tell('nothing of ours', []);
    tell({ linmem: 'ready', interval: 5 }, [port2]);
    await vi.waitFor(() => expect(messages.length).toBe(1));
    const first = messages[0] as { readonly bytes: Uint8Array };
    const reader = new RecordingReader();
    reader.add(first.bytes);
    expect(reader.recording().length).toBe(1);
    port1.postMessage({ linmem: 'read', id: 7, address: 3, size: 2 });
    await vi.waitFor(() =>
      expect(messages[1]).toEqual({ linmem: 'bytes', id: 7, bytes: Uint8Array.of(3, 4) }),
    );
    stop();
    await vi.waitFor(() => expect(messages.at(-1)).toEqual({ linmem: 'end' }));
    expect(listeners).toEqual([]);
    port1.close();
  });
});

describe('openInspector', () => {
  test('refuses what is no heap', async () => {
    await expect(openInspector(5 as unknown as HeapWorker)).rejects.toThrow(ArgumentTypeError);
    await expect(openInspector({} as unknown as HeapWorker)).rejects.toThrow(ArgumentTypeError);
  });
  test('says so where the browser opens no window', async () => {
    vi.stubGlobal('open', () => null);
    await expect(openInspector(source)).rejects.toThrow(ModuleError);
    await expect(openInspector(source)).rejects.toThrow(/click/);
  });
  test.runIf(isBrowser)('shows the heap in the window', async () => {
    const frame = document.createElement('iframe');
    document.body.append(frame);
    vi.stubGlobal('open', (url: string) => {
      const inside = frame.contentWindow as Window;
      void fetch(url).then(async (response) => {
        inside.document.open();
        // A frame has no opener.
        inside.document.write('<script>Object.defineProperty(window, "opener", { value: parent })</script>');
        inside.document.write(await response.text());
        inside.document.close();
      });
      return inside;
    });
    const { window: opened, stop } = await openInspector(source, { interval: 20 });
    const text = (id: string): string | null | undefined => opened.document.getElementById(id)?.textContent;
    await vi.waitFor(() => expect(text('live')).toBe('9 B'), { timeout: 10_000 });
    stop();
    await vi.waitFor(() => expect(text('status')).toBe('the program has ended'));
    frame.remove();
  });
});
