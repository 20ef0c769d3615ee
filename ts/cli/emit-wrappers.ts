// SPDX-License-Identifier: MIT
// Writes functions with struct parameters as separate TypeScript code: W1 of ts/call/specialize.ts. The functions of
// `bind` share their code, in which an object of three numbers costs twice as much as in code by hand.
import { PASSED, singleOf } from '../call/abi.ts';
import { CheckedType, InoutType, NoneType, type Signature } from '../call/types.ts';
import { PointerType } from '../struct/pointer.ts';
import { StructType } from '../struct/struct-type.ts';
import { isScalar } from '../struct/type.ts';

/** The DataView methods of scalars that need no conversion. */
const METHODS: Readonly<Record<string, string>> = {
  i8: 'Int8', u8: 'Uint8', i16: 'Int16', u16: 'Uint16', i32: 'Int32', u32: 'Uint32', f32: 'Float32', f64: 'Float64',
}; // prettier-ignore

/** The names of parameters in specialized code. */
const NAMES = 'abcdefgh';

/** Writes the specialized functions of one library for 32-bit modules. */
export class WrapperEmitter {
  readonly #nameOf: (type: StructType) => string;
  /** The structs that are copied, by their names in the source. */
  readonly #copied = new Map<string, StructType>();
  readonly #wrappers: string[] = [];
  readonly #raw: string[] = [];
  constructor(nameOf: (type: StructType) => string) {
    this.#nameOf = nameOf;
  }

  /** Adds a function, if its parameters are structs and numbers, with at least one struct. */
  add(name: string, [result, parameters]: Signature): void {
    const structs = parameters.map(structOf);
    const isPlain = result instanceof NoneType || PLAIN.includes(result.name);
    const isFit = parameters.every(
      (type, i) => structs[i] ?? ('Elements' in type && PASSED.includes(type.name)),
    );
    const inouts = parameters.filter((type) => type instanceof InoutType);
    const hasResult = !(result instanceof NoneType);
    const values = inouts.length + (hasResult ? 1 : 0);
    if (!isPlain || !isFit || values > 1 || !structs.some(Boolean) || parameters.length > NAMES.length)
      return;
    if (result instanceof CheckedType) return;
    this.#raw.push(`    const raw_${name} = call.exported('${name}', ${parameters.length});`);
    this.#wrappers.push(this.#wrapper(name, parameters, structs, hasResult));
  }

  /** Returns the source: functions that copy structs, and the argument of `specialize`; undefined if there are none. */
  source(): { copies: string[]; wrappers: string } | undefined {
    if (this.#wrappers.length === 0) return undefined;
    const copies = [...this.#copied].map(([name, type]) => copySource(name, type));
    return {
      copies,
      wrappers: `{\n${this.#raw.join('\n')}\n    return {\n${this.#wrappers.join('\n')}\n    };\n  }`,
    };
  }

  #wrapper(
    name: string,
    parameters: Signature[1],
    structs: readonly (StructType | undefined)[],
    hasResult: boolean,
  ): string {
    const args = parameters.map((_, i) => NAMES[i] as string); // there are enough names
    const numbers = args.filter((_, i) => !structs[i]).map((arg) => ` || typeof ${arg} !== 'number'`);
    const passed = [...args];
    const stores: string[] = [];
    const fallBack = `return call.fallBack(library.${name}, arguments);`;
    let bytes = 0;
    let read = '';
    structs.forEach((type, i) => {
      if (!type) return;
      const struct = this.#nameOf(type);
      this.#copied.set(struct, type);
      passed[i] = bytes === 0 ? 'p' : `p + ${bytes}`;
      bytes += Math.ceil(type.size / ALIGN) * ALIGN;
      stores.push(`store_${struct}(call, ${passed[i]}, ${args[i]})`);
      if (parameters[i] instanceof InoutType) read = `return load_${struct}(call, heap, ${passed[i]});`;
    });
    const made = `raw_${name}(${passed.join(', ')})`;
    const lines = [
      `if (!(${stores.join(' && ')})) ${fallBack}`,
      ...(hasResult ? [`return ${made} as number;`] : [`${made};`, ...(read ? [read] : [])]),
    ];
    return (
      `    ${name}(${args.join(', ')}) {\n` +
      `      if (arguments.length !== ${args.length} || call.isBusy${numbers.join('')}) ${fallBack}\n` +
      `      const p = call.begin(${bytes});\n      if (p === 0) ${fallBack}\n      try {\n` +
      `${lines.map((line) => `        ${line}`).join('\n')}\n` +
      `      } finally {\n        call.end(p);\n      }\n    },`
    );
  }
}

const PLAIN: readonly string[] = ['i32', 'f32', 'f64'];

/** Returns the struct that a parameter points to, if all of its fields are numbers. */
function structOf(type: Signature[1][number]): StructType | undefined {
  const target =
    type instanceof InoutType
      ? type.type
      : type instanceof PointerType
        ? (type.target as unknown)
        : undefined;
  if (!(target instanceof StructType) || target.isUnion || singleOf(target as StructType, 4))
    return undefined;
  if ((target as StructType).align > ALIGN) return undefined;
  const { fields, flexible } = (target as StructType).compiled(4);
  const isFlat = fields.every(
    ({ type: field, isShared }) => !isShared && isScalar(field) && METHODS[field.name],
  );
  return isFlat && !flexible && fields.length <= MAX_FIELDS ? (target as StructType) : undefined;
}
const MAX_FIELDS = 32;
/** The alignment of the addresses that `begin` of CallSupport returns. */
const ALIGN = 8;

/** Returns the source of the functions that copy one struct. */
function copySource(name: string, type: StructType): string {
  const { fields, size } = type.compiled(4);
  const names = fields.map((_, i) => `x${i}`);
  const method = (field: (typeof fields)[number]): string => METHODS[field.type.name] as string; // checked by structOf
  const end = (method_: string): string => (/8$/.test(method_) ? '' : ', true');
  const covered = new Set(
    fields.flatMap(({ offset, type: field }) =>
      Array.from({ length: isScalar(field) ? field.size : 0 }, (_, i) => offset + i),
    ),
  );
  const gaps = Array.from({ length: size }, (_, i) => i).filter((i) => !covered.has(i));
  const stores = fields.map(
    (field, i) => `  data.set${method(field)}(p + ${field.offset}, x${i}${end(method(field))});`,
  );
  const loads = fields.map(
    (field) => `${field.name}: data.get${method(field)}(p + ${field.offset}${end(method(field))})`,
  );
  return [
    `/** Writes an object that has exactly the fields of the struct. Returns false for any other object. */`,
    `function store_${name}(call: CallSupport, p: number, value: unknown): boolean {`,
    `  if (typeof value !== 'object' || value === null) return false;`,
    // A ref has more properties than its fields, so it is not copied here.
    `  let count = 0;`,
    `  for (const _ in value) count++;`,
    `  const { ${fields.map(({ name: field }, i) => `${field}: x${i}`).join(', ')} } = value as Record<string, unknown>;`,
    `  const data = call.view(p + ${size});`,
    `  if (count !== ${names.length} || !data) return false;`,
    `  if (${names.map((one) => `typeof ${one} !== 'number'`).join(' || ')}) return false;`,
    ...gaps.map((i) => `  data.setUint8(p + ${i}, 0);`),
    ...stores,
    `  return true;`,
    `}`,
    `function load_${name}(call: CallSupport, heap: Heap, p: number) {`,
    `  const data = call.view(p + ${size});`,
    `  return data ? { ${loads.join(', ')} } : ${name}.read(heap, p);`,
    `}`,
  ].join('\n');
}
