// The scalar table: one row per C type. To add a type, add a row here and run `npm run generate`.
//
// Each row's code is written out wherever it is hot (reading, writing, refs, array refs): engines keep one profile
// per function in the source, so a function that all rows shared would be up to 20 times slower in a program that
// uses several rows (bench/ts/mixed.bench.mjs). Hence the generated files.

/** A row that the engine's DataView has. */
function plain(name, label, size, doc, kind = 'number') {
  const end = size > 1 ? ', true' : '';
  return {
    ...{ name, label, size, kind, doc, elements: `${label}Array` },
    ...{ get: `data.get${label}(p${end})`, set: `data.set${label}(p, x${end})` },
  };
}

/** An integer of `words` 64-bit words. */
function wide(name, label, words, doc) {
  const read = `getWide(data, p, ${words})`;
  const get = name.startsWith('i') ? `BigInt.asIntN(${64 * words}, ${read})` : read;
  const set = `setWide(data, p, x, ${words})`;
  return { name, label, size: 8 * words, kind: 'bigint', doc, elements: 'BigUint64Array', get, set };
}

/**
 * The columns: name, label (in the manager's methods), bytes, `typeof` of its values, typed array, and the code that
 * gets from and sets in the view `data` at `p` the value `x`; what is called there is in half, wide and limits.
 */
export const SCALARS = [
  plain('i8', 'Int8', 1, '`int8_t`, -128 to 127.'),
  plain('u8', 'Uint8', 1, '`uint8_t`, 0 to 255.'),
  {
    ...plain('u8', 'Uint8', 1),
    name: 'u8c',
    label: 'Uint8Clamped',
    elements: 'Uint8ClampedArray',
    set: 'data.setUint8(p, clamp(x))',
    doc: '`uint8_t` that does not wrap: rounded to the nearest (ties to even) and held within 0 to 255.',
  },
  plain('i16', 'Int16', 2, '`int16_t`, -32,768 to 32,767.'),
  plain('u16', 'Uint16', 2, '`uint16_t`, 0 to 65,535.'),
  plain('i32', 'Int32', 4, '`int32_t`, -2^31 to 2^31 - 1.'),
  plain('u32', 'Uint32', 4, '`uint32_t`, 0 to 2^32 - 1.'),
  plain('i64', 'BigInt64', 8, '`int64_t` as a bigint, -2^63 to 2^63 - 1.', 'bigint'),
  plain('u64', 'BigUint64', 8, '`uint64_t` as a bigint, 0 to 2^64 - 1.', 'bigint'),
  {
    ...plain('f16', 'Float16', 2),
    elements: 'Uint16Array',
    get: 'getHalf(data, p)',
    set: 'setHalf(data, p, x)',
    doc: '`_Float16` (binary16). Seen as its 16-bit patterns: not every engine has a `Float16Array`.',
  },
  plain('f32', 'Float32', 4, '`float` (binary32).'),
  plain('f64', 'Float64', 8, '`double` (binary64).'),
  {
    ...plain('u32', 'Uint32', 4),
    name: 'ptr32',
    label: 'Pointer32',
    set: 'data.setUint32(p, pointer32(x), true)',
    doc: 'A pointer of a 32-bit module. Written as wasm returns it (negative above 2 GiB) or unsigned; read unsigned.',
  },
  {
    ...plain('u64', 'BigUint64', 8),
    name: 'ptr53',
    label: 'Pointer53',
    get: 'fromPointer53(data.getBigUint64(p, true))',
    set: 'data.setBigUint64(p, pointer53(x), true)',
    doc: 'A pointer of a 64-bit module as a number. One above 2^53 - 1 is refused, on reading and on writing.',
  },
  {
    ...plain('u64', 'BigUint64', 8, '', 'bigint'),
    name: 'ptr64',
    label: 'Pointer64',
    set: 'data.setBigUint64(p, pointer64(x), true)',
    doc: 'A pointer of a 64-bit module as a bigint, 0 to 2^64 - 1.',
  },
  wide('i128', 'BigInt128', 2, 'A signed integer of 128 bits. Seen as its 64-bit words, two for each.'),
  wide('u128', 'BigUint128', 2, 'An unsigned integer of 128 bits. Seen as its 64-bit words, two for each.'),
  wide('i256', 'BigInt256', 4, 'A signed integer of 256 bits. Seen as its 64-bit words, four for each.'),
  wide('u256', 'BigUint256', 4, 'An unsigned integer of 256 bits. Seen as its 64-bit words, four for each.'),
  {
    ...plain('u8', 'Uint8', 1, '', 'boolean'),
    name: 'bool',
    label: 'Boolean',
    get: 'data.getUint8(p) !== 0',
    set: 'data.setUint8(p, x ? 1 : 0)',
    doc: '`bool`: one byte, written as 0 or 1; any other byte reads as true.',
  },
];

/**
 * The rows in the order in which their code is written: beside each other those whose text differs least, which is
 * what compresses best.
 */
const WRITTEN = [
  ...['u8c', 'u8', 'i8', 'u16', 'i16', 'f32', 'u32', 'i32', 'ptr32', 'ptr64', 'ptr53', 'u64', 'i64'],
  ...['f64', 'f16', 'u128', 'u256', 'i256', 'i128', 'bool'],
].map((wanted) => SCALARS.find(({ name }) => name === wanted));

/** The other names that wasm-heap-manager has, in its README or in an older version. */
export const ALSO = { Uint8Clamped: 'ClampedUint8' };
export const isWide = (label) => /(128|256)$/.test(label);

/** The code of a column with other names for the view, the place and the value. */
const put = (code, data, p, x = 'x') => code.replace(/\b(data|p|x)\b/g, (name) => ({ data, p, x })[name]);
const types = ({ kind, elements }) => `${kind}, ${elements}`;

/**
 * The code of a slow way of reading, with the type of its value said in a form that engines see: else what the fast
 * way read must become an object too, for the caller takes either (V8: 2.8 times the whole read of an f64).
 */
function typed({ kind, label, size }, call) {
  if (kind === 'boolean') return `${call} === true`;
  if (kind === 'bigint' && size === 8)
    return `BigInt.as${/^BigI/.test(label) ? 'Int' : 'Uint'}N(64, ${call})`;
  if (kind !== 'number') return call;
  if (/^Int/.test(label)) return `${call} | 0`;
  return /^(Uint|Pointer32)/.test(label) ? `${call} >>> 0` : `+${call}`;
}

/** As {@link typed}, for what V8 may have ceased to compile in line. */
const number = (row, call) => (row.kind === 'number' ? typed(row, call) : call);

/**
 * G1 to G3 of growth.ts: `code` three times, which uses `size` bytes at `p` of those that `bytes` is of. Not by a
 * function for the last one: V8 takes none in line that was called seldom at first.
 */
const byWays = (code, size, p, bytes) => `
        if (!ways.second) ${code}
        if (!ways.third) ${code}
        if (${p} < ${bytes}.length${size > 1 ? ` - ${size - 1}` : ''}) ${code}`;

/** The body of a function that reads at `p` in `memory`, and that of one that writes `x` there. */
function reading(row, memory) {
  const get = `return ${number(row, put(row.get, `${memory}.data`, 'p'))};`;
  return `
    try {
      if (Math.floor(p as number) === p) {${byWays(get, row.size, 'p >= 0 && p', `${memory}.bytes`)}
      }
    } catch {}
    return ${typed(row, `slowRead(${row.name}, ${memory}, p)`)};`;
}
function writing({ name, kind, set, size }, memory) {
  const code = `return ${put(set, `${memory}.data`, 'p')};`;
  return `
    if (typeof x === '${kind}')
      try {
        if (Math.floor(p as number) === p) {${byWays(code, size, 'p >= 0 && p', `${memory}.bytes`)}
        }
      } catch {}
    slowWrite(${name}, ${memory}, p, x);`;
}
/** V8 looks up anew, at each access, what is imported. */
const WAYS = `// Constants of this file: V8 sees through them.
const ways = growth;
`;
/** What the code of the columns calls. */
export const IMPORTS = `import { getHalf, setHalf } from '../scalar/half.ts';
import { clamp, fromPointer53, pointer32, pointer53, pointer64 } from '../scalar/limits.ts';
import { getWide, setWide } from '../scalar/wide.ts';`;
/** The same without what only integers of 128 bits and more call: these take the slow ways, being slow themselves. */
export const HOT_IMPORTS = IMPORTS.replace(/\nimport \{ getWide.*$/, '');

/** ts/scalar/rows.gen.ts */
export function rowsFile() {
  const rowOf = (row) => {
    const { name, label, size, kind, elements, doc, get, set } = row;
    const own = size === { 1: 1, 2: 2, 4: 4, 8: 8 }[size];
    const rest = own ? (kind === 'number' ? '' : `'${kind}',`) : `'${kind}', ${size},`;
    return `/** ${doc} */
export const ${name}: Scalar<${types(row)}> = /* @__PURE__ */ scalar<${types(row)}>(
  '${name}', '${label}', ${elements},
  (data, p) => ${get},
  (data, p, x) => ${/^data\.set|^set/.test(set) ? set : `{ ${set} }`},
  (memory, p) => ${isWide(label) ? `slowRead(${name}, memory, p)` : `{${reading(row, 'memory')}}`},
  (memory, p, x) => ${isWide(label) ? `slowWrite(${name}, memory, p, x)` : `{${writing(row, 'memory')}}`},
  ${rest}
);`;
  };
  return `// GENERATED by tools/generate.mjs from tools/scalars.mjs. Run npm run generate.
${IMPORTS.replaceAll('../scalar/', './')}
import { growth } from '../memory/growth.ts';
import { scalar, slowRead, slowWrite, type Scalar } from './scalar.ts';

// How each row reads: one comparison refuses NaN, fractions and other types (or throws, for a bigint), which takes no
// time where the engine knows that it has an integer; what remains the DataView checks. Where that throws, the range is
// outside, or the memory grew, or the row refuses the value: slowRead and slowWrite find out. Three times over, for the
// reason in growth.ts.

${WAYS}
${WRITTEN.map(rowOf).join('\n')}
`;
}

/** ts/heap/refs.gen.ts: the classes of the refs of each row, under the names of wasm-heap-manager. */
export function refsFile() {
  const maker = (place, more = '') => `
  /** The library's own: refs are made by \`alloc...\` and \`wrap...\`. */
  constructor(heap: RefHeap, ${place}, block: Block, owned: boolean) {
    super();
    (this as NewRef).heap = heap;
    (this as NewRef).address = address;${more}
    (this as NewRef).block = block;
    (this as NewRef).owned = owned;
    this.cell = block.memory.cell;
    if (owned) heap.own(this);
  }`;
  const classesOf = (row) => {
    const { name, label, kind } = row;
    const type = `  get type(): Scalar<${types(row)}> { return ${name}; }`;
    const get = `return ${number(row, put(row.get, 'cell.data', 'address'))};`;
    const set = `{ ${put(row.set, 'cell.data', 'address')}; return; }`;
    const one = `
  override get value(): ${kind} {
    try {
      const { cell, address } = this;
      ${byWays(get, row.size, 'address', 'cell.bytes')}
    } catch {}
    return ${typed(row, 'this.slowRead()')};
  }
  override set value(x: ${kind}) {
    if (typeof x === '${kind}')
      try {
        const { cell, address } = this;
        ${byWays(set, row.size, 'address', 'cell.bytes')}
      } catch {}
    this.slowWrite(x);
  }`;
    const many = `
  override at(i: number): ${kind} { return this.type.read(this.block.memory, this.place(i)); }
  override setAt(i: number, x: ${kind}): this {
    this.type.write(this.block.memory, this.place(i), x);
    return this;
  }`;
    const Many = name.startsWith('ptr') ? 'PointerArrayRef' : 'ScalarArrayRef';
    return `/** A ref to one \`${name}\`. */
export class ${label}Ref extends ScalarRef<${types(row)}> {
${maker('address: number')}
${type}${isWide(label) ? '' : one}
}
/** A ref to an array of \`${name}\`. */
export class ${label}ArrayRef extends ${Many}<${types(row)}> {
${maker(
  'address: number, length: number',
  `
    (this as { length: number }).length = length;`,
)}
${type}${isWide(label) ? '' : many}
}`;
  };
  const also = Object.entries(ALSO).flatMap(([label, other]) =>
    ['Ref', 'ArrayRef'].map(
      (end) => `/** The same as {@link ${label}${end}}. */
export type ${other}${end} = ${label}${end};
/** The same as {@link ${label}${end}}. */
export const ${other}${end}: typeof ${label}${end} = ${label}${end};`,
    ),
  );
  return `// GENERATED by tools/generate.mjs from tools/scalars.mjs. Run npm run generate.
import { PointerArrayRef, ScalarArrayRef } from '../scalar/array.ts';
import type { Block } from '../memory/block.ts';
import { ${SCALARS.map(({ name }) => name).join()} } from '../scalar/rows.gen.ts';
import { ScalarRef, type NewRef, type RefHeap } from '../scalar/ref.ts';
import type { Scalar } from '../scalar/scalar.ts';
import { growth } from '../memory/growth.ts';
${HOT_IMPORTS}

// The address of a ref was checked when it was made: only the end of the memory and of the block can be in the way.
// Either throws, and then the row says which.
// Each class fills in its own refs: one constructor for all would take three times as long, as engines keep one
// profile for each function in the source.

${WAYS}
${SCALARS.map(classesOf).join('\n')}
${also.join('\n')}
`;
}

/**
 * For each row its classes of refs and the methods of the manager that are hot, for methods.gen.ts. These go not by
 * way of the row: V8 looks up every import anew.
 */
export function table() {
  const lines = WRITTEN.map((row) => {
    const { label } = row;
    const hot = isWide(label)
      ? ''
      : `, {
    read(p) {${reading(row, 'this')}},
    write(p, x) {${writing(row, 'this')}},
  }`;
    return `  [${label}Ref, ${label}ArrayRef${hot}],`;
  });
  return `${WAYS}
/** The two methods of a row that are hot: a function for each, for the reason at tools/scalars.mjs. */
// biome-ignore lint/suspicious/noExplicitAny: each takes and returns values of its own row
type Hot = ThisType<LinearMemory> & Record<'read' | 'write', (p: Address, x?: any) => any>;
type Refs = { prototype: { type: object } };
/** For each row the classes of its refs, of one and of an array. */
export const table: readonly (readonly [Refs, Refs, Hot?])[] = [
${lines.join('\n')}
];`;
}
