// The declarations in every compiler since TypeScript 5.2, the oldest that linmem supports.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { record } from '../../tools/record.mjs';
import { compile, SETTINGS } from './compile.mjs';

const modules = join(import.meta.dirname, 'node_modules');
const compilers = readdirSync(modules).filter((name) => /^typescript-/.test(name));
/** The newest declarations of Node are not for the oldest compilers. */
const nodeOf = (compiler: string) => (compiler < 'typescript-5.6' ? 'types-node-20' : '@types/node');

describe.each(compilers)('%s', (compiler) => {
  const names = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[];
  test.each(names)('compiles a program with the settings %s', (name) => {
    expect(compile(modules, compiler, name, { node: nodeOf(compiler) })).toBe('');
    record('typescript', compiler, { [name]: true });
  });
});
