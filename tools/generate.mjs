// npm run generate: writes the generated sources that are committed. `--check` only compares, and fails if
// one is stale.
//   ts/scalar/types.gen.ts      the scalar types, from tools/scalars.mjs
//   ts/scalar/refs.gen.ts       the classes of refs by name, from tools/scalars.mjs; ref-list.gen.ts lists them
//   ts/scalar/checked-refs.gen.ts the classes of refs that scopes allocate, from tools/scalars.mjs
//   ts/scalar/iterators.gen.ts iterators over elements, from tools/scalars.mjs
//   ts/scalar/methods.gen.ts    the declarations of the scalar methods, from tools/scalars.mjs
//   ts/text/methods.gen.ts      the declarations of the string methods
//   ts/arena/slices.gen.ts      the declarations of the methods that make slices
//   ts/manager/accessors.gen.ts readInt32, writeInt32 and the like, from tools/scalars.mjs
//   ts/manager/scope-refs.gen.ts the methods of scopes that allocate refs, from tools/scalars.mjs
//   ts/struct/accessors.gen.ts  accessors of fields, and copies.gen.ts copies of structs, from tools/structs.mjs
//   ts/core/layout.gen.ts       the layout of the C structs, from csrc/layout.c
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cmake } from './build.mjs';
import {
  accessorsFile,
  ALIASES,
  checkedRefsFile,
  isBigInteger,
  iteratorsFile,
  refListFile,
  refsFile,
  SCALARS,
  scopeRefsFile,
  typesFile,
} from './scalars.mjs';
import { ROOT, say, setup, stop } from './setup.mjs';
import { structAccessorsFile, structCopiesFile } from './structs.mjs';

/** Every scalar method by list: name with `L` for the type's label, parameters, result, doc. */
const METHODS = {
  access: [
    ['readL', 'address: Address', 'T', 'Returns the {c} at `address`, little-endian, any alignment. @see {@link Scalar.read}'],
    ['writeL', 'address: Address, value: T', 'void', 'Writes `value` as {c} at `address`, little-endian, any alignment. @see {@link Scalar.write}'],
    ['readLLE', 'address: Address', 'T', 'The same as {@link readL}.'],
    ['writeLLE', 'address: Address, value: T', 'void', 'The same as {@link writeL}.'],
  ],
  plain: [
    ['readLBE', 'address: Address', 'T', 'Returns the {c} at `address`, big-endian, any alignment.'],
    ['writeLBE', 'address: Address, value: T', 'void', 'Writes `value` as {c} at `address`, big-endian, any alignment.'],
    ['wrapL', 'address: Address', 'ScalarRef<T, A>', 'Returns a borrowing ref to the {c} at `address`.'],
    ['viewLArray', 'address: Address, count: number', 'A', 'Returns a new `A` over `count` elements at `address`, valid until the memory grows.'],
    ['wrapLArray', 'address: Address, count: number', 'ScalarArrayRef<T, A>', 'Returns a borrowing ref to an array of `count` {c} at `address`.'],
  ],
  alloc: [
    ['allocL', 'value?: T', 'ScalarRef<T, A>', 'Allocates one {c}, `value` or 0, and returns the ref that owns it.'],
    ['allocLArray', 'countOrValues: number | Values<T>', 'ScalarArrayRef<T, A>', 'Allocates an array of {c}, of a number of zeros or of values, and returns the ref that owns it.'],
  ],
  atomic: [
    ['readLAtomic', 'address: Address', 'T', 'Loads the {c} at `address`, a multiple of {size}, atomically.'],
    ['writeLAtomic', 'address: Address, value: T', 'void', 'Stores `value` as {c} at `address`, a multiple of {size}, atomically.'],
    ['exchangeLAtomic', 'address: Address, value: T', 'T', 'Stores `value` as {c} at `address`, a multiple of {size}, atomically; returns the previous value.'],
    ['compareExchangeLAtomic', 'address: Address, expected: T, value: T', 'T', 'Stores `value` at `address`, a multiple of {size}, atomically if the {c} there is `expected`; returns the previous value.'],
    ...[['add', 'old + value'], ['sub', 'old - value'], ['and', 'old & value'], ['or', 'old | value'], ['xor', 'old ^ value']].map(([name, formula]) => [
      `${name}LAtomic`, 'address: Address, value: T', 'T', `Stores \`${formula}\` over the {c} at \`address\`, a multiple of {size}, atomically; returns the previous value.`,
    ]),
  ],
}; // prettier-ignore
/** The typed arrays with a whole-memory view, as wasm-heap-manager has them. */
const WHOLE = ['Int8', 'Uint8', 'Uint8Clamped', 'Int16', 'Uint16', 'Int32', 'Uint32', 'BigInt64', 'BigUint64', 'Float32', 'Float64']; // prettier-ignore

/** The declaration of one method of a type under `label`. */
function declare(type, label, [name, parameters, result, doc]) {
  const fill = (text) => text.replace(/\bT\b/g, type.kind).replace(/\bA\b/g, type.elements);
  const main = name.replace('L', type.label);
  const note =
    label === type.label
      ? fill(doc.replace('{c}', `\`${type.name}\``).replace('{size}', type.size)).replace(
          /\{@link (read|write)L\}/,
          `{@link $1${label}}`,
        )
      : `The same as {@link ${main}}.`;
  return `  /** ${note} */\n  ${name.replace('L', label)}(${fill(parameters)}): ${fill(result)};`;
}

/** The lists of methods of a type. */
function listsOf(type) {
  const big = isBigInteger(type.label);
  const access = METHODS.access.slice(0, big ? 4 : 2);
  return {
    alloc: METHODS.alloc,
    plain: METHODS.plain,
    ...(big ? {} : { atomic: METHODS.atomic }),
    access,
  };
}

/** ts/scalar/methods.gen.ts */
function methods() {
  const entries = SCALARS.flatMap((type) =>
    [type.label, ALIASES[type.label]].filter(Boolean).map((label) => [type, label]),
  );
  const declared = entries.flatMap(([type, label]) => {
    const { access, alloc, plain, atomic = [] } = listsOf(type);
    return [...access, ...plain, ...alloc, ...atomic].map((method) => declare(type, label, method));
  });
  for (const name of WHOLE)
    declared.push(
      `  /** The whole memory as it is now. Do not keep it over a call that may grow the memory. */\n  readonly heap${name}: ${name}Array;`,
    );
  return `// GENERATED by tools/generate.mjs from tools/scalars.mjs. Run npm run generate.
import type { Address } from '../memory/address.ts';
import type { ScalarArrayRef } from './array.ts';
import type { Values } from './descriptor.ts';
import type { ScalarRef } from './ref.ts';
import type { Scalar } from './scalar.ts';

/** The methods of every scalar type, and the whole-memory views. */
export interface ScalarMethods {
${declared.join('\n')}
}
`;
}

/** ts/arena/slices.gen.ts: the methods that make slices, of arenas, scopes and the driver. */
function slices() {
  const nameOf = ({ name }) => `alloc${name[0].toUpperCase()}${name.slice(1)}`;
  const lines = SCALARS.map(
    (type) =>
      `  /** Returns a slice of \`length\` elements of \`${type.name}\`. @see {@link Region.allocSlice} */\n` +
      `  ${nameOf(type)}(length: number, align?: number): WasmSlice<${type.elements}, ${type.kind}>;`,
  );
  return `// GENERATED by tools/generate.mjs from tools/scalars.mjs. Run npm run generate.
import type { WasmSlice } from './slice.ts';

/** One method for each scalar type: \`allocF32\`, \`allocU8\` and the rest. */
export interface SliceMethods {
${lines.join('\n')}
}
`;
}

/** One framing: key, name in methods, parameters of read and of write, of both after the text, and the docs. */
const FRAMINGS = [
  ['terminated', 'NullTerminated', 'limit?: number', 'capacity?: number', '', 'the NUL-terminated {n} string at `address`; the NUL must be among the first `limit` elements', 'and a NUL, in {n}. `capacity` is in elements, with the NUL'],
  ['sized', '', 'count: number', 'capacity?: number', '', 'the {n} string of exactly `count` elements at `address`', 'in {n}, without a terminator'],
  ['fixed', 'Fixed', 'count: number', 'count: number', '', 'the {n} string in a field of `count` elements at `address`, up to its first NUL if it has one', 'in {n} to a field of `count` elements and fills the rest with NULs'],
  ['prefixed', 'Prefixed', 'prefixBytes?: WordBytes', 'prefixBytes?: WordBytes, capacity?: number', 'prefixBytes?: WordBytes, ', 'the length-prefixed {n} string at `address`; the prefix is an unsigned integer of `prefixBytes` (default: 4)', 'in {n} after its length, an unsigned integer of `prefixBytes` (default: 4)'],
  ['paired', 'Paired', 'wordBytes?: WordBytes', 'textAddress: Address, wordBytes?: WordBytes, capacity?: number', 'wordBytes?: WordBytes, ', 'the {n} string that the pointer and length at `address` refer to', 'in {n} at `textAddress`, and its pointer and length at `address`'],
]; // prettier-ignore
const ENCODINGS = [['ascii', 'Ascii', 'ASCII'], ['latin1', 'Latin1', 'Latin-1'], ['utf8', 'Utf8', 'UTF-8'], ['utf16', 'Utf16', 'UTF-16'], ['utf32', 'Utf32', 'UTF-32']]; // prettier-ignore

/** The names of the four operations of a framing and an encoding. */
const stringNames = (word, label) =>
  ['alloc', 'read', 'write', 'wrap'].map((operation) => `${operation}${word}${label}String`);

/** The declarations of the four operations. */
function declareStrings([, label, name], [key, word, read, write, width, where, how]) {
  const see = (operation) => `@see {@link TextCodec.${operation}${key[0].toUpperCase()}${key.slice(1)}}`;
  const [alloc, reading, writing, wrap] = stringNames(word, label);
  const wrapped =
    key === 'terminated' ? 'capacity?: number' : width ? `${width}capacity?: number` : 'count: number';
  return [
    `  /** Returns ${where.replace('{n}', name)}. ${see('read')} */\n  ${reading}(address: Address, ${read}, options?: TextOptions): string;`,
    `  /** Writes \`text\` ${how.replace('{n}', name)}; all or nothing. Returns the number of elements. ${see('write')} */\n  ${writing}(address: Address, text: string, ${write}, options?: TextOptions): number;`,
    `  /** Allocates a block for \`text\`, or for a number of elements. ${see('alloc')} */\n  ${alloc}(textOrCount: string | number, ${width}options?: TextOptions): StringRef;`,
    `  /** Returns a borrowing ref to the string at \`address\`. ${see('wrap')} */\n  ${wrap}(address: Address, ${wrapped}): StringRef;`,
  ];
}

/** ts/text/methods.gen.ts */
function strings() {
  const declared = ENCODINGS.flatMap((encoding) => [
    `  /** Returns the size of \`text\` in ${encoding[2]} in bytes, without a terminator. O(n). */\n  byteLengthOf${encoding[1]}String(text: string, options?: TextOptions): number;`,
    `  /** Returns the NUL-terminated ${encoding[2]} string at \`address\`, or null if \`address\` is 0. @see {@link TextCodec.readNullable} */\n  readNullable${encoding[1]}String(address: Address, limit?: number, options?: TextOptions): string | null;`,
    ...FRAMINGS.flatMap((framing) => declareStrings(encoding, framing)),
  ]);
  return `// GENERATED by tools/generate.mjs. Run npm run generate.
import type { Address } from '../memory/address.ts';
import type { TextCodec } from './codec.ts';
import type { TextOptions } from './policy.ts';
import type { StringRef } from './ref.ts';
import type { WordBytes } from './word.ts';

/** The methods of every codec and framing. */
export interface StringMethods {
  /** Returns the number of elements before the first that is 0. @throws {EncodingError} if no element is 0 */
  getElementCountOfNullTerminatedString(address: Address, bytesPerElement: 1 | 2 | 4, limit?: number): number;
${declared.join('\n')}
}
`;
}

function layout() {
  const folder = cmake('wasm', ['-DCMAKE_TOOLCHAIN_FILE=emscripten.cmake'], ['layout_wasm']);
  const args = [join(ROOT, 'test/c/layout.mjs'), join(folder, 'layout.wasm'), '--print'];
  const result = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (result.status !== 0) stop(`the layout could not be printed: ${result.stderr}`);
  return result.stdout;
}

/** Every generated source that is committed, with its text as it should be. */
export async function generated() {
  const prettier = await import('prettier');
  const options = { parser: 'typescript', ...(await prettier.resolveConfig(join(ROOT, 'ts/index.ts'))) };
  return new Map([
    ['ts/scalar/types.gen.ts', await prettier.format(typesFile(), options)],
    ['ts/scalar/iterators.gen.ts', await prettier.format(iteratorsFile(), options)],
    ['ts/scalar/checked-refs.gen.ts', await prettier.format(checkedRefsFile(), options)],
    ['ts/scalar/refs.gen.ts', await prettier.format(refsFile(), options)],
    ['ts/scalar/ref-list.gen.ts', await prettier.format(refListFile(), options)],
    ['ts/scalar/methods.gen.ts', await prettier.format(methods(), options)],
    ['ts/text/methods.gen.ts', await prettier.format(strings(), options)],
    ['ts/arena/slices.gen.ts', await prettier.format(slices(), options)],
    ['ts/manager/scope-refs.gen.ts', await prettier.format(scopeRefsFile(), options)],
    ['ts/manager/accessors.gen.ts', await prettier.format(accessorsFile(), options)],
    ['ts/struct/accessors.gen.ts', await prettier.format(structAccessorsFile(), options)],
    ['ts/struct/copies.gen.ts', await prettier.format(structCopiesFile(), options)],
    ['ts/core/layout.gen.ts', await prettier.format(layout(), options)],
  ]);
}

/** The names of the generated sources that differ from what is committed. */
export async function stale() {
  const differs = ([file, text]) =>
    !existsSync(join(ROOT, file)) || readFileSync(join(ROOT, file), 'utf8') !== text;
  return [...(await generated())].filter(differs).map(([file]) => file);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  setup('build');
  if (process.argv.includes('--check')) {
    const files = await stale();
    if (files.length > 0) stop(`stale: ${files.join(', ')}. Run npm run generate and commit the result.`);
    say('the generated sources are current');
  } else {
    for (const [file, text] of await generated()) {
      mkdirSync(dirname(join(ROOT, file)), { recursive: true });
      writeFileSync(join(ROOT, file), text);
      say(`wrote ${file}`);
    }
  }
}
