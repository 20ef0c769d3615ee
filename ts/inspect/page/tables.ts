// SPDX-License-Identifier: MIT
// The tables of the page, for data that a picture does not show.
import { sumByCallSite } from '../groups.ts';
import { sizeHistogram } from '../layout.ts';
import { bySite, diffSites, leaksOf } from '../sites.ts';
import { addressText, bytesText, countText, timeText } from '../units.ts';
import { byId, make } from './dom.ts';
import { matches, PALETTE, type Panel, type Store, type View } from './state.ts';

/** The maximum number of lines of a table. */
const MOST = 200;

/** A line of a table: its cells, and the choice that a click makes. */
interface Line {
  readonly cells: readonly (string | Node)[];
  readonly choose?: Partial<View>;
  readonly chosen?: boolean;
}
interface Table {
  readonly heads: readonly string[];
  readonly lines: readonly Line[];
  readonly none: string;
  readonly more?: number;
}

const TABS: Readonly<Record<string, (view: View) => Table>> = {
  sites: sitesTable,
  leaks: leaksTable,
  diff: diffTable,
  blocks: blocksTable,
  sizes: sizesTable,
  reports: reportsTable,
  arenas: arenasTable,
};

export class Tables implements Panel {
  readonly slow = true;
  readonly #store: Store;
  #tab = 'sites';

  constructor(store: Store) {
    this.#store = store;
    for (const button of document.querySelectorAll<HTMLButtonElement>('[role=tab]')) {
      button.addEventListener('click', () => this.#open(button));
      button.addEventListener('keydown', (event) => {
        const to = event.key === 'ArrowRight' ? button.nextElementSibling : event.key === 'ArrowLeft' ? button.previousElementSibling : null; // prettier-ignore
        if (to instanceof HTMLButtonElement) this.#open(to);
      });
    }
  }

  #open(button: HTMLButtonElement): void {
    this.#tab = button.dataset.tab ?? 'sites';
    for (const each of document.querySelectorAll<HTMLButtonElement>('[role=tab]')) {
      each.setAttribute('aria-selected', String(each === button));
      each.tabIndex = each === button ? 0 : -1;
    }
    button.focus();
    this.draw(this.#store.view);
  }

  draw(view: View): void {
    const { heads, lines, none, more = lines.length } = (TABS[this.#tab] as (view: View) => Table)(view);
    const shown = lines.slice(0, MOST);
    const head = make('tr', {}, ...heads.map((text) => make('th', { scope: 'col', text })));
    const body = shown.map((line) => this.#line(line));
    const table = make('table', {}, make('thead', {}, head), make('tbody', {}, ...body));
    const left = more - shown.length;
    const parts: Node[] = lines.length > 0 ? [table] : [make('p', { class: 'none', text: none })];
    if (left > 0) parts.push(make('p', { class: 'none', text: `and ${countText(left)} more` }));
    byId('table').replaceChildren(...parts);
  }

  #line({ cells, choose, chosen = false }: Line): HTMLTableRowElement {
    const line = make('tr', chosen ? { 'aria-current': 'true' } : {});
    cells.forEach((cell, i) => {
      const td = make('td', {}, cell);
      if (i === 0 && choose) td.replaceChildren(make('button', { class: 'link', onclick: () => this.#store.set(choose) }, cell));
      line.append(td);
    }); // prettier-ignore
    if (choose)
      line.addEventListener('click', (event) => {
        if (!(event.target as Element).closest('button')) this.#store.set(choose);
      });
    return line;
  }
}

/** Returns a cell with the colour and the function of a call site. */
function siteCell(view: View, site: number): Node {
  const colour = view.siteColours[site] ?? PALETTE;
  const span = make('span', { class: 'site' });
  span.append(make('i', { class: 'swatch', style: `background: var(--c-${colour})` }));
  span.append(view.callSites.sites[site]?.name ?? 'unknown');
  return span;
}
const placeCell = (view: View, site: number): Node =>
  make('span', { class: 'place', text: view.callSites.sites[site]?.place ?? '' });
const choiceOf = (view: View, site: number): Partial<View> => ({ site: view.site === site ? -1 : site });

function sitesTable(view: View): Table {
  const { replay, since, event, callSites } = view;
  const of = (
    metric: 'live' | 'allocated' | 'leaked' | 'temporary',
  ): { bytes: Float64Array; blocks: Float64Array } => {
    const { bytes, blocks } = bySite(replay, metric, since, event);
    return { bytes: sumByCallSite(callSites, bytes), blocks: sumByCallSite(callSites, blocks) };
  };
  const [live, allocated, leaked, temporary] = [of('live'), of('allocated'), of('leaked'), of('temporary')];
  const sorted = { live, allocated, leaked, temporary }[view.metric];
  const sites = [...callSites.sites.keys()].filter(
    (site) => matches(view, site) && (live.blocks[site] || allocated.blocks[site]),
  );
  sites.sort((a, b) => (sorted.bytes[b] as number) - (sorted.bytes[a] as number));
  const text = (from: typeof live, site: number): string[] => [bytesText(from.bytes[site] as number), countText(from.blocks[site] as number)]; // prettier-ignore
  return {
    heads: ['call site', 'place', 'live', 'blocks', 'allocated', 'blocks', 'leaked', 'blocks', 'temporary', 'blocks'], // prettier-ignore
    lines: sites.map((site) => ({
      cells: [siteCell(view, site), placeCell(view, site), ...text(live, site), ...text(allocated, site), ...text(leaked, site), ...text(temporary, site)],
      choose: choiceOf(view, site),
      chosen: view.site === site,
    })), // prettier-ignore
    none: view.query ? 'No call site matches.' : 'No blocks.',
  };
}

function leaksTable(view: View): Table {
  const { replay, callSites, since, recording } = view;
  const bySites = new Map<number, { bytes: number; blocks: number; first: number }>();
  for (const { site: stack, bytes, blocks, first } of leaksOf(replay, since)) {
    const site = callSites.ofStack[stack] as number;
    const leak = bySites.get(site) ?? { bytes: 0, blocks: 0, first };
    bySites.set(site, { bytes: leak.bytes + bytes, blocks: leak.blocks + blocks, first: Math.min(leak.first, first) }); // prettier-ignore
  }
  const leaks = [...bySites].filter(([site]) => matches(view, site)).sort((a, b) => b[1].bytes - a[1].bytes);
  return {
    heads: ['call site', 'place', 'never freed', 'blocks', 'first'],
    lines: leaks.map(([site, { bytes, blocks, first }]) => ({
      cells: [siteCell(view, site), placeCell(view, site), bytesText(bytes), countText(blocks), timeText(recording.times[first] as number)],
      choose: { site, block: first },
      chosen: view.site === site,
    })), // prettier-ignore
    none: 'No leaks: everything that was allocated after "since" was freed.',
  };
}

function diffTable(view: View): Table {
  const { replay, callSites, since, event } = view;
  const sums = new Map<number, { bytes: number; blocks: number; fresh: number; gone: number }>();
  for (const change of since > event ? [] : diffSites(replay, since, event)) {
    const site = callSites.ofStack[change.site] as number;
    const sum = sums.get(site) ?? { bytes: 0, blocks: 0, fresh: 0, gone: 0 };
    sums.set(site, { bytes: sum.bytes + change.bytes, blocks: sum.blocks + change.blocks, fresh: sum.fresh + change.newBlocks, gone: sum.gone + change.goneBlocks }); // prettier-ignore
  }
  const signed = (text: string, value: number): string => (value > 0 ? `+${text}` : text);
  const changes = [...sums].filter(([site]) => matches(view, site)).sort((a, b) => b[1].bytes - a[1].bytes);
  return {
    heads: ['call site', 'place', 'bytes', 'blocks', 'new', 'gone'],
    lines: changes.map(([site, { bytes, blocks, fresh, gone }]) => ({
      cells: [siteCell(view, site), placeCell(view, site), signed(bytesText(bytes), bytes), signed(countText(blocks), blocks), countText(fresh), countText(gone)],
      choose: choiceOf(view, site),
      chosen: view.site === site,
    })), // prettier-ignore
    none: 'No difference between "since" and "now".',
  };
}

function blocksTable(view: View): Table {
  const { recording, replay, callSites, event } = view;
  const { sizes, addresses, times, sites, types, typeNames } = recording;
  const siteOf = (block: number): number => callSites.ofStack[sites[block] as number] as number;
  const query = view.query.toLowerCase();
  const wanted = (block: number): boolean =>
    (view.site < 0 || siteOf(block) === view.site) &&
    (query === '' || matches(view, siteOf(block)) || addressText(addresses[block] as number).includes(query));
  const blocks = [...replay.liveAt(event)].filter(wanted).sort((a, b) => (sizes[b] as number) - (sizes[a] as number)); // prettier-ignore
  const now = event < 0 ? 0 : (times[event] as number);
  return {
    heads: ['address', 'size', 'age', 'type', 'call site', 'place'],
    more: blocks.length,
    lines: blocks.slice(0, MOST).map((block) => ({
      cells: [addressText(addresses[block] as number), bytesText(sizes[block] as number), timeText(now - (times[block] as number)), typeNames[types[block] as number] || '', siteCell(view, siteOf(block)), placeCell(view, siteOf(block))],
      choose: { block },
      chosen: view.block === block,
    })), // prettier-ignore
    none: 'No live blocks.',
  };
}

function sizesTable(view: View): Table {
  const classes = sizeHistogram(view.replay, view.event);
  const most = classes.reduce((max, { bytes }) => Math.max(max, bytes), 1);
  const bar = (bytes: number): Node => make('span', { class: 'bar', style: `width: ${((bytes / most) * 100).toFixed(1)}%` }); // prettier-ignore
  return {
    heads: ['size', 'bytes', 'blocks', ''],
    lines: classes.map(({ from, to, blocks, bytes }) => ({
      cells: [`${bytesText(from)} to ${bytesText(to)}`, bytesText(bytes), countText(blocks), bar(bytes)],
    })),
    none: 'No live blocks.',
  };
}

function reportsTable(view: View): Table {
  return {
    heads: ['report', 'address', 'time', 'message'],
    lines: view.recording.reports.map(({ kind, address, event, message }) => ({
      cells: [kind, addressText(address), timeText(view.recording.times[event] ?? 0), message],
      choose: { event, block: view.replay.historyOf(address).filter((block) => block <= event).at(-1) ?? -1 },
    })), // prettier-ignore
    none: 'No double free, overflow or write after free was reported.',
  };
}

/** Returns the table of arenas, each followed by its slices. */
function arenasTable({ recording, replay }: View): Table {
  const blockAt = (address: number): number => replay.historyOf(address).at(-1) ?? -1;
  const lines = (recording.arenas ?? []).flatMap(({ kind, address, bytes, usedBytes, epoch, checkpoints, slices }) => [
    {
      cells: [kind, addressText(address), `${bytesText(usedBytes)} of ${bytesText(bytes)}`, `epoch ${countText(epoch)}`, `${countText(checkpoints.length)} checkpoints: ${checkpoints.map(({ top }) => addressText(top)).join(', ')}`],
      choose: { block: blockAt(address) },
    },
    ...slices.map((slice) => ({
      cells: [`slice of ${slice.type || 'bytes'}`, addressText(slice.address), bytesText(slice.bytes), `epoch ${countText(slice.epoch)}`, slice.isStale ? 'stale: every use throws' : 'live'],
    })),
  ]); // prettier-ignore
  return {
    heads: ['arena', 'address', 'bytes', 'made in', 'state'],
    lines,
    none: recording.arenas
      ? 'The heap has no arenas.'
      : 'The recording has no data about arenas; use recordingOfSnapshot(snapshotHeap(heap)).',
  };
}
