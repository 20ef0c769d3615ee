// Packages made by Rust: wasm-bindgen of every version, napi-rs, and plain ones.
import { file, hex, require, SHA256_ABC, text } from './files.mjs';

const only = () => true;

export const rust = {
  tiktoken: {
    kind: 'Rust, wasm-bindgen',
    start: () => require('tiktoken'),
    job: ({ get_encoding }) => [...get_encoding('cl100k_base').encode('hello world')],
    answer: [15339, 1917],
  },
  '@resvg/resvg-wasm': {
    kind: 'Rust, wasm-bindgen',
    start: async () => {
      const resvg = require('@resvg/resvg-wasm');
      await resvg.initWasm(file('@resvg/resvg-wasm/index_bg.wasm'));
      return resvg;
    },
    options: { pick: only },
    job: ({ Resvg }) => {
      const svg =
        '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2"><rect width="3" height="2" fill="red"/></svg>';
      const { width, height, pixels } = new Resvg(svg).render();
      return [width, height, ...pixels.subarray(0, 4)];
    },
    answer: [3, 2, 255, 0, 0, 255],
  },
  '@swc/wasm': {
    kind: 'Rust, wasm-bindgen',
    start: () => require('@swc/wasm'),
    job: (swc) =>
      swc
        .transformSync('const a: number = 1', { jsc: { parser: { syntax: 'typescript' }, target: 'es2020' } })
        .code.trim(),
    answer: 'const a = 1;',
  },
  '@silvia-odwyer/photon-node': {
    kind: 'Rust, wasm-bindgen',
    start: () => require('@silvia-odwyer/photon-node'),
    job: (photon) => {
      const image = new photon.PhotonImage(new Uint8Array([10, 20, 30, 255]), 1, 1);
      photon.invert(image);
      return [...image.get_raw_pixels()];
    },
    answer: [245, 235, 225, 255],
  },
  'blake3-wasm': {
    kind: 'Rust, wasm-bindgen',
    start: () => require('blake3-wasm'),
    options: { pick: only },
    job: ({ hash }) => hash('abc').toString('hex'),
    answer: '6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85',
  },
  'farmhash-modern': {
    kind: 'Rust, wasm-bindgen',
    start: () => require('farmhash-modern'),
    options: { pick: only },
    job: ({ fingerprint32 }) => fingerprint32('hello world'),
    answer: 430397466,
  },
  '@dimforge/rapier3d-compat': {
    kind: 'Rust, wasm-bindgen',
    start: async () => {
      const rapier = require('@dimforge/rapier3d-compat');
      await rapier.init();
      return rapier;
    },
    options: { pick: only },
    job: (rapier) => {
      const world = new rapier.World({ x: 0, y: -10, z: 0 });
      const body = world.createRigidBody(rapier.RigidBodyDesc.dynamic().setTranslation(0, 10, 0));
      world.createCollider(rapier.ColliderDesc.ball(1), body);
      for (let i = 0; i < 60; i++) world.step();
      return body.translation().y < 6 && body.translation().y > 4;
    },
    answer: true,
  },
  '@polkadot/wasm-crypto': {
    kind: 'Rust, wasm-bindgen',
    start: async () => {
      const crypto = await import('@polkadot/wasm-crypto');
      await crypto.waitReady();
      return crypto;
    },
    job: (crypto) => hex(crypto.sha256(text('abc'))),
    answer: SHA256_ABC,
  },
  '@automerge/automerge': {
    kind: 'Rust, wasm-bindgen',
    start: () => import('@automerge/automerge'),
    options: { pick: only },
    job: (automerge) => {
      const doc = automerge.change(automerge.init(), (draft) => (draft.list = [1, 2]));
      return [...automerge.load(automerge.save(doc)).list];
    },
    answer: [1, 2],
  },
  'lz4-wasm-nodejs': {
    kind: 'Rust, wasm-bindgen',
    start: () => require('lz4-wasm-nodejs'),
    job: (lz4) => {
      const source = new Uint8Array(100_000).fill(7);
      const packed = lz4.compress(source);
      return [packed.length < 1000, lz4.decompress(packed).every((byte) => byte === 7)];
    },
    answer: [true, true],
  },
  'brotli-wasm': {
    kind: 'Rust, wasm-bindgen',
    start: () => require('brotli-wasm'),
    job: (brotli) => new TextDecoder().decode(brotli.decompress(brotli.compress(text('hello hello hello')))),
    answer: 'hello hello hello',
  },
  'parquet-wasm': {
    kind: 'Rust, wasm-bindgen',
    start: () => require('parquet-wasm/node'),
    options: { pick: only },
    job: (parquet) => {
      const { tableFromArrays, tableFromIPC, tableToIPC } = require('apache-arrow');
      const table = tableFromArrays({ x: Float64Array.of(1.5, 2.5) });
      const packed = parquet.writeParquet(parquet.Table.fromIPCStream(tableToIPC(table, 'stream')));
      return [...tableFromIPC(parquet.readParquet(packed).intoIPCStream()).getChild('x')];
    },
    answer: [1.5, 2.5],
  },
  'sax-wasm': {
    kind: 'Rust',
    start: async () => {
      const { SAXParser, SaxEventType } = require('sax-wasm');
      const parser = new SAXParser(SaxEventType.OpenTag);
      await parser.prepareWasm(file('sax-wasm/lib/sax-wasm.wasm'));
      return parser;
    },
    job: (parser) => {
      const names = [];
      parser.eventHandler = (_event, data) => names.push(data.name);
      parser.write(text('<a><b/></a>'));
      parser.end();
      return names;
    },
    answer: ['a', 'b'],
  },
  'lightningcss-wasm': {
    kind: 'Rust, napi-rs',
    start: async () => import('lightningcss-wasm'),
    options: { pick: only },
    job: ({ transform }) =>
      new TextDecoder().decode(
        transform({ filename: 'a.css', code: text('a { color: red }'), minify: true }).code,
      ),
    answer: 'a{color:red}',
  },
};
