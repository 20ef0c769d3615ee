// SPDX-License-Identifier: MIT
// The colours of blocks.
import { pixelOf } from './dom.ts';
import { PALETTE, type View } from './state.ts';

/** The number of steps of the scale of ages. */
const AGES = 5;

/** The colours of the style sheet as pixels, which are read again when the colour scheme changes. */
export interface Pixels {
  readonly background: number;
  readonly gap: number;
  readonly palette: Uint32Array;
  readonly ages: Uint32Array;
  readonly accent: number;
}

export function readPixels(): Pixels {
  const list = (name: string, count: number): Uint32Array =>
    Uint32Array.from({ length: count }, (_, i) => pixelOf(`--${name}-${i}`));
  return {
    background: pixelOf('--surface'),
    gap: pixelOf('--gap'),
    palette: list('c', PALETTE + 1),
    ages: list('age', AGES),
    accent: pixelOf('--accent'),
  };
}

/** Returns a function that returns the pixel of a block, which is given as the index of its event. */
export function colourOf(view: View, { palette, ages }: Pixels): (block: number) => number {
  const { recording, callSites, siteColours, colouring, event } = view;
  if (colouring === 'type') {
    const { types } = recording;
    return (block) =>
      palette[types[block] === 0 ? PALETTE : ((types[block] as number) - 1) % PALETTE] as number;
  }
  if (colouring === 'age') {
    // The maximum age is the length of the recording; each step is a quarter of the previous one.
    return (block) => {
      const part = (event - block + 1) / (event + 1);
      const step = Math.min(Math.floor(-Math.log(part) / Math.log(4)), AGES - 1);
      return ages[AGES - 1 - step] as number;
    };
  }
  const colours = palette;
  const { sites } = recording;
  const pixelOfStack = Uint32Array.from(
    callSites.ofStack,
    (site) => colours[siteColours[site] as number] as number,
  );
  return (block) => pixelOfStack[sites[block] as number] as number;
}

/** An entry of the legend: a colour of the style sheet and its meaning. */
export interface LegendEntry {
  readonly colour: string;
  readonly text: string;
  /** The call site, if the colour is that of a call site. */
  readonly site?: number;
}

export function legendOf({ colouring, callSites, siteColours, recording }: View): LegendEntry[] {
  if (colouring === 'age')
    return ['new', '', '', '', 'old'].map((text, i) => ({ colour: `--age-${i}`, text }));
  if (colouring === 'type') {
    const named = recording.typeNames.slice(1, PALETTE + 1).map((text, i) => ({ colour: `--c-${i}`, text }));
    return [...named, { colour: `--c-${PALETTE}`, text: 'unknown' }];
  }
  const entries: LegendEntry[] = [];
  for (const [site, { name, place }] of callSites.sites.entries()) {
    const colour = siteColours[site] as number;
    const line = place.match(/([^/]+?):(\d+)/);
    if (colour < PALETTE)
      entries[colour] = {
        colour: `--c-${colour}`,
        text: line && !name.includes(line[1] as string) ? `${name} ${line[1]}:${line[2]}` : name,
        site,
      };
  }
  if (callSites.sites.length > PALETTE) entries.push({ colour: `--c-${PALETTE}`, text: 'others' });
  return entries.filter(Boolean);
}
