import { describe, expect, test, vi } from 'vitest';
import { abiVersion } from '../../../ts/core/layout.gen.ts';
import {
  ArgumentTypeError,
  coreBytes,
  createCoreAllocator,
  createHeap,
  createHeapSync,
  ModuleError,
} from '../../../ts/index.ts';

const bytes = coreBytes();
const response = (status = 200): Response => new Response(status === 200 ? bytes : 'none', { status });
const dataUrl = (): URL => new URL(`data:application/wasm;base64,${btoa(String.fromCharCode(...bytes))}`);

describe('createHeap takes as the core', () => {
  test.each<[string, () => never]>([
    ['a module', () => new WebAssembly.Module(bytes) as never],
    ['a Uint8Array', () => bytes as never],
    ['an ArrayBuffer', () => bytes.buffer as never],
    ['a DataView', () => new DataView(bytes.buffer) as never],
    ['a Response', () => response() as never],
    ['a URL', () => dataUrl() as never],
    ['a promise of a Response', () => Promise.resolve(response()) as never],
    ['a promise of a module', () => WebAssembly.compile(bytes) as never],
  ])('%s', async (_name, source) => {
    const heap = await createHeap({ module: source() });
    expect(heap.allocInt32(5).value).toBe(5);
    expect((await createCoreAllocator({ module: source() })).allocate(8)).toBeGreaterThan(0);
  });
});

describe('createHeap refuses', () => {
  test.each([{}, [], new Date(), null].map((value) => [Promise.resolve(value)]))(
    'a promise of something else: %#',
    async (module) => {
      await expect(createHeap({ module } as never)).rejects.toThrow(ArgumentTypeError);
    },
  );
  test('a response that is an error, and names its status', async () => {
    await expect(createHeap({ module: response(404) })).rejects.toMatchObject({
      code: 'MODULE',
      message: expect.stringContaining('status 404'),
    });
  });
  test('a URL that cannot be fetched, with the cause', async () => {
    const fetch = vi.spyOn(globalThis, 'fetch').mockRejectedValue(new TypeError('no network'));
    const failed = createHeap({ module: new URL('http://localhost/core.wasm') });
    await expect(failed).rejects.toMatchObject({
      code: 'MODULE',
      missing: ['http://localhost/core.wasm'],
      cause: { message: 'no network' },
    });
    fetch.mockRestore();
  });
  test('a promise that rejects, with its own error', async () => {
    const error = new Error('mine');
    await expect(createHeap({ module: Promise.reject(error) })).rejects.toBe(error);
  });
});

test('createHeapSync takes a module or bytes, and says what takes the others', () => {
  expect(createHeapSync({ module: bytes }).allocInt32(5).value).toBe(5);
  expect(createHeapSync({ module: new WebAssembly.Module(bytes) }).allocInt32(5).value).toBe(5);
  for (const module of [response(), dataUrl(), Promise.resolve(bytes), {}])
    expect(() => createHeapSync({ module: module as never })).toThrow(
      expect.objectContaining({ code: 'INVALID_TYPE', message: expect.stringContaining('createHeap') }),
    );
});

test('the core of another version is refused, with both versions', () => {
  const body = [4, 0, 0x41, abiVersion, 0x0b]; // size, no locals, i32.const, end
  const places = [...bytes.keys()].filter((at) => body.every((byte, i) => bytes[at + i] === byte));
  const messages = places.map((at) => {
    const other = bytes.slice();
    other[at + 3] = 9;
    try {
      createHeapSync({ module: other });
    } catch (error) {
      return error instanceof ModuleError && error.message;
    }
    return 'none';
  });
  expect(messages).toContainEqual(expect.stringMatching(`its ABI is 9, not ${abiVersion}`));
});
