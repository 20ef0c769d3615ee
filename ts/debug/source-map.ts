// SPDX-License-Identifier: MIT
// Source maps (ECMA-426): find the original position of a position in generated code.
//
//   V1  `mappings` has a line for each generated line, separated by `;`, with segments separated by `,`. A segment is
//       one, four or five numbers, each as base64 digits of 5 bits with a continuation bit: generated column, source,
//       original line, original column, name. Each number is relative to the previous one; only the generated column
//       starts at 0 in each line.
import { ArgumentTypeError } from '../errors.ts';

/** A position in a source file. Lines and columns count from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Generated column, source, original line, original column; from 0. */
type Segment = readonly [number, number, number, number];

interface RawMap {
  readonly mappings?: unknown;
  readonly sources?: readonly (string | null)[];
  readonly sourceRoot?: string;
  readonly sections?: readonly { offset: { line: number; column: number }; map: RawMap }[];
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** A source map. */
export class SourceMap {
  readonly #lines: Segment[][] = [];
  readonly #sources: string[] = [];

  /**
   * @param text the map as JSON
   * @param url the URL of the map, to which its sources are relative
   * @throws {ArgumentTypeError} if it is not a source map
   */
  constructor(text: string, url: string) {
    this.#add(toMap(text), url, 0, 0);
  }

  #add(map: RawMap, url: string, line: number, column: number): void {
    for (const { offset, map: part } of map.sections ?? [])
      this.#add(part, url, line + offset.line, offset.line === 0 ? column + offset.column : offset.column);
    if (map.sections) return;
    if (typeof map.mappings !== 'string') throw new ArgumentTypeError('a source map', map.mappings);
    const first = this.#sources.length;
    for (const source of map.sources ?? [])
      this.#sources.push(resolve(String(source ?? ''), String(map.sourceRoot ?? ''), url));
    decode(map.mappings, (at, [generated, source, ...original]) => {
      const shift = at === 0 ? column : 0;
      (this.#lines[line + at] ??= []).push([generated + shift, source + first, ...original]);
    });
  }

  /** Returns the original position of a line and a column from 1; undefined if the map has none. */
  find(line: number, column: number): SourcePosition | undefined {
    const segments = this.#lines[line - 1] ?? [];
    let [low, high] = [0, segments.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((segments[middle] as Segment)[0] <= column - 1) low = middle + 1;
      else high = middle;
    }
    const segment = segments[low - 1];
    const file = segment && this.#sources[segment[1]];
    if (!file || !segment) return undefined;
    const from = [segment[2] + 1, segment[3] + 1] as const;
    const isPosition = from.every((at) => at > 0 && Number.isSafeInteger(at)); // not in a damaged map
    return isPosition ? { file, line: from[0], column: from[1] } : undefined;
  }
}

function toMap(text: string): RawMap {
  let map: unknown;
  try {
    map = JSON.parse(text.replace(/^\)\]\}'.*\n/, '')); // a prefix that prevents inclusion as a script
  } catch {}
  if (typeof map !== 'object' || map === null) throw new ArgumentTypeError('a source map', text);
  return map;
}

function resolve(source: string, root: string, url: string): string {
  const path = root === '' || /^\w+:\/\//.test(source) ? source : `${root.replace(/\/?$/, '/')}${source}`;
  // Bundlers name sources with private schemes (webpack://), and urls may be paths: both are resolved as paths.
  const base = url.startsWith('/') ? `file://${url}` : url;
  try {
    return new URL(path, base).href.replace(/^file:\/\/(?=\/)/, '');
  } catch {
    return path;
  }
}

/** Calls `take` with each segment that has an original position (V1). */
function decode(mappings: string, take: (line: number, segment: Segment) => void): void {
  let [source, original, column] = [0, 0, 0];
  mappings.split(';').forEach((text, line) => {
    let generated = 0;
    for (const segment of text === '' ? [] : text.split(',')) {
      const [moved = 0, ...rest] = numbersIn(segment);
      generated += moved;
      if (rest.length < 3) continue;
      source += rest[0] as number; // three or four
      original += rest[1] as number;
      column += rest[2] as number;
      take(line, [generated, source, original, column]);
    }
  });
}

/** Returns the numbers of a segment. The lowest bit of each is the sign. */
function numbersIn(segment: string): number[] {
  const numbers: number[] = [];
  let [value, scale] = [0, 1];
  for (const character of segment) {
    const digit = DIGITS.indexOf(character);
    if (digit < 0) throw new ArgumentTypeError('a source map', segment);
    value += (digit & 31) * scale;
    scale *= 32;
    if (digit & 32) continue;
    numbers.push(value & 1 ? -Math.floor(value / 2) : Math.floor(value / 2));
    [value, scale] = [0, 1];
  }
  return numbers;
}
