// npm run test:mutation -- ts 40 | c 60: do the tests notice a small change of the code?
// Draws mutants at random (tools/mutants.mjs): of ts/heap, ts/arena and ts/text, or of csrc/heap*. Each is applied alone to
// a copy of the project in build/mutation and meets its tests, nearest first, until one fails; a test that hangs has failed.
// A mutant that the compiler refuses is drawn again. Generated files have no mutants.
// SEED=number repeats a run, and DRAWN=3,7 only its mutants of these numbers; the seed is printed.
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build } from './build.mjs';
import { mutantsOf } from './mutants.mjs';
import { buildPage } from './page.mjs';
import { installPackages, ROOT, say, setup, stop } from './setup.mjs';

const COPY = join(ROOT, 'build/mutation');
const SEED = Number(process.env.SEED || Date.now() % 2 ** 32) >>> 0;
const ONLY = process.env.DRAWN?.split(',').map(Number);
const FIRST_LIMIT = 1200; // seconds, of a step whose time is not yet known
/** Seconds of each step without a mutant. */
const times = new Map();

const TSC = ['node', 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--noEmit'];
const VITEST = ['node', 'node_modules/vitest/vitest.mjs', 'run', '--project', 'node', '--bail', '1'];
/** Folders of tests that use the code of `ts/` directly, and of those that build or load modules and are slow. */
const FOLDERS = [
  ['heap', 'arena', 'text', 'manager', 'core', 'scalar', 'memory', 'struct', 'peer'],
  ['call', 'interop', 'debug', 'inspect', 'cli'],
];
const BUILDS = { native: [], native32: ['-DLM_M32=ON'], lean: ['-DLM_LEAN=ON'] };

/** The files that have mutants, and the steps that a mutant of a file has to pass. */
const languages = {
  ts: {
    files: ['ts/heap', 'ts/arena', 'ts/text']
      .flatMap((folder) => filesIn(folder))
      .filter((name) => !name.includes('.gen.')),
    steps: stepsOfTypeScript,
  },
  c: {
    files: filesIn('csrc').filter((name) => basename(name).startsWith('heap')),
    steps: () => [
      ['test/c/test_heap*', [make('native', heapTests()), test('native', '-R', '^test_heap')]],
      ['test/c', [make('native'), test('native', '-E', '^test_heap')]],
      ['test/c in 32 bits', [make('native32'), test('native32')]],
      ['test/c, lean', [make('lean'), test('lean')]],
    ],
  },
};

function filesIn(folder) {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => `${folder}/${name}`)
    .sort();
}

/** The test of the same name, then those of the same folder, the fastest first, then all others. */
function stepsOfTypeScript(file) {
  const folder = `test/${dirname(file)}`;
  const cost = (path) =>
    basename(path).startsWith(`${basename(file, '.ts')}.`) ? 0 : (times.get(path) ?? 60);
  const tests = filesIn(folder).filter((path) => path.endsWith('.test.ts'));
  const others = FOLDERS.map((names) =>
    names.map((each) => `test/ts/${each}`).filter((each) => each !== folder),
  );
  return [
    ['compiler', [TSC]],
    ...tests.sort((a, b) => cost(a) - cost(b)).map((path) => [path, [[...VITEST, path]]]),
    ...others.map((folders) => [`${folders[0]} to ${folders.at(-1)}`, [[...VITEST, ...folders]]]),
  ];
}

function heapTests() {
  const names = filesIn('test/c').map((path) => basename(path, '.c'));
  return names.filter((name) => name.startsWith('test_heap'));
}
function make(build, targets = []) {
  return ['cmake', '--build', `build/${build}`, ...targets.flatMap((name) => ['--target', name])];
}

function test(build, ...names) {
  return ['ctest', '--test-dir', `build/${build}`, '--stop-on-failure', ...names];
}

/**
 * Copies the project, with the modules that were built. The copy uses the installed packages of the original. It has no
 * biome.json, which Biome refuses below another.
 */
function copy() {
  const filter = (path) => !/[/\\](?:node_modules|build|\.git|biome\.json)$/.test(path);
  const modules = readdirSync(join(ROOT, 'build/wasm')).filter((name) => /^linmem_.*\.wasm$/.test(name));
  for (const name of modules) cpSync(join(ROOT, 'build/wasm', name), join(COPY, 'build/wasm', name));
  for (const name of readdirSync(ROOT).filter((entry) => filter(`/${entry}`)))
    cpSync(join(ROOT, name), join(COPY, name), { recursive: true, preserveTimestamps: true, filter });
  for (const folder of ['', 'test/corpus', 'test/runtimes'].map((name) => join(name, 'node_modules')))
    if (existsSync(join(ROOT, folder)) && !existsSync(join(COPY, folder)))
      symlinkSync(join(ROOT, folder), join(COPY, folder), 'junction');
}

/** Runs a command in the copy, no longer than `limit` seconds. Returns whether it succeeded, and its output. */
async function runIn([command, ...args], limit) {
  const env = { ...process.env, SEED: String(SEED) };
  const child = spawn(command, args, { cwd: COPY, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  // The whole group, because a test that hangs does not end with its parent.
  const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), limit * 1000);
  const [status, signal] = await new Promise((done) => child.on('close', (...ended) => done(ended)));
  clearTimeout(timer);
  return { good: status === 0, hung: signal === 'SIGKILL', output };
}

/** Runs the commands of a step until one fails. */
async function runAll(commands, limit) {
  for (const command of commands) {
    const result = await runIn(command, limit);
    if (!result.good) return { ...result, isCompiler: command === TSC || command[0] === 'cmake' };
  }
  return { good: true };
}

/** Runs a step without a mutant, to know that it succeeds and how long it takes. */
async function runFirst(name, commands) {
  const began = Date.now();
  const { good, output } = await runAll(commands, FIRST_LIMIT);
  if (!good) stop(`${output}\n${name} fails without a mutant: ${commands.at(-1).join(' ')}`);
  times.set(name, (Date.now() - began) / 1000);
  console.log(`    ${name} without a mutant: ${times.get(name).toFixed(1)} s`);
}

/** Runs the steps of a mutant until one fails. Returns what became of it. */
async function verdictOf(steps, { file, source, start, end, text }) {
  const path = join(COPY, file);
  try {
    for (const [name, commands] of steps(file)) {
      writeFileSync(path, source);
      if (!times.has(name)) await runFirst(name, commands);
      writeFileSync(path, source.slice(0, start) + text + source.slice(end));
      const { good, hung, isCompiler } = await runAll(commands, 4 * times.get(name) + 30);
      if (!good) return isCompiler ? 'does not compile' : `killed by ${name}${hung ? ', which hangs' : ''}`;
    }
    return 'SURVIVED';
  } finally {
    writeFileSync(path, source);
  }
}

/** Returns the mutants of the files in random order: the same for the same seed (xorshift32). */
function draw(files) {
  let state = SEED || 1;
  const random = (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % n;
  };
  const mutants = files.flatMap((file) => {
    const source = readFileSync(join(ROOT, file), 'utf8');
    return mutantsOf(file, source).map((mutant) => ({ ...mutant, file, source }));
  });
  for (let i = mutants.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [mutants[i], mutants[j]] = [mutants[j], mutants[i]];
  }
  return mutants;
}

/** The line of a mutant's source, before and after. */
function describe({ file, source, start, end, text }) {
  const from = source.lastIndexOf('\n', start - 1) + 1;
  const line = source.slice(0, start).split('\n').length;
  const rest = source.indexOf('\n', end);
  const [before, after] = [source.slice(start, end), text].map((part) =>
    (source.slice(from, start) + part + source.slice(end, rest)).trim().replace(/\s+/g, ' '),
  );
  return `${file}:${line}: ${before} -> ${after}`;
}

async function main(language, count) {
  setup('test');
  installPackages('test/corpus', '--omit=optional');
  build(); // the tests of the CLI run dist
  buildPage();
  mkdirSync(COPY, { recursive: true });
  copy();
  if (language === languages.c)
    for (const [name, options] of Object.entries(BUILDS))
      await runIn(
        [
          'cmake',
          '-S',
          '.',
          '-B',
          `build/${name}`,
          '-G',
          'Ninja',
          '-DLM_SANITIZE=ON',
          `-DLM_SEED=${SEED}`,
          ...options,
        ],
        600,
      );
  const mutants = draw(language.files);
  say(`seed ${SEED}: ${count} of ${mutants.length} mutants`);
  const sums = { killed: 0, SURVIVED: 0 };
  for (const [number, mutant] of mutants.entries()) {
    if (sums.killed + sums.SURVIVED === count) break;
    if (ONLY && !ONLY.includes(number)) continue;
    const began = Date.now();
    const verdict = await verdictOf(language.steps, mutant);
    console.log(
      `${number} ${describe(mutant)}\n    ${verdict}, ${((Date.now() - began) / 1000).toFixed(1)} s`,
    );
    const kind = verdict.split(/[ :]/)[0];
    if (kind in sums) sums[kind]++;
  }
  const all = sums.killed + sums.SURVIVED;
  say(`seed ${SEED}: ${sums.killed} of ${all} killed, ${((100 * sums.killed) / all).toFixed(1)} %`);
}

const [name, count] = process.argv.slice(2);
if (!(name in languages) || !(count > 0)) stop('say which mutants and how many: ts 40, or c 60');
await main(languages[name], Number(count));
