// npm run site: builds the documentation site in build/site/dist. `-- --dev` serves it instead, for writing.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from './build.mjs';
import { installPackages, ROOT, run, say, setup } from './setup.mjs';
import { relink } from './site-links.mjs';

const PAGES = 'build/site/pages';
const bin = (name) => join(ROOT, 'site/node_modules', name);

/** The pages that are not in docs/ nor in site/pages, by their files. */
const OTHERS = { 'CHANGELOG.md': 'changelog.md', 'examples/README.md': 'examples.md' };

/** Returns the file of every page in the project, by its file on the site. */
function sources() {
  const found = new Map(Object.entries(OTHERS).map(([from, to]) => [to, from]));
  for (const folder of ['docs', 'site/pages'])
    for (const file of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }))
      if (file.endsWith('.md')) found.set(file, join(folder, file));
  return found;
}

function writePages() {
  const files = sources();
  const addresses = new Map([...files].map(([to, from]) => [from, `/${to.replace(/\.md$/, '')}`]));
  for (const [to, from] of files) {
    const target = join(ROOT, PAGES, to);
    mkdirSync(dirname(target), { recursive: true });
    const text = readFileSync(join(ROOT, from), 'utf8');
    writeFileSync(
      target,
      relink(text, dirname(from), (path) => addresses.get(path)),
    );
  }
  cpSync(join(ROOT, 'docs/images'), join(ROOT, PAGES, 'images'), { recursive: true });
  if (existsSync(join(ROOT, 'site/public')))
    cpSync(join(ROOT, 'site/public'), join(ROOT, PAGES, 'public'), { recursive: true });
}

const isDev = process.argv.includes('--dev');
setup('build');
installPackages('site');
if (!isDev || !existsSync(join(ROOT, 'dist/index.js'))) build();
rmSync(join(ROOT, PAGES), { recursive: true, force: true });
say('the API reference (TypeDoc)');
run(process.execPath, [bin('typedoc/bin/typedoc'), '--options', 'site/typedoc.json', '--logLevel', 'Warn']);
writePages();
say(isDev ? 'serving the site' : 'the site (VitePress)');
run(process.execPath, [bin('vitepress/bin/vitepress.js'), isDev ? 'dev' : 'build', 'site']);
if (!isDev) say('the site is in build/site/dist');
