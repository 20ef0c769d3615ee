// SPDX-License-Identifier: MIT
// The page of the inspector: connects the panels and the controls.
import { RecordingError } from '../../errors.ts';
import type { InspectedRecording } from '../format.ts';
import type { Metric } from '../sites.ts';
import { readPixels, type Pixels } from './colours.ts';
import { Detail } from './detail.ts';
import { byId, make } from './dom.ts';
import { Flame } from './flame.ts';
import { History } from './history.ts';
import { HeapMap } from './map.ts';
import { fromFile, start, type Sink } from './source.ts';
import { Store, viewOf, type Colouring, type View } from './state.ts';
import { Legend, SlowSummary, Summary } from './summary.ts';
import { Tables } from './tables.ts';
import { Timeline } from './timeline.ts';

/** The panels, which need a recording. */
class Page {
  readonly store: Store;
  readonly map: HeapMap;
  readonly detail: Detail;

  constructor(view: View) {
    const store = (this.store = new Store(view));
    let pixels: Pixels = readPixels();
    new MutationObserver(() => {
      pixels = readPixels();
      store.set({});
    }).observe(document.documentElement, { attributeFilter: ['data-theme'] });
    const current = (): Pixels => pixels;
    this.map = new HeapMap(byId('map'), store, current);
    this.detail = new Detail(store, (block) => {
      this.map.show(block);
      byId('map').scrollIntoView({ block: 'nearest' });
    });
    store.add(new Summary(), new Timeline(byId('timeline'), store), this.map);
    store.add(new SlowSummary(), new Legend(store), new History(byId('history'), store, current));
    store.add(this.detail, new Flame(byId('flame'), store), new Tables(store));
    this.#wire();
  }

  #wire(): void {
    const { store, map } = this;
    byId<HTMLInputElement>('slider').addEventListener('input', ({ target }) =>
      store.set({ event: Number((target as HTMLInputElement).value) }),
    );
    byId<HTMLInputElement>('search').addEventListener('input', ({ target }) =>
      store.set({ query: (target as HTMLInputElement).value.trim() }),
    );
    choose('metric', (value) => store.set({ metric: value as Metric }));
    choose('colouring', (value) => store.set({ colouring: value as Colouring }));
    choose('axis', (value) => store.set({ axis: value as View['axis'] }));
    byId('since').addEventListener('change', ({ target }) =>
      store.set({ since: Number((target as HTMLSelectElement).value) }),
    );
    byId('to').addEventListener('change', ({ target }) =>
      store.set({ event: Number((target as HTMLSelectElement).value) }),
    );
    byId('zoom-in').addEventListener('click', () => map.zoom(2));
    byId('zoom-out').addEventListener('click', () => map.zoom(0.5));
    byId('zoom-all').addEventListener('click', () => map.reset());
    document.addEventListener('keydown', (event) => this.#key(event));
  }

  #key(event: KeyboardEvent): void {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
    const { view } = this.store;
    const end = view.replay.length - 1;
    const step = Math.max(Math.round(end / 200), 1);
    const keys: Readonly<Record<string, () => void>> = {
      '/': () => byId('search').focus(),
      ',': () => this.store.set({ event: Math.max(view.event - step, Math.min(0, end)) }),
      '.': () => this.store.set({ event: Math.min(view.event + step, end) }),
      p: () => this.store.set({ event: view.replay.peak }),
      e: () => this.store.set({ event: end }),
      s: () => this.store.set({ since: view.event }),
      Escape: () => this.store.set({ site: -1, block: -1 }),
    };
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}

/** Calls `chosen` with the value of the button of a group that is pressed. */
function choose(id: string, chosen: (value: string) => void): void {
  const buttons = [...byId(id).querySelectorAll('button')];
  for (const button of buttons)
    button.addEventListener('click', () => {
      for (const each of buttons) each.setAttribute('aria-pressed', String(each === button));
      chosen(button.value);
    });
}

/** Fills the two lists of moments with the marks. */
function listMoments({ recording, replay }: View): void {
  const marks = recording.marks.map(({ name, event }) => make('option', { value: event, text: name }));
  const peak = (): HTMLOptionElement => make('option', { value: replay.peak, text: 'the peak' });
  const end = make('option', { value: replay.length - 1, text: 'the end' });
  const copies = marks.map((mark) => mark.cloneNode(true));
  byId('since').replaceChildren(make('option', { value: -1, text: 'the start' }), ...marks, peak());
  byId('to').replaceChildren(make('option', { value: '', text: 'as chosen' }), end, peak(), ...copies);
}

/** Updates the selection of the two lists. */
const moments = {
  draw({ since, event }: View): void {
    for (const [id, value] of [['since', since], ['to', event]] as const) {
      const list = byId<HTMLSelectElement>(id);
      list.value = String(value);
      if (list.selectedIndex >= 0) continue;
      const chosen = list.querySelector('.chosen') ?? list.appendChild(make('option', { class: 'chosen' }));
      Object.assign(chosen, { value: String(value), text: `event ${value}` });
      list.value = String(value);
    } // prettier-ignore
  },
};

let page: Page | undefined;

const sink: Sink = {
  show(recording: InspectedRecording, isLive: boolean): void {
    byId('error').hidden = true;
    byId('empty').hidden = true;
    byId('main').hidden = false;
    const view = viewOf(recording, page?.store.view);
    document.title = `${recording.name}: linmem`;
    byId('name').textContent = recording.name;
    if (!isLive) sink.status('');
    if (!page) {
      page = new Page(view);
      page.store.add(moments);
    } else page.store.set(view);
    page.detail.bytesOf = sink.bytesOf;
    listMoments(view);
    page.store.drawQuick();
    if (!isLive) page.store.drawSlow();
    document.documentElement.dataset.state = 'ready';
  },
  fail(error: unknown): void {
    const known = error instanceof RecordingError;
    byId('error').hidden = false;
    byId('error').textContent = known ? error.message : `The recording cannot be shown: ${String(error)}`;
    sink.status('');
    document.documentElement.dataset.state = 'failed';
  },
  status(text: string): void {
    byId('status').textContent = text;
  },
  bytesOf: undefined,
};

function openFiles(): void {
  const input = byId<HTMLInputElement>('file');
  input.addEventListener('change', () => input.files?.[0] && void fromFile(input.files[0], sink));
  byId('open').addEventListener('click', () => input.click());
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) void fromFile(file, sink);
  });
}

/** Applies the colour scheme of the system, until the user chooses the other one. */
function themes(): void {
  const root = document.documentElement;
  const system = matchMedia('(prefers-color-scheme: dark)');
  const follow = (): void => {
    root.dataset.theme = system.matches ? 'dark' : 'light';
  };
  system.addEventListener('change', follow);
  follow();
  byId('theme').addEventListener('click', () => {
    system.removeEventListener('change', follow);
    root.dataset.theme = root.dataset.theme === 'dark' ? 'light' : 'dark';
  });
}

openFiles();
themes();
/** For benches: shows the state after an event, and returns the time of the quick drawing. */
(globalThis as { linmemSeek?: (event: number) => number }).linmemSeek = (event) => {
  page?.store.set({ event });
  page?.store.drawQuick();
  return page?.store.lastDraw ?? -1;
};
void start(sink);
