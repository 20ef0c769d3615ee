// SPDX-License-Identifier: MIT
// The WebAssembly code that replaces the functions of an allocator and exported functions.
//
//   W1  While `off` or `busy` is not 0, a wrapper only calls the original code (its body). `busy` is 1 while a body
//       runs, so that the functions that it calls are not recorded too.
//   W2  Each export sets `busy` to 0, as a trap may have left it at 1, and restores it when it returns.
import { leb, signedLeb } from './binary-writer.ts';
import { ROLES, type Role, type RoleName } from './roles.ts';

/** The indices of the functions, globals and tables that were appended to a module. */
export interface Appended {
  readonly table: number;
  readonly off: number;
  readonly busy: number;
  readonly guard: number;
  readonly entry: number;
  readonly counter: number;
  readonly eventType: number;
  readonly resizedType: number;
  readonly guardType: number;
}

/** The numbers of the events, as in recorder_internal.h. */
const EVENTS = { alloc: 0, free: 1, realloc: 2, aligned: 3 } as const;
/** The slots of the table. */
export const Slot = { event: 0, guard: 1, resized: 2 } as const;

const I32 = 0x7f;
const I64 = 0x7e;
const VOID = 0x40;
const END = 0x0b;
const RETURN = 0x0f;
const DROP = 0x1a;

const constant = (value: number): number[] => [0x41, ...signedLeb(value)];
const constant64 = (value: number): number[] => [0x42, ...signedLeb(value)];
const getLocal = (index: number): number[] => [0x20, ...leb(index)];
const setLocal = (index: number): number[] => [0x21, ...leb(index)];
const getGlobal = (index: number): number[] => [0x23, ...leb(index)];
const setGlobal = (index: number): number[] => [0x24, ...leb(index)];
const call = (index: number): number[] => [0x10, ...leb(index)];
const ifThen = (...code: number[]): number[] => [0x04, VOID, ...code, END];

/** The function that a wrapper replaces. */
export interface Wrapped {
  readonly role: RoleName;
  /** Its index among the wrapped functions. */
  readonly ordinal: number;
  /** The index of the new function that has its original code. */
  readonly body: number;
  /** True if the calls inside the body are recorded instead: for a realloc that was found by its shape. */
  readonly isOpen: boolean;
  readonly memory64: boolean;
}

/** Returns the body of a wrapper, with its declarations of locals. */
export function wrapperCode(
  { role: name, ordinal, body, isOpen, memory64 }: Wrapped,
  to: Appended,
): number[] {
  const role: Role = ROLES[name];
  const [params = '', results = ''] = role.type.split(':');
  const arguments_ = [...params].flatMap((_, i) => getLocal(i));
  const result = params.length;
  const code = [
    ...getGlobal(to.off), ...getGlobal(to.busy), 0x72, // i32.or
    ...ifThen(...arguments_, ...call(body), RETURN),
    ...ifGuarded(ordinal, params, results, memory64, isOpen, to),
  ]; // prettier-ignore
  const event = eventCode(role, result, memory64, to);
  if (role.event === 'free') code.push(...event);
  if (!isOpen) code.push(...constant(1), ...setGlobal(to.busy));
  code.push(...arguments_, ...call(body));
  if (results) code.push(...setLocal(result));
  if (!isOpen) code.push(...constant(0), ...setGlobal(to.busy));
  if (isOpen) code.push(...resizedCode(role, result, memory64, to));
  else if (role.event !== 'free') code.push(...event);
  if (results) code.push(...getLocal(result));
  return [...locals(results, memory64), ...code, END];
}

/** Returns the local for the result: an i32 also for the errno of posix_memalign. */
const locals = (results: string, memory64: boolean): number[] =>
  results ? [1, 1, results === 'p' && memory64 ? I64 : I32] : [0];

/** In guard mode JavaScript does all the work: see guard.ts. */
function ifGuarded(
  ordinal: number,
  params: string,
  results: string,
  memory64: boolean,
  isOpen: boolean,
  to: Appended,
): number[] {
  const given = [0, 1, 2, 3].flatMap((i) => {
    const letter = params[i];
    if (!letter) return [0x44, 0, 0, 0, 0, 0, 0, 0, 0]; // f64.const 0
    return [...getLocal(i), letter === 'p' && memory64 ? 0xba : 0xb8]; // f64.convert_i64_u, f64.convert_i32_u
  });
  const convert = results === 'p' && memory64 ? 0xb1 : 0xab; // i64.trunc_f64_u, i32.trunc_f64_u
  return [
    ...getGlobal(to.guard),
    ...ifThen(
      ...constant(isOpen ? 0 : 1), ...setGlobal(to.busy),
      ...constant(ordinal), ...given,
      ...callSlot(Slot.guard, to.guardType, to.table),
      results ? convert : DROP,
      ...constant(0), ...setGlobal(to.busy),
      RETURN,
    ),
  ]; // prettier-ignore
}

const callSlot = (slot: number, type: number, table: number): number[] => [
  ...constant(slot),
  0x11,
  ...leb(type),
  ...leb(table),
];

/** Returns the code that pushes kind, address, size, previous and entry. */
function eventCode(role: Role, result: number, memory64: boolean, to: Appended): number[] {
  const wide = (code: number[]): number[] => (memory64 ? code : [...code, 0xad]); // i64.extend_i32_u
  const parameter = (index: number | undefined): number[] =>
    index === undefined ? constant64(0) : wide(getLocal(index));
  /** Returns code for the value, or 0 if the parameter is 0. */
  const unlessEmpty = (value: number[], size: number | undefined): number[] =>
    size === undefined
      ? value
      : [...value, ...constant64(0), ...getLocal(size), ...(memory64 ? NOT_ZERO : []), 0x1b]; // select
  const pointer = unlessEmpty(parameter(role.pointer), role.old);
  const block = unlessEmpty(
    wide(addressCode(role, result, memory64)),
    role.isEmptyNone ? role.size : undefined,
  );
  const size =
    role.count === undefined
      ? parameter(role.size)
      : [...parameter(role.count), ...parameter(role.size), 0x7e]; // i64.mul
  return [
    ...constant(role.isEitherOrder ? EVENTS.aligned : EVENTS[role.event]),
    ...(role.event === 'free' ? pointer : block),
    ...size,
    ...(role.event === 'realloc' ? pointer : role.isEitherOrder ? parameter(role.align) : constant64(0)),
    ...getGlobal(to.entry),
    ...callSlot(Slot.event, to.eventType, to.table),
  ];
}

/** i64.eqz, i32.eqz */
const NOT_ZERO = [0x50, 0x45];

/**
 * Returns code for the address of the new block: the result, or the address that posix_memalign stored if it returned
 * 0.
 */
function addressCode(role: Role, result: number, memory64: boolean): number[] {
  if (role.out === undefined) return getLocal(result);
  const [type, load, zero] = memory64 ? [I64, 0x29, 0x42] : [I32, 0x28, 0x41];
  return [
    ...getLocal(result),
    0x04,
    type,
    zero,
    0,
    0x05,
    ...getLocal(role.out),
    load,
    memory64 ? 3 : 2,
    0,
    END,
  ];
}

function resizedCode(role: Role, result: number, memory64: boolean, to: Appended): number[] {
  const wide = (code: number[]): number[] => (memory64 ? code : [...code, 0xad]);
  return [
    ...wide(getLocal(result)),
    ...wide(getLocal(role.size ?? 0)),
    ...callSlot(Slot.resized, to.resizedType, to.table),
  ];
}

/** Returns the code of the function that replaces an export with `params` parameters: it begins an entry. */
export function entryCode(body: number, params: number, to: Appended): number[] {
  const [entry, busy] = [params, params + 1];
  return [
    1, 2, I32, // two locals
    ...getGlobal(to.entry), ...setLocal(entry), ...getGlobal(to.busy), ...setLocal(busy),
    ...getGlobal(to.counter), ...constant(1), 0x6a, ...setGlobal(to.counter), // i32.add
    ...getGlobal(to.counter), ...setGlobal(to.entry), ...constant(0), ...setGlobal(to.busy),
    ...Array.from({ length: params }, (_, i) => getLocal(i)).flat(), ...call(body),
    ...getLocal(entry), ...setGlobal(to.entry), ...getLocal(busy), ...setGlobal(to.busy),
    END,
  ]; // prettier-ignore
}

/**
 * Returns the code of the function that replaces another one in tables: it begins an entry only if none runs, so that
 * calls from the module itself cost little.
 */
export function tableEntryCode(body: number, params: number, to: Appended): number[] {
  const arguments_ = Array.from({ length: params }, (_, i) => getLocal(i)).flat();
  return [
    0, // no locals
    ...getGlobal(to.entry), ...ifThen(...arguments_, ...call(body), RETURN),
    ...getGlobal(to.counter), ...constant(1), 0x6a, ...setGlobal(to.counter), // i32.add
    ...getGlobal(to.counter), ...setGlobal(to.entry), ...constant(0), ...setGlobal(to.busy),
    ...arguments_, ...call(body), ...constant(0), ...setGlobal(to.entry),
    END,
  ]; // prettier-ignore
}

/** The types of the functions in the slots. */
export const EVENT_TYPE: readonly number[] = [0x60, 5, I32, I64, I64, I64, I32, 0];
export const RESIZED_TYPE: readonly number[] = [0x60, 2, I64, I64, 0];
export const GUARD_TYPE: readonly number[] = [0x60, 5, I32, 0x7c, 0x7c, 0x7c, 0x7c, 1, 0x7c];
