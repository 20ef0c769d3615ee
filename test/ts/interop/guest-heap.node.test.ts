// Guests in real packages: worked hard beside the package's own blocks, and then the package's answers compared.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { captureInstances, createGuestHeap } from '../../../ts/index.ts';
import { workHard } from '../../support/hard-work.ts';

const require = createRequire(join(resolve('test/corpus'), 'package.json'));

interface Lz4 {
  compress(bytes: Uint8Array): Uint8Array;
  decompress(bytes: Uint8Array): Uint8Array;
}
interface FarmHash {
  fingerprint32(text: string): number;
}

describe('in a wasm-bindgen package', () => {
  test('that compresses: lz4-wasm-nodejs', async () => {
    const { result: lz4, instances } = await captureInstances(() => require('lz4-wasm-nodejs') as Lz4);
    const guest = createGuestHeap(instances[0] as object);
    const source = new Uint8Array(50_000).map((_, i) => (i * i) >> 3);
    const before = lz4.compress(source);
    workHard(guest, 3000, () => {
      expect(Buffer.compare(lz4.compress(source), before)).toBe(0);
      expect(Buffer.compare(lz4.decompress(before), source)).toBe(0);
    });
    expect([guest.holds(), guest.stats().liveBlocks]).toEqual([true, 0]);
  });
  test('that hashes: farmhash-modern', async () => {
    const { result: farmhash, instances } = await captureInstances(
      () => require('farmhash-modern') as FarmHash,
    );
    const guest = createGuestHeap(instances[0] as object);
    workHard(guest, 3000, () => expect(farmhash.fingerprint32('hello world')).toBe(430397466));
    expect(guest.holds()).toBe(true);
  });
});

const file = (path: string): Buffer<ArrayBuffer> => readFileSync(resolve('test/corpus/node_modules', path));

test.each<[string, () => Promise<unknown>]>([
  [
    'cjs-module-lexer',
    async () => {
      const url = pathToFileURL(resolve('test/corpus/node_modules/cjs-module-lexer/dist/lexer.mjs')).href;
      await ((await import(/* @vite-ignore */ url)) as { init(): Promise<void> }).init();
    },
  ],
  [
    'sax-wasm',
    async () => {
      const { SAXParser } = require('sax-wasm') as {
        SAXParser: new () => { prepareWasm(bytes: Uint8Array): unknown };
      };
      await new SAXParser().prepareWasm(file('sax-wasm/lib/sax-wasm.wasm'));
    },
  ],
  [
    'friendly-pow',
    async () => {
      const { getWasmSolver } = require('friendly-pow/node/api/wasm') as {
        getWasmSolver(module: object): unknown;
      };
      await getWasmSolver(await WebAssembly.compile(file('friendly-pow/wasm/optimized.wasm')));
    },
  ],
])('%s, which is proved unsafe, is refused', async (_name, start) => {
  const { instances } = await captureInstances(start);
  expect(instances.length).toBe(1);
  expect(() => createGuestHeap(instances[0] as object)).toThrow('allowUnsafeGuest');
});
