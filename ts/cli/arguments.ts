// SPDX-License-Identifier: MIT
// Parses the arguments of commands: `--name=value`, `--name value`, `--flag`, and the rest.
import { CommandError } from './host.ts';

/** The kind of an option: without a value, or with one. */
export type OptionKind = 'flag' | 'value';

/** Parsed arguments. */
export interface Arguments<K extends string> {
  readonly options: Readonly<Partial<Record<K, string>>>;
  readonly rest: readonly string[];
}

/**
 * Parses arguments.
 *
 * @throws {CommandError} if an option is unknown, or a value is missing
 */
export function readArguments<K extends string>(
  args: readonly string[],
  known: Readonly<Record<K, OptionKind>>,
  usage: string,
): Arguments<K> {
  // A program that runs in this process may change Object.prototype.
  const options = { __proto__: null } as Partial<Record<K, string>>;
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (!arg.startsWith('-') || arg === '-') {
      rest.push(arg);
      continue;
    }
    const [, name = '', value] = /^--?([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    const kind = Object.hasOwn(known, name) ? known[name as K] : undefined;
    if (!kind) throw new CommandError(`unknown option ${arg}\n${usage}`);
    if (kind === 'flag') {
      if (value !== undefined) throw new CommandError(`--${name} takes no value, not ${value}\n${usage}`);
      options[name as K] = '';
    } else {
      const given = value ?? args[++i];
      if (given === undefined || given === '') throw new CommandError(`--${name} needs a value\n${usage}`);
      options[name as K] = given;
    }
  }
  return { options, rest };
}

/**
 * Parses the arguments of a command that starts a program: `[OPTIONS] PROGRAM [ARGUMENTS]`. Known options are also read
 * after PROGRAM, up to `--`. All other arguments are passed to the program, without that `--`.
 *
 * @throws {CommandError} if an option before PROGRAM is unknown, or a value is missing
 */
export function readProgramArguments<K extends string>(
  args: readonly string[],
  known: Readonly<Record<K, OptionKind>>,
  usage: string,
): Arguments<K> {
  const own: string[] = [];
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === '--') {
      rest.push(...args.slice(i + 1));
      break;
    }
    const name = /^--?([^=]+)/.exec(arg)?.[1] ?? '';
    const isOption = arg.startsWith('-') && arg !== '-';
    const isOwn = isOption && (rest.length === 0 || (arg.startsWith('--') && Object.hasOwn(known, name)));
    if (!isOwn) rest.push(arg);
    else if (Object.hasOwn(known, name) && known[name as K] === 'value' && !arg.includes('='))
      own.push(...args.slice(i, ++i + 1));
    else own.push(arg);
  }
  return { options: readArguments(own, known, usage).options, rest };
}

/** Returns the integer of an option. */
export function wholeNumber(text: string | undefined, name: string, most: number): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text) || Number(text) > most)
    throw new CommandError(`--${name} takes an integer up to ${most}, not ${text}`);
  return Number(text);
}
