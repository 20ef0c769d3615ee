// SPDX-License-Identifier: MIT
// Bit-fields: `bits(u32, 3)` is `uint32_t name : 3`. Little-endian: the first field has the lowest bits.
import { ArgumentRangeError, ArgumentTypeError } from '../errors.ts';
import { toCount } from '../memory/address.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { assertType } from '../scalar/descriptor.ts';
import type { Scalar } from '../scalar/scalar.ts';
import { i16, i32, i64, i8, u16, u32, u64, u8, bool } from '../scalar/types.gen.ts';
import type { Layout } from './layout.ts';
import type { CompositeType } from './type.ts';

/** An integer type that bit-fields can have. */
export type BitsBase = Scalar<number> | Scalar<bigint> | Scalar<boolean>;

/** A bit-field without an offset. It can only be a field of a struct or union. */
export class BitField<B extends BitsBase = BitsBase> implements CompositeType {
  readonly name: string;
  readonly base: B;
  readonly width: number;
  readonly unnamed: boolean;
  constructor(base: B, width: number, unnamed: boolean) {
    this.name = `${base.name}:${width}`;
    this.base = base;
    this.width = width;
    this.unnamed = unnamed;
  }
  layout(): Layout {
    return { size: this.base.size, align: this.base.size };
  }
  /** @internal */
  load(): never {
    throw this.#refusal();
  }
  /** @internal */
  store(): never {
    throw this.#refusal();
  }
  /** @internal */
  live(): never {
    throw this.#refusal();
  }
  /** @internal */
  placed(offset: number, bit: number, structBytes: number): CompositeType {
    return bitsOf(this, offset, bit, structBytes);
  }
  #refusal(): Error {
    return new ArgumentTypeError(
      'a type other than a bit-field: only structs and unions have bit-fields',
      this.name,
    );
  }
}

const BASES: readonly unknown[] = [i8, u8, i16, u16, i32, u32, i64, u64, bool];

/**
 * A bit-field of `width` bits, as in `unsigned flags : 3`. Values outside its range wrap.
 * @param base its declared type: an integer of up to 64 bits, or `bool`
 * @throws {ArgumentRangeError} if the width is 0, or larger than the type
 */
export function bits<B extends BitsBase>(base: B, width: number): BitField<B> {
  return new BitField(toBase(base), toWidth(base, width, 1), false);
}

/**
 * Unnamed bits, as in `unsigned : 3`. A width of 0 moves the next bit-field to a boundary of the type. The field needs
 * a unique name in the definition; it has no accessor.
 */
export function padding<B extends BitsBase>(base: B, width: number): BitField<B> {
  return new BitField(toBase(base), toWidth(base, width, 0), true);
}

function toBase<B extends BitsBase>(base: B): B {
  if (BASES.includes(base)) return base;
  assertType(base);
  throw new ArgumentTypeError('an integer type of up to 64 bits for a bit-field', base.name);
}
function toWidth(base: BitsBase, width: number, min: number): number {
  const max = base === bool ? 1 : base.size * 8;
  if (toCount(width, 'a width in bits') >= min && width <= max) return width;
  throw new ArgumentRangeError(`a width of ${min} to ${max} bits for ${base.name}`, width);
}

/** A bit-field at an offset: a type that reads and writes at the address of its first byte. */
function bitsOf(field: BitField, offset: number, bit: number, structBytes: number): CompositeType {
  const { base, width } = field;
  const count = Math.ceil((bit + width) / 8);
  const isSigned = base.name.startsWith('i');
  const mask = (1n << BigInt(width)) - 1n;
  // One access of 4 bytes if the struct contains these bytes, as most do; else one for each byte.
  const fast = width < 32 && bit + width <= 32 && offset + 4 <= structBytes;
  const convert = (raw: bigint): unknown => {
    const value = isSigned ? BigInt.asIntN(width, raw) : raw;
    return base.kind === 'bigint' ? value : base.kind === 'boolean' ? value !== 0n : Number(value);
  };
  const readBits = (memory: LinearMemory, address: number): bigint => {
    let raw = 0n;
    for (let i = count - 1; i >= 0; i--) raw = (raw << 8n) | BigInt(u8.read(memory, address + i));
    return raw;
  };
  const shift = 32 - width;
  const load = (memory: LinearMemory, address: number): unknown => {
    if (!fast || base.kind === 'bigint') return convert((readBits(memory, address) >> BigInt(bit)) & mask);
    const high = u32.read(memory, address) << (shift - bit);
    const value = isSigned ? high >> shift : high >>> shift;
    return base.kind === 'boolean' ? value !== 0 : value;
  };
  return {
    name: field.name,
    ...{ bit, width, base: base.name }, // for debug/type-layouts.ts
    layout: () => ({ size: count, align: 1 }),
    load,
    live: (origin, address) => load(origin.allocation.memory, address),
    store(memory, address, value) {
      if (typeof value !== base.kind) throw new ArgumentTypeError(`a ${base.kind} for ${field.name}`, value);
      const number =
        typeof value === 'bigint'
          ? value
          : BigInt(Number.isFinite(Number(value)) ? Math.trunc(Number(value)) : 0);
      let raw = readBits(memory, address) & ~(mask << BigInt(bit));
      raw |= (number & mask) << BigInt(bit);
      for (let i = 0; i < count; i++) u8.write(memory, address + i, Number((raw >> BigInt(8 * i)) & 255n));
    },
  };
}
