// SPDX-License-Identifier: MIT
// Creates the page, with a recording or with the URL of one.
import type { InspectedRecording } from './format.ts';
import { encodeRecording } from './encode.ts';
import type { PageSource } from './messages.ts';

/** Matches the element that has the source of the recording. */
const SOURCE = /(<script id="source"[^>]*>)\s*null\s*(<\/script>)/;

/** Returns the page with the source of its recording. */
export async function pageFor(source: PageSource): Promise<string> {
  const { page } = await import('./page.gen.ts');
  // A text with `</script>` would end the element.
  const json = JSON.stringify(source).replaceAll('<', '\\u003c');
  return page.replace(SOURCE, (_, start: string, end: string) => start + json + end);
}

/**
 * Returns one HTML file that contains the recording and shows the same page as `npx linmem view`, without network
 * requests. About 100 KB, and 3 bytes for each event.
 *
 * @throws {ArgumentRangeError} as `encodeRecording`
 */
export async function createReport(recording: InspectedRecording): Promise<string> {
  const packed = await gzip(encodeRecording(recording));
  let text = '';
  for (let i = 0; i < packed.length; i += 32768)
    text += String.fromCharCode(...packed.subarray(i, i + 32768));
  return pageFor({ kind: 'data', data: btoa(text) });
}

/** Compresses bytes by gzip. */
export async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
