// SPDX-License-Identifier: MIT
// The state of the page, and the listeners to its changes.
import { callSitesOf, sumByCallSite, type CallSites } from '../groups.ts';
import type { InspectedRecording } from '../format.ts';
import { Replay } from '../replay.ts';
import { bySite, type Metric } from '../sites.ts';

/** The property of blocks that their colour shows. */
export type Colouring = 'site' | 'age' | 'type';

/** The state of the page: the recording, and the choices of the user. */
export interface View {
  readonly recording: InspectedRecording;
  readonly replay: Replay;
  readonly callSites: CallSites;
  /** The colour of each call site: an index into the palette. All small call sites have the last one. */
  readonly siteColours: Uint8Array;
  /** "now": the state after this event is shown; -1 before the first. */
  readonly event: number;
  /** "since": differences and leaks are those after this event; -1 is the start. */
  readonly since: number;
  readonly metric: Metric;
  readonly colouring: Colouring;
  /** The chosen block, as the index of its event; -1 for none. */
  readonly block: number;
  /** The chosen call site; -1 for none. */
  readonly site: number;
  readonly query: string;
  readonly axis: 'time' | 'events';
  /** True if "now" stays at the end while a program runs. */
  readonly follow: boolean;
}

/** The number of colours of the palette. One more colour is for all other call sites. */
export const PALETTE = 8;

/** Returns the colours of call sites. Those that allocated most have separate colours. */
function coloursOf(replay: Replay, callSites: CallSites): Uint8Array {
  const allocated = sumByCallSite(callSites, bySite(replay, 'allocated', -1, replay.length - 1).bytes);
  const largest = [...allocated.keys()].sort((a, b) => (allocated[b] as number) - (allocated[a] as number));
  const colours = new Uint8Array(callSites.sites.length).fill(PALETTE);
  for (const [colour, site] of largest.slice(0, PALETTE).entries()) colours[site] = colour;
  return colours;
}

const START = { since: -1, metric: 'live', colouring: 'site', block: -1, site: -1, query: '', axis: 'time', follow: true } as const; // prettier-ignore

/** Returns the view of a recording, at its end or with the choices of the previous view. */
export function viewOf(recording: InspectedRecording, before?: View): View {
  const replay = new Replay(recording);
  const callSites = callSitesOf(recording);
  const siteColours = coloursOf(replay, callSites);
  const end = replay.length - 1;
  const kept = before ?? START;
  const event = before && !before.follow ? Math.min(before.event, end) : end;
  return { ...kept, recording, replay, callSites, siteColours, event, since: Math.min(kept.since, event) };
}

/** True if a call site matches the search text. */
export function matches(view: View, site: number): boolean {
  const query = view.query.toLowerCase();
  const found = view.callSites.sites[site];
  return found !== undefined && `${found.name} ${found.place}`.toLowerCase().includes(query);
}

/** A part of the page that shows the view. */
export interface Panel {
  /** True if it is drawn only when the slider rests. */
  readonly slow?: boolean;
  draw(view: View): void;
}

/** Holds the view, and draws the panels when it changes: the quick ones in the next frame. */
export class Store {
  view: View;
  readonly #panels: Panel[] = [];
  #isWaiting = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The time of the last quick drawing in milliseconds. */
  lastDraw = 0;

  constructor(view: View) {
    this.view = view;
  }
  add(...panels: Panel[]): void {
    this.#panels.push(...panels);
  }
  set(change: Partial<View>): void {
    const follow =
      change.event === undefined ? this.view.follow : change.event === this.view.replay.length - 1;
    this.view = { ...this.view, follow, ...change };
    if (!this.#isWaiting) requestAnimationFrame(() => this.drawQuick());
    this.#isWaiting = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.drawSlow(), 120);
  }
  drawQuick(): void {
    this.#isWaiting = false;
    const start = performance.now();
    for (const panel of this.#panels) if (!panel.slow) panel.draw(this.view);
    this.lastDraw = performance.now() - start;
  }
  drawSlow(): void {
    for (const panel of this.#panels) if (panel.slow) panel.draw(this.view);
  }
}
