// SPDX-License-Identifier: MIT
// Every error that linmem throws on purpose. Each has a stable `code` and carries its values as fields, so
// that a program can decide by them and never has to read the message. Built only when thrown.

/** Every `code` an error of linmem can have. Stable: a code is never renamed within a major version. */
export type ErrorCode =
  | 'OUT_OF_MEMORY'
  | 'OUT_OF_BOUNDS'
  | 'MISALIGNED'
  | 'FREED'
  | 'DOUBLE_FREE'
  | 'NOT_OWNED'
  | 'WRONG_HEAP'
  | 'STALE_EPOCH'
  | 'ENCODING'
  | 'MODULE'
  | 'INVALID_TYPE'
  | 'INVALID_RANGE';

/** Prints any value for a message, of a long string only the beginning; never calls user code and never throws. */
export function show(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 48 ? `${value.slice(0, 48)}...` : value);
  if (typeof value === 'function') return 'a function';
  if (Object(value) === value) return 'an object';
  return Object.is(value, -0) ? '-0' : String(value) + (typeof value === 'bigint' ? 'n' : '');
}

/** Gives an error its name, which is written out as minifiers rename classes, its code and its values. */
function describe(error: Error, name: string, code: string, fields?: object): void {
  Object.assign(error, { name: `${name}Error`, code }, fields);
}

/** The base of all errors about memory. `catch (e) { if (e instanceof LinmemError) ... }` sees them all. */
export class LinmemError extends Error {
  /** Says what went wrong, in one stable word. */
  declare readonly code: ErrorCode;
  /** Its name without `Error`, which also gives the code: `OutOfMemory` is `OUT_OF_MEMORY`. */
  constructor(name: string, message: string, fields?: object, options?: ErrorOptions) {
    super(message, options);
    describe(this, name, name.replace(/\B[A-Z]/g, '_$&').toUpperCase(), fields);
  }
}

/** The allocator had no block of the size asked for. Nothing was allocated, nothing changed. */
export class OutOfMemoryError extends LinmemError {
  /** Bytes asked for. */
  declare readonly size: number;
  /** Alignment asked for, in bytes. */
  declare readonly align: number;
  constructor(size: number, align = 1, options?: ErrorOptions) {
    super('OutOfMemory', `no block of ${size} bytes, aligned to ${align}`, { size, align }, options);
  }
}

/** An address is no byte of the memory, or the range that starts there does not lie inside it. */
export class OutOfBoundsError extends LinmemError {
  /** The address as it was given. */
  declare readonly address: number | bigint;
  /** Bytes that were to be accessed. */
  declare readonly size: number;
  /** Bytes the memory had at that moment. */
  declare readonly byteLength: number;
  constructor(address: number | bigint, size: number, byteLength: number) {
    super('OutOfBounds', `${size} bytes at address ${show(address)} of a memory of ${byteLength} bytes`, {
      address,
      size,
      byteLength,
    });
  }
}

/** An address is not a multiple of what a view or an atomic access needs. */
export class MisalignedError extends LinmemError {
  declare readonly address: number;
  /** What the address must be a multiple of, in bytes. */
  declare readonly align: number;
  constructor(address: number, align: number) {
    super('Misaligned', `address ${address} is not a multiple of ${align}`, { address, align });
  }
}

/** A ref was used after its block was freed. */
export class FreedError extends LinmemError {
  /** The address of what was freed. */
  declare readonly address: number;
  constructor(address: number, what = 'block') {
    super('Freed', `the ${what} at address ${address} was freed`, { address });
  }
}

/** A block was freed a second time. The second free changed nothing. */
export class DoubleFreeError extends LinmemError {
  declare readonly address: number;
  constructor(address: number, hint = '') {
    super('DoubleFree', `the block at address ${address} was freed already${hint}`, { address });
  }
}

/** An address is not the start of a block that may be freed: borrowed, inside a block, or no block at all. */
export class NotOwnedError extends LinmemError {
  declare readonly address: number;
  constructor(address: number, why: string) {
    super('NotOwned', `address ${address} cannot be freed: ${why}`, { address });
  }
}

/** A ref of one heap was given to another heap. */
export class WrongHeapError extends LinmemError {
  declare readonly address: number;
  constructor(address: number) {
    super('WrongHeap', `the ref at address ${address} belongs to another heap`, { address });
  }
}

/** Something was used after the epoch it was lent in: its arena was reset, or its block freed and lent again. */
export class StaleEpochError extends LinmemError {
  /** The epoch it was made in. */
  declare readonly born: number;
  /** The epoch at the time of use; 0 when nothing is lent there. */
  declare readonly now: number;
  constructor(born: number, now: number) {
    const after = now > 0 ? `: now it is epoch ${now}` : '';
    super('StaleEpoch', `made in epoch ${born}, which has ended${after}`, { born, now });
  }
}

/** Text cannot be stored, or bytes cannot be read as text, under the policy asked for. Nothing was written. */
export class EncodingError extends LinmemError {
  /** Where: an index into the string for a write, an address for a read. */
  declare readonly index: number;
  /** Bytes the place has, when that was the trouble; else undefined. */
  declare readonly capacity: number | undefined;
  constructor(message: string, index: number, capacity?: number) {
    super('Encoding', message, { index, capacity });
  }
}

/** A module lacks what is needed, or does what it must not. The message says what would help. */
export class ModuleError extends LinmemError {
  /** What was looked for and not found, e.g. `'memory'` or `'_malloc'`. */
  declare readonly missing: readonly string[];
  /** What was found instead, by name. */
  declare readonly found: readonly string[];
  /** The exact compiler flags that would add it, or `''`. */
  declare readonly flags: string;
  constructor(
    message: string,
    details?: { missing?: readonly string[]; found?: readonly string[]; flags?: string },
    options?: ErrorOptions,
  ) {
    super('Module', message, { missing: [], found: [], flags: '', ...details }, options);
  }
}

/** A value of the wrong JavaScript type. It is a `TypeError`; nothing was converted, nothing changed. */
export class ArgumentTypeError extends TypeError {
  declare readonly code: ErrorCode;
  /** What was wanted. */
  declare readonly wanted: string;
  /** What came. */
  declare readonly value: unknown;
  constructor(wanted: string, value: unknown) {
    super(expected(wanted, value));
    describe(this, 'ArgumentType', 'INVALID_TYPE', { wanted, value });
  }
}

/** A number outside what an argument allows: a size, a count, an index, an alignment. It is a `RangeError`. */
export class ArgumentRangeError extends RangeError {
  declare readonly code: ErrorCode;
  /** What was wanted. */
  declare readonly wanted: string;
  /** What came. */
  declare readonly value: number | bigint;
  constructor(wanted: string, value: number | bigint) {
    super(expected(wanted, value));
    describe(this, 'ArgumentRange', 'INVALID_RANGE', { wanted, value });
  }
}

function expected(wanted: string, value: unknown): string {
  return `expected ${wanted}, got ${show(value)}`;
}
