// Random structs: as types, and as the C that declares them.
import {
  aligned, array, bits, bool, chars, cstr, f32, f64, i16, i32, i64, i8, padding, pointer, struct, type StructType, u16, u32,
  u64, u8, union, voidp, type CType, type LayoutOptions,
} from '../../ts/index.ts'; // prettier-ignore

interface Declared {
  readonly type: CType;
  /** C before and behind the name. */
  readonly before: string;
  readonly after: string;
}
const SCALARS: readonly (readonly [CType, string])[] = [
  [i8, 'signed char'], [u8, 'unsigned char'], [i16, 'short'], [u16, 'unsigned short'], [i32, 'int'],
  [u32, 'unsigned'], [i64, 'long long'], [u64, 'unsigned long long'], [f32, 'float'], [f64, 'double'],
  [bool, '_Bool'], [cstr, 'char *'], [voidp, 'void *'],
]; // prettier-ignore
const BITS = [
  [i8, 'signed char', 8], [u8, 'unsigned char', 8], [i16, 'short', 16], [u16, 'unsigned short', 16], [i32, 'int', 32],
  [u32, 'unsigned', 32], [i64, 'long long', 64], [u64, 'unsigned long long', 64], [bool, '_Bool', 1],
] as const; // prettier-ignore

/** One random struct or union, with its C. */
export interface RandomStruct {
  readonly type: StructType;
  readonly c: string;
}

/** `count` of them; later ones contain earlier ones. */
export function randomStructs(count: number, random: (n: number) => number): RandomStruct[] {
  const made: RandomStruct[] = [];
  while (made.length < count) made.push(randomStruct(`s${made.length}`, made, random));
  return made;
}

function randomStruct(
  name: string,
  made: readonly RandomStruct[],
  random: (n: number) => number,
): RandomStruct {
  const isUnion = random(6) === 0;
  const options = randomOptions(random);
  const fields: Record<string, CType> = {};
  const lines: string[] = [];
  for (let i = 0, length = 1 + random(7); i < length; i++) {
    const { type, before, after } = randomField(made, random);
    const isUnnamed = 'unnamed' in type && type.unnamed === true;
    if (isUnnamed && i === length - 1 && i === 0) continue;
    fields[`f${i}`] = type;
    lines.push(`  ${before} ${isUnnamed ? '' : `f${i}`}${after};`);
  }
  // A struct of nothing but unnamed bits has no size.
  fields.last = u8;
  lines.push('  unsigned char last;');
  const attributes = [
    options.packed ? 'packed' : '',
    options.align ? `aligned(${options.align})` : '',
  ].filter(Boolean);
  const word = isUnion ? 'union' : 'struct';
  const body = `${word} ${name} {\n${lines.join('\n')}\n}${attributes.length > 0 ? ` __attribute__((${attributes.join(', ')}))` : ''};`;
  const c = options.pack ? `#pragma pack(push, ${options.pack})\n${body}\n#pragma pack(pop)` : body;
  return { type: (isUnion ? union : struct)(name, fields, options), c };
}

function randomOptions(random: (n: number) => number): LayoutOptions {
  return {
    ...(random(5) === 0 && { packed: true }),
    ...(random(7) === 0 && { pack: 2 ** random(4) }),
    ...(random(7) === 0 && { align: 2 ** random(6) }),
  };
}

function randomField(made: readonly RandomStruct[], random: (n: number) => number): Declared {
  const kind = random(12);
  if (kind < 3) {
    const [base, c, most] = BITS[random(BITS.length)] as (typeof BITS)[number];
    const isUnnamed = random(5) === 0;
    const width = isUnnamed ? random(most + 1) : 1 + random(most);
    return { type: isUnnamed ? padding(base, width) : bits(base, width), before: c, after: ` : ${width}` };
  }
  const one = randomType(made, random);
  if (kind === 3) {
    const length = 1 + random(4);
    return { ...one, type: array(one.type, length), after: `[${length}]` };
  }
  if (kind === 4) {
    const length = 1 + random(9);
    return { type: chars(length), before: 'char', after: `[${length}]` };
  }
  if (kind === 5) return { type: pointer(one.type), before: `${one.before} *`, after: '' };
  if (kind === 6) {
    const align = 2 ** random(6);
    return {
      type: aligned(align, one.type),
      before: `${one.before} __attribute__((aligned(${align})))`,
      after: '',
    };
  }
  return one;
}

function randomType(made: readonly RandomStruct[], random: (n: number) => number): Declared {
  const inner = made.length > 0 && random(4) === 0 ? made[random(made.length)] : undefined;
  if (inner && inner.type.size < 4096)
    return {
      type: inner.type,
      before: `${inner.type.isUnion ? 'union' : 'struct'} ${inner.type.name}`,
      after: '',
    };
  const [type, before] = SCALARS[random(SCALARS.length)] as (typeof SCALARS)[number];
  return { type, before, after: '' };
}
