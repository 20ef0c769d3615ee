// Runs a program of the playground in a thread that the page can end, and posts its output and its heaps.
import * as linmem from 'linmem';
import { show } from './inspect.mjs';
import { compile } from './program.mjs';

/** The heaps that the program made, each with its arenas. */
const heaps = [];

function watch(heap) {
  const arenas = [];
  heaps.push({ heap, arenas });
  const { createHeapArena } = heap;
  Object.defineProperty(heap, 'createHeapArena', {
    value: (...args) => {
      const arena = createHeapArena.apply(heap, args);
      arenas.push(arena);
      return arena;
    },
  });
  return heap;
}

const api = {
  ...linmem,
  createHeap: async (options) => watch(await linmem.createHeap(options)),
  createHeapSync: (options) => watch(linmem.createHeapSync(options)),
};

/** Returns the type of what a ref refers to, such as `f64[50]`. */
function typeOf(ref) {
  if ('encodedByteLength' in ref) return 'a string';
  return ref.type ? `${ref.type.name}${'length' in ref ? `[${ref.length}]` : ''}` : 'allocated';
}

/** Returns what can be drawn of a heap. */
function picture({ heap, arenas }) {
  const owners = Object.fromEntries(heap.allocatedHeapRefs.map((ref) => [ref.address, typeOf(ref)]));
  return {
    blocks: heap.walk(),
    owners,
    memoryBytes: heap.byteLength,
    liveBlocks: heap.statistics.liveBlocks,
    liveBytes: heap.statistics.liveBytes,
    arenas: arenas
      .filter(({ destroyed }) => !destroyed)
      .map((arena) => ({ base: arena.basePtr, capacity: arena.capBytes, used: arena.usedBytes() })),
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
    const program = compile(source, ['linmem', 'console', 'snapshot']);
    await program(api, output, snapshot);
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
