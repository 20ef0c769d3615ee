// SPDX-License-Identifier: MIT
// The panels of the numbers at the top, and of the legend.
import { fragmentationAt } from '../layout.ts';
import { leaksOf } from '../sites.ts';
import { bytesText, countText, timeText } from '../units.ts';
import { legendOf } from './colours.ts';
import { byId, make } from './dom.ts';
import type { Panel, Store, View } from './state.ts';

const set = (id: string, text: string): void => {
  byId(id).textContent = text;
};

/** The numbers at "now". */
export class Summary implements Panel {
  draw({ replay, event, recording }: View): void {
    const at = (column: Float64Array | Uint32Array): number => (event < 0 ? 0 : (column[event] as number));
    set('live', bytesText(at(replay.liveBytes)));
    set('live-note', `${countText(at(replay.liveBlocks))} blocks`);
    set('memory', at(replay.memoryBytes) > 0 ? bytesText(at(replay.memoryBytes)) : 'unknown');
    set('peak', bytesText(replay.liveBytes[replay.peak] ?? 0));
    set('peak-note', `at ${timeText(recording.times[replay.peak] ?? 0)}`);
    set(
      'now',
      `${timeText(at(recording.times))}, event ${countText(event + 1)} of ${countText(replay.length)}`,
    );
    const slider = byId<HTMLInputElement>('slider');
    slider.max = String(replay.length - 1);
    slider.value = String(event);
    slider.setAttribute(
      'aria-valuetext',
      `${timeText(at(recording.times))}, ${bytesText(at(replay.liveBytes))}`,
    );
  }
}

/** The numbers that need a pass over the blocks. */
export class SlowSummary implements Panel {
  readonly slow = true;
  draw({ replay, event, since, recording }: View): void {
    const { start, end, gapBytes, gaps, largestGap } = fragmentationAt(replay, event);
    set('fragmentation', `${end > start ? ((gapBytes / (end - start)) * 100).toFixed(0) : 0} %`);
    set('fragmentation-note', `${countText(gaps)} gaps, largest ${bytesText(largestGap)}`);
    const leaks = leaksOf(replay, since);
    const sum = (key: 'bytes' | 'blocks'): number => leaks.reduce((total, leak) => total + leak[key], 0);
    set('leaked', bytesText(sum('bytes')));
    set('leaked-note', `${countText(sum('blocks'))} blocks never freed`);
    set('reports', countText(recording.reports.length));
    byId('reports').classList.toggle('bad', recording.reports.length > 0);
    const { frees, overlaps } = replay.unmatched;
    const notes = [frees > 0 && `${countText(frees)} frees of no known block`, overlaps > 0 && `${countText(overlaps)} frees not recorded`]; // prettier-ignore
    set('reports-note', notes.filter(Boolean).join(', ') || 'all frees match');
  }
}

/** The legend of the map. A click on an entry chooses its call site. */
export class Legend implements Panel {
  readonly slow = true;
  readonly #store: Store;
  constructor(store: Store) {
    this.#store = store;
  }
  draw(view: View): void {
    const entries = legendOf(view).map(({ colour, text, site }) => {
      const swatch = make('i', { class: 'swatch', style: `background: var(${colour})` });
      if (site === undefined) return make('span', {}, swatch, text);
      const choose = (): void => this.#store.set({ site: view.site === site ? -1 : site });
      return make('button', { class: 'link', 'aria-pressed': String(view.site === site), onclick: choose }, swatch, text); // prettier-ignore
    });
    byId('legend').replaceChildren(...entries);
  }
}
