// SPDX-License-Identifier: MIT
// The call tree as an icicle graph: the outermost frames at the top, with widths in proportion to their bytes.
import { bySite } from '../sites.ts';
import { callTree, frameName, placeOf, type TreeNode } from '../tree.ts';
import { bytesText, countText } from '../units.ts';
import { byId, cssValue, sizeCanvas, tip } from './dom.ts';
import type { Panel, Store, View } from './state.ts';

const LINE = 20;

interface Box {
  readonly node: TreeNode;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export class Flame implements Panel {
  readonly slow = true;
  readonly #canvas: HTMLCanvasElement;
  readonly #store: Store;
  #root: TreeNode | undefined;
  /** The path to the node that is zoomed to the full width. */
  #path: TreeNode[] = [];
  #boxes: Box[] = [];
  #focus: TreeNode | undefined;
  #width = 0;

  constructor(canvas: HTMLCanvasElement, store: Store) {
    this.#canvas = canvas;
    this.#store = store;
    canvas.setAttribute('role', 'application'); // it handles keys
    canvas.addEventListener('mousemove', (event) => this.#hover(event));
    canvas.addEventListener('mouseleave', () => tip(''));
    canvas.addEventListener('click', (event) => this.#click(event));
    canvas.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => canvas.clientWidth !== this.#width && this.#paint()).observe(canvas);
  }

  draw(view: View): void {
    const totals = bySite(view.replay, view.metric, view.since, view.event);
    this.#root = callTree(view.recording.stacks, totals);
    // The same path in the new tree, up to the last node that exists there.
    const path: TreeNode[] = [this.#root];
    for (const { frame } of this.#path.slice(1)) {
      const same = path.at(-1)?.children.find((child) => child.frame?.name === frame?.name && placeOf(child.frame as never) === placeOf(frame as never)); // prettier-ignore
      if (!same) break;
      path.push(same);
    }
    this.#path = path;
    this.#focus = undefined;
    this.#paint();
  }

  #layout(width: number): void {
    this.#boxes = [];
    this.#path.forEach((node, y) => {
      this.#boxes.push({ node, x: 0, y, width });
    });
    const place = (node: TreeNode, x: number, y: number, size: number): void => {
      if (node.bytes <= 0) return;
      let left = x;
      for (const child of node.children) {
        const part = (child.bytes / node.bytes) * size;
        if (part >= 0.5) {
          this.#boxes.push({ node: child, x: left, y, width: part });
          place(child, left, y + 1, part);
        }
        left += part;
      }
    };
    place(this.#path.at(-1) as TreeNode, 0, this.#path.length, width);
  }

  #paint(): void {
    if (!this.#root) return;
    const width = (this.#width = this.#canvas.clientWidth);
    this.#layout(width);
    const depth = this.#boxes.reduce((most, { y }) => Math.max(most, y), 0) + 1;
    this.#canvas.style.height = `${Math.max(depth * LINE, 3 * LINE)}px`;
    const { context } = sizeCanvas(this.#canvas);
    context.clearRect(0, 0, width, depth * LINE);
    context.font = `12px ${cssValue('--sans')}`;
    const colours = flameColours();
    const query = this.#store.view.query.toLowerCase();
    for (const box of this.#boxes) this.#drawBox(context, box, colours, query);
    const { bytes, blocks } = this.#path.at(-1) as TreeNode;
    byId('flame-total').textContent = `${bytesText(bytes)} in ${countText(blocks)} blocks`;
  }

  #drawBox(
    context: CanvasRenderingContext2D,
    { node, x, y, width }: Box,
    colours: FlameColours,
    query: string,
  ): void {
    const name = frameName(node.frame);
    const found = query !== '' && name.toLowerCase().includes(query);
    context.globalAlpha = (query !== '' && !found) || y < this.#path.length - 1 ? 0.45 : 1;
    context.fillStyle = found ? colours.found : colours.of(node);
    context.fillRect(x, y * LINE, Math.max(width - 1, 0.5), LINE - 1);
    if (node === this.#focus) {
      context.strokeStyle = colours.ink;
      context.lineWidth = 2;
      context.strokeRect(x + 1, y * LINE + 1, width - 3, LINE - 3);
    }
    context.globalAlpha = 1;
    if (width < 28) return;
    context.fillStyle = colours.ink;
    context.fillText(fitText(context, `${name}  ${bytesText(node.bytes)}`, width - 10), x + 5, y * LINE + 14);
  }

  #boxAt({ offsetX, offsetY }: MouseEvent): Box | undefined {
    const y = Math.floor(offsetY / LINE);
    return this.#boxes.find((box) => box.y === y && offsetX >= box.x && offsetX < box.x + box.width);
  }

  #hover(event: MouseEvent): void {
    const box = this.#boxAt(event);
    this.#canvas.style.cursor = box ? 'pointer' : 'default';
    if (box) this.#describe(box.node, event);
    else tip('');
  }

  #describe(node: TreeNode, event: MouseEvent): void {
    const part = this.#root && this.#root.bytes > 0 ? (node.bytes / this.#root.bytes) * 100 : 0;
    const where = node.frame ? `\n${placeOf(node.frame)}` : '';
    tip(`${frameName(node.frame)}${where}\n${bytesText(node.bytes)} (${part.toFixed(1)} %) in ${countText(node.blocks)} blocks`, event); // prettier-ignore
  }

  #click(event: MouseEvent): void {
    const box = this.#boxAt(event);
    if (box) this.#zoom(box.node);
  }

  #zoom(node: TreeNode): void {
    const path: TreeNode[] = [];
    const find = (at: TreeNode): boolean => {
      path.push(at);
      if (at === node || at.children.some(find)) return true;
      path.pop();
      return false;
    };
    if (this.#root && find(this.#root)) this.#path = path;
    this.#paint();
  }

  #key(event: KeyboardEvent): void {
    const focus = this.#focus ?? this.#path.at(-1);
    if (!focus) return;
    const parent = this.#parentOf(focus);
    const siblings = parent?.children ?? [focus];
    const next: Readonly<Record<string, TreeNode | undefined>> = {
      ArrowDown: focus.children[0],
      ArrowUp: parent,
      ArrowRight: siblings[siblings.indexOf(focus) + 1],
      ArrowLeft: siblings[siblings.indexOf(focus) - 1],
    };
    if (!(event.key in next) && event.key !== 'Enter' && event.key !== 'Escape') return;
    event.preventDefault();
    if (event.key === 'Enter') this.#zoom(focus);
    else if (event.key === 'Escape') this.#zoom(this.#root as TreeNode);
    this.#focus = next[event.key] ?? focus;
    this.#paint();
    const { frame, bytes, blocks } = this.#focus;
    this.#canvas.setAttribute('aria-label', `${frameName(frame)}, ${bytesText(bytes)} in ${countText(blocks)} blocks`); // prettier-ignore
  }

  #parentOf(node: TreeNode): TreeNode | undefined {
    const find = (at: TreeNode): TreeNode | undefined => {
      if (at.children.includes(node)) return at;
      for (const child of at.children) {
        const found = find(child);
        if (found) return found;
      }
      return undefined;
    };
    return this.#root && find(this.#root);
  }
}

interface FlameColours {
  readonly ink: string;
  readonly found: string;
  of(node: TreeNode): string;
}

/** Returns a function that returns the colour of a frame: one colour for each file. */
function flameColours(): FlameColours {
  const files = Array.from({ length: 6 }, (_, i) => cssValue(`--f-${i}`));
  const root = cssValue('--line');
  const of = ({ frame }: TreeNode): string => {
    if (!frame) return root;
    let hash = 0;
    for (let i = 0; i < frame.file.length; i++) hash = (hash * 31 + frame.file.charCodeAt(i)) >>> 0;
    return files[hash % files.length] as string;
  };
  return { ink: cssValue('--ink'), found: cssValue('--found'), of };
}

function fitText(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let length = text.length;
  while (length > 1 && context.measureText(`${text.slice(0, length)}...`).width > width) length--;
  return length > 1 ? `${text.slice(0, length)}...` : '';
}
