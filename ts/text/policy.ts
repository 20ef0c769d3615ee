// SPDX-License-Identifier: MIT
// Text policies: lone surrogates, invalid bytes, embedded NULs, text that does not fit.
import { argumentError, ArgumentTypeError, EncodingError } from '../errors.ts';

/** The policies of a text operation. */
export interface TextOptions {
  /**
   * Lone surrogates, in reads and in writes: `replace` them by U+FFFD, `throw`, or keep them as `wtf8` does (three bytes
   * in UTF-8, unchanged in UTF-16 and UTF-32).
   * @defaultValue `'replace'`
   */
  readonly surrogates?: 'replace' | 'throw' | 'wtf8';
  /** Bytes that are invalid in the encoding: read U+FFFD for them (`replace`), or `throw`. @defaultValue `'replace'` */
  readonly invalid?: 'replace' | 'throw';
  /** A U+0000 in a string that is stored NUL-terminated: `throw`, or `allow` it. @defaultValue `'throw'` */
  readonly nul?: 'throw' | 'allow';
  /** True if a write may leave out whole characters at the end that do not fit. @defaultValue `false` */
  readonly truncate?: boolean;
}

/** All policies, with their values. */
export type Policy = Required<TextOptions>;

/** The values of each policy; the first is the default. */
const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  surrogates: ['replace', 'throw', 'wtf8'],
  invalid: ['replace', 'throw'],
  nul: ['throw', 'allow'],
  truncate: [false, true],
};
const DEFAULTS: Policy = { surrogates: 'replace', invalid: 'replace', nul: 'throw', truncate: false };

/**
 * Returns all policies. Reads the own properties of `options`, each once.
 * @throws {ArgumentTypeError} if they are not an object, or have an unknown name or value
 */
export function toPolicy(options: TextOptions | undefined): Policy {
  if (options === undefined) return DEFAULTS;
  const policy: Record<string, unknown> = { ...DEFAULTS };
  const refuse = (value: unknown): never => {
    throw new ArgumentTypeError(`text options of ${JSON.stringify(CHOICES)}`, value);
  };
  if (typeof options !== 'object' || options === null) refuse(options);
  for (const [name, choice] of ownEntries(options)) {
    if (!Object.hasOwn(CHOICES, name)) refuse(name);
    else if (choice !== undefined) policy[name] = CHOICES[name]?.includes(choice) ? choice : refuse(choice);
  }
  return policy as Policy; // each name and value was checked
}

/** The own properties, each read once. */
function ownEntries(options: TextOptions): [string, unknown][] {
  try {
    return Object.entries(options);
  } catch (error) {
    throw argumentError(error, 'an object of text options', options);
  }
}

/** @throws {ArgumentTypeError} if `value` is not a primitive string */
export function assertString(value: unknown): asserts value is string {
  if (typeof value !== 'string') throw new ArgumentTypeError('a string', value);
}

/** Returns the index of the first lone surrogate from index `from` on, or -1. `from` is not inside a pair. O(n). */
export function loneSurrogate(text: string, from = 0): number {
  if (from === 0 && text.isWellFormed?.()) return -1;
  for (let i = from; i < text.length; i++) {
    const point = text.codePointAt(i) as number; // i is in range
    if (point > 0xffff) i++;
    else if (point >= 0xd800 && point <= 0xdfff) return i;
  }
  return -1;
}

/**
 * Returns `text` with the policy applied to its lone surrogates. O(n).
 * @throws {EncodingError} if it has one and the policy is `throw`
 */
export function wellFormed(text: string, policy: TextOptions['surrogates'] = 'replace'): string {
  if (policy === 'wtf8') return text;
  let at = loneSurrogate(text);
  if (at < 0) return text;
  if (policy === 'throw') throw new EncodingError(`a lone surrogate at index ${at}`, at);
  // Not by a regular expression: JavaScriptCore matches lone surrogates wrongly with /u.
  let whole = '';
  let done = 0;
  for (; at >= 0; at = loneSurrogate(text, done)) {
    whole += `${text.slice(done, at)}\ufffd`;
    done = at + 1;
  }
  return whole + text.slice(done);
}
