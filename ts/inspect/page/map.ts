// SPDX-License-Identifier: MIT
// The map of the heap at "now": lines of cells, in the order of addresses.
import { addressText, bytesText, timeText } from '../units.ts';
import { cellsOf, spanOf, type Cells, type Span } from './cells.ts';
import { colourOf, type Pixels } from './colours.ts';
import { cssValue, sizeCanvas, mix, tip } from './dom.ts';
import type { Panel, Store, View } from './state.ts';
import { GUTTER, RIGHT } from './timeline.ts';

const CELL = { width: 5, height: 11, gap: 3 };

export class HeapMap implements Panel {
  readonly #canvas: HTMLCanvasElement;
  readonly #store: Store;
  readonly #pixels: () => Pixels;
  /** The whole heap, and the part that is shown. */
  #all: Span = { start: 0, size: 4096 };
  #span: Span = this.#all;
  #replay: unknown;
  #columns = 1;
  #lines = 1;
  #cells: Cells = { blocks: new Uint32Array(1), used: new Float64Array(1), bytesPerCell: 4096 };

  constructor(canvas: HTMLCanvasElement, store: Store, pixels: () => Pixels) {
    this.#canvas = canvas;
    this.#store = store;
    this.#pixels = pixels;
    canvas.setAttribute('role', 'application'); // it handles keys
    canvas.addEventListener('mousemove', (event) => this.#hover(event));
    canvas.addEventListener('mouseleave', () => tip(''));
    canvas.addEventListener('click', (event) => this.#choose(this.#blockAt(event)));
    canvas.addEventListener('dblclick', (event) => this.zoom(4, this.#addressAt(event)));
    canvas.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.draw(store.view)).observe(canvas);
  }

  draw(view: View): void {
    if (this.#replay !== view.replay) {
      const whole = this.#span.size === this.#all.size;
      this.#all = spanOf(view.recording, view.replay.ends);
      if (whole || this.#replay === undefined) this.#span = this.#all;
      this.#replay = view.replay;
    }
    const { context, width, height, scale } = sizeCanvas(this.#canvas);
    this.#columns = Math.max(Math.floor((width - GUTTER - RIGHT) / CELL.width / 16) * 16, 16);
    this.#lines = Math.max(Math.floor(height / (CELL.height + CELL.gap)), 1);
    const count = this.#columns * this.#lines;
    const span = { start: this.#span.start, size: roundBytes(this.#span.size / count) * count };
    this.#cells = cellsOf(view.recording, view.replay.liveAt(view.event), span, count);
    context.clearRect(0, 0, width, height);
    this.#paint(view, context, scale);
    this.#drawAddresses(context);
  }

  #paint(view: View, context: CanvasRenderingContext2D, scale: number): void {
    const pixels = this.#pixels();
    const colour = colourOf(view, pixels);
    const { blocks, used, bytesPerCell } = this.#cells;
    const { ofStack } = view.callSites;
    const { sites } = view.recording;
    const [width, line, tall] = [Math.round(CELL.width * scale), Math.round((CELL.height + CELL.gap) * scale), Math.round(CELL.height * scale)]; // prettier-ignore
    const image = context.createImageData(width * this.#columns, line * this.#lines);
    const data = new Uint32Array(image.data.buffer);
    const end = Math.ceil((this.#all.start + this.#all.size - this.#span.start) / bytesPerCell);
    for (let cell = 0; cell < Math.min(blocks.length, end); cell++) {
      const block = (blocks[cell] as number) - 1;
      let pixel = pixels.gap;
      if (block >= 0) {
        const part = 0.35 + 0.65 * Math.min((used[cell] as number) / bytesPerCell, 1);
        pixel = mix(pixels.gap, block === view.block ? pixels.accent : colour(block), part);
        if (view.site >= 0 && ofStack[sites[block] as number] !== view.site)
          pixel = mix(pixel, pixels.gap, 0.8);
      }
      const left = (cell % this.#columns) * width;
      const top = Math.floor(cell / this.#columns) * line;
      // The first pixel of a block is left out, to separate adjacent blocks.
      const begins = scale > 1 && block >= 0 && cell > 0 && blocks[cell - 1] !== block + 1 ? 1 : 0;
      for (let y = 0; y < tall; y++)
        data.fill(pixel, (top + y) * image.width + left + begins, (top + y) * image.width + left + width);
    }
    context.putImageData(image, Math.round(GUTTER * scale), 0);
  }

  #drawAddresses(context: CanvasRenderingContext2D): void {
    context.font = `10.5px ${cssValue('--mono')}`;
    context.fillStyle = cssValue('--muted');
    context.textAlign = 'right';
    const perLine = this.#cells.bytesPerCell * this.#columns;
    const lines = Math.min(this.#lines, Math.ceil((this.#all.start + this.#all.size - this.#span.start) / perLine)); // prettier-ignore
    for (let line = 0; line < lines; line += 2)
      context.fillText(
        (this.#span.start + Math.floor(line * perLine)).toString(16),
        GUTTER - 8,
        line * (CELL.height + CELL.gap) + CELL.height - 2,
      );
    context.textAlign = 'left';
  }

  #cellAt({ offsetX, offsetY }: MouseEvent): number {
    const column = Math.floor((offsetX - GUTTER) / CELL.width);
    const line = Math.floor(offsetY / (CELL.height + CELL.gap));
    return column >= 0 && column < this.#columns && line < this.#lines ? line * this.#columns + column : -1;
  }
  #blockAt(event: MouseEvent): number {
    const cell = this.#cellAt(event);
    return cell < 0 ? -1 : (this.#cells.blocks[cell] as number) - 1;
  }
  #addressAt(event: MouseEvent): number {
    return this.#span.start + Math.max(this.#cellAt(event), 0) * this.#cells.bytesPerCell;
  }

  #hover(event: MouseEvent): void {
    const cell = this.#cellAt(event);
    const block = this.#blockAt(event);
    if (block < 0) {
      tip(cell < 0 ? '' : `${addressText(Math.floor(this.#addressAt(event)))}\nno block`, event);
      return;
    }
    const { recording, callSites } = this.#store.view;
    const site = callSites.sites[callSites.ofStack[recording.sites[block] as number] as number];
    const size = bytesText(recording.sizes[block] as number);
    const since = timeText(recording.times[block] as number);
    tip(`${addressText(recording.addresses[block] as number)}, ${size}\n${site?.name ?? ''}\nallocated at ${since}`, event); // prettier-ignore
  }

  #choose(block: number): void {
    this.#store.set({ block });
  }

  /** Zooms in by `factor` around an address. */
  zoom(factor: number, around: number = this.#span.start + this.#span.size / 2): void {
    const size = Math.min(Math.max(this.#span.size / factor, this.#columns * 4), this.#all.size);
    const part = (around - this.#span.start) / this.#span.size;
    this.#move(around - part * size, size);
  }
  /** Shows all of the heap. */
  reset(): void {
    this.#move(this.#all.start, this.#all.size);
  }
  /** Shows a block and its neighbours. */
  show(block: number): void {
    const { addresses, sizes } = this.#store.view.recording;
    const size = Math.min(Math.max((sizes[block] as number) * 12, this.#columns * 8), this.#all.size);
    this.#move((addresses[block] as number) + (sizes[block] as number) / 2 - size / 2, size);
  }
  #move(start: number, size: number): void {
    const most = this.#all.start + this.#all.size - size;
    const first = Math.min(Math.max(start, this.#all.start), most);
    this.#span = { start: Math.floor(first / 16) * 16, size };
    this.draw(this.#store.view);
  }

  #wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
    event.preventDefault();
    this.zoom(event.deltaY < 0 ? 1.3 : 1 / 1.3, this.#addressAt(event));
  }

  #key(event: KeyboardEvent): void {
    const page = (event.shiftKey ? 1 : 0.1) * this.#span.size;
    const keys: Readonly<Record<string, () => void>> = {
      '+': () => this.zoom(1.5),
      '=': () => this.zoom(1.5),
      '-': () => this.zoom(1 / 1.5),
      '0': () => this.reset(),
      ArrowUp: () => this.#move(this.#span.start - page, this.#span.size),
      ArrowDown: () => this.#move(this.#span.start + page, this.#span.size),
      ArrowLeft: () => this.#step(-1),
      ArrowRight: () => this.#step(1),
      Enter: () => this.#store.view.block >= 0 && this.show(this.#store.view.block),
      Escape: () => this.#choose(-1),
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** Chooses the next or the previous block in the map. */
  #step(by: number): void {
    const { blocks } = this.#cells;
    const chosen = this.#store.view.block + 1;
    let cell = by > 0 ? blocks.lastIndexOf(chosen) : blocks.indexOf(chosen);
    if (chosen === 0 || cell < 0) cell = by > 0 ? -1 : blocks.length;
    do cell += by;
    while (cell >= 0 && cell < blocks.length && (blocks[cell] === 0 || blocks[cell] === chosen));
    const found = blocks[cell];
    if (found) this.#choose(found - 1);
  }
}

/** Rounds up to three significant bits, so that lines begin at round addresses. */
function roundBytes(bytes: number): number {
  if (bytes <= 1) return 1;
  const unit = 2 ** Math.max(Math.floor(Math.log2(bytes)) - 2, 0);
  return Math.ceil(bytes / unit) * unit;
}
