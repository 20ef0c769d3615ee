// WebAssembly binaries for tests, from functions whose bodies are given as instructions.
import { encodeName, leb, signedLeb } from '../../ts/debug/binary-writer.ts';

const CODES: Readonly<Record<string, number>> = { i: 0x7f, j: 0x7e, f: 0x7d, d: 0x7c };

/** A function of a {@link ModulePlan}. */
export interface FunctionPlan {
  /** `ii:i` */
  readonly type: string;
  /** The types of its locals. */
  readonly locals?: string;
  /** Its instructions, without the end. */
  readonly body: readonly number[];
  readonly export?: string;
  /** Its name in the name section. */
  readonly name?: string;
}

/** A module to build. */
export interface ModulePlan {
  /** Imported functions: module, name, type. They come first. */
  readonly imports?: readonly (readonly [module: string, name: string, type: string])[];
  /** Limits of a memory with flags, minimum and maximum: `[0, 1]`. */
  readonly memory?: readonly number[];
  /** Imports the memory from here. */
  readonly memoryFrom?: readonly [module: string, name: string];
  readonly functions: readonly FunctionPlan[];
  readonly start?: number;
  /** Bytes of memory: where, and what. */
  readonly data?: readonly (readonly [address: number, bytes: readonly number[]])[];
  /** Functions in a table that is exported as `table`. */
  readonly elements?: readonly number[];
}

const vector = (items: readonly (readonly number[])[]): number[] => [...leb(items.length), ...items.flat()];
const section = (id: number, body: readonly number[]): number[] => [id, ...leb(body.length), ...body];
const list = (letters: string): number[] => [
  letters.length,
  ...[...letters].map((letter) => CODES[letter] ?? 0),
];

/** Returns the binary of a module. */
export function buildModule(plan: ModulePlan): Uint8Array<ArrayBuffer> {
  const { imports = [], memory, memoryFrom, functions, start, data = [], elements } = plan;
  const types = [...new Set([...imports.map(([, , type]) => type), ...functions.map(({ type }) => type)])];
  const typeOf = (type: string): number[] => leb(types.indexOf(type));
  const wide = ((memory?.[0] ?? 0) & 4) !== 0;
  const importEntries = imports.map(([from, name, type]) => [
    ...encodeName(from),
    ...encodeName(name),
    0,
    ...typeOf(type),
  ]);
  if (memoryFrom) importEntries.push([...memoryFrom.flatMap(encodeName), 2, ...(memory ?? [0, 1])]);
  const exports = functions.flatMap((one, i) =>
    one.export ? [[...encodeName(one.export), 0, ...leb(imports.length + i)]] : [],
  );
  if (memory) exports.push([...encodeName('memory'), 2, 0]);
  if (elements) exports.push([...encodeName('table'), 1, 0]);
  const bodies = functions.map(({ locals = '', body }) => {
    const code = [...vector([...locals].map((letter) => [1, CODES[letter] ?? 0])), ...body, 0x0b];
    return [...leb(code.length), ...code];
  });
  const names = functions.flatMap(({ name }, i) =>
    name ? [[...leb(imports.length + i), ...encodeName(name)]] : [],
  );
  const nameSection = vector(names);
  return new Uint8Array([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, vector(types.map((type) => [0x60, ...type.split(':').flatMap(list)]))),
    ...(importEntries.length > 0 ? section(2, vector(importEntries)) : []),
    ...section(3, vector(functions.map(({ type }) => typeOf(type)))),
    ...(elements ? section(4, vector([[0x70, 0, ...leb(elements.length)]])) : []),
    ...(memory && !memoryFrom ? section(5, vector([memory])) : []),
    ...section(7, vector(exports)),
    ...(start === undefined ? [] : section(8, leb(start))),
    ...(elements ? section(9, vector([[0, 0x41, 0, 0x0b, ...vector(elements.map(leb))]])) : []),
    ...section(10, vector(bodies)),
    ...(data.length > 0 ? section(11, vector(data.map(([at, bytes]) => [0, wide ? 0x42 : 0x41, ...signedLeb(at), 0x0b, ...leb(bytes.length), ...bytes]))) : []),
    ...(names.length > 0 ? section(0, [...encodeName('name'), 1, ...leb(nameSection.length), ...nameSection]) : []),
  ]); // prettier-ignore
}

const TOP = 2048;

/** Instructions. */
export const op = {
  get: (local: number): number[] => [0x20, ...leb(local)],
  set: (local: number): number[] => [0x21, ...leb(local)],
  i32: (value: number): number[] => [0x41, ...signedLeb(value)],
  i64: (value: number): number[] => [0x42, ...signedLeb(value)],
  call: (index: number): number[] => [0x10, ...leb(index)],
  drop: [0x1a],
  load: [0x28, 2, 0],
  store: [0x36, 2, 0],
  load64: [0x29, 3, 0],
  store64: [0x37, 3, 0],
  add: [0x6a],
  trap: [0x00],
} as const;

/**
 * A malloc that never frees: it adds to the address at 2048, in multiples of 16 from 4096. The functions from `index` on
 * are malloc, free, realloc and calloc; realloc calls malloc.
 */
export function bumpAllocator(index: number): { functions: FunctionPlan[]; data: [number, number[]][] } {
  const { get, set, i32, call, load, store, add, drop } = op;
  const rounded = [...get(0), ...i32(15), ...add, ...i32(-16), 0x71];
  const malloc = [
    ...i32(TOP),
    ...load,
    ...set(1),
    ...i32(TOP),
    ...get(1),
    ...rounded,
    ...add,
    ...store,
    ...get(1),
  ];
  const functions: FunctionPlan[] = [
    { type: 'i:i', locals: 'i', body: malloc, export: 'malloc' },
    { type: 'i:', body: [...get(0), ...drop], export: 'free' },
    { type: 'ii:i', body: [...get(1), ...call(index)], export: 'realloc' },
    { type: 'ii:i', body: [...get(0), ...get(1), 0x6c, ...call(index)], export: 'calloc' },
  ];
  return { functions, data: [[TOP, [0, 16, 0, 0]]] };
}

/** The same in a 64-bit memory, without realloc and calloc. */
export function bumpAllocator64(): { functions: FunctionPlan[]; data: [number, number[]][] } {
  const { get, set, i64, load64, store64, drop } = op;
  const rounded = [...get(0), ...i64(15), 0x7c, ...i64(-16), 0x83];
  const malloc = [
    ...i64(TOP),
    ...load64,
    ...set(1),
    ...i64(TOP),
    ...get(1),
    ...rounded,
    0x7c,
    ...store64,
    ...get(1),
  ];
  const functions: FunctionPlan[] = [
    { type: 'j:j', locals: 'j', body: malloc, export: 'malloc' },
    { type: 'j:', body: [...get(0), ...drop], export: 'free' },
  ];
  return { functions, data: [[TOP, [0, 16, 0, 0, 0, 0, 0, 0]]] };
}
