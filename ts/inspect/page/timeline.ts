// SPDX-License-Identifier: MIT
// The panel of the curve of live bytes, drawn by uPlot. A click sets "now"; a drag sets "since" and "now".
import uPlot from 'uplot';
import { thin } from '../timeline.ts';
import { bytesText, countText, timeText } from '../units.ts';
import { cssValue } from './dom.ts';
import type { Panel, Store, View } from './state.ts';

/** The width of the axis in CSS pixels, the same in all pictures of the page. */
export const GUTTER = 76;
export const RIGHT = 12;
const HEIGHT = 180;

/** Returns the position of an event on the axis: seconds, or its index. */
export const axisOf = ({ axis, recording }: View, event: number): number =>
  axis === 'events' ? event : (recording.times[Math.max(event, 0)] ?? 0);

/** Returns the event at a position on the axis. */
export function eventOf({ axis, replay }: View, position: number): number {
  if (axis === 'time') return Math.max(replay.eventAt(position), Math.min(0, replay.length - 1));
  return Math.max(Math.min(Math.round(position), replay.length - 1), Math.min(0, replay.length - 1));
}

export class Timeline implements Panel {
  readonly #element: HTMLElement;
  readonly #store: Store;
  #plot: uPlot | undefined;
  #drawn: { replay: unknown; axis: string; dark: string } | undefined;

  constructor(element: HTMLElement, store: Store) {
    this.#element = element;
    this.#store = store;
    new ResizeObserver(() => {
      this.#plot?.setSize({ width: element.clientWidth, height: HEIGHT });
    }).observe(element);
  }

  draw(view: View): void {
    const drawn = { replay: view.replay, axis: view.axis, dark: cssValue('--surface') };
    const same = this.#drawn?.replay === drawn.replay && this.#drawn.axis === drawn.axis && this.#drawn.dark === drawn.dark; // prettier-ignore
    if (same) this.#plot?.redraw(false, false);
    else this.#make(view);
    this.#drawn = drawn;
  }

  #make(view: View): void {
    this.#plot?.destroy();
    const width = this.#element.clientWidth;
    this.#plot = new uPlot(this.#options(view, width), dataOf(view, width), this.#element);
  }

  #options(view: View, width: number): uPlot.Options {
    const [ink, line] = [cssValue('--muted'), cssValue('--line')];
    const font = `11px ${cssValue('--sans')}`;
    const axis = {
      stroke: ink,
      font,
      grid: { stroke: line, width: 1 },
      ticks: { stroke: line, width: 1, size: 4 },
    };
    const show = view.axis === 'time' ? (value: number) => (value === 0 ? '0' : timeText(value)) : countText;
    return {
      width,
      height: HEIGHT,
      padding: [8, RIGHT, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
      scales: {
        x: { time: false, range: [0, Math.max(axisOf(view, view.replay.length - 1), 1e-9)] },
        y: { range: (_, __, max) => [0, Math.max(max, 1) * 1.08] },
      },
      axes: [
        { ...axis, values: (_, values) => values.map(show), space: 90, size: 26 },
        { ...axis, size: GUTTER, values: (_, values) => values.map((value) => (value === 0 ? '0' : bytesText(value))), space: 40, incrs: BINARY_STEPS }, // prettier-ignore
      ],
      series: [
        {},
        { label: 'live', stroke: cssValue('--accent'), width: 1.5, fill: `${cssValue('--accent')}2e`, points: { show: false } }, // prettier-ignore
        { label: 'memory', stroke: ink, width: 1, dash: [4, 4], points: { show: false } },
      ],
      hooks: {
        draw: [(plot) => this.#drawMarks(plot)],
        setSelect: [(plot) => this.#select(plot)],
        ready: [(plot) => plot.over.addEventListener('click', () => this.#click(plot))],
      },
    };
  }

  #click(plot: uPlot): void {
    const { left } = plot.cursor;
    if (left === undefined || left < 0 || plot.select.width > 2) return;
    this.#store.set({ event: eventOf(this.#store.view, plot.posToVal(left, 'x')) });
  }

  #select(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width <= 2) return;
    const { view } = this.#store;
    const since = eventOf(view, plot.posToVal(left, 'x'));
    this.#store.set({ since, event: Math.max(eventOf(view, plot.posToVal(left + width, 'x')), since) });
    setTimeout(() => plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false));
  }

  /** Draws the marks, the reports, and the range between "since" and "now". */
  #drawMarks(plot: uPlot): void {
    const { view } = this.#store;
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio;
    const x = (event: number): number => Math.round(plot.valToPos(axisOf(view, event), 'x', true));
    ctx.save();
    const left = Math.max(view.since < 0 ? bbox.left : x(view.since), bbox.left);
    const now = Math.min(x(view.event), bbox.left + bbox.width);
    ctx.fillStyle = `${cssValue('--muted')}1f`;
    if (left > bbox.left) ctx.fillRect(bbox.left, bbox.top, left - bbox.left, bbox.height);
    ctx.fillRect(now, bbox.top, bbox.left + bbox.width - now, bbox.height);
    const rule = (at: number, colour: string, width: number, dash: number[]): void => {
      ctx.strokeStyle = colour;
      ctx.lineWidth = width * ratio;
      ctx.setLineDash(dash.map((each) => each * ratio));
      ctx.beginPath();
      ctx.moveTo(at, bbox.top);
      ctx.lineTo(at, bbox.top + bbox.height);
      ctx.stroke();
    };
    ctx.font = `${11 * ratio}px ${cssValue('--sans')}`;
    for (const { name, event } of view.recording.marks.slice(0, 200)) {
      rule(x(event), cssValue('--muted'), 1, [2, 3]);
      ctx.setLineDash([]);
      ctx.strokeStyle = cssValue('--surface');
      ctx.lineWidth = 4 * ratio;
      ctx.strokeText(name, x(event) + 4 * ratio, bbox.top + 11 * ratio);
      ctx.fillStyle = cssValue('--muted');
      ctx.fillText(name, x(event) + 4 * ratio, bbox.top + 11 * ratio);
    }
    for (const { event } of view.recording.reports.slice(0, 200)) rule(x(event), cssValue('--bad'), 1.5, []);
    if (view.since >= 0) rule(left, cssValue('--ink'), 1.5, [5, 3]);
    rule(now, cssValue('--ink'), 1.5, []);
    ctx.restore();
  }
}

/** Steps of the axis of bytes: powers of two. */
const BINARY_STEPS: number[] = Array.from({ length: 50 }, (_, i) => 2 ** i);

function dataOf(view: View, width: number): uPlot.AlignedData {
  const { replay } = view;
  const { events, values } = thin(replay.liveBytes, 0, replay.length - 1, Math.max(width, 300) * 2);
  const memory = Array.from(events, (event) => replay.memoryBytes[event] || null);
  // The size of the memory is drawn only if the curve of live bytes stays readable.
  const shown = (replay.memoryBytes.at(-1) ?? 0) < 8 * (replay.liveBytes[replay.peak] ?? 0);
  return [Array.from(events, (event) => axisOf(view, event)), Array.from(values), shown ? memory : memory.map(() => null)]; // prettier-ignore
}
