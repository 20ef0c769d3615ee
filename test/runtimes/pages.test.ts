// The pages of docs/ about C, pasted as they are: the C code is compiled, the commands run and the programs print.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { InstalledPackage, output } from '../support/installed.ts';

const installed = new InstalledPackage();
afterAll(() => installed.dispose());

/** The blocks of a page in one language, in order. */
const blocksOf = (page: string, language: string): string[] =>
  [...readFileSync(page, 'utf8').matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  );

test('docs/guide/own-module.md: C on the heap of JavaScript', () => {
  const project = installed.project('own-module-page');
  const [c = ''] = blocksOf('docs/guide/own-module.md', 'c');
  const [command = ''] = blocksOf('docs/guide/own-module.md', 'sh');
  const [js = ''] = blocksOf('docs/guide/own-module.md', 'js');
  writeFileSync(join(project, 'module.c'), c);
  writeFileSync(join(project, 'main.mjs'), js);
  output('sh', ['-c', command], project);
  expect(output(process.execPath, ['main.mjs'], project)).toBe('[ 1, 2, 3 ]\n');
});

test('docs/guide/c-allocator.md: a program with the malloc of linmem', () => {
  const project = installed.project('c-allocator-page');
  const [cmake = ''] = blocksOf('docs/guide/c-allocator.md', 'cmake');
  const [commands = ''] = blocksOf('docs/guide/c-allocator.md', 'sh');
  writeFileSync(join(project, 'CMakeLists.txt'), cmake);
  writeFileSync(
    join(project, 'main.c'),
    '#include <malloc.h>\n#include <stdlib.h>\nint main(void) { return malloc_usable_size(malloc(10)) < 10; }\n',
  );
  output('sh', ['-c', `set -e\n${commands.replace(/^npm install .*$/m, '')}`], project);
  expect(readFileSync(join(project, 'build/program.js'), 'utf8')).toContain('WebAssembly');
});

test.each(blocksOf('docs/cdef.md', 'c'))('docs/cdef.md: the macros of annotations are C', (macros) => {
  const folder = join(installed.folder, 'cdef-page');
  mkdirSync(folder);
  const header = `${macros}\n#define _Inout_\nint divide(int a, int b, _Out_ int *quot);\n_Owned_by_(f) char *name(void);\n`;
  writeFileSync(join(folder, 'library.h'), header);
  output('clang', ['-fsyntax-only', '-x', 'c', 'library.h'], folder);
});

test('docs/guide/coming-from-embind.md: both forms are C++', () => {
  const folder = join(installed.folder, 'embind-page');
  mkdirSync(folder);
  const before =
    '#include <emscripten.h>\n#include <emscripten/bind.h>\nusing namespace emscripten;\nextern "C" int add(int, int);\n';
  const [code = ''] = blocksOf('docs/guide/coming-from-embind.md', 'cpp');
  writeFileSync(join(folder, 'shapes.cpp'), before + code);
  output('em++', ['-std=c++17', '-fsyntax-only', 'shapes.cpp'], folder);
});
