// Values that a program passes by mistake, and what a function does with them.
import { expect } from 'vitest';
import { ArgumentRangeError, ArgumentTypeError, isArray, isRevoked, LinmemError } from '../../ts/errors.ts';

const revoked = (target: object): unknown => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};

/** Each is valid for few parameters, or for none. */
export const HOSTILE: readonly (readonly [name: string, value: unknown])[] = [
  ...[undefined, null, true, NaN, -1, 1.5, Infinity, 2 ** 53, 1n, '', 'x', Symbol('s')].map((value) => [String(value), value] as const), // prettier-ignore
  ['an object', {}],
  ['a frozen object', Object.freeze({ length: 1 })],
  ['an object with inherited properties', Object.create({ length: 1, record: 1, liveAt: 1 })],
  ['an empty array', []],
  ['a frozen array', Object.freeze([true])],
  ['a Uint8Array', new Uint8Array(4)],
  ['a BigInt64Array', new BigInt64Array(4)],
  ['a Date', new Date(0)],
  ['a function', () => 1],
  ['a revoked object', revoked({})],
  ['a revoked array', revoked([])],
  ['a revoked function', revoked(() => 1)],
];

/** True if the value is valid for a parameter. The function then may throw no error of the engine. */
export type Accepts = (value: unknown) => boolean;
export const accepts = {
  none: () => false,
  any: () => true,
  text: (value) => typeof value === 'string',
  optionalText: (value) => value === undefined || typeof value === 'string',
  /** A call of the revoked function throws. */
  callback: (value) => typeof value === 'function' && !isRevoked(value),
  emptyList: (value) => isArray(value) && value.length === 0,
  options: (value) =>
    value === undefined ||
    (typeof value === 'object' && value !== null && !isRevoked(value) && Object.keys(value).length === 0),
  whole: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  /** An event: -1 is before the first one. */
  event: (value) => value === -1,
  optionalEvent: (value) => value === undefined || value === -1,
} satisfies Record<string, Accepts>;

/** Calls a function. Returns 'done', 'typed' for an error of linmem, or the text of any other error. */
export async function outcomeOf(call: () => unknown): Promise<string> {
  try {
    await call();
    return 'done';
  } catch (error) {
    const isTyped = [LinmemError, ArgumentTypeError, ArgumentRangeError].some(
      (Class) => error instanceof Class,
    );
    return isTyped ? 'typed' : String(error);
  }
}

/** A function, its valid arguments, which are made for each call, and what else each parameter accepts. */
export type Row = readonly [
  name: string,
  call: (...args: never[]) => unknown,
  args: () => readonly unknown[],
  accepts: readonly Accepts[],
];

/** Calls a function with its valid arguments, then with one of them replaced by each hostile value. */
export async function checkRow([name, call, args, parameters]: Row): Promise<void> {
  const run = (changed: readonly unknown[]): Promise<string> =>
    outcomeOf(() => call(...(changed as never[])));
  expect(await run(args()), name).toBe('done');
  for (const [at, accepted] of parameters.entries())
    for (const [what, value] of HOSTILE) {
      const outcome = await run(Object.assign([...args()], { [at]: value }));
      if (!accepted(value)) expect(outcome, `${name}, argument ${at}: ${what}`).toBe('typed');
      else expect(['done', 'typed'], `${name}, argument ${at}: ${what}`).toContain(outcome);
    }
}

/** Calls a function with copies of a valid object in which one part, at any depth, is replaced by each hostile value. */
export async function checkParts(
  name: string,
  call: (changed: never) => unknown,
  valid: object,
  optional: readonly string[] = [],
): Promise<void> {
  expect(await outcomeOf(() => call(valid as never)), name).toBe('done');
  for (const path of pathsOf(valid))
    for (const [what, value] of HOSTILE) {
      const outcome = await outcomeOf(() => call(replaced(valid, path, value) as never));
      const where = `${name}, ${path.join('.')}: ${what}`;
      const isMissing = value === undefined && optional.includes(path.at(-1) ?? '');
      if (isMissing || isAlike(valueAt(valid, path), value, path.at(-1)))
        expect(['done', 'typed'], where).toContain(outcome);
      else expect(outcome, where).toBe('typed');
    }
}

type Path = readonly string[];
/** The paths of the fields of an object, and of the first elements of arrays. */
function pathsOf(value: unknown): Path[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  const names = Array.isArray(value) ? Object.keys(value).slice(-1) : Object.keys(value);
  return names.flatMap((name) => [
    [name],
    ...pathsOf((value as Record<string, unknown>)[name]).map((path) => [name, ...path]),
  ]);
}
const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce((part, name) => (part as Record<string, unknown>)[name], value);
function replaced(value: unknown, [name = '', ...rest]: Path, by: unknown): unknown {
  const copy: object = Array.isArray(value) ? [...value] : { ...(value as object) };
  const part = rest.length > 0 ? replaced((value as Record<string, unknown>)[name], rest, by) : by;
  return Object.assign(copy, { [name]: part });
}
/** The fields whose numbers may be fractions. */
const TIMES: readonly string[] = ['started', 'taken'];
/** True if the new value has the type of the old one. */
function isAlike(old: unknown, value: unknown, name = ''): boolean {
  if (typeof old === 'number') return accepts.whole(value) || (value === 1.5 && TIMES.includes(name));
  if (ArrayBuffer.isView(old)) return old instanceof Uint8Array && ArrayBuffer.isView(value);
  if (Array.isArray(old)) return accepts.emptyList(value);
  return typeof old !== 'object' && typeof old === typeof value && !isRevoked(value);
}
