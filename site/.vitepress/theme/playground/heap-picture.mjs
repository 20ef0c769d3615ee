// The picture of a heap: one cell for a few bytes, in the order of their addresses, coloured by the block they lie in.

const FEW_COLUMNS = 32; // for a small heap: larger cells
const MANY_COLUMNS = 64;
const MOST_LINES = 40;
const GAP = 1;

/** Returns the cells from the first live block to the last one: the first address, the bytes of a cell, their number. */
export function gridOf({ blocks }) {
  const used = blocks.filter(({ state }) => state === 'live');
  if (used.length === 0) return { start: 0, unit: 8, columns: FEW_COLUMNS, count: 0 };
  const end = Math.max(...used.map(({ address, size }) => address + size));
  let unit = 8;
  const startAt = () => Math.floor(used[0].address / unit) * unit;
  while ((end - startAt()) / unit > MANY_COLUMNS * MOST_LINES) unit *= 2;
  const start = startAt();
  const cells = (end - start) / unit;
  const columns = cells <= FEW_COLUMNS * (MOST_LINES / 2) ? FEW_COLUMNS : MANY_COLUMNS;
  // To the end of the line, and one line more: of the free memory that follows.
  return { start, unit, columns, count: (Math.ceil(cells / columns) + 1) * columns };
}

/** Returns the block in which `address` lies, or undefined. The blocks are in the order of their addresses. */
export function blockAt(blocks, address) {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (blocks[middle].address <= address) low = middle + 1;
    else high = middle;
  }
  const block = blocks[low - 1];
  return block && address < block.address + block.size ? block : undefined;
}

/** Returns what a person reads of a block. */
export function describe(block, { owners, arenas }) {
  const arena = arenas.find(
    ({ base, capacity }) => base >= block.address && base + capacity <= block.address + block.size,
  );
  const what = arena
    ? `an arena, ${arena.used.toLocaleString('en')} of ${arena.capacity.toLocaleString('en')} bytes used`
    : (owners[block.address] ?? (block.state === 'live' ? 'allocated' : 'free'));
  return `${block.address}: ${block.size.toLocaleString('en')} bytes, ${what}`;
}

const PALETTE = ['#1f6feb', '#12a594', '#e5783c', '#8e4ec6', '#d6409f', '#5b9a2f'];
const COLOURS = {
  light: { free: '#e3e8ef', none: '#f6f8fa', chosen: '#111827' },
  dark: { free: '#2b3442', none: '#1b2029', chosen: '#ffffff' },
};

/** Draws `snapshot`. Returns a function from a position in the canvas to the address there, or undefined. */
export function draw(canvas, snapshot, { isDark, chosen }) {
  const { start, unit, columns, count } = gridOf(snapshot);
  const width = canvas.clientWidth;
  const size = width / columns;
  const rows = Math.max(1, Math.ceil(count / columns));
  const scale = globalThis.devicePixelRatio ?? 1;
  canvas.style.height = `${rows * size}px`;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(rows * size * scale);
  const context = canvas.getContext('2d');
  context.scale(scale, scale);
  const colours = isDark ? COLOURS.dark : COLOURS.light;
  const live = snapshot.blocks.filter(({ state }) => state === 'live');
  const colourOf = new Map(live.map((block, i) => [block, PALETTE[i % PALETTE.length]]));
  for (let i = 0; i < count; i++) {
    const address = start + i * unit;
    const block = blockAt(snapshot.blocks, address);
    context.fillStyle = (block && (colourOf.get(block) ?? colours.free)) || colours.none;
    context.globalAlpha = isUnusedArena(snapshot, address) ? 0.35 : 1;
    if (block && block === chosen) context.fillStyle = colours.chosen;
    const x = (i % columns) * size;
    context.fillRect(x, Math.floor(i / columns) * size, size - GAP, size - GAP);
  }
  return (x, y) => {
    const i = Math.floor(y / size) * columns + Math.floor(x / size);
    return i < count ? start + i * unit : undefined;
  };
}

const isUnusedArena = ({ arenas }, address) =>
  arenas.some(({ base, capacity, used }) => address >= base + used && address < base + capacity);
