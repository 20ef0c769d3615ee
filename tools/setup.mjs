// Sets up a new machine: installs the missing tools if it may, otherwise stops with the commands to run. Uses only Node.
// `npm run demo` and `npm test` start here.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Returns esbuild, which a new machine has only after `installPackages`. */
export const esbuild = () => createRequire(import.meta.url)('esbuild');

/** The project's folder. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The page of Valgrind that shows DHAT files. */
export const DH_VIEW = '/usr/libexec/valgrind/dh_view.html';

const WINDOWS = process.platform === 'win32';

/** The needs of each job: commands that exist if the tool is installed, its Debian packages and its brew formula. */
const NEEDS = {
  build: [
    {
      any: ['emcc'],
      also: process.env.EMSDK && join(process.env.EMSDK, 'upstream/emscripten/emcc'),
      apt: ['emscripten'],
      brew: 'emscripten',
    },
    { any: ['cmake'], apt: ['cmake'], brew: 'cmake' },
    { any: ['ninja'], apt: ['ninja-build'], brew: 'ninja' },
  ],
  test: [
    { any: ['gcc'], apt: ['gcc', 'libc6-dev'], brew: 'gcc', notOn: 'win32' },
    { any: ['clang-format'], apt: ['clang-format'], brew: 'clang-format' },
    {
      file: () => m32Works(),
      what: 'a compiler for 32-bit programs',
      apt: ['gcc-multilib'],
      linuxOnly: true,
    },
    {
      any: ['chromium', 'chromium-browser', 'google-chrome'],
      also: process.env.CHROMIUM,
      apt: ['chromium'],
      brew: '--cask chromium',
    },
    {
      file: () => existsSync(DH_VIEW),
      what: "Valgrind's viewer of DHAT files",
      apt: ['valgrind'],
      linuxOnly: true,
    },
  ],
  exhaustive: [
    {
      file: () => fuzzerWorks(),
      what: 'clang with libFuzzer',
      apt: ['clang', 'libclang-rt-dev'],
      brew: 'llvm',
    },
  ],
  all: [
    {
      file: () => existsSync('/usr/lib/wasm32-wasi/libc.a'),
      what: 'wasi-libc',
      apt: ['wasi-libc', 'libclang-rt-14-dev-wasm32', 'clang', 'lld'],
      linuxOnly: true,
    },
    {
      file: () => existsSync('/usr/lib/rustlib/wasm32-unknown-unknown'),
      what: 'Rust for WebAssembly',
      apt: ['rustc', 'libstd-rust-dev-wasm32'],
      linuxOnly: true,
    },
    {
      any: ['firefox-esr', 'firefox'],
      also: process.env.FIREFOX,
      apt: ['firefox-esr'],
      brew: '--cask firefox',
    },
    { any: ['xvfb-run'], apt: ['xvfb', 'xauth'], linuxOnly: true },
    { any: ['WebKitWebDriver'], apt: ['webkit2gtk-driver'], linuxOnly: true },
  ],
};

const EMSDK =
  `  Emscripten can also come from its SDK: clone emscripten-core/emsdk, and in it\n` +
  `                   ./emsdk install latest && ./emsdk activate latest && source ./emsdk_env.sh`;

/** Runs a command in the project's folder with its output shown. Stops the program if it fails. */
export function run(command, args = [], options = {}) {
  const result = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', ...options });
  if (result.error) stop(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0) stop(`failed (${result.status ?? result.signal}): ${command} ${args.join(' ')}`);
}

/** As {@link run}, but shows the output only if the command fails. Returns the output. */
export function runQuietly(command, args = [], options = {}) {
  const { error, status, signal, stdout, stderr } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    ...options,
  });
  if (error) stop(`${command} could not be started: ${error.message}`);
  if (status === 0) return stdout + stderr;
  console.log(stdout + stderr);
  stop(`failed (${status ?? signal}): ${command} ${args.join(' ')}`);
}

/** Prints the next step. */
export function say(text) {
  console.log(`\x1b[36m==>\x1b[0m ${text}`);
}

/** Ends the program with a message. */
export function stop(text) {
  console.error(`\x1b[31m==>\x1b[0m ${text}`);
  process.exit(1);
}

/** The path of a command on the PATH, or undefined. */
export function which(command) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const ending of WINDOWS ? ['.exe', '.bat', '.cmd'] : [''])
      if (folder && existsSync(join(folder, command + ending))) return join(folder, command + ending);
  }
  return undefined;
}

/** The browser for the tests. */
export function chromium() {
  return process.env.CHROMIUM || which('chromium') || which('chromium-browser') || which('google-chrome');
}

/** Installs everything that `job` needs: 'build', 'test', 'exhaustive' or 'all', each with those before it. */
export function setup(job) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    stop(`Node ${process.versions.node} is too old: 20.19 or newer is needed`);
  const jobs = Object.keys(NEEDS);
  const needs = jobs.slice(0, jobs.indexOf(job) + 1).flatMap((each) => NEEDS[each]);
  const missing = needs.filter((need) => !isThere(need));
  if (missing.length > 0) install(missing);
  installPackages();
}

function isThere(need) {
  if (need.notOn === process.platform) return true;
  if (need.linuxOnly && process.platform !== 'linux') return true;
  if (need.file) return need.file();
  return need.any.some(which) || (need.also !== undefined && need.also !== '' && existsSync(need.also));
}

function install(missing) {
  const packages = missing.flatMap((need) => need.apt);
  const names = missing.map((need) => need.what ?? need.any[0]).join(', ');
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const prefix = process.getuid?.() === 0 ? [] : sudoWorks() ? ['sudo', '-n'] : undefined;
  if (!which('apt-get') || !prefix) {
    const brew = missing.map((need) => need.brew).filter(Boolean);
    stop(
      `missing: ${names}. Install and run this again:\n` +
        `  Debian, Ubuntu:  sudo apt-get update && sudo ${command}\n` +
        (brew.length > 0 ? `  macOS:           brew install ${brew.join(' && brew install ')}\n` : '') +
        (packages.includes('emscripten') ? EMSDK : ''),
    );
  }
  say(`missing: ${names}. Installing with ${command}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env, stdio: ['ignore', 'ignore', 'inherit'] };
  const [first, ...rest] = [...prefix, 'apt-get'];
  run(first, [...rest, 'update', '-qq'], options);
  run(first, [...rest, ...command.split(' ').slice(1)], options);
  const still = missing.filter((need) => !isThere(need));
  if (still.length > 0)
    stop(`still missing after the installation: ${still.map((need) => need.what ?? need.any[0]).join(', ')}`);
}

function sudoWorks() {
  return which('sudo') !== undefined && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
}

function m32Works() {
  const source = 'int main(void) { return sizeof(void *) - 4; }';
  const args = ['-m32', '-x', 'c', '-', '-fsanitize=address,undefined', '-o', '/dev/null'];
  return spawnSync('gcc', args, { input: source, stdio: ['pipe', 'ignore', 'ignore'] }).status === 0;
}

function fuzzerWorks() {
  const source = 'int LLVMFuzzerTestOneInput(const char *p, unsigned long n) { return p && n && 0; }';
  const args = ['-x', 'c', '-', '-fsanitize=fuzzer,address,undefined', '-o', '/dev/null'];
  return spawnSync('clang', args, { input: source, stdio: ['pipe', 'ignore', 'ignore'] }).status === 0;
}

/**
 * Installs the npm packages of a folder, unless its lock file is the one they were installed by.
 * @param options what `npm ci` is given besides
 */
export function installPackages(folder = '.', ...options) {
  const file = readFileSync(join(ROOT, folder, 'package-lock.json'));
  const hash = (text) => createHash('sha256').update(file).update(text).digest('hex');
  const stamp = join(ROOT, folder, 'node_modules', '.linmem-lock');
  const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  if ([hash(''), hash(options.join(' '))].includes(installed)) return; // all of them will do too
  say(`installing the npm packages of ${join(folder, 'package-lock.json')} (npm ci)`);
  runQuietly('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...options], {
    cwd: join(ROOT, folder),
    shell: WINDOWS, // there npm is a script
  });
  writeFileSync(stamp, hash(options.join(' ')));
}
