import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { WasmHeapManager } from '../../../ts/index.ts';

test('the manager has exactly the methods that the generated interfaces declare', () => {
  const files = ['ts/scalar/methods.gen.ts', 'ts/text/methods.gen.ts'];
  const interfaces = files.flatMap(
    (file) => readFileSync(file, 'utf8').match(/^export interface [\s\S]*?^}/gm) ?? [],
  );
  const source = interfaces.join('\n');
  const declared = [...source.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)].map(([, name = '']) => name);
  expect(declared.length).toBeGreaterThan(300);
  expect(declared.filter((name) => !(name in WasmHeapManager.prototype))).toEqual([]);
  const ours =
    /^(read|write|alloc|wrap|view|heap|exchange|compareExchange|add|sub|and|or|xor)[A-Z].*(Int|Uint|Float|Pointer|Boolean|DataView)/;
  const there = Object.getOwnPropertyNames(WasmHeapManager.prototype).filter((name) => ours.test(name));
  expect(there.filter((name) => !declared.includes(name))).toEqual([]);
});
