// SPDX-License-Identifier: MIT
// The panel of the heap over time: events from left to right, addresses from top to bottom, each block from its
// allocation to its free.
import { addressText, bytesText } from '../units.ts';
import { spanOf, type Span } from './cells.ts';
import { colourOf, type Pixels } from './colours.ts';
import { cssValue, sizeCanvas, tip } from './dom.ts';
import type { Panel, Store, View } from './state.ts';
import { axisOf, eventOf, GUTTER, RIGHT } from './timeline.ts';

export class History implements Panel {
  readonly slow = true;
  readonly #canvas: HTMLCanvasElement;
  readonly #store: Store;
  readonly #pixels: () => Pixels;
  #image: ImageBitmap | HTMLCanvasElement | undefined;
  /** The block of each pixel, plus 1; 0 for none. */
  #blocks: Uint32Array = new Uint32Array(0);
  #span: Span = { start: 0, size: 1 };
  #width = 1;
  #height = 1;
  #key: unknown[] = [];

  constructor(canvas: HTMLCanvasElement, store: Store, pixels: () => Pixels) {
    this.#canvas = canvas;
    this.#store = store;
    this.#pixels = pixels;
    canvas.addEventListener('mousemove', (event) => this.#hover(event));
    canvas.addEventListener('mouseleave', () => tip(''));
    canvas.addEventListener('click', (event) => this.#click(event));
    new ResizeObserver(() => this.draw(store.view)).observe(canvas);
  }

  draw(view: View): void {
    const { context, width, height, scale } = sizeCanvas(this.#canvas);
    this.#width = Math.max(Math.floor(width - GUTTER - RIGHT), 1);
    this.#height = Math.max(Math.floor(height), 1);
    const key = [view.replay, view.axis, view.colouring === 'age' ? 'site' : view.colouring, view.site, this.#width, this.#height, this.#pixels()]; // prettier-ignore
    if (key.some((value, i) => value !== this.#key[i])) {
      this.#place(view);
      this.#paint(view);
      this.#key = key;
    }
    context.clearRect(0, 0, width, height);
    if (this.#image) context.drawImage(this.#image, GUTTER, 0, this.#width, this.#height);
    this.#drawAxis(view, context, scale);
  }

  /** Finds the block of each pixel: later blocks cover earlier ones. */
  #place(view: View): void {
    const { replay, recording } = view;
    const [width, height] = [this.#width, this.#height];
    this.#span = spanOf(recording, replay.ends);
    const blocks = new Uint32Array(width * height);
    const last = Math.max(axisOf(view, replay.length - 1), 1e-9);
    const column = (event: number): number =>
      Math.min(Math.floor((axisOf(view, event) / last) * width), width - 1);
    const perLine = this.#span.size / height;
    for (let block = 0; block < replay.length; block++) {
      const end = replay.ends[block] as number;
      if (end === 0) continue;
      const from = column(block);
      const to = end < replay.length ? Math.max(column(end), from + 1) : width;
      const top = ((recording.addresses[block] as number) - this.#span.start) / perLine;
      const bottom = Math.max(top + (recording.sizes[block] as number) / perLine, Math.floor(top) + 1);
      for (let y = Math.floor(top); y < bottom && y < height; y++)
        blocks.fill(block + 1, y * width + from, y * width + to);
    }
    this.#blocks = blocks;
  }

  #paint(view: View): void {
    const pixels = this.#pixels();
    const colour = colourOf(view.colouring === 'age' ? { ...view, colouring: 'site' } : view, pixels);
    const { ofStack } = view.callSites;
    const canvas = document.createElement('canvas');
    canvas.width = this.#width;
    canvas.height = this.#height;
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    const image = context.createImageData(this.#width, this.#height);
    const data = new Uint32Array(image.data.buffer);
    const blocks = this.#blocks;
    for (let i = 0; i < blocks.length; i++) {
      const block = (blocks[i] as number) - 1;
      const hidden =
        block < 0 || (view.site >= 0 && ofStack[view.recording.sites[block] as number] !== view.site);
      data[i] = hidden ? pixels.gap : colour(block);
    }
    context.putImageData(image, 0, 0);
    this.#image = canvas;
  }

  #drawAxis(view: View, context: CanvasRenderingContext2D, scale: number): void {
    const last = Math.max(axisOf(view, view.replay.length - 1), 1e-9);
    const x = (event: number): number => GUTTER + (axisOf(view, event) / last) * this.#width;
    context.strokeStyle = cssValue('--ink');
    context.lineWidth = 1.5;
    for (const [event, dash] of [[view.event, []], [view.since, [5, 3]]] as const) {
      if (event < 0) continue;
      context.setLineDash([...dash]);
      context.beginPath();
      context.moveTo(x(event), 0);
      context.lineTo(x(event), this.#height * scale);
      context.stroke();
    } // prettier-ignore
    context.setLineDash([]);
    context.font = `10.5px ${cssValue('--mono')}`;
    context.fillStyle = cssValue('--muted');
    context.textAlign = 'right';
    const { start, size } = this.#span;
    for (const [part, at] of [[0, 10], [0.5, this.#height / 2 + 4], [1, this.#height - 2]] as const)
      context.fillText(Math.floor(start + part * size).toString(16), GUTTER - 8, at); // prettier-ignore
    context.textAlign = 'left';
  }

  #blockAt({ offsetX, offsetY }: MouseEvent): number {
    const x = Math.floor(offsetX - GUTTER);
    const y = Math.floor(offsetY);
    if (x < 0 || x >= this.#width || y < 0 || y >= this.#height) return -1;
    return (this.#blocks[y * this.#width + x] ?? 0) - 1;
  }

  #hover(event: MouseEvent): void {
    const block = this.#blockAt(event);
    const { recording, callSites } = this.#store.view;
    if (block < 0) {
      tip('');
      return;
    }
    const site = callSites.sites[callSites.ofStack[recording.sites[block] as number] as number];
    tip(`${addressText(recording.addresses[block] as number)}, ${bytesText(recording.sizes[block] as number)}\n${site?.name ?? ''}`, event); // prettier-ignore
  }

  #click(event: MouseEvent): void {
    const { view } = this.#store;
    const part = Math.min(Math.max((event.offsetX - GUTTER) / this.#width, 0), 1);
    const now = eventOf(view, part * axisOf(view, view.replay.length - 1));
    const block = this.#blockAt(event);
    this.#store.set(block >= 0 ? { event: now, block } : { event: now });
  }
}
