// SPDX-License-Identifier: MIT
// The panel of the chosen block: its history, its type and bytes, and the stacks of its allocation and free.
import type { StackFrame } from '../../debug/recording.ts';
import { NEVER } from '../replay.ts';
import { frameName, placeOf } from '../tree.ts';
import { addressText, bytesText, countText, timeText } from '../units.ts';
import { byId, make } from './dom.ts';
import { fieldsPart } from './fields.ts';
import type { Panel, Store, View } from './state.ts';

/** The maximum number of bytes that are shown. */
const MOST_BYTES = 512;

export class Detail implements Panel {
  readonly slow = true;
  readonly #store: Store;
  readonly #show: (block: number) => void;
  /** Resolves to bytes of the running program; undefined if there is none. */
  bytesOf: ((address: number, size: number) => Promise<Uint8Array | undefined>) | undefined;

  constructor(store: Store, show: (block: number) => void) {
    this.#store = store;
    this.#show = show;
  }

  draw(view: View): void {
    const element = byId('detail');
    if (view.block < 0) {
      element.replaceChildren(
        make('h2', { text: 'Block' }),
        make('p', { class: 'none', text: 'Choose a block in the map, or in the table of blocks.' }),
      );
      return;
    }
    element.replaceChildren(...this.#parts(view));
    void this.#drawContents(view, byId('fields'), byId('bytes'));
  }

  #parts(view: View): Node[] {
    const { recording, replay, block } = view;
    const { addresses, sizes, times, sites, types, typeNames, stacks } = recording;
    const end = replay.ends[block] as number;
    const isFreed = end !== NEVER;
    const pair = (name: string, value: string): Node[] => [
      make('dt', { text: name }),
      make('dd', { text: value }),
    ];
    const facts = make('dl', {},
      ...pair('size', `${bytesText(sizes[block] as number)} (${countText(sizes[block] as number)})`),
      ...pair('type', typeNames[types[block] as number] || 'unknown'),
      ...pair('allocated', `${timeText(times[block] as number)}, event ${countText(block)}`),
      ...pair('freed', isFreed ? `${timeText(times[end] as number)}, event ${countText(end)}` : 'never'),
      ...(isFreed ? pair('lived', timeText((times[end] as number) - (times[block] as number))) : []),
    ); // prettier-ignore
    const now =
      (event: number): (() => void) =>
      () =>
        this.#store.set({ event });
    const buttons = make('p', { class: 'buttons' },
      make('button', { text: 'Show in map', onclick: () => this.#show(block) }),
      make('button', { text: 'Go to allocation', onclick: now(block) }),
      ...(isFreed ? [make('button', { text: 'Go to free', onclick: now(end) })] : []),
    ); // prettier-ignore
    return [
      make('h2', { text: `Block ${addressText(addresses[block] as number)}` }),
      facts,
      buttons,
      ...stackPart('Allocated by', stacks[sites[block] as number]),
      ...(isFreed ? stackPart('Freed by', stacks[sites[end] as number]) : []),
      make('div', { id: 'fields' }),
      make('div', { id: 'bytes' }),
      ...this.#others(view),
    ];
  }

  /** Returns the other blocks that had the address: they help to find a use after free. */
  #others({ recording, replay, block }: View): Node[] {
    const others = replay.historyOf(recording.addresses[block] as number).filter((each) => each !== block);
    if (others.length === 0) return [];
    const entries = others.slice(-12).map((each) => {
      const text = `${bytesText(recording.sizes[each] as number)} at ${timeText(recording.times[each] as number)}`;
      return make('li', {}, make('button', { class: 'link', text, onclick: () => this.#store.set({ block: each }) })); // prettier-ignore
    });
    return [make('h3', { text: `Other blocks at this address: ${countText(others.length)}` }), make('ul', {}, ...entries)]; // prettier-ignore
  }

  /** Draws the fields, and draws them again with values when the bytes are known. */
  async #drawContents(view: View, fields: HTMLElement, element: HTMLElement): Promise<void> {
    const { recording, block } = view;
    const type = recording.typeNames[recording.types[block] as number] ?? '';
    const size = recording.sizes[block] as number;
    const layout = recording.layouts?.find(({ name }) => name === type);
    const drawFields = (bytes: Uint8Array | undefined): void => {
      const part = fieldsPart(layout, size, bytes);
      if (part) fields.replaceChildren(make('h3', { text: 'Fields' }), part);
    };
    drawFields(undefined);
    const bytes = await this.#readBytes(view);
    if (!bytes || bytes.length === 0) return;
    drawFields(bytes);
    const text = /utf8|ascii|latin1/.test(type) ? [make('p', { class: 'text', text: textOf(bytes) })] : [];
    const when = view.replay.ends[block] === NEVER ? '' : ' (of the address: the block was freed)';
    element.replaceChildren(make('h3', { text: `Bytes${when}` }), ...text, make('pre', { class: 'hex', text: hexOf(bytes, recording.addresses[block] as number) })); // prettier-ignore
  }

  async #readBytes({ recording, block }: View): Promise<Uint8Array | undefined> {
    const address = recording.addresses[block] as number;
    const size = Math.min(recording.sizes[block] as number, MOST_BYTES);
    const stored = recording.bytes?.find((each) => each.address <= address && address + size <= each.address + each.bytes.length); // prettier-ignore
    return stored ? stored.bytes.subarray(address - stored.address, address - stored.address + size) : this.bytesOf?.(address, size); // prettier-ignore
  }
}

function stackPart(title: string, stack: readonly StackFrame[] | undefined): Node[] {
  const lines = (stack ?? []).map((frame) =>
    make('li', {}, frameName(frame), ' ', make('span', { class: 'place', text: placeOf(frame) })),
  );
  return [make('h3', { text: title }), lines.length > 0 ? make('ol', { class: 'stack' }, ...lines) : make('p', { class: 'none', text: 'unknown' })]; // prettier-ignore
}

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return JSON.stringify(new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end)));
}

/** Returns a hex dump with eight bytes per line: address, hexadecimal digits, characters. */
function hexOf(bytes: Uint8Array, address: number): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 8) {
    const part = [...bytes.subarray(at, at + 8)];
    const digits = part.map((byte) => byte.toString(16).padStart(2, '0')).join(' ').padEnd(23); // prettier-ignore
    const text = part.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${(address + at).toString(16).padStart(8, '0')}  ${digits}  ${text}`);
  }
  return lines.join('\n');
}
