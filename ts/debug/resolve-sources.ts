// SPDX-License-Identifier: MIT
// Replaces frames in bundles by the original files and lines, with the source maps that the bundles name.
import { programFrame } from './call-sites.ts';
import type { Leak } from './leaks.ts';
import type { HeapRecording, StackFrame } from './recording.ts';
import { assertShape, LEAKS, STACK } from './shape.ts';
import { SourceMap } from './source-map.ts';

type Stack = readonly StackFrame[];

/** Returns the text of a script or a source map; throws or rejects if it cannot be loaded. */
export type LoadSource = (url: string) => Promise<string> | string;

/** Matches the comment that names the source map of a script. The last one counts. */
const COMMENT = /^\s*\/\/[#@]\s*sourceMappingURL=(\S+)\s*$/gm;
/** Matches the files of linmem in the source map of a bundle. */
const LINMEM = /\/linmem\/(?:dist|ts)\//;

/** Reads files in Node, Deno and Bun, and fetches everything else. */
async function load(url: string): Promise<string> {
  if (/^(?:https?|data|blob):/.test(url)) {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${response.status} ${url}`);
    return response.text();
  }
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): { readFile: typeof readFile } };
  };
  const files = process?.getBuiltinModule?.('node:fs/promises');
  if (!files) throw new Error(`no files here: ${url}`);
  return files.readFile(url, 'utf8');
}
declare function readFile(path: string, encoding: string): Promise<string>;

/** The source maps of the scripts in stacks, each loaded once. */
class Sources {
  readonly #load: LoadSource;
  readonly #maps = new Map<string, Promise<SourceMap | undefined>>();
  constructor(given: LoadSource) {
    assertShape(given, 'function', 'loadSource');
    this.#load = given;
  }

  async resolve(stack: Stack): Promise<Stack> {
    const frames = await Promise.all(stack.map((frame) => this.#resolveFrame(frame)));
    const resolved = frames.filter(({ file }) => !LINMEM.test(file));
    return resolved.length > 0 ? resolved : frames;
  }
  async #resolveFrame(frame: StackFrame): Promise<StackFrame> {
    const { file, line, column } = frame;
    if (line === 0 || file === '' || /^(?:wasm|node):/.test(file)) return frame;
    let map = this.#maps.get(file);
    if (!map) this.#maps.set(file, (map = this.#mapOf(file)));
    return { ...frame, ...(await map)?.find(line, column || 1) };
  }
  /** Returns the source map of a script; undefined if there is none, or it cannot be loaded or read. */
  async #mapOf(file: string): Promise<SourceMap | undefined> {
    try {
      const script = await this.#load(file);
      const named = [...script.matchAll(COMMENT)].at(-1)?.[1];
      if (named === undefined) return undefined;
      const inline = named.startsWith('data:');
      const url = inline ? file : resolveUrl(named, file);
      return new SourceMap(inline ? await textOf(named) : await this.#load(url), url);
    } catch {
      return undefined; // the frame stays unchanged
    }
  }
}

const resolveUrl = (url: string, base: string): string =>
  base.startsWith('/') ? new URL(url, `file://${base}`).href.replace('file://', '') : new URL(url, base).href;
/** Decodes a data URL without `fetch`, which a page's policy may refuse. */
const textOf = async (url: string): Promise<string> => {
  const [head = '', body = ''] = url.split(/,(.*)/s);
  if (!/;base64$/.test(head)) return decodeURIComponent(body);
  return new TextDecoder().decode(Uint8Array.from(atob(body), (character) => character.charCodeAt(0)));
};

/**
 * Resolves to `leaks` with the original files and lines in their stacks, if the scripts name source maps that can be
 * loaded; other frames stay unchanged. Frames of linmem in a bundle are left out.
 * @param loadSource returns the text of a script or a source map by its URL or path. Default: `fetch`, or the file system
 */
export async function resolveLeaks<L extends Leak>(
  leaks: readonly L[],
  loadSource: LoadSource = load,
): Promise<L[]> {
  assertShape(leaks, LEAKS, 'leaks');
  const sources = new Sources(loadSource);
  return Promise.all(
    leaks.map(async (leak) => {
      const stack = await sources.resolve(leak.stack);
      return { ...leak, stack, site: programFrame(stack) };
    }),
  );
}

/** As {@link resolveLeaks}, for all call stacks of a recording or a snapshot. O(stacks). */
export async function resolveSources<R extends Pick<HeapRecording, 'stacks'>>(
  recording: R,
  loadSource: LoadSource = load,
): Promise<R> {
  assertShape(recording, { stacks: [STACK] }, 'a recording or a snapshot');
  const sources = new Sources(loadSource);
  const stacks = await Promise.all(recording.stacks.map((stack) => sources.resolve(stack)));
  return { ...recording, stacks };
}
