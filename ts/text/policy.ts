// SPDX-License-Identifier: MIT
// What to do with text that has no exact form, as the caller chooses.
import { ArgumentTypeError, EncodingError } from '../errors.ts';

/** What to do with text that has no exact form. */
export interface TextOptions {
  /**
   * A lone surrogate: `replace` (unless given) makes it U+FFFD, `throw` refuses the string, `wtf8` keeps it, as
   * its three bytes in UTF-8 and as it is in UTF-16 and UTF-32, in reads as in writes.
   */
  readonly surrogates?: 'replace' | 'throw' | 'wtf8';
  /** Bytes that are not of the encoding: `replace` (unless given) reads U+FFFD, `throw` refuses them. */
  readonly invalid?: 'replace' | 'throw';
  /** A U+0000 inside a string that ends at its first NUL: `throw` (unless given) refuses it, `allow` writes it. */
  readonly nul?: 'throw' | 'allow';
  /** Whether a write may leave out the characters at the end that have no room. Never a part of one. */
  readonly truncate?: boolean;
}

/** Options with every choice made. */
export type Policy = Required<TextOptions>;

/** The choices there are; the first is what is chosen unless another is given. */
const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  surrogates: ['replace', 'throw', 'wtf8'],
  invalid: ['replace', 'throw'],
  nul: ['throw', 'allow'],
  truncate: [false, true],
};
const DEFAULTS: Policy = { surrogates: 'replace', invalid: 'replace', nul: 'throw', truncate: false };

/**
 * Returns `options` with every choice made, read once.
 * @throws {ArgumentTypeError} when they are given and no object, or have a name or a choice that is none
 */
export function toPolicy(options: TextOptions | undefined): Policy {
  if (options === undefined) return DEFAULTS;
  const policy: Record<string, unknown> = { ...DEFAULTS };
  const refuse = (value: unknown): never => {
    throw new ArgumentTypeError(`text options of ${JSON.stringify(CHOICES)}`, value);
  };
  if (typeof options !== 'object' || options === null) refuse(options);
  for (const name in options) {
    const choice = options[name as keyof Policy];
    if (!Object.hasOwn(CHOICES, name)) refuse(name);
    else if (choice !== undefined) policy[name] = CHOICES[name]?.includes(choice) ? choice : refuse(choice);
  }
  return policy as Policy; // each name and choice was looked at
}

/** @throws {ArgumentTypeError} when `value` is not a primitive string */
export function assertString(value: unknown): asserts value is string {
  if (typeof value !== 'string') throw new ArgumentTypeError('a string', value);
}

/** Returns the index of the first lone surrogate from `from` on, which begins no second half, or -1. O(n). */
export function loneSurrogate(text: string, from = 0): number {
  if (from === 0 && text.isWellFormed?.()) return -1;
  for (let i = from; i < text.length; i++) {
    const point = text.codePointAt(i) as number; // i is inside
    if (point > 0xffff) i++;
    else if (point >= 0xd800 && point <= 0xdfff) return i;
  }
  return -1;
}

/**
 * Returns `text` with its lone surrogates as the policy has them. O(n).
 * @throws {EncodingError} when it has one and the policy is `throw`
 */
export function wellFormed(text: string, policy: TextOptions['surrogates'] = 'replace'): string {
  if (policy === 'wtf8') return text;
  let at = loneSurrogate(text);
  if (at < 0) return text;
  if (policy === 'throw') throw new EncodingError(`a lone surrogate at index ${at}`, at);
  // By hand: JavaScriptCore's /u is wrong.
  let whole = '';
  let done = 0;
  for (; at >= 0; at = loneSurrogate(text, done)) {
    whole += `${text.slice(done, at)}\ufffd`;
    done = at + 1;
  }
  return whole + text.slice(done);
}
