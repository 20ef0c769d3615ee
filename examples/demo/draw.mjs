// A drawing of a heap: each character is a part of its address range, darker if more of it is allocated.
const SHADES = ['·', '░', '▒', '▓', '█'];

/**
 * Returns, for each of `cells` equal pieces of the range that `blocks` cover, the share of its bytes that is allocated.
 * @param blocks the result of `heap.walk()`
 */
export function shares(blocks, cells) {
  const start = Math.min(...blocks.map((block) => block.address));
  const end = Math.max(...blocks.map((block) => block.address + block.size));
  const step = (end - start) / cells;
  const used = new Float64Array(cells);
  for (const { address, size, state } of blocks) {
    if (state !== 'live') continue;
    const last = Math.min(Math.floor((address + size - start) / step), cells - 1);
    for (let i = Math.floor((address - start) / step); i <= last; i++) {
      const from = Math.max(address, start + i * step);
      const to = Math.min(address + size, start + (i + 1) * step);
      if (to > from) used[i] += (to - from) / step;
    }
  }
  return used;
}

/** Returns the character for a share: `·` for nothing, `█` for 95 % and more. */
export function shade(share) {
  if (share <= 0) return SHADES[0];
  if (share >= 0.95) return SHADES[4];
  return SHADES[1 + Math.min(Math.floor(share * 3), 2)];
}

/** Returns the lines of the drawing: each starts with the address of its first byte. */
export function draw(blocks, { lines = 4, width = 64, colour = false } = {}) {
  const used = shares(blocks, lines * width);
  const start = Math.min(...blocks.map((block) => block.address));
  const end = Math.max(...blocks.map((block) => block.address + block.size));
  return Array.from({ length: lines }, (_, line) => {
    const address = Math.round(start + (line * (end - start)) / lines);
    const row = Array.from(used.subarray(line * width, (line + 1) * width), shade).join('');
    const label = `0x${address.toString(16).padStart(6, '0')}`;
    return `   ${label} ${colour ? row.replace(/[░▒▓█]+/g, '\x1b[36m$&\x1b[0m') : row}`;
  });
}
