// The scalar types. To add a type, add it to SCALARS and run `npm run generate`.
//
// Hot code (reads, writes, refs) is written out for each type, because engines keep one profile for each function in the
// source: a function shared by all types is up to 20 times slower in a program that uses several (docs/performance.md,
// bench/ts/mixed.bench.mjs).

/** A type that DataView has. */
function plain(name, label, size, doc, kind = 'number') {
  const end = size > 1 ? ', true' : '';
  return {
    ...{ name, label, size, kind, doc, elements: `${label}Array` },
    ...{ get: `data.get${label}(p${end})`, set: `data.set${label}(p, x${end})` },
  };
}

/** An integer of `words` 64-bit words. */
function bigInteger(name, label, words, doc) {
  const read = `getBigInteger(data, p, ${words})`;
  const get = name.startsWith('i') ? `BigInt.asIntN(${64 * words}, ${read})` : read;
  const set = `setBigInteger(data, p, x, ${words})`;
  return { name, label, size: 8 * words, kind: 'bigint', doc, elements: 'BigUint64Array', get, set };
}

/**
 * Name, label (as in method names), size in bytes, `typeof` of the values, typed array, and the code that gets from and
 * sets in the DataView `data` at `p` the value `x`. The functions it calls are in half.ts, bigint.ts and limits.ts.
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
    doc: '`uint8_t` that does not wrap: rounded to the nearest (ties to even) and clamped to 0 to 255.',
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
    doc: '`_Float16` (binary16). Views show its 16-bit patterns, as not every engine has a `Float16Array`.',
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
    doc: 'A pointer of a 64-bit module as a number. A value above 2^53 - 1 is refused, in reads and in writes.',
  },
  {
    ...plain('u64', 'BigUint64', 8, '', 'bigint'),
    name: 'ptr64',
    label: 'Pointer64',
    set: 'data.setBigUint64(p, pointer64(x), true)',
    doc: 'A pointer of a 64-bit module as a bigint, 0 to 2^64 - 1.',
  },
  bigInteger(
    'i128',
    'BigInt128',
    2,
    'A signed integer of 128 bits. Views show its 64-bit words, two per value.',
  ),
  bigInteger(
    'u128',
    'BigUint128',
    2,
    'An unsigned integer of 128 bits. Views show its 64-bit words, two per value.',
  ),
  bigInteger(
    'i256',
    'BigInt256',
    4,
    'A signed integer of 256 bits. Views show its 64-bit words, four per value.',
  ),
  bigInteger(
    'u256',
    'BigUint256',
    4,
    'An unsigned integer of 256 bits. Views show its 64-bit words, four per value.',
  ),
  {
    ...plain('u8', 'Uint8', 1, '', 'boolean'),
    name: 'bool',
    label: 'Boolean',
    get: 'data.getUint8(p) !== 0',
    set: 'data.setUint8(p, x ? 1 : 0)',
    doc: '`bool`: one byte, written as 0 or 1; any other byte reads as true.',
  },
];

/** The names of the types in the order of their code: similar code side by side, which compresses best. */
const ORDER = [
  ...['u8c', 'u8', 'i8', 'u16', 'i16', 'f32', 'u32', 'i32', 'ptr32', 'ptr64', 'ptr53', 'u64', 'i64'],
  ...['f64', 'f16', 'u128', 'u256', 'i256', 'i128', 'bool'],
];
/** The types in that order. Types that it does not name come last. */
export const WRITTEN = [
  ...ORDER.map((wanted) => SCALARS.find(({ name }) => name === wanted)),
  ...SCALARS.filter(({ name }) => !ORDER.includes(name)),
];

/** Further names of a type in the README or in an older version of wasm-heap-manager. */
export const ALIASES = { Uint8Clamped: 'ClampedUint8' };
/** True for the integers of 128 and 256 bits, which have no fast path and no atomics. */
export const isBigInteger = (label) => /(128|256)$/.test(label);

/** Returns the code with other names for the view, the address and the value. */
export const rename = (code, data, p, x = 'x') =>
  code.replace(/\b(data|p|x)\b/g, (name) => ({ data, p, x })[name]);
const parameters = ({ kind, elements }) => `${kind}, ${elements}`;

/**
 * The code of a general path with its result converted to the type of the fast path. Otherwise V8 boxes the result of
 * the fast path too, as the caller takes either (2.8 times the cost of a whole read of an f64).
 */
export function converted({ kind, label, size }, call) {
  if (kind === 'boolean') return `${call} === true`;
  if (kind === 'bigint' && size === 8)
    return `BigInt.as${/^BigI/.test(label) ? 'Int' : 'Uint'}N(64, ${call})`;
  if (kind !== 'number') return call;
  if (/^Int/.test(label)) return `${call} | 0`;
  return /^(Uint|Pointer32)/.test(label) ? `${call} >>> 0` : `+${call}`;
}

/** As {@link converted}, for a fast path that V8 may have stopped inlining. */
export const convertedNumber = (type, call) => (type.kind === 'number' ? converted(type, call) : call);

/**
 * Writes `code`, a function of the name of a DataView, once per access mode (ts/memory/access-mode.ts): it uses `size` bytes
 * at `p` of the bytes of `views`. Not in a function for the last mode: V8 does not inline one that was rarely called at
 * first. The DataView has another name in each mode: minifiers merge statements that return the same expression, and the
 * modes would share one call site.
 */
export const perMode = (code, size, p, views) => `
        if (!${views}.mode.G2) ${code(`${views}.data`)}
        if (!${views}.mode.G3) { const { data } = ${views}; ${code('data')} }
        if (${p} < ${views}.bytes.length${size > 1 ? ` - ${size - 1}` : ''}) { const { data: view } = ${views}; ${code('view')} }`;

/** The body of a function that reads at `p` in `memory`, and of one that writes `x` there. */
function reading(type, memory) {
  const get = (data) => `return ${convertedNumber(type, rename(type.get, data, 'p'))};`;
  return `
    try {
      if (typeof p === 'number' && Math.floor(p) === p) {${perMode(get, type.size, 'p >= 0 && p', memory)}
      }
    } catch {}
    return ${converted(type, `slowRead(${type.name}, ${memory}, p)`)};`;
}
function writing({ name, kind, set, size }, memory) {
  const code = (data) => `return ${rename(set, data, 'p')};`;
  return `
    if (typeof x === '${kind}')
      try {
        if (typeof p === 'number' && Math.floor(p) === p) {${perMode(code, size, 'p >= 0 && p', memory)}
        }
      } catch {}
    slowWrite(${name}, ${memory}, p, x);`;
}
/** The same for engines without modes: short, as SpiderMonkey inlines only short functions. */
const shortReading = ({ name, get, size }) => `
    try {
      if (isInside(memory, p, ${size})) return ${rename(get, 'memory.data', 'p')};
    } catch {}
    return slowRead(${name}, memory, p);`;
const shortWriting = ({ name, kind, set, size }) => `
    try {
      if (typeof x === '${kind}' && isInside(memory, p, ${size})) return ${rename(set, 'memory.data', 'p')};
    } catch {}
    slowWrite(${name}, memory, p, x);`;
const GENERATED = `// GENERATED by tools/generate.mjs from tools/scalars.mjs. Run npm run generate.`;
/** The imports of the code in SCALARS. */
export const IMPORTS = `import { getHalf, setHalf } from '../scalar/half.ts';
import { clamp, fromPointer53, pointer32, pointer53, pointer64 } from '../scalar/limits.ts';`;
const allNames = SCALARS.map(({ name }) => name).join(', ');

/** ts/scalar/types.gen.ts */
export function typesFile() {
  const typeOf = (type) => {
    const { name, label, size, kind, elements, doc, get, set } = type;
    const own = size === { 1: 1, 2: 2, 4: 4, 8: 8 }[size];
    const rest = own ? (kind === 'number' ? '' : `'${kind}',`) : `'${kind}', ${size},`;
    const big = isBigInteger(label);
    return `/** ${doc} */
export const ${name}: Scalar<${parameters(type)}> = /* @__PURE__ */ (() => {
const ${name}: Scalar<${parameters(type)}> = scalar(
  '${name}', '${label}', /* @__PURE__ */ (() => ${elements})(),
  (data, p) => ${get},
  (data, p, x) => ${/^data\.set|^set/.test(set) ? set : `{ ${set} }`},
  ${big ? `(memory, p) => slowRead(${name}, memory, p)` : `hasModes ? (memory, p) => {${reading(type, 'memory')}} : (memory, p) => {${shortReading(type)}}`},
  ${big ? `(memory, p, x) => slowWrite(${name}, memory, p, x)` : `hasModes ? (memory, p, x) => {${writing(type, 'memory')}} : (memory, p, x) => {${shortWriting(type)}}`},
  ${rest}
);
return ${name};
})();`;
  };
  return `${GENERATED}
${IMPORTS.replaceAll('../scalar/', './')}
import { getBigInteger, setBigInteger } from './bigint.ts';
import { hasModes, isInside } from '../memory/access-mode.ts';
import { slowRead, slowWrite } from './descriptor.ts';
import { scalar, type Scalar } from './scalar.ts';

// Each type is a variable of a separate function: Parcel keeps a constant of a module whose functions name it.
//
// The reads of a type: one comparison refuses NaN, fractions and other JavaScript types (a bigint throws); the DataView
// checks the rest. If that throws, the range lies outside, or the memory has grown, or the type refuses the value:
// slowRead and slowWrite find out which.

${WRITTEN.map(typeOf).join('\n')}
`;
}

/** True if scopes have code of their own for refs to the type: one that takes all values of its JavaScript type. */
const isScoped = ({ name, label }) => !isBigInteger(label) && !name.startsWith('ptr');

/** The classes of refs of one type. */
function refClasses(type) {
  const { name, label, kind, size } = type;
  const maker = (position, more = '') => `
  /** @internal Refs are made by \`alloc...\` and \`wrap...\`. */
  constructor(heap: ${more ? 'ArrayRefHeap' : 'RefHeap'}, ${position}, allocation: Allocation, owned: boolean) {
    super();
    (this as NewRef).heap = heap;
    (this as NewRef).address = address;${more}
    (this as NewRef).allocation = allocation;
    this.views = allocation.memory.views;
    if (owned) heap.registerOwner(this);
  }`;
  const typeGetter = `  get type(): Scalar<${parameters(type)}> { return ${name}; }`;
  const get = (data) => `return ${convertedNumber(type, rename(type.get, data, 'address'))};`;
  const set = (data) => `{ ${rename(type.set, data, 'address')}; return; }`;
  const value = `
  override get value(): ${kind} {
    try {
      const { views, address } = this;
      ${perMode(get, size, 'address', 'views')}
    } catch {}
    return ${converted(type, 'this.slowRead()')};
  }
  override set value(x: ${kind}) {
    if (typeof x === '${kind}')
      try {
        const { views, address } = this;
        ${perMode(set, size, 'address', 'views')}
      } catch {}
    this.slowWrite(x);
  }`;
  const element = `
  override at(i: number): ${kind} { return this.type.read(this.allocation.memory, this.addressOf(i)); }
  override setAt(i: number, x: ${kind}): this {
    this.type.write(this.allocation.memory, this.addressOf(i), x);
    return this;
  }
  /** @internal */
  protected override addressOf(i: number): number {
    return typeof i === 'number' && i >>> 0 === i && i < this.length ? this.address + i * ${size} : super.addressOf(i);
  }`;
  const ArrayBase = name.startsWith('ptr') ? 'PointerArrayRef' : 'ScalarArrayRef';
  const big = isBigInteger(label);
  const length = '\n    (this as { length: number }).length = length;';
  return `/** A ref to one \`${name}\`. */
export class ${label}Ref extends ScalarRef<${parameters(type)}> {
${maker('address: number')}
${typeGetter}${big ? '' : value}
}
/** A ref to an array of \`${name}\`. */
export class ${label}ArrayRef extends ${ArrayBase}<${parameters(type)}> {
${maker('address: number, length: number', length)}
${typeGetter}${big ? '' : element}
}`;
}

/** ts/scalar/refs.gen.ts: the classes of refs, under the names of wasm-heap-manager. */
export function refsFile() {
  const aliases = Object.entries(ALIASES).flatMap(([label, other]) =>
    ['Ref', 'ArrayRef'].map(
      (end) => `/** The same as {@link ${label}${end}}. */
export type ${other}${end} = ${label}${end};
/** The same as {@link ${label}${end}}. */
export const ${other}${end}: typeof ${label}${end} = ${label}${end};`,
    ),
  );
  return `${GENERATED}
import { PointerArrayRef, ScalarArrayRef, type ArrayRefHeap } from './array.ts';
import type { Allocation } from '../memory/allocation.ts';
import { ${allNames} } from './types.gen.ts';
import { ScalarRef, type NewRef, type RefHeap } from './ref.ts';
import type { Scalar } from './scalar.ts';
${IMPORTS.replaceAll('../scalar/', './')}

// The address of a ref was checked when the ref was made: only the end of the memory and of the allocation are left to
// check. Either throws, and the general path says which. Each class fills in its own refs: a constructor shared by all
// would take three times as long, as engines keep one profile for each function in the source.

${SCALARS.map(refClasses).join('\n')}
${aliases.join('\n')}
`;
}

/** Types that have an iterator over a typed array, with the name of its class. */
const ITERATED = Object.fromEntries(
  SCALARS.filter(({ label, elements }) => elements === `${label}Array`).map(({ label }) => [label, label]),
);
Object.assign(ITERATED, { Pointer32: 'Uint32', Pointer64: 'BigUint64', Boolean: 'Boolean' });

/** ts/scalar/iterators.gen.ts: the iterators of array refs and slices. */
export function iteratorsFile() {
  const classOf = ({ name, label, elements }) => `/** Iterates over elements of \`${name}\`. */
export class ${label}Iterator extends ViewIterator<${elements}> {
  override next(): IteratorResult<unknown> {
    const { i } = this;
    let done = true;
    let value: unknown;
    if (i < this.end) {
      this.i = i + 1;
      done = false;
      value = this.view[i];
      const { memory, epoch } = this.allocation;
      if (memory.data !== this.data || value === undefined || epoch !== undefined) value = this.renew(i);${
        name === 'bool' ? '\n      else value = value !== 0;' : ''
      }
    }
    return { done, value };
  }
}`;
  return `${GENERATED}
import { ViewIterator } from './iterator.ts';

// One result for both cases: with two V8 allocates the results of a loop. iterator.ts has the invariants.

${SCALARS.filter(({ label }) => ITERATED[label] === label)
  .map(classOf)
  .join('\n')}
`;
}

/** ts/scalar/checked-refs.gen.ts: the classes of refs that scopes allocate. */
export function checkedRefsFile() {
  const types = SCALARS.filter(isScoped);
  const classOf = ({ label, kind }) => `export class ${label}CheckedRef {
  declare heap: RefHeap;
  declare address: number;
  declare allocation: Allocation;
  declare views: MemoryViews;
  declare slowRead: () => ${kind};
  declare slowWrite: (x: ${kind}) => void;
  constructor(heap: RefHeap, address: number, allocation: Allocation) {
    this.heap = heap;
    this.address = address;
    this.allocation = allocation;
    this.views = allocation.memory.views;
  }
  get value(): ${kind} { return this.slowRead(); }
  set value(x: ${kind}) { this.slowWrite(x); }
}`;
  return `${GENERATED}
import type { Allocation } from '../memory/allocation.ts';
import type { MemoryViews } from '../memory/linear-memory.ts';
import type { RefHeap } from './ref.ts';

// Refs that borrow from a live allocation of the heap, as those of checkedClassOf (ref.ts). registerRefClasses makes them
// subclasses. Their constructors call no super(): see docs/performance.md, "Inlining".

${types.map(classOf).join('\n')}
`;
}

/** ts/manager/scope-refs.gen.ts: the methods of scopes that allocate refs. */
export function scopeRefsFile() {
  const types = WRITTEN.filter(isScoped);
  const zero = { number: '0', bigint: '0n', boolean: 'false' };
  const methodOf = ({ name, label, size, kind, set }) => `
  alloc${label}(value = ${zero[kind]}) {
    const address = typeof value === '${kind}' ? this.bump(${size}) : 0;
    if (address === 0) return this.allocScalar(${name}, value);
    ${rename(set, 'this.heap.views.data', 'address', 'value')};
    return new ${label}CheckedRef(this.heap, address, this.token);
  },`;
  return `${GENERATED}
import type { Scope } from '../arena/scope.ts';
import { ${types.map(({ name }) => name).join(', ')} } from '../scalar/types.gen.ts';
import { ${types.map(({ label }) => `${label}CheckedRef`).join(', ')} } from '../scalar/checked-refs.gen.ts';
import { setHalf } from '../scalar/half.ts';
import { clamp } from '../scalar/limits.ts';

/** \`allocInt32\` and the like of scopes: a separate function for each type. */
export const scopeRefs: ThisType<Scope> & Record<string, unknown> = {${types.map(methodOf).join('')}
};
`;
}

/** ts/scalar/ref-list.gen.ts: every type with its classes of refs. */
export function refListFile() {
  const more = (type) => [
    ITERATED[type.label] ? `${ITERATED[type.label]}Iterator` : 'undefined',
    ...(isScoped(type) ? [`${type.label}CheckedRef`] : []),
  ];
  const classNames = SCALARS.map(({ label }) => `${label}ArrayRef, ${label}Ref`).join(', ');
  const checkedNames = SCALARS.filter(isScoped).map(({ label }) => `${label}CheckedRef`);
  return `${GENERATED}
import { ${checkedNames.join(', ')} } from './checked-refs.gen.ts';
import { ${[...new Set(Object.values(ITERATED))].map((label) => `${label}Iterator`).join(', ')} } from './iterators.gen.ts';
import type { RefClassEntry } from './ref-classes.ts';
import { ${classNames} } from './refs.gen.ts';
import { ${allNames} } from './types.gen.ts';

/** Every type with the classes of its refs, for {@link registerRefClasses}. */
export const refClassList: readonly RefClassEntry[] = [
${SCALARS.map((type) => `  [${type.name}, ${type.label}Ref, ${type.label}ArrayRef, ${more(type).join(', ')}],`).join('\n')}
];
`;
}

/** ts/manager/accessors.gen.ts: the hot methods of WasmHeapManager. They do not call the type: V8 looks up every import. */
export function accessorsFile() {
  const types = WRITTEN.filter(({ label }) => !isBigInteger(label));
  const methodsOf = (type) => `
  [${type.name}, {
    read${type.label}(p) {${reading(type, 'this')}},
    write${type.label}(p, x) {${writing(type, 'this')}},
  }],`;
  return `${GENERATED}
import type { Address } from '../memory/address.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { ${types.map(({ name }) => name).join(', ')} } from '../scalar/types.gen.ts';
import { slowRead, slowWrite } from '../scalar/descriptor.ts';
${IMPORTS}

// biome-ignore lint/suspicious/noExplicitAny: each takes and returns values of another type
type Accessors = ThisType<LinearMemory> & Record<string, (p: Address, x?: any) => any>;

/** \`readInt32\`, \`writeInt32\` and the like: a separate function for each type. */
export const accessors: readonly (readonly [type: object, Accessors])[] = [${types.map(methodsOf).join('')}
];
`;
}
