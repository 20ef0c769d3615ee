// Runs a program of the playground in a thread that the page can end, and posts its output and its heaps.
import * as linmem from 'linmem';
import * as debug from 'linmem/debug';
import { show } from './inspect.mjs';
import { compile } from './program.mjs';

/** The heaps that the program made. */
const heaps = [];

function watch(heap) {
  heaps.push(heap);
  return heap;
}

const modules = {
  linmem: {
    ...linmem,
    createHeap: async (options) => watch(await linmem.createHeap(options)),
    createHeapSync: (options) => watch(linmem.createHeapSync(options)),
  },
  'linmem/debug': debug,
};

const STATES = Object.fromEntries(Object.entries(debug.BlockStates).map(([name, state]) => [state, name]));

/** Returns what can be drawn of a heap. */
function picture(heap) {
  const { blocks, allocations, arenas, memoryBytes } = debug.snapshotHeap(heap);
  const own = allocations.filter(({ isInternal }) => !isInternal);
  return {
    blocks: Array.from(blocks.addresses, (address, i) => ({
      address,
      size: blocks.sizes[i],
      state: STATES[blocks.states[i]],
    })),
    owners: Object.fromEntries(
      allocations.map(({ address, type, isInternal }) => [address, isInternal ? "linmem's own" : type]),
    ),
    memoryBytes,
    liveBlocks: own.length,
    liveBytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
    arenas: arenas.map(({ address, bytes, usedBytes }) => ({
      base: address,
      capacity: bytes,
      used: Math.min(usedBytes, bytes),
    })),
  };
}

function snapshot(label = '') {
  postMessage({ type: 'snapshot', label: String(label), heaps: heaps.map(picture) });
}

const print =
  (level) =>
  (...values) =>
    postMessage({ type: 'output', level, text: values.map(show).join(' ') });
const output = { log: print('log'), info: print('log'), warn: print('warn'), error: print('error') };

onmessage = async ({ data: source }) => {
  try {
    const program = compile(source, Object.keys(modules), ['modules', 'console', 'snapshot']);
    await program(modules, output, snapshot);
  } catch (error) {
    output.error(error?.code ? `${error.name} (${error.code}): ${error.message}` : error);
  }
  try {
    snapshot('at the end');
  } catch (error) {
    output.error(error);
  }
  postMessage({ type: 'done' });
};
