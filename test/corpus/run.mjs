// Starts one package of the corpus as it is, works on its heap, and lets it do its own job: `node run.mjs NAME`.
// Prints one line of JSON.
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { wrapEmscriptenModuleHeap } from 'wasm-heap-manager';
import { allocatorNameOf, captureEmscriptenHeap } from '../../dist/index.js';
import { emscripten } from './emscripten.mjs';
import { others } from './others.mjs';
import { rust } from './rust.mjs';

export const programs = { ...emscripten, ...rust, ...others };

/** Writes, reads and frees an i32, an array of f64 and a UTF-8 string. */
function work(heap) {
  const scalar = heap.allocInt32(-7);
  const array = heap.allocFloat64Array(Array.from({ length: 1000 }, (_, i) => i / 2));
  const string = heap.allocNullTerminatedUtf8String('h\u00e9llo \u{1f600}');
  const good = scalar.value === -7 && array.at(999) === 499.5 && string.value === 'h\u00e9llo \u{1f600}';
  for (const ref of [string, array, scalar]) ref.free();
  return good && heap.statistics.liveBlocks === 0;
}

/** Reads and writes without an allocator: at the end of memory, put back as it was. */
function touch(heap) {
  const at = heap.byteLength - 8;
  const before = heap.readInt32(at);
  heap.writeInt32(at, before ^ 1);
  const good = heap.readInt32(at) === (before ^ 1);
  heap.writeInt32(at, before);
  return good;
}

/** The result of wasm-heap-manager 0.5.1 on the same module. */
function besides(module) {
  try {
    const heap = wrapEmscriptenModuleHeap(module);
    const ref = heap.allocInt32(-7);
    const good = ref.value === -7;
    heap.free?.(ref);
    return good ? 'allocates' : 'wrong value';
  } catch {
    return 'fails';
  }
}

async function run(name) {
  const { start, options = {}, job, answer } = programs[name];
  const { module, heap, exports } = await captureEmscriptenHeap(start, options);
  const allocator = allocatorNameOf(heap);
  const worked = allocator === 'none' ? touch(heap) : work(heap);
  const reached = `${exports ? 'its instance' : 'the module itself'}${options.pick ? ', by pick' : ''}`;
  const got = await job(module);
  const did = isDeepStrictEqual(got, answer);
  return { name, reached, allocator, worked, did, ...(did ? {} : { got }), whm: besides(module) };
}

const [program, name] = process.argv.slice(1);
if (name && program === fileURLToPath(import.meta.url)) {
  const line = await run(name).catch((error) => ({
    name,
    error: `${error?.name}: ${error?.message}`.slice(0, 400),
  }));
  process.stdout.write(`\n${JSON.stringify(line)}\n`, () => process.exit(line.worked && line.did ? 0 : 1));
}
