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

/** Prints any value for a message in at most 60 characters; never calls user code and never throws. */
export function show(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 48 ? `${JSON.stringify(value.slice(0, 48))}...` : JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function') return 'a function';
  return Object.is(value, -0) ? '-0' : String(value);
}

/** The base of all errors about memory. `catch (e) { if (e instanceof LinmemError) ... }` sees them all. */
export class LinmemError extends Error {
  /** Says what went wrong, in one stable word. */
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.label;
    this.code = code;
  }
  /** The class's name, kept apart from `name` because minifiers rename classes. */
  static readonly label: string = 'LinmemError';
}

/** The allocator had no block of the size asked for. Nothing was allocated, nothing changed. */
export class OutOfMemoryError extends LinmemError {
  static override readonly label = 'OutOfMemoryError';
  /** Bytes asked for. */
  readonly size: number;
  /** Alignment asked for, in bytes. */
  readonly align: number;
  constructor(size: number, align = 1, options?: ErrorOptions) {
    super(
      'OUT_OF_MEMORY',
      `no block of ${size} bytes${align > 1 ? ` aligned to ${align}` : ''} could be allocated`,
      options,
    );
    this.size = size;
    this.align = align;
  }
}

/** An address is no byte of the memory, or the range that starts there does not lie inside it. */
export class OutOfBoundsError extends LinmemError {
  static override readonly label = 'OutOfBoundsError';
  /** The address as it was given. */
  readonly address: number | bigint;
  /** Bytes that were to be accessed. */
  readonly size: number;
  /** Bytes the memory had at that moment. */
  readonly byteLength: number;
  constructor(address: number | bigint, size: number, byteLength: number) {
    super(
      'OUT_OF_BOUNDS',
      `${size} bytes at address ${show(address)} are not inside a memory of ${byteLength} bytes`,
    );
    this.address = address;
    this.size = size;
    this.byteLength = byteLength;
  }
}

/** An address is not a multiple of what a view or an atomic access needs. */
export class MisalignedError extends LinmemError {
  static override readonly label = 'MisalignedError';
  readonly address: number;
  /** What the address must be a multiple of, in bytes. */
  readonly align: number;
  constructor(address: number, align: number) {
    super('MISALIGNED', `address ${address} is not a multiple of ${align}`);
    this.address = address;
    this.align = align;
  }
}

/** A ref was used after its block was freed. */
export class FreedError extends LinmemError {
  static override readonly label = 'FreedError';
  /** The address of what was freed. */
  readonly address: number;
  constructor(address: number, what = 'block') {
    super('FREED', `the ${what} at address ${address} was freed`);
    this.address = address;
  }
}

/** A block was freed a second time. The second free changed nothing. */
export class DoubleFreeError extends LinmemError {
  static override readonly label = 'DoubleFreeError';
  readonly address: number;
  constructor(address: number, hint = '') {
    super('DOUBLE_FREE', `the block at address ${address} was freed already${hint}`);
    this.address = address;
  }
}

/** An address is not the start of a block that may be freed: borrowed, inside a block, or no block at all. */
export class NotOwnedError extends LinmemError {
  static override readonly label = 'NotOwnedError';
  readonly address: number;
  constructor(address: number, why: string) {
    super('NOT_OWNED', `address ${address} cannot be freed: ${why}`);
    this.address = address;
  }
}

/** A ref of one heap was given to another heap. */
export class WrongHeapError extends LinmemError {
  static override readonly label = 'WrongHeapError';
  readonly address: number;
  constructor(address: number) {
    super('WRONG_HEAP', `the ref at address ${address} belongs to another heap`);
    this.address = address;
  }
}

/** Something was used after the epoch it was lent in: its arena was reset, or its block freed and lent again. */
export class StaleEpochError extends LinmemError {
  static override readonly label = 'StaleEpochError';
  /** The epoch it was made in. */
  readonly born: number;
  /** The epoch at the time of use; 0 when nothing is lent there. */
  readonly now: number;
  constructor(born: number, now: number) {
    super(
      'STALE_EPOCH',
      `made in epoch ${born}, which has ended${now > 0 ? `: now it is epoch ${now}` : ''}`,
    );
    this.born = born;
    this.now = now;
  }
}

/** Text cannot be stored, or bytes cannot be read as text, under the policy asked for. Nothing was written. */
export class EncodingError extends LinmemError {
  static override readonly label = 'EncodingError';
  /** Where: an index into the string for a write, an address for a read. */
  readonly index: number;
  /** Bytes the place has, when that was the trouble; else undefined. */
  readonly capacity: number | undefined;
  constructor(message: string, index: number, capacity?: number) {
    super('ENCODING', message);
    this.index = index;
    this.capacity = capacity;
  }
}

/** A module lacks what is needed, or does what it must not. The message says what would help. */
export class ModuleError extends LinmemError {
  static override readonly label = 'ModuleError';
  /** What was looked for and not found, e.g. `'memory'` or `'_malloc'`. */
  readonly missing: readonly string[];
  /** What was found instead, by name. */
  readonly found: readonly string[];
  /** The exact compiler flags that would add it, or `''`. */
  readonly flags: string;
  constructor(
    message: string,
    details: { missing?: readonly string[]; found?: readonly string[]; flags?: string } = {},
    options?: ErrorOptions,
  ) {
    super('MODULE', message, options);
    this.missing = details.missing ?? [];
    this.found = details.found ?? [];
    this.flags = details.flags ?? '';
  }
}

/** A value of the wrong JavaScript type. It is a `TypeError`; nothing was converted, nothing changed. */
export class ArgumentTypeError extends TypeError {
  readonly code: ErrorCode;
  /** What was wanted. */
  readonly wanted: string;
  /** What came. */
  readonly value: unknown;
  constructor(wanted: string, value: unknown) {
    super(
      `expected ${wanted}, got ${value === undefined || Object(value) === value || value === null ? '' : `${typeof value} `}${show(value)}`,
    );
    this.name = 'ArgumentTypeError';
    this.code = 'INVALID_TYPE';
    this.wanted = wanted;
    this.value = value;
  }
}

/** A number outside what an argument allows: a size, a count, an index, an alignment. It is a `RangeError`. */
export class ArgumentRangeError extends RangeError {
  readonly code: ErrorCode;
  /** What was wanted. */
  readonly wanted: string;
  /** What came. */
  readonly value: number | bigint;
  constructor(wanted: string, value: number | bigint) {
    super(`expected ${wanted}, got ${show(value)}`);
    this.name = 'ArgumentRangeError';
    this.code = 'INVALID_RANGE';
    this.wanted = wanted;
    this.value = value;
  }
}
