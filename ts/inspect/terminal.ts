// SPDX-License-Identifier: MIT
// Prints a recording as text: the curve of live bytes, the heap by address, the leaks with their call stacks.
import type { HeapRecording, StackFrame } from '../debug/recording.ts';
import { callSitesOf, siteFrame } from './groups.ts';
import { byAddress, fragmentationAt } from './layout.ts';
import { Replay } from './replay.ts';
import { leaksOf } from './sites.ts';
import { thin } from './timeline.ts';
import { placeIn } from './tree.ts';
import { bytesText, countText, timeText } from './units.ts';

/** Options of `formatRecording`. */
export interface FormatOptions {
  /**
   * The width of the terminal in columns.
   *
   * @defaultValue 80
   */
  readonly width?: number;
  /**
   * True if the text has escape sequences for colours.
   *
   * @defaultValue false
   */
  readonly colours?: boolean;
  /**
   * The maximum number of call sites.
   *
   * @defaultValue 10
   */
  readonly most?: number;
  /**
   * Only blocks that were allocated after this event are leaks.
   *
   * @defaultValue -1
   */
  readonly since?: number;
  /**
   * The prefix of paths that is left out, such as the current folder with its `/`.
   *
   * @defaultValue ''
   */
  readonly base?: string;
}

/** Characters that fill a part of their cell, from none to all. */
const LEVELS = ' ▁▂▃▄▅▆▇█';
const MAP_LINES = 12;
/** The maximum number of frames of a stack. */
const FRAMES = 4;

type Paint = (text: string) => string;
interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly blue: Paint;
  /** The prefix of paths that is left out. */
  readonly base: string;
}

function styleOf(colours: boolean, base: string): Style {
  const paint =
    (code: number): Paint =>
    (text) =>
      colours ? `\u001b[${code}m${text}\u001b[0m` : text;
  return { bold: paint(1), dim: paint(2), red: paint(31), blue: paint(34), base };
}

/** Replaces control characters, which would act on the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is them that are replaced
const clean = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');

const levelOf = (part: number): string =>
  LEVELS[part <= 0 ? 0 : Math.min(Math.max(Math.round(part * 8), 1), 8)] as string;

/** Returns the text that `npx linmem inspect` prints. */
export function formatRecording(recording: HeapRecording, options: FormatOptions = {}): string {
  const { width = 80, colours = false, most = 10, since = -1, base = '' } = options;
  const replay = new Replay(recording);
  const style = styleOf(colours, base);
  const parts = [
    ...summary(replay, style),
    ...curve(replay, width, style),
    ...heapMap(replay, width, style),
    ...leaks(replay, most, since, style),
    ...reports(recording, style),
  ];
  return `${parts.join('\n')}\n`;
}

function summary(replay: Replay, { bold, dim }: Style): string[] {
  const { recording, length, peak, liveBytes, liveBlocks, memoryBytes, unmatched } = replay;
  const last = length - 1;
  const lines = [bold(clean(recording.name)) + dim(`, ${countText(length)} events`)];
  if (length === 0) return [...lines, 'Nothing was allocated.'];
  const { start, end, gapBytes, gaps, largestGap } = fragmentationAt(replay, last);
  const unused = end > start ? ((gapBytes / (end - start)) * 100).toFixed(0) : '0';
  const memory =
    (memoryBytes[last] as number) > 0 ? `, memory ${bytesText(memoryBytes[last] as number)}` : '';
  lines.push(`live   ${bytesText(liveBytes[last] as number)} in ${countText(liveBlocks[last] as number)} blocks${memory}`); // prettier-ignore
  lines.push(
    `peak   ${bytesText(liveBytes[peak] as number)} after ${timeText(recording.times[peak] as number)}`,
  );
  lines.push(
    `gaps   ${countText(gaps)}, the largest ${bytesText(largestGap)}; ${unused} % of the range is unused`,
  );
  if (unmatched.frees > 0) lines.push(dim(`${countText(unmatched.frees)} frees match no recorded block`));
  if (unmatched.overlaps > 0) lines.push(dim(`${countText(unmatched.overlaps)} blocks at the address of a live one: its free was not recorded`)); // prettier-ignore
  return lines;
}

function curve(replay: Replay, width: number, { bold, blue }: Style): string[] {
  if (replay.length === 0) return [];
  const columns = Math.max(Math.min(width - 2, 100), 10);
  const { values } = thin(replay.liveBytes, 0, replay.length - 1, columns * 2);
  const most = Math.max(replay.liveBytes[replay.peak] as number, 1);
  let line = '';
  for (let column = 0; column < columns; column++) {
    const from = Math.floor((column * values.length) / columns);
    const to = Math.max(Math.floor(((column + 1) * values.length) / columns), from + 1);
    line += levelOf(values.subarray(from, to).reduce((a, b) => Math.max(a, b), 0) / most);
  }
  return ['', bold('Live bytes over time'), blue(line)];
}

function heapMap(replay: Replay, width: number, { bold, dim, blue }: Style): string[] {
  const last = replay.length - 1;
  const { start, end } = fragmentationAt(replay, last);
  if (end <= start) return [];
  const columns = Math.max(Math.min(width - 14, 96), 10);
  const bytesPerCell = Math.max(2 ** Math.ceil(Math.log2((end - start) / (columns * MAP_LINES))), 1);
  const first = Math.floor(start / bytesPerCell) * bytesPerCell;
  const cells = new Float64Array(Math.ceil((end - first) / bytesPerCell));
  const { addresses, sizes } = replay.recording;
  for (const block of byAddress(replay, replay.liveAt(last))) {
    const from = (addresses[block] as number) - first;
    const to = from + (sizes[block] as number);
    for (let cell = Math.floor(from / bytesPerCell); cell * bytesPerCell < to; cell++) {
      const used = Math.min(to, (cell + 1) * bytesPerCell) - Math.max(from, cell * bytesPerCell);
      cells[cell] = (cells[cell] as number) + used;
    }
  }
  const lines = ['', bold('Heap by address') + dim(`, ${bytesText(bytesPerCell)} to a character`)];
  for (let cell = 0; cell < cells.length; cell += columns) {
    const text = [...cells.subarray(cell, cell + columns)]
      .map((used) => levelOf(used / bytesPerCell))
      .join('');
    lines.push(`${dim((first + cell * bytesPerCell).toString(16).padStart(10))}  ${blue(text)}`);
  }
  return lines;
}

/** The leaks of one call site: the sums, and the stack with most bytes. */
interface SiteLeaks {
  bytes: number;
  blocks: number;
  readonly stack: number;
}

function leaksBySite(replay: Replay, since: number): SiteLeaks[] {
  const { ofStack } = callSitesOf(replay.recording);
  const sites = new Map<number, SiteLeaks>();
  // Leaks are sorted by size.
  for (const { site: stack, bytes, blocks } of leaksOf(replay, since)) {
    const site = ofStack[stack] as number;
    const leak = sites.get(site);
    if (!leak) sites.set(site, { bytes, blocks, stack });
    else {
      leak.bytes += bytes;
      leak.blocks += blocks;
    }
  }
  return [...sites.values()].sort((a, b) => b.bytes - a.bytes);
}

function leaks(replay: Replay, most: number, since: number, style: Style): string[] {
  const { bold, dim, red } = style;
  const found = leaksBySite(replay, since);
  if (found.length === 0) return ['', bold('No leaks: everything that was allocated was freed.')];
  const sum = (key: 'bytes' | 'blocks'): number => found.reduce((total, leak) => total + leak[key], 0);
  const lines = ['', bold(`Never freed: ${bytesText(sum('bytes'))} in ${countText(sum('blocks'))} blocks`)];
  for (const { stack, bytes, blocks } of found.slice(0, most)) {
    const count = `${countText(blocks)} ${blocks === 1 ? 'block' : 'blocks'}`;
    lines.push(`${red(bytesText(bytes).padStart(9))}  ${count}`, ...stackLines(replay.recording.stacks[stack], style)); // prettier-ignore
  }
  if (found.length > most)
    lines.push(dim(`           and ${countText(found.length - most)} more call sites`));
  return lines;
}

/** Returns the lines of a stack: the innermost frame, and the frames around that of the program. */
function stackLines(stack: readonly StackFrame[] | undefined, { dim, base }: Style): string[] {
  if (!stack || stack.length === 0) return [dim('           at an unknown call site')];
  const site = stack.indexOf(siteFrame(stack) as StackFrame);
  const inner = site > 1 ? [stack[0] as StackFrame] : stack.slice(0, site);
  const shown = [...inner, ...stack.slice(site)].slice(0, FRAMES);
  const lines = shown.map((frame) => {
    const place = placeIn(frame);
    const at = clean(place.startsWith(base) ? place.slice(base.length) : place);
    return `           at ${frame.name ? `${clean(frame.name)} ${dim(at)}` : at || 'unknown'}`.trimEnd();
  });
  const left = stack.length - lines.length;
  return left > 0 ? [...lines, dim(`           and ${left} more`)] : lines;
}

function reports({ reports: found, stacks }: HeapRecording, style: Style): string[] {
  const { bold, red } = style;
  if (found.length === 0) return [];
  const lines = ['', bold(`Reports: ${countText(found.length)}`)];
  for (const { kind, message, allocated, freed, found: where } of found.slice(0, 20)) {
    lines.push(`${red(kind)}: ${clean(message)}`);
    for (const [what, site] of [['allocated', allocated], ['freed', freed], ['found', where]] as const)
      if (site > 0) lines.push(`  ${what}`, ...stackLines(stacks[site], style)); // prettier-ignore
  }
  return lines;
}
