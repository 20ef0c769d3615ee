/// <reference lib="es2021.promise" preserve="true" />
/// <reference lib="es2022.error" preserve="true" />
// SPDX-License-Identifier: MIT
// The errors of linmem. Each has a stable `code` and its values as fields, so that programs need not parse messages.

/** The `code` of an error. A code is never renamed within a major version. */
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
  | 'LAYOUT'
  | 'LEAK'
  | 'CALL'
  | 'DECLARATION'
  | 'RECORDING'
  | 'AGGREGATE'
  | 'INVALID_TYPE'
  | 'INVALID_RANGE';

/** Returns any value as text for a message, a long string cut. Never calls user code and never throws. */
export function show(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 48 ? `${value.slice(0, 48)}...` : value);
  if (typeof value === 'function') return 'a function';
  if (Object(value) === value) return 'an object';
  return Object.is(value, -0) ? '-0' : String(value) + (typeof value === 'bigint' ? 'n' : '');
}

/** Sets an own property, by default not an enumerable one. An assignment fails where a prototype is frozen. */
export function define(object: object, key: PropertyKey, value?: unknown, isListed?: boolean): void {
  const enumerable = isListed as boolean; // undefined is false
  Object.defineProperty(object, key, { value, configurable: true, enumerable, writable: true });
}

/** Sets the name of an error (minifiers rename classes), its code and its values. */
function describe(error: Error, name: string, code: string, fields?: object): void {
  const all = { name: `${name}Error`, code, ...fields };
  for (const [key, value] of Object.entries(all)) define(error, key, value, true);
}

/** The base class of all errors about memory. */
export class LinmemError extends Error {
  /** The stable code. */
  declare readonly code: ErrorCode;
  /** @internal `name` is the class name without `Error`, which gives the code: `OutOfMemory` is `OUT_OF_MEMORY`. */
  constructor(name: string, message: string, fields?: object, options?: ErrorOptions) {
    super(message, options);
    describe(this, name, name.replace(/\B[A-Z]/g, '_$&').toUpperCase(), fields);
  }
}

/** The allocator has no block of the size asked for. Nothing has changed. */
export class OutOfMemoryError extends LinmemError {
  /** The size asked for, in bytes. */
  declare readonly size: number;
  /** The alignment asked for, in bytes. */
  declare readonly align: number;
  constructor(size: number, align = 1, options?: ErrorOptions) {
    const why = options?.cause instanceof Error ? `: ${options.cause.message}` : '';
    super('OutOfMemory', `no block of ${size} bytes, aligned to ${align}${why}`, { size, align }, options);
  }
}

/** An address, or the range that starts there, lies outside the memory. */
export class OutOfBoundsError extends LinmemError {
  /** The address as given. */
  declare readonly address: number | bigint;
  /** The size of the access in bytes. */
  declare readonly size: number;
  /** The size of the memory in bytes. */
  declare readonly byteLength: number;
  constructor(address: number | bigint, size: number, byteLength: number) {
    const message = `${size} bytes at address ${show(address)} of a memory of ${byteLength} bytes`;
    super('OutOfBounds', message, { address, size, byteLength });
  }
}

/** An address does not have the alignment that a view or an atomic access needs. */
export class MisalignedError extends LinmemError {
  /** The address of the access. */
  declare readonly address: number;
  /** The alignment needed, in bytes. */
  declare readonly align: number;
  constructor(address: number, align: number) {
    super('Misaligned', `address ${address} is not a multiple of ${align}`, { address, align });
  }
}

/** Use after free: a ref was used after its block was freed. */
export class FreedError extends LinmemError {
  /** The address of the block. */
  declare readonly address: number;
  constructor(address: number, what = 'block') {
    super('Freed', `the ${what} at address ${address} was freed`, { address });
  }
}

/** Double free: a block was freed a second time. Nothing has changed. */
export class DoubleFreeError extends LinmemError {
  /** The address of the block. */
  declare readonly address: number;
  constructor(address: number, hint = '') {
    super('DoubleFree', `the block at address ${address} was freed already${hint}`, { address });
  }
}

/** A free, resize or release of an address that is not the start of an owned block: borrowed, inside a block, or no block. */
export class NotOwnedError extends LinmemError {
  /** The address of the operation. */
  declare readonly address: number;
  constructor(address: number, why: string) {
    super('NotOwned', `no owned block at address ${address}: ${why}`, { address });
  }
}

/** A ref of one heap was passed to another heap. */
export class WrongHeapError extends LinmemError {
  /** The address of the ref. */
  declare readonly address: number;
  constructor(address: number) {
    super('WrongHeap', `the ref at address ${address} belongs to another heap`, { address });
  }
}

/** A slice or ref was used after its epoch: its arena was reset, or its block freed and allocated again. */
export class StaleEpochError extends LinmemError {
  /** The epoch it was created in. */
  declare readonly createdIn: number;
  /** The current epoch; 0 if there is no arena or slice any more. */
  declare readonly current: number;
  constructor(createdIn: number, current: number) {
    const now = current > 0 ? `; the current epoch is ${current}` : '';
    super('StaleEpoch', `created in epoch ${createdIn}, which has ended${now}`, { createdIn, current });
  }
}

/** A text cannot be encoded or does not fit, or bytes cannot be decoded, under the policy asked for. Nothing was written. */
export class EncodingError extends LinmemError {
  /** The index in the string for a write, the address for a read. */
  declare readonly index: number;
  /** The capacity in elements, if the text does not fit; else undefined. */
  declare readonly capacity: number | undefined;
  constructor(message: string, index: number, capacity?: number) {
    super('Encoding', message, { index, capacity });
  }
}

/** A module lacks a function or a memory, or returns an invalid value. The message says how to fix it. */
export class ModuleError extends LinmemError {
  /** The names that were not found, such as `'memory'` or `'_malloc'`. */
  declare readonly missing: readonly string[];
  /** The names that were found instead. */
  declare readonly found: readonly string[];
  /** The compiler flags that would add it, or `''`. */
  declare readonly flags: string;
  constructor(
    message: string,
    details?: { missing?: readonly string[]; found?: readonly string[]; flags?: string },
    options?: ErrorOptions,
  ) {
    super('Module', message, { missing: [], found: [], flags: '', ...details }, options);
  }
}

/** Several errors of one operation, which continued after each of them: see `errors`. */
export class LinmemAggregateError extends AggregateError {
  /** The stable code. */
  declare readonly code: ErrorCode;
  constructor(errors: readonly unknown[], message: string) {
    super(errors, message);
    describe(this, 'LinmemAggregate', 'AGGREGATE');
  }
}

/** A C function returned an error code, or C called a callback that is not valid any more. */
export class CallError extends LinmemError {
  /** The name of the function in C. */
  declare readonly function: string;
  /** The error code that the function returned; undefined if there is none. */
  declare readonly status: number | undefined;
  constructor(name: string, status: number | undefined, message: string, options?: ErrorOptions) {
    super('Call', `${name}: ${message}`, { function: name, status }, options);
  }
}

/** A C declaration cannot be read: a syntax error, an unknown type, something that is not supported. */
export class DeclarationError extends LinmemError {
  /** The position of the error: line and column, counted from 1. */
  declare readonly line: number;
  declare readonly column: number;
  constructor(message: string, line: number, column: number) {
    super('Declaration', `line ${line}, column ${column}: ${message}`, { line, column });
  }
}

/** A struct is not laid out as the C compiler has it. */
export class LayoutError extends LinmemError {
  /** The name of the struct. */
  declare readonly struct: string;
  /** The differences, one sentence each. */
  declare readonly differences: readonly string[];
  constructor(struct: string, differences: readonly string[]) {
    super('Layout', `${struct} is not laid out as in C: ${differences.join(', ')}`, { struct, differences });
  }
}

/** The reason that a file is refused: it is not a recording, it is cut off, it was changed, or its format is newer. */
export type RecordingFault = 'foreign' | 'truncated' | 'damaged' | 'version';

/** A file cannot be read as a recording of a heap. The message has the position and the cure. */
export class RecordingError extends LinmemError {
  declare readonly fault: RecordingFault;
  /** The offset in the file, in bytes. */
  declare readonly offset: number;
  constructor(fault: RecordingFault, offset: number, message: string) {
    super('Recording', `${message} (at byte ${offset})`, { fault, offset });
  }
}

/** An argument of the wrong JavaScript type. A `TypeError`. Nothing has changed. */
export class ArgumentTypeError extends TypeError {
  /** The stable code. */
  declare readonly code: ErrorCode;
  /** The expected value, in words. */
  declare readonly expected: string;
  /** The argument. */
  declare readonly value: unknown;
  constructor(expected: string, value: unknown, options?: ErrorOptions) {
    const why = options?.cause instanceof Error ? `: ${options.cause.message}` : '';
    super(messageOf(expected, value) + why, options);
    describe(this, 'ArgumentType', 'INVALID_TYPE', { expected, value });
  }
}

/**
 * Returns the error to throw after reading `value`, an argument, threw `cause`: an {@link ArgumentTypeError} for a
 * TypeError of the engine, such as that of a revoked proxy or an invalid iterator; any other error unchanged.
 */
export const argumentError = (cause: unknown, what: string, value: unknown): unknown =>
  cause instanceof TypeError && !('code' in cause) ? new ArgumentTypeError(what, value, { cause }) : cause;

/** A number out of range: a size, a count, an index, an alignment. A `RangeError`. Nothing has changed. */
export class ArgumentRangeError extends RangeError {
  /** The stable code. */
  declare readonly code: ErrorCode;
  /** The expected value, in words. */
  declare readonly expected: string;
  /** The argument. */
  declare readonly value: number | bigint;
  constructor(expected: string, value: number | bigint) {
    super(messageOf(expected, value));
    describe(this, 'ArgumentRange', 'INVALID_RANGE', { expected, value });
  }
}

/** True if `value` is a revoked proxy, whose every use throws. Calls no user code. */
export function isRevoked(value: unknown): boolean {
  try {
    Array.isArray(value);
    return false;
  } catch {
    return true;
  }
}

/** As `Array.isArray`, but false for a revoked proxy, where that throws. */
export const isArray = (value: unknown): value is unknown[] => !isRevoked(value) && Array.isArray(value);

/** The error of a value that is not `expected`, or a revoked proxy. */
export const wrongType = (expected: string, value: unknown): ArgumentTypeError =>
  new ArgumentTypeError(isRevoked(value) ? `${expected}, not a revoked proxy` : expected, value);

/** As `value instanceof Class`, but false for a revoked proxy, where the operator throws. */
export function isInstance<T extends object>(
  value: unknown,
  Class: abstract new (...args: never[]) => T,
): value is T {
  try {
    return value instanceof Class;
  } catch {
    return false;
  }
}

/** @throws {ArgumentTypeError} unless `value` has the method `name` */
export function assertHas(value: unknown, name: string, what: string): void {
  try {
    if (typeof (value as Record<string, unknown>)[name] === 'function') return;
  } catch {} // null, undefined or a revoked proxy
  throw new ArgumentTypeError(what, value);
}

const messageOf = (expected: string, value: unknown): string => `expected ${expected}, got ${show(value)}`;
