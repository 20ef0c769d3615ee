// Packages made by Emscripten, of every age: with and without a malloc that can be seen, wasm2js and asm.js.
import { file, hex, require, SHA256_ABC, text } from './files.mjs';

const only = () => true;

export const emscripten = {
  'sql.js': {
    kind: 'Emscripten',
    start: () => require('sql.js')(),
    job: (SQL) => new SQL.Database().exec('select 6 * 7')[0].values[0][0],
    answer: 42,
  },
  draco3d: {
    kind: 'Emscripten',
    start: () => require('draco3d').createDecoderModule({}),
    job: (draco) =>
      new draco.Decoder().GetEncodedGeometryType(file('draco3d/bunny.drc')) === draco.TRIANGULAR_MESH,
    answer: true,
  },
  'web-ifc': {
    kind: 'Emscripten',
    start: async () => {
      const api = new (require('web-ifc').IfcAPI)();
      await api.Init();
      return api;
    },
    job: (api) => {
      const model = api.CreateModel({ schema: 'IFC4' });
      const open = api.IsModelOpen(model);
      api.CloseModel(model);
      return [open, api.IsModelOpen(model)];
    },
    answer: [true, false],
  },
  'manifold-3d': {
    kind: 'Emscripten',
    start: async () => {
      const module = await (await import('manifold-3d')).default();
      module.setup();
      return module;
    },
    options: { pick: only },
    job: ({ Manifold }) => {
      const cube = Manifold.cube([2, 2, 2], true);
      const rest = cube.subtract(Manifold.cube([1, 1, 1], true));
      return rest.volume();
    },
    answer: 7,
  },
  libsodium: {
    kind: 'Emscripten',
    start: async () => {
      const libsodium = require('libsodium');
      await libsodium.ready;
      return libsodium;
    },
    job: (sodium) => {
      const [out, input] = [sodium._malloc(32), sodium._malloc(3)];
      sodium.HEAPU8.set(text('abc'), input);
      sodium._crypto_generichash(out, 32, input, 3, 0, 0, 0);
      return hex(sodium.HEAPU8.slice(out, out + 32));
    },
    answer: 'bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319',
  },
  'argon2-browser': {
    kind: 'Emscripten',
    start: () => {
      globalThis.fetch = undefined; // its glue takes any fetch for a browser's
      return require('argon2-browser').hash({ pass: 'password', salt: 'somesalt', time: 1, mem: 64 });
    },
    options: { pick: only },
    job: async () => {
      const { hash, verify } = require('argon2-browser');
      const { encoded } = await hash({ pass: 'password', salt: 'somesalt', time: 1, mem: 64 });
      return verify({ pass: 'password', encoded }).then(() => true);
    },
    answer: true,
  },
  'ammo.js': {
    kind: 'Emscripten, asm.js',
    start: () => require('ammo.js'),
    job: (Ammo) => new Ammo.btVector3(3, 4, 0).length(),
    answer: 5,
  },
  'jolt-physics': {
    kind: 'Emscripten',
    start: async () => (await import('jolt-physics')).default(),
    job: (Jolt) => new Jolt.Vec3(3, 4, 0).Length(),
    answer: 5,
  },
  'vscode-oniguruma': {
    kind: 'Emscripten',
    start: async () => {
      const onig = require('vscode-oniguruma');
      await onig.loadWASM(file('vscode-oniguruma/release/onig.wasm').buffer);
      return onig;
    },
    options: { pick: only },
    job: (onig) => {
      const [match] = new onig.OnigScanner(['b+']).findNextMatchSync('aabbb', 0).captureIndices;
      return [match.start, match.end];
    },
    answer: [2, 5],
  },
  '@imagemagick/magick-wasm': {
    kind: 'Emscripten',
    start: async () => {
      const magick = await import('@imagemagick/magick-wasm');
      await magick.initializeImageMagick(file('@imagemagick/magick-wasm/dist/x86/magick.wasm'));
      return magick;
    },
    options: { pick: only, analysis: true },
    job: ({ ImageMagick, MagickColor }) => {
      let size;
      ImageMagick.read(new MagickColor(255, 0, 0), 3, 5, (image) => (size = [image.width, image.height]));
      return size;
    },
    answer: [3, 5],
  },
  '@rdkit/rdkit': {
    kind: 'Emscripten',
    start: () => require('@rdkit/rdkit')(),
    options: { pick: only },
    job: (rdkit) => rdkit.get_mol('OCC').get_smiles(),
    answer: 'CCO',
  },
  wabt: {
    kind: 'Emscripten',
    start: () => require('wabt')(),
    job: (wabt) => hex(wabt.parseWat('a.wat', '(module)').toBinary({}).buffer),
    answer: '0061736d01000000',
  },
  '@hpcc-js/wasm-graphviz': {
    kind: 'Emscripten',
    start: async () => (await import('@hpcc-js/wasm-graphviz')).Graphviz.load(),
    job: (graphviz) => graphviz.dot('digraph { a -> b }').includes('<title>a&#45;&gt;b</title>'),
    answer: true,
  },
  'wasm-media-encoders': {
    kind: 'Emscripten',
    start: async () => (await import('wasm-media-encoders')).createMp3Encoder(),
    job: (encoder) => {
      encoder.configure({ sampleRate: 48000, channels: 1, vbrQuality: 2 });
      const samples = new Float32Array(4800).map((_, i) => Math.sin(i / 10));
      return encoder.encode([samples]).length + encoder.finalize().length > 200;
    },
    answer: true,
  },
  'onnxruntime-web': {
    kind: 'Emscripten',
    start: async () => {
      const ort = require('onnxruntime-web');
      ort.env.wasm.numThreads = 1;
      await ort.InferenceSession.create(new Uint8Array(4)).catch(() => undefined);
      return ort;
    },
    options: { pick: (_exports, index) => index === 0, analysis: true },
    job: (ort) =>
      ort.InferenceSession.create(identityModel()).then(async (session) => {
        const x = new ort.Tensor('float32', [1, 2, 3], [3]);
        return [...(await session.run({ x })).y.data];
      }),
    answer: [1, 2, 3],
  },
  '@cwasm/webp': {
    kind: 'clang, wasi-libc',
    start: () => require('@cwasm/webp'),
    options: { pick: only },
    job: (webp) => {
      const bytes = Buffer.from('UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAUAmJaQAA3AA/v02aAA=', 'base64');
      const { width, height } = webp.decode(bytes);
      return [width, height];
    },
    answer: [1, 1],
  },
  'hash-wasm': {
    kind: 'clang',
    start: () => require('hash-wasm').createSHA256(),
    options: { pick: only },
    job: (hasher) => hasher.init().update('abc').digest('hex'),
    answer: SHA256_ABC,
  },
  meshoptimizer: {
    kind: 'clang, wasi',
    start: async () => {
      const { MeshoptEncoder, MeshoptDecoder } = await import('meshoptimizer');
      await MeshoptEncoder.ready;
      await MeshoptDecoder.ready;
      return { MeshoptEncoder, MeshoptDecoder };
    },
    options: { pick: (_exports, index) => index === 0 },
    job: ({ MeshoptEncoder, MeshoptDecoder }) => {
      const source = new Uint8Array(64).map((_, i) => i);
      const encoded = MeshoptEncoder.encodeVertexBuffer(source, 4, 16);
      const decoded = new Uint8Array(64);
      MeshoptDecoder.decodeVertexBuffer(decoded, 4, 16, encoded);
      return decoded.every((byte, i) => byte === i);
    },
    answer: true,
  },
  '@ffmpeg/core': {
    kind: 'Emscripten',
    start: () => {
      Object.assign(globalThis, { self: globalThis, location: { href: 'http://localhost/' } });
      return require('@ffmpeg/core')({ wasmBinary: file('@ffmpeg/core/dist/umd/ffmpeg-core.wasm') });
    },
    job: (core) => {
      const lines = [];
      core.setLogger(({ message }) => lines.push(message));
      core.exec('-version');
      return /^ffmpeg version/.test(lines.join('\n'));
    },
    answer: true,
  },
  'kzg-wasm': {
    kind: 'Emscripten',
    start: async () => (await import('kzg-wasm')).loadKZG(),
    options: { pick: only },
    job: (kzg) => kzg.blobToKZGCommitment(`0x${'00'.repeat(131072)}`),
    answer: `0xC0${'00'.repeat(47)}`,
  },
};

/** An ONNX model y = Identity(x) over three floats, as protocol buffers. */
function identityModel() {
  const field = (number, bytes) => [(number << 3) | 2, bytes.length, ...bytes];
  const int = (number, value) => [number << 3, value];
  const name = (string) => [...text(string)];
  const shape = field(2, field(1, int(1, 3)));
  const value = (id) => [...field(1, name(id)), ...field(2, field(1, [...int(1, 1), ...shape]))];
  const node = [...field(1, name('x')), ...field(2, name('y')), ...field(4, name('Identity'))];
  const graph = [
    ...field(1, node),
    ...field(2, name('g')),
    ...field(11, value('x')),
    ...field(12, value('y')),
  ];
  return new Uint8Array([...int(1, 8), ...field(7, graph), ...field(8, int(2, 13))]);
}
