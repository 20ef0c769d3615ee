// The parts of dist/ besides the compiled modules: the CommonJS build, the core as a file, the entries for runtimes that compile
// no bytes, one file for pages without a bundler; and no file that nothing reaches.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { esbuild, ROOT } from './setup.mjs';

const DIST = join(ROOT, 'dist');
const COMMONJS = join(DIST, 'cjs');

/** The specifiers of relative imports in JavaScript and in declarations. */
const SPECIFIERS = /(?:from |import |import\()['"](\.[^'"]+)['"]/g;

/** Returns every string inside a value of package.json. */
const stringsIn = (value) =>
  typeof value === 'string' ? [value] : Object.values(value ?? {}).flatMap(stringsIn);

/** Returns the files that package.json names, as entries or as programs. */
function entries() {
  const { exports, bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return [...stringsIn(exports), ...stringsIn(bin)].map((path) => join(ROOT, path));
}

/** Returns `files` and what they import, directly or not. Imports in declarations are of declarations. */
function reachable(files) {
  const found = new Set();
  const visit = (file) => {
    if (found.has(file) || !/\.m?[jt]s$/.test(file) || file.startsWith(COMMONJS)) return;
    found.add(file);
    const ofTypes = file.endsWith('.d.ts');
    for (const [, path] of readFileSync(file, 'utf8').matchAll(SPECIFIERS))
      visit(join(dirname(file), ofTypes ? path.replace(/\.[jt]s$/, '.d.ts') : path));
  };
  files.forEach(visit);
  return found;
}

const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** Deletes what no entry reaches: modules that have only types, and declarations of internal modules. */
export function removeUnreachable() {
  const wanted = reachable(entries());
  for (const file of filesIn(DIST))
    if (/\.(js|d\.ts)(\.map)?$/.test(file) && !wanted.has(file.replace(/\.map$/, ''))) rmSync(file);
}

/**
 * Bundles the modules as CommonJS in dist/cjs, for `require` where it cannot load ES modules: Jest, and Node before 20.19.
 * All entries are in one file, so that they share their classes; each runs when it is first required. The declarations
 * there say the same as those of the ES modules.
 */
export function buildCommonJs() {
  const names = ['index', 'debug/index', 'inspect/index'];
  const getter = (name) =>
    `Object.defineProperty(exports, '${name}', { enumerable: true, get: () => require('./${name}.js') });`;
  esbuild().buildSync({
    stdin: { contents: names.map(getter).join('\n'), resolveDir: DIST },
    ...{ bundle: true, format: 'cjs', platform: 'neutral', target: 'es2022', legalComments: 'none' },
    absWorkingDir: ROOT, // its comments name files relative to this
    supported: { 'dynamic-import': false }, // which Jest refuses
    outfile: join(COMMONJS, 'linmem.js'),
  });
  for (const name of names) {
    const path = relative(dirname(join(COMMONJS, name)), join(COMMONJS, 'linmem.js'));
    const file = path.startsWith('.') ? path : `./${path}`;
    mkdirSync(dirname(join(COMMONJS, name)), { recursive: true });
    writeFileSync(join(COMMONJS, `${name}.js`), `module.exports = require('${file}')['${name}'];\n`);
  }
  for (const file of reachable(entries()))
    if (file.endsWith('.d.ts')) {
      const text = readFileSync(file, 'utf8').replace(/^\/\/# sourceMappingURL=.*\n?/m, '');
      const copy = join(COMMONJS, relative(DIST, file));
      mkdirSync(dirname(copy), { recursive: true });
      writeFileSync(copy, text);
    }
  writeFileSync(join(COMMONJS, 'package.json'), `${JSON.stringify({ type: 'commonjs' })}\n`);
}

/** The entries for runtimes that compile no bytes: how each imports the core as a module. */
const ENTRIES = { workerd: './core.wasm', 'edge-light': './core.wasm?module' };

/** Writes the core as a file, and the entries that import it. */
export function addCore(wasm) {
  copyFileSync(wasm, join(DIST, 'core.wasm'));
  const types = `import type { WebAssemblyModule } from './index.js';\ndeclare const module: WebAssemblyModule;\n`;
  writeFileSync(join(DIST, 'core.wasm.d.ts'), `${types}export default module;\n`);
  for (const [name, path] of Object.entries(ENTRIES)) {
    const imports = `import module from '${path}';\nimport { setCoreModule } from './core/load.js';\n`;
    const text = `${imports}setCoreModule(module);\nexport * from './index.js';\n`;
    writeFileSync(join(DIST, `index.${name}.js`), text);
  }
}

/** Bundles the default entry into one minified ES module, for pages without a bundler. */
export function buildSingleFile() {
  const options = { bundle: true, minify: true, format: 'esm', target: 'es2022', legalComments: 'none' };
  esbuild().buildSync({
    ...options,
    entryPoints: [join(DIST, 'index.js')],
    outfile: join(DIST, 'linmem.min.js'),
  });
}
