import { describe, expect, test } from 'vitest';
import { coreBytes, ModuleError } from '../../../ts/index.ts';
import { EXPORT_NAMES } from '../../../ts/core/exports.ts';
import { link } from '../../../ts/core/load.ts';

const module = new WebAssembly.Module(coreBytes());
const DATA_SECTION = 11;
const GLOBAL_SECTION = 6;

/** The ids of a binary's sections (WebAssembly core spec, 5.5.2). */
function sections(bytes: Uint8Array): number[] {
  const ids: number[] = [];
  for (let at = 8; at < bytes.length;) {
    ids.push(bytes[at++] ?? 0);
    let [size, shift, byte] = [0, 0, 0];
    do {
      byte = bytes[at++] ?? 0;
      size += (byte & 0x7f) * 2 ** shift;
      shift += 7;
    } while (byte > 0x7f);
    at += size;
  }
  return ids;
}

describe('the compiled core', () => {
  test('exports exactly the functions of CoreExports', () => {
    expect(
      WebAssembly.Module.exports(module)
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...EXPORT_NAMES].sort());
    expect(WebAssembly.Module.exports(module).every(({ kind }) => kind === 'function')).toBe(true);
  });
  test('imports only a memory', () => {
    expect(WebAssembly.Module.imports(module)).toMatchObject([
      { module: 'env', name: 'memory', kind: 'memory' },
    ]);
  });
  test('has no data segment, no globals and no shadow stack: it writes only in its heap', () => {
    const ids = sections(coreBytes());
    expect(ids).not.toContain(DATA_SECTION);
    expect(ids).not.toContain(GLOBAL_SECTION);
    const memory = new WebAssembly.Memory({ initial: 1 });
    new Uint8Array(memory.buffer).fill(0x5a);
    link(module, memory);
    expect(new Uint8Array(memory.buffer).every((byte) => byte === 0x5a)).toBe(true);
  });
  test('links to memories with a maximum, without one, and of the largest size', () => {
    for (const limits of [{ initial: 1 }, { initial: 1, maximum: 1 }, { initial: 2, maximum: 65536 }])
      expect(link(module, new WebAssembly.Memory(limits)).lm_heap_open).toBeTypeOf('function');
  });
  test('is smaller than 14 KiB', () => expect(coreBytes().length).toBeLessThan(14 * 1024));
  test('functions return 0 for an invalid heap and do not trap', () => {
    const core = link(module, new WebAssembly.Memory({ initial: 1 }));
    for (const heap of [0, 16, 65536 - 4, -1]) {
      expect(core.lm_heap_alloc(heap, 8)).toBe(0);
      expect(core.lm_heap_holds(heap)).toBe(0);
      expect(core.lm_heap_free(heap, 64)).toBe(1);
      expect(core.lm_heap_stats(heap)).toBe(0);
    }
  });
  test('a module that is not the core is refused, and the error names what is missing', () => {
    const empty = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
    expect(() => link(empty, new WebAssembly.Memory({ initial: 1 }))).toThrow(ModuleError);
    expect(() => link(empty, new WebAssembly.Memory({ initial: 1 }))).toThrow(
      expect.objectContaining({ missing: [...EXPORT_NAMES] }),
    );
  });
});
