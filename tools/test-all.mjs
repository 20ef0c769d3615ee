// npm run test:all: npm test, then the same test files in every engine, the slow tests and the bundlers.
// `npm run test:all -- firefox bun` runs only these, without npm test.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from './build.mjs';
import { ENGINES, RUNTIMES } from './engines.mjs';
import { writeMatrix } from './matrix-page.mjs';
import { record, RECORDS } from './record.mjs';
import { chromium, installPackages, ROOT, run, say, setup, stop, which } from './setup.mjs';

const REPORTS = join(ROOT, 'build/runtimes');
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');
const SECONDS = 1200;

/** The engines in the order they run. All must run as many tests as the first one. */
function enginesHere() {
  const here = process.execPath;
  const version = ({ name }) => (name === 'node' ? process.versions.node.split('.')[0] : name.slice(4));
  const env = (engine) =>
    engine.label === 'Node'
      ? { ENGINE: `^Node\\.js/${version(engine)}\\b`, ENGINE_IS_NODE: '1' }
      : { ENGINE: `^${engine.label}/`, DENO_V8_FLAGS: '--expose-gc' };
  const more = { bun: ['--bun'] };
  const engines = ENGINES.map((engine) => ({
    ...engine,
    command: [engine.program, ...engine.args, ...(more[engine.name] ?? [])],
    env: env(engine),
  }));
  const browser = (name, label, program, ...wrap) => ({
    ...{ name, label, program, command: [...wrap, here], isBrowser: true },
  });
  return [
    ...engines,
    browser('chromium', 'Chromium', chromium()),
    browser('firefox', 'Firefox', process.env.FIREFOX || which('firefox-esr') || which('firefox')),
    browser('webkit', 'WebKitGTK', which('WebKitWebDriver'), 'xvfb-run', '--auto-servernum'),
  ];
}

/** Runs the test files in one engine. Returns its line of the table, and the number of tests per file. */
async function test(engine, expected) {
  const started = Date.now();
  const report = join(REPORTS, `${engine.name}.json`);
  rmSync(report, { force: true });
  say(`${engine.label} (${engine.name})`);
  const config = join(RUNTIMES, engine.isBrowser ? 'browsers.config.mjs' : 'engines.config.mjs');
  const args = [VITEST, 'run', '--config', config, '--reporter=default', '--reporter=json'];
  args.push(`--outputFile.json=${report}`, ...(engine.isBrowser ? ['--project', engine.name] : []));
  const { code, output } = await execute([...engine.command, ...args], engine.env);
  const result = { ...read(report), problems: [] };
  if (result.failed > 0) result.problems.push(`${result.failed} failed`);
  else if (code !== 0) result.problems.push(`vitest exited with ${code}, although no test failed`);
  if (result.passed === 0) result.problems.push('no test passed');
  for (const [file, count] of expected ?? [])
    if (inAll(file) || engine.env?.ENGINE_IS_NODE)
      if (result.files.get(file) !== count)
        result.problems.push(`${file}: ${result.files.get(file) ?? 0} tests, and ${count} in Node`);
  if (result.problems.length > 0) console.log(output);
  const label = version(engine, output);
  const { passed, skipped, failed, problems } = result;
  record('engines', engine.name, { label, passed, skipped, failed, problems: problems.length });
  return { ...result, label, seconds: (Date.now() - started) / 1000 };
}

const inAll = (file) => file.startsWith('test/ts/') && !file.endsWith('.node.test.ts');

/** Counts the tests of vitest's report. */
function read(report) {
  const counts = { passed: 0, failed: 0, skipped: 0, files: new Map() };
  if (!existsSync(report)) return counts;
  for (const { name, assertionResults } of JSON.parse(readFileSync(report, 'utf8')).testResults) {
    counts.files.set(relative(ROOT, name), assertionResults.length);
    for (const { status } of assertionResults)
      counts[status === 'passed' || status === 'failed' ? status : 'skipped']++;
  }
  return counts;
}

/** Returns the name of the engine with its version, as reported by the engine. */
function version({ label, program, name }, output) {
  const told = name === 'webkit' ? output : spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout;
  return `${label} ${told.match(name === 'webkit' ? /^engine: \S+ (\S+)/m : /\d+\.[\d.]+\w*/)?.at(-1) ?? '?'}`;
}

/** Runs a command as a separate process group, which is killed when the command ends or times out. */
async function execute([command, ...args], env) {
  const stdio = ['ignore', 'pipe', 'pipe'];
  const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, ...env }, detached: true, stdio });
  const end = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // The group has ended already.
    }
  };
  const interrupted = () => {
    end();
    process.exit(130);
  };
  const timer = setTimeout(end, SECONDS * 1000);
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  child.once('exit', end);
  const [code, signal] = await new Promise((resolve) => {
    child.once('close', (...results) => resolve(results));
    child.once('error', (error) => resolve([error.message]));
  });
  clearTimeout(timer);
  process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
  return { code: code ?? signal, output };
}

/** Prints a line per engine. Returns true if no engine has a problem. */
function table(lines) {
  const cell = (value, width) => String(value).padStart(width);
  console.log(
    `\n${'engine'.padEnd(28)}${['passed', 'failed', 'skipped', 'seconds'].map((x) => cell(x, 9)).join('')}`,
  );
  for (const { label, passed, failed, skipped, seconds, problems } of lines) {
    const numbers = [passed, failed, skipped, seconds.toFixed(1)].map((x) => cell(x, 9)).join('');
    console.log(`${label.padEnd(28)}${numbers}${problems.map((x) => `\n    ${x}`).join('')}`);
  }
  return lines.every(({ problems }) => problems.length === 0);
}

/** The tests that run after the engines: their subject, and their configuration of vitest. */
const REST = [
  ['the corpus of real packages, in Chromium', 'test/corpus/browser.config.mjs'],
  ['the slow tests, in Node', 'test/runtimes/slow.config.mjs'],
  ['the examples in Deno, Bun and workerd, and those in C', 'test/runtimes/examples.config.mjs'],
  ['the documentation site, in Chromium', 'test/runtimes/site.config.mjs'],
  [
    'the packed package in Node, Deno, Bun, workerd, the edge runtime and Jest',
    'test/runtimes/package.config.mjs',
  ],
  ['the declarations in TypeScript 5.2 to 7.0', 'test/typescript/typescript.config.mjs'],
  ['apps of Next and Astro, and Vite in development, in Chromium', 'test/apps/apps.config.mjs'],
  [
    'the bundlers: esbuild, Rolldown, Rollup, Vite, webpack, Rspack, Parcel, Bun',
    'test/runtimes/bundlers.config.mjs',
  ],
];

function runTheRest() {
  run(process.execPath, [join(ROOT, 'tools/matrix.mjs')]);
  say('the corpus of real packages, in Node');
  run(process.execPath, [join(ROOT, 'tools/corpus.mjs'), '--check']);
  say('the corpus of real packages under inspect()');
  run(process.execPath, [join(ROOT, 'tools/corpus.mjs'), '--inspect', '--check']);
  for (const [what, config] of REST) {
    say(what);
    run(process.execPath, [VITEST, 'run', '--config', join(ROOT, config)]);
  }
}

async function main(names) {
  const started = Date.now();
  say('npm test, then the same test files in Node 22, 24, 26, Deno, Bun, Chromium, Firefox and WebKitGTK');
  say('this installs missing Debian packages, and 2 GB of npm packages below test');
  setup('all');
  installPackages(RUNTIMES);
  installPackages('test/corpus');
  installPackages('test/typescript');
  installPackages('test/apps', '--ignore-scripts');
  mkdirSync(REPORTS, { recursive: true });
  if (names.length === 0) {
    rmSync(RECORDS, { recursive: true, force: true });
    run(process.execPath, [join(ROOT, 'tools/test.mjs')]);
  } else build();
  const engines = enginesHere();
  const unknown = names.filter((name) => !engines.some((engine) => engine.name === name));
  if (unknown.length > 0)
    stop(`no such engine: ${unknown.join(', ')}. There are: ${engines.map(({ name }) => name).join(', ')}`);
  const lines = [];
  const leftOut = [];
  for (const engine of engines) {
    if (names.length > 0 && lines.length > 0 && !names.includes(engine.name)) continue;
    if (engine.program && existsSync(engine.program)) lines.push(await test(engine, lines[0]?.files));
    else leftOut.push(engine.name);
  }
  if (names.length === 0) {
    runTheRest();
    writeMatrix();
    const { writeSizes } = await import('./size-table.mjs'); // which needs what npm test installs
    await writeSizes();
  }
  const good = table(lines);
  if (leftOut.length > 0) say(`left out, not installed: ${leftOut.join(', ')}`);
  // On the platform that the packages are built for, no engine may be missing.
  const whole = leftOut.length === 0 || process.platform !== 'linux' || process.arch !== 'x64';
  if (!good || !whole) stop('failed');
  say(`all passed in ${Math.round((Date.now() - started) / 1000)} s`);
}

await main(process.argv.slice(2));
