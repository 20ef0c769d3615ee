// The arguments of commands.
import { expect, test } from 'vitest';
import { readArguments, readProgramArguments } from '../../../ts/cli/arguments.ts';
import { CommandError } from '../../../ts/cli/host.ts';

const KNOWN = { out: 'value', quiet: 'flag' } as const;

test('options stand before, between and after the rest, of any length', () => {
  const many = Array.from({ length: 50_000 }, (_, i) => `file${i}`);
  const { options, rest } = readArguments(['--out=a', ...many, '--quiet', '-', '--out', 'b'], KNOWN, 'usage');
  expect({ ...options }).toEqual({ out: 'b', quiet: '' });
  expect(rest).toEqual([...many, '-']);
});
test('a program that changes Object.prototype sets no option', () => {
  const { options } = readProgramArguments(['app.mjs', '--quiet'], KNOWN, 'usage');
  Object.defineProperty(Object.prototype, 'out', { value: 'a.lmh', configurable: true });
  try {
    expect([options.out, options.quiet]).toEqual([undefined, '']);
  } finally {
    delete (Object.prototype as { out?: string }).out;
  }
});
test.each([['--no'], ['--quiet=1'], ['--out'], ['--out='], ['--__proto__=1'], ['--toString'], ['--']])('%s is refused', (...args) =>
  expect(() => readArguments(args, KNOWN, 'usage')).toThrow(CommandError)); // prettier-ignore
