// npm run coverage: the lines and branches of csrc that the C tests run, per file, by gcov (a part of gcc).
// Fails when a line is not run, or a branch is not taken and test/c/uncovered.json does not say why.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cmake } from './build.mjs';
import { ROOT, run, say, setup, stop } from './setup.mjs';

const REASONS = join(ROOT, 'test/c/uncovered.json');

/** Builds the tests with counters, runs them, prints a line per file. Returns whether all is covered or explained. */
export function coverage() {
  say('C tests with counters (gcov)');
  const options = ['-DLM_COVERAGE=ON', '-DCMAKE_BUILD_TYPE=Debug'];
  const trees = [['coverage', options]];
  if (process.platform === 'linux') trees.push(['coverage32', [...options, '-DLM_M32=ON']]);
  return table(merge(trees.flatMap(([name, flags]) => counted(cmake(name, flags)))));
}

/** Runs the tests of one build; returns gcov's reports. */
function counted(folder) {
  const files = readdirSync(folder, { recursive: true }).map((name) => join(folder, name));
  for (const file of files.filter((name) => name.endsWith('.gcda'))) rmSync(file);
  run('ctest', ['--test-dir', folder, '--output-on-failure', '--no-tests=error'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return reports(folder);
}

/** Runs gcov on every object file. */
function reports(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.gcda'));
  return files.map((name) => {
    const options = { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 };
    const { status, stdout, stderr } = spawnSync(
      'gcov',
      ['--json-format', '--stdout', '--branch-probabilities', name],
      options,
    );
    if (status !== 0) stop(`gcov failed: ${stderr}`);
    return JSON.parse(stdout);
  });
}

/** Sums the counts of each file over the tests that compiled it. */
function merge(all) {
  const files = new Map();
  for (const { files: list, current_working_directory: base } of all) {
    for (const { file, lines } of list) {
      const name = relative(ROOT, join(file.startsWith('/') ? '' : base, file));
      if (!name.startsWith('csrc/')) continue;
      if (!files.has(name)) files.set(name, new Map());
      for (const line of lines) add(files.get(name), line);
    }
  }
  return files;
}

function add(lines, { line_number: number, count, branches }) {
  const known = lines.get(number) ?? { count: 0, branches: [] };
  known.count += Math.max(0, count);
  // Branches that only one word size has are the last of the line.
  for (const [i, branch] of branches.entries())
    known.branches[i] = (known.branches[i] ?? 0) + Math.max(0, branch.count);
  lines.set(number, known);
}

/** Prints the table and the uncovered lines. Returns whether there are none. */
function table(files) {
  const reasons = JSON.parse(readFileSync(REASONS, 'utf8')).map((reason) => ({ ...reason, used: false }));
  const total = { lines: 0, run: 0, branches: 0, taken: 0 };
  let good = true;
  console.log(`${'file'.padEnd(36)}${cells('lines', 'run', '%', 'branches', 'taken', '%')}`);
  for (const [name, lines] of [...files].sort()) {
    const { sums, missing } = summary(
      name,
      lines,
      reasons.filter(({ file }) => file === name),
    );
    for (const key of Object.keys(total)) total[key] += sums[key];
    console.log([row(name, sums), ...missing].join('\n'));
    good &&= missing.length === 0;
  }
  console.log(row('all', total));
  for (const { file, text } of reasons.filter(({ used }) => !used)) {
    console.log(`    ${file}: explained, but covered or gone: ${text}`);
    good = false;
  }
  return good;
}

/** Sums up one file; `missing` has an entry for each line that is neither covered nor explained. */
function summary(name, lines, reasons) {
  const source = readFileSync(join(ROOT, name), 'utf8').split('\n');
  const sums = { lines: 0, run: 0, branches: 0, taken: 0 };
  const missing = [];
  for (const [number, { count, branches }] of [...lines].sort(([a], [b]) => a - b)) {
    const text = source[number - 1].trim();
    const taken = branches.filter((times) => times > 0).length;
    sums.lines++;
    sums.run += Number(count > 0);
    sums.branches += branches.length;
    sums.taken += taken;
    if (count > 0 && taken === branches.length) continue;
    const reason = count > 0 && reasons.find((one) => text.includes(one.text));
    if (reason) reason.used = true;
    const ways = count > 0 ? `${taken} of ${branches.length} branches` : 'not run';
    if (!reason) missing.push(`    ${name}:${number}: ${ways}: ${text}`);
  }
  return { sums, missing };
}

const percent = (part, whole) => (whole === 0 ? '' : ((100 * part) / whole).toFixed(1));
const cells = (...values) => values.map((value) => String(value).padStart(10)).join('');
const row = (name, { lines, run: hit, branches, taken }) =>
  name.padEnd(36) + cells(lines, hit, percent(hit, lines), branches, taken, percent(taken, branches));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  setup('test');
  if (!coverage()) stop('some lines or branches are neither covered nor explained in test/c/uncovered.json');
}
