// C reads the values that JavaScript wrote, and JavaScript those of C, for random structs of integers and bit-fields.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import {
  anonymous, bits, bool, createWasmHeapManager, i16, i32, i64, i8, struct, u16, u32, u64, u8, union, type CType,
} from '../../../ts/index.ts'; // prettier-ignore
import { prng, SEED } from '../../support/prng.ts';

const folder = mkdtempSync(join(tmpdir(), 'linmem-values-'));
afterAll(() => rmSync(folder, { recursive: true }));

const TYPES = [
  [i8, 'signed char', 8], [u8, 'unsigned char', 8], [i16, 'short', 16], [u16, 'unsigned short', 16], [i32, 'int', 32],
  [u32, 'unsigned', 32], [i64, 'long long', 64], [u64, 'unsigned long long', 64], [bool, '_Bool', 1],
] as const; // prettier-ignore

/** A module with `get_S_F` and `set_S_F` for each field. */
function build(
  source: string,
): Record<string, (...args: bigint[]) => bigint> & { memory: WebAssembly.Memory } {
  const file = join(folder, 'values.c');
  writeFileSync(file, source);
  const args = [
    '--target=wasm32',
    '-O1',
    '-nostdlib',
    '-Wl,--no-entry,--export-all',
    '-o',
    `${file}.wasm`,
    file,
  ];
  const { status, stderr } = spawnSync('clang', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  const module = new WebAssembly.Module(readFileSync(`${file}.wasm`));
  return new WebAssembly.Instance(module).exports as ReturnType<typeof build>;
}

/** Up to 8 fields, whose names begin with `letter`. */
function randomFields(letter: string, random: (n: number) => number) {
  const fields: Record<string, CType> = {};
  const lines: string[] = [];
  for (let i = 0, length = 1 + random(8); i < length; i++) {
    const [type, c, most] = TYPES[random(TYPES.length)] as (typeof TYPES)[number];
    const width = 1 + random(most);
    const isBits = random(2) === 0;
    fields[`${letter}${i}`] = isBits ? bits(type, width) : type;
    lines.push(`${c} ${letter}${i}${isBits ? ` : ${width}` : ''};`);
  }
  return { fields, lines, names: Object.keys(fields) };
}

test(`200 random structs, C and JavaScript in turn (SEED=${SEED})`, () => {
  const random = prng(SEED);
  const made = Array.from({ length: 200 }, (_, index) => {
    const { fields, lines, names } = randomFields('f', random);
    // Some have an anonymous member, in the middle.
    if (random(2) === 0) {
      const inner = randomFields('g', random);
      const isUnion = random(2) === 0;
      Object.assign(fields, anonymous((isUnion ? union : struct)('', inner.fields)));
      lines.push(`${isUnion ? 'union' : 'struct'} { ${inner.lines.join(' ')} };`);
      Object.assign(fields, { last: i32 });
      lines.push('int last;');
      names.push(...inner.names, 'last');
    }
    const isUnion = random(5) === 0;
    const packed = random(3) === 0;
    const word = isUnion ? 'union' : 'struct';
    const c = `${word} s${index} { ${lines.join(' ')} }${packed ? ' __attribute__((packed))' : ''};`;
    const access = names.map(
      (name) =>
        `long long get_s${index}_${name}(${word} s${index} *p) { return p->${name}; }\n` +
        `void set_s${index}_${name}(${word} s${index} *p, long long x) { p->${name} = x; }`,
    );
    return {
      type: (isUnion ? union : struct)(`s${index}`, fields, { packed }),
      names,
      c,
      source: [c, ...access].join('\n'),
    };
  });
  const exports = build(made.map(({ source }) => source).join('\n'));
  const heap = createWasmHeapManager(
    exports.memory,
    () => 0,
    () => undefined,
  );
  const AT = 4096;
  for (const { type, c, names } of made)
    for (let round = 0; round < 20; round++) {
      const instance = type.wrap(heap, AT) as unknown as Record<string, number | bigint | boolean>;
      for (const name of names) {
        const value = (BigInt(random(2 ** 31)) << 33n) | (BigInt(random(2 ** 31)) << 2n) | BigInt(random(4));
        const key = `${type.name}_${name}`;
        const call = (verb: string, ...args: unknown[]): bigint =>
          (exports[`${verb}_${key}`] as (...args: unknown[]) => bigint)(AT, ...args);
        const kind = typeof instance[name];
        const seen = (): bigint => BigInt.asIntN(64, BigInt(instance[name] as number));
        if (random(2) === 0) {
          call('set', BigInt.asIntN(64, value));
          expect(seen(), `${c} ${name}`).toBe(call('get'));
          continue;
        }
        const before = heap.readBytes(AT, type.size);
        const given = BigInt.asIntN(32, value);
        instance[name] = kind === 'bigint' ? given : kind === 'boolean' ? given % 2n === 0n : Number(given);
        const ours = heap.readBytes(AT, type.size);
        heap.writeBytes(AT, before);
        call('set', kind === 'boolean' ? BigInt(given % 2n === 0n) : given);
        expect(heap.readBytes(AT, type.size), `${c} ${name} = ${given}`).toEqual(ours);
        expect(seen(), `${c} ${name}`).toBe(call('get'));
      }
    }
}, 60_000);
