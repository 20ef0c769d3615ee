// SPDX-License-Identifier: MIT
// Helpers for the DOM.

/** Returns the element with this id. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element #${id}`);
  return found as T;
}

/** Returns a new element with attributes (`text` is its text, `on...` its listeners) and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number | boolean | ((event: Event) => void)>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (name === 'text') element.textContent = String(value);
    else if (typeof value === 'boolean') element.toggleAttribute(name, value);
    else element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/** Returns the value of a custom property of the style sheet. */
export function cssValue(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Returns a colour of the style sheet, `#rrggbb`, as a canvas pixel: 0xaabbggrr. */
export function pixelOf(name: string): number {
  const value = Number.parseInt(cssValue(name).slice(1), 16);
  return (0xff000000 | ((value & 255) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}

/** Mixes two pixels. `part` is the share of `b`, from 0 to 1. */
export function mix(a: number, b: number, part: number): number {
  const channel = (shift: number): number => {
    const from = (a >>> shift) & 255;
    return Math.round(from + (((b >>> shift) & 255) - from) * part) << shift;
  };
  return (0xff000000 | channel(0) | channel(8) | channel(16)) >>> 0;
}

/** Sets the size of a canvas to that of its element. Returns its context, in CSS pixels, and its size. */
export function sizeCanvas(canvas: HTMLCanvasElement): {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
  scale: number;
} {
  const scale = Math.min(window.devicePixelRatio || 1, 2);
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return { context, width, height, scale };
}

/** Shows a tooltip beside the pointer, or hides it. */
export function tip(text: string, event?: MouseEvent): void {
  const element = byId('tip');
  element.hidden = text === '';
  element.textContent = text;
  if (!event || text === '') return;
  const { offsetWidth, offsetHeight } = element;
  element.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - offsetWidth - 8))}px`;
  element.style.top = `${Math.max(4, Math.min(event.clientY + 14, innerHeight - offsetHeight - 8))}px`;
}
