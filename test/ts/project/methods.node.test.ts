import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { WasmHeapManager } from '../../../ts/index.ts';

test('the methods that methods.gen.ts declares are those that the manager has', () => {
  const [source = ''] = readFileSync('ts/scalar/methods.gen.ts', 'utf8').split('interface Names');
  const declared = [...source.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)].map(([, name = '']) => name);
  expect(declared.length).toBeGreaterThan(300);
  expect(declared.filter((name) => !(name in WasmHeapManager.prototype))).toEqual([]);
  const ours =
    /^(read|write|alloc|wrap|view|heap|exchange|compareExchange|add|sub|and|or|xor)[A-Z].*(Int|Uint|Float|Pointer|Boolean|DataView)/;
  const there = Object.getOwnPropertyNames(WasmHeapManager.prototype).filter((name) => ours.test(name));
  expect(there.filter((name) => !declared.includes(name))).toEqual([]);
});
