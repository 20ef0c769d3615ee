// Layouts of random structs against clang's own, for wasm32 and wasm64.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { prng, SEED } from '../../support/prng.ts';
import { randomStructs, type RandomStruct } from '../../support/random-struct.ts';

const folder = mkdtempSync(join(tmpdir(), 'linmem-layout-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Dumped {
  readonly size: number;
  readonly align: number;
  /** In bits. */
  readonly offsets: readonly number[];
}

/** The layout that clang gives to every struct in `made`. */
function dump(made: readonly RandomStruct[], target: string): Map<string, Dumped> {
  const file = join(folder, `${target}.c`);
  const uses = made.map(
    ({ type }) => `int of_${type.name} = sizeof(${type.isUnion ? 'union' : 'struct'} ${type.name});`,
  );
  writeFileSync(file, [...made.map(({ c }) => c), ...uses].join('\n'));
  const args = [`--target=${target}`, '-w', '-fsyntax-only', '-Xclang', '-fdump-record-layouts-simple', file];
  const { stdout, stderr, status } = spawnSync('clang', args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(stderr);
  const found = new Map<string, Dumped>();
  const pattern =
    /Type: (?:struct|union) (\w+)[\s\S]*?Size:(\d+)[\s\S]*?Alignment:(\d+)[\s\S]*?FieldOffsets: \[([^\]]*)\]/g;
  for (const [, name = '', size, align, offsets = ''] of stdout.matchAll(pattern))
    found.set(name, {
      size: Number(size) / 8,
      align: Number(align) / 8,
      offsets: offsets.split(',').filter(Boolean).map(Number),
    });
  return found;
}

const COUNT = 2500;

test.each([
  ['wasm32', 4],
  ['wasm64', 8],
] as const)(
  `${COUNT} random structs are laid out as clang does for %s (SEED=${SEED})`,
  (target, pointerSize) => {
    const made = randomStructs(COUNT, prng(SEED + pointerSize));
    const expected = dump(made, target);
    expect(expected.size).toBe(COUNT);
    for (const { type, c } of made) {
      const { size, align, places } = type.compiled(pointerSize);
      const offsets = places.map(({ offset, bit }) => offset * 8 + bit);
      expect({ size, align, offsets }, c).toEqual(expected.get(type.name));
    }
  },
  120_000,
);
