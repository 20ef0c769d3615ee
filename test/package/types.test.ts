// The declarations in the compilers of the project, with and without DOM. `npm run test:all` has more compilers.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compile, SETTINGS } from '../typescript/compile.mjs';

const modules = join(process.cwd(), 'node_modules');
const names = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[];

test.each(names)('a program compiles with the settings %s', (name) =>
  expect(compile(modules, 'typescript', name)).toBe(''),
);
test('an error is found', () =>
  expect(compile(modules, 'typescript', 'DOM, bundler', { more: 'heap.nothing;' })).toContain('TS2339'));
