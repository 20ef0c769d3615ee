// The bundlers as functions from a program to the minified code of its bundle. A warning of a bundler is an error.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';
import { ENGINES, RUNTIMES } from '../../tools/engines.mjs';
import { ROOT } from '../../tools/setup.mjs';

const require = createRequire(join(ROOT, RUNTIMES, 'package.json'));
const load = async (name) => {
  const module = await import(pathToFileURL(require.resolve(name)).href);
  return module.default ?? module;
};

/** Makes a folder with linmem installed and `source` as its entry, which is returned. */
function project(source) {
  const folder = mkdtempSync(join(tmpdir(), 'linmem-bundle-'));
  const installed = join(folder, 'node_modules/linmem');
  mkdirSync(installed, { recursive: true });
  cpSync(join(ROOT, 'dist'), join(installed, 'dist'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(installed, 'package.json'));
  writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true, "type": "module" }');
  writeFileSync(join(folder, 'main.js'), source);
  return { folder, entry: join(folder, 'main.js'), out: join(folder, 'out') };
}

const onlyFile = (folder) => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.js'));
  if (files.length !== 1) throw new Error(`one .js file expected in ${folder}, not ${files}`);
  return readFileSync(join(folder, files[0]), 'utf8');
};

/** Throws if a bundler warned. */
function refuse(warnings) {
  if (warnings.length > 0) throw new Error(`warnings:\n${warnings.join('\n')}`);
}
const onwarn = ({ message }) => refuse([message]);

async function esbuild({ entry }) {
  const options = { bundle: true, minify: true, format: 'esm', write: false };
  const { outputFiles, warnings } = await build({ ...options, entryPoints: [entry] });
  refuse(warnings.map(({ text }) => text));
  return outputFiles[0].text;
}

async function rolldown({ entry, folder }) {
  const { rolldown } = await load('rolldown');
  const bundle = await rolldown({ input: entry, cwd: folder, onwarn });
  const { output } = await bundle.generate({ format: 'esm', minify: true });
  await bundle.close();
  return output[0].code;
}

async function rollup({ entry, folder }) {
  const { rollup } = await load('rollup');
  // As @rollup/plugin-node-resolve does it, with `sideEffects: false` of the package.
  const start = join(folder, 'node_modules/linmem/dist/index.js');
  const plugin = {
    name: 'linmem',
    resolveId: (id) => (id === 'linmem' ? start : null),
    load: (id) =>
      id.includes('node_modules') ? { code: readFileSync(id, 'utf8'), moduleSideEffects: false } : null,
  };
  const bundle = await rollup({ input: entry, plugins: [plugin], onwarn });
  const { output } = await bundle.generate({ format: 'esm' });
  await bundle.close();
  return (await transform(output[0].code, { minify: true, format: 'esm' })).code;
}

async function vite({ entry, folder }) {
  const { build } = await load('vite');
  const options = { write: false, modulePreload: false, rollupOptions: { input: entry, onwarn } };
  const { output } = await build({ root: folder, configFile: false, logLevel: 'error', build: options });
  return output[0].code;
}

async function webpack(made) {
  return likeWebpack(await load('webpack'), made);
}

async function rspack(made) {
  const { rspack } = await load('@rspack/core');
  return likeWebpack(rspack, made);
}

async function likeWebpack(webpack, { entry, folder, out }) {
  const compiler = webpack({
    mode: 'production',
    context: folder,
    entry,
    output: { path: out },
    performance: false,
  });
  const stats = await new Promise((resolve, reject) =>
    compiler.run((error, result) => (error ? reject(error) : resolve(result))),
  );
  await new Promise((resolve) => compiler.close(resolve));
  if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));
  refuse(stats.toJson({ warnings: true }).warnings.map(({ message }) => message));
  return onlyFile(out);
}

function parcel({ entry, folder, out }) {
  const script = fileURLToPath(new URL('parcel.mjs', import.meta.url));
  start(process.execPath, [script, entry, out, join(folder, 'cache')], folder);
  return onlyFile(out);
}

function bun({ entry, folder, out }) {
  const { program } = ENGINES.find(({ name }) => name === 'bun');
  start(program, ['build', '--minify', '--outdir', out, entry], folder);
  return onlyFile(out);
}

function start(program, args, cwd) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`);
  refuse((stdout + stderr).split('\n').filter((line) => /\bwarn/i.test(line)));
}

/**
 * All bundlers by name.
 * @type {Record<string, (project: { entry: string; folder: string; out: string }) => string | Promise<string>>}
 */
export const BUNDLERS = { esbuild, rolldown, rollup, vite, webpack, rspack, parcel, bun };

/** Returns the code of the bundle of the program `source`, made by one of {@link BUNDLERS}. */
export async function bundle(source, name = 'esbuild') {
  const made = project(source);
  try {
    return await BUNDLERS[name](made);
  } finally {
    rmSync(made.folder, { recursive: true });
  }
}

/** The size of code in bytes: minified, and then compressed by gzip. */
export const sizes = (code) => ({
  minified: Buffer.byteLength(code),
  gzipped: gzipSync(code, { level: 9 }).length,
});
