// Claim: a program that uses all scalar types is at most 1.3 times slower than programs that use a single type.
// Each single type runs in a separate process, whose engine has no profile of another type. Times are relative to raw
// DataView calls for the same bytes, as processes are not equally fast.
// All types in one loop are printed without a goal: V8's inlining limit decides that.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { scalarTypes } from '../../dist/index.js';
import { race, runtime } from './harness.mjs';

const N = 1 << 9;
const ROUNDS = 800;
const STYLES = ['raw', 'type', 'method'];
/** The scalar types that DataView has methods for, by their name there. */
const RAW = {
  ...{ i8: 'Int8', u8: 'Uint8', u8c: 'Uint8', i16: 'Int16', u16: 'Uint16', i32: 'Int32', u32: 'Uint32' },
  ...{ f32: 'Float32', f64: 'Float64', ptr32: 'Uint32', bool: 'Uint8' },
  ...{ i64: 'BigInt64', u64: 'BigUint64', ptr64: 'BigUint64' },
};
const TYPES = Object.fromEntries(scalarTypes.map((type) => [type.name, type]));
const NUMBERS = Object.keys(RAW).filter((name) => TYPES[name].kind !== 'bigint');

/** The statements that read at `p`, change and write back, for each style. */
function stepsOf(name, p) {
  const { label, kind, size } = TYPES[name];
  const raw = RAW[name];
  const le = size > 1 ? ', true' : '';
  const change = (x) => (kind === 'bigint' ? `${x} ^ 1n` : kind === 'boolean' ? `!${x}` : `${x} ^ 1`);
  const rawChange = kind === 'bigint' ? 'x ^ 1n' : 'x ^ 1';
  return {
    raw: `{ const x = data.get${raw}(${p}${le}); data.set${raw}(${p}, ${rawChange}${le}); }`,
    type: `{ const x = ${name}.read(heap, ${p}); ${name}.write(heap, ${p}, ${change('x')}); }`,
    method: `{ const x = heap.read${label}(${p}); heap.write${label}(${p}, ${change('x')}); }`,
  };
}

/** Returns a module with a function for each style of each of `parts`: lists of types that share a loop. */
async function programs(parts) {
  // Each type has its own address: reading bytes just after a write of another width is slow in any language.
  const bodyOf = (style, names) =>
    names.map((name, i) => stepsOf(name, `p + ${i * (N * 8 + 64)}`)[style]).join('\n');
  const loop = (style, names) =>
    `'${names} ${style}'() { for (let p = 0; p < ${N * 8}; p += 8) {\n${bodyOf(style, names)}\n} sink.value += data.getInt32(0, true); }`;
  const file = join(mkdtempSync(join(tmpdir(), 'linmem-mixed-')), 'program.mjs');
  const library = JSON.stringify(new URL('../../dist/index.js', import.meta.url));
  writeFileSync(
    file,
    `import { createWasmHeapManager, ${parts.flat().join()} } from ${library};
     const memory = new WebAssembly.Memory({ initial: 2, maximum: 16 });
     memory.grow(1);
     const heap = createWasmHeapManager(() => memory.buffer, () => 1024, () => undefined);
     const data = new DataView(memory.buffer);
     const sink = { value: 0 };
     export const loops = { ${parts.flatMap((names) => STYLES.map((style) => loop(style, names))).join(',')} };`,
  );
  const { loops } = await import(pathToFileURL(file));
  rmSync(dirname(file), { recursive: true });
  return loops;
}

/** Returns the cost of each style of each part relative to raw access. */
async function measure(parts) {
  const results = race(await programs(parts), N, ROUNDS);
  const cost = (names, style) => results[`${names} ${style}`].low;
  return parts.map((names) => ({
    type: cost(names, 'type') / cost(names, 'raw'),
    method: cost(names, 'method') / cost(names, 'raw'),
  }));
}

const self = fileURLToPath(import.meta.url);
function inAnotherProcess(parts) {
  const args = [...(globalThis.Deno ? ['run', '--allow-all'] : []), self, JSON.stringify(parts)];
  return JSON.parse(spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout);
}
const mean = (ratios) => Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
const median = (ratios) => ratios.toSorted((a, b) => a - b)[ratios.length >> 1];
const HOW = { type: 'i32.read(heap, p)', method: 'heap.readInt32(p)' };

function main() {
  let held = true;
  const names = Object.keys(RAW);
  const tries = [1, 2, 3].map(() => ({
    alone: names.map((name) => inAnotherProcess([[name]])[0]),
    together: inAnotherProcess(names.map((name) => [name])),
    loop: inAnotherProcess([NUMBERS])[0],
  }));
  console.log(
    `\nA program with ${names.length} scalar types (${runtime}; cost beside raw DataView, against each type alone)`,
  );
  for (const style of ['type', 'method']) {
    const of = (kind, i) => median(tries.map((one) => one[kind][i][style]));
    const ratios = names.map((_, i) => of('together', i) / of('alone', i));
    const worst = ratios.indexOf(Math.max(...ratios));
    const ratio = mean(ratios);
    held = ratio <= 1.3 && held;
    console.log(
      `  ${ratio <= 1.3 ? 'ok    ' : 'MISSED'} ${HOW[style]}: ${ratio.toFixed(2)}x (goal: at most 1.3); ${names[worst]} ${ratios[worst].toFixed(2)}x`,
    );
    const loop = median(tries.map(({ loop }) => loop[style]));
    console.log(
      `         ${HOW[style]}, ${NUMBERS.length} scalar types in one loop: ${loop.toFixed(2)}x of raw DataView`,
    );
  }
  process.exitCode = held ? 0 : 2;
}

if (process.argv[2]) console.log(JSON.stringify(await measure(JSON.parse(process.argv[2]))));
else main();
