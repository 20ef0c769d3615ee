// Real packages in a browser: started as they are, worked on, and then asked for their own answer.
import { expect, test } from 'vitest';
import { allocatorNameOf, captureEmscriptenHeap } from '../../ts/index.ts';

const SHA256_ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const only = () => true;
const here = import.meta.url; // by a name, so that Vite does not look for files at build time
const url = (path) => new URL(`./node_modules/${path}`, here).href;
const load = (path) => import(/* @vite-ignore */ url(path));
/** The address of a file that is no module: Vite serves these below /@fs. */
const raw = (path) => {
  const { origin, pathname } = new URL(url(path));
  return `${origin}/@fs${pathname}`;
};
const bytes = async (path) => new Uint8Array(await (await fetch(raw(path))).arrayBuffer());

/** Each starts the package and returns it; then comes what tells its instance, its job and the answer. */
const PROGRAMS = {
  'hash-wasm': {
    start: async () => (await load('hash-wasm/dist/index.esm.js')).createSHA256(),
    pick: only,
    job: (hasher) => hasher.init().update('abc').digest('hex'),
    answer: SHA256_ABC,
  },
  meshoptimizer: {
    start: async () => {
      const { MeshoptDecoder } = await load('meshoptimizer/meshopt_decoder.mjs');
      await MeshoptDecoder.ready;
      return MeshoptDecoder;
    },
    pick: only,
    job: ({ supported }) => supported,
    answer: true,
  },
  'es-module-lexer': {
    start: async () => {
      const lexer = await load('es-module-lexer/dist/lexer.js');
      await lexer.init();
      return lexer;
    },
    pick: only,
    job: ({ parse }) => parse('import a from "b"')[0].map(({ specifier }) => specifier),
    answer: ['b'],
  },
  'cjs-module-lexer': {
    start: async () => {
      const lexer = await load('cjs-module-lexer/dist/lexer.mjs');
      await lexer.init();
      return lexer;
    },
    pick: only,
    job: ({ parse }) => [...parse('exports.a = 1').exports],
    answer: ['a'],
  },
  '@hpcc-js/wasm-graphviz': {
    start: async () => (await load('@hpcc-js/wasm-graphviz/dist/index.js')).Graphviz.load(),
    job: (graphviz) => graphviz.dot('digraph { a -> b }').includes('<title>a&#45;&gt;b</title>'),
    answer: true,
  },
  'jolt-physics': {
    start: async () => (await load('jolt-physics/dist/jolt-physics.wasm-compat.js')).default(),
    job: (Jolt) => new Jolt.Vec3(3, 4, 0).Length(),
    answer: 5,
  },
  '@dimforge/rapier3d-compat': {
    start: async () => {
      const rapier = await load('@dimforge/rapier3d-compat/dist/rapier.mjs');
      await rapier.init();
      return rapier;
    },
    pick: only,
    job: (rapier) => new rapier.Vector3(3, 4, 0).y,
    answer: 4,
  },
  'wasm-media-encoders': {
    start: async () => {
      const { createEncoder } = await load('wasm-media-encoders/dist/es/index.mjs');
      return createEncoder('audio/mpeg', raw('wasm-media-encoders/wasm/mp3.wasm'));
    },
    job: (encoder) => {
      encoder.configure({ sampleRate: 48000, channels: 1, vbrQuality: 2 });
      const samples = new Float32Array(4800).map((_, i) => Math.sin(i / 10));
      return encoder.encode([samples]).length + encoder.finalize().length > 200;
    },
    answer: true,
  },
  'manifold-3d': {
    start: async () => {
      const create = (await load('manifold-3d/manifold.js')).default;
      const module = await create({ locateFile: () => raw('manifold-3d/manifold.wasm') });
      module.setup();
      return module;
    },
    pick: only,
    job: ({ Manifold }) => Manifold.cube([2, 2, 2], true).volume(),
    answer: 8,
  },
  '@resvg/resvg-wasm': {
    start: async () => {
      const resvg = await load('@resvg/resvg-wasm/index.mjs');
      await resvg.initWasm(bytes('@resvg/resvg-wasm/index_bg.wasm'));
      return resvg;
    },
    pick: only,
    job: ({ Resvg }) => {
      const svg =
        '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2"><rect width="3" height="2" fill="red"/></svg>';
      const { width, height, pixels } = new Resvg(svg).render();
      return [width, height, ...pixels.subarray(0, 4)];
    },
    answer: [3, 2, 255, 0, 0, 255],
  },
  'brotli-wasm': {
    start: async () => {
      const brotli = await load('brotli-wasm/pkg.web/brotli_wasm.js');
      await brotli.default(raw('brotli-wasm/pkg.web/brotli_wasm_bg.wasm'));
      return brotli;
    },
    pick: only,
    job: (brotli) =>
      new TextDecoder().decode(brotli.decompress(brotli.compress(new TextEncoder().encode('hello')))),
    answer: 'hello',
  },
};

test.each(Object.entries(PROGRAMS))('%s', async (_name, { start, pick, job, answer }) => {
  const { module, heap } = await captureEmscriptenHeap(start, pick ? { pick } : {});
  if (allocatorNameOf(heap) !== 'none') {
    const scalar = heap.allocInt32(-7);
    const array = heap.allocFloat64Array(Array.from({ length: 1000 }, (_, i) => i / 2));
    const string = heap.allocNullTerminatedUtf8String('h\u00e9llo \u{1f600}');
    expect([scalar.value, array.at(999), string.value]).toEqual([-7, 499.5, 'h\u00e9llo \u{1f600}']);
    for (const ref of [string, array, scalar]) ref.free();
  }
  expect(heap.statistics.liveBlocks).toBe(0);
  expect(await job(module)).toEqual(answer);
});
