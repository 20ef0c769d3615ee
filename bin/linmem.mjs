#!/usr/bin/env node
// npx linmem bindings header.h [-I dir] [-D name] [--lib name] [--wasm64] -o library.ts
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { makeBindings } from '../dist/cli/bindings.js';

const USAGE = `usage: linmem bindings HEADER [-I DIR]... [-D NAME[=VALUE]]... [--lib NAME] [--wasm64] -o OUTPUT.ts

Writes typed bindings of the C functions, structs, enums and constants of HEADER, and beside them OUTPUT.checks.c, which
fails to compile where the C compiler lays a struct out in another way. Needs clang; $CLANG names another one.`;

function fail(message) {
  console.error(message);
  process.exit(1);
}

function parse([command, ...args]) {
  if (command !== 'bindings') fail(USAGE);
  const options = { header: '', output: '', library: 'bindLibrary', flags: [], pointerSize: 4 };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    const next = () => args[++i] ?? fail(`${arg} needs a value\n${USAGE}`);
    if (arg === '-o') options.output = next();
    else if (arg === '--lib') options.library = next();
    else if (arg === '--wasm64') options.pointerSize = 8;
    else if (arg === '-I' || arg === '-D') options.flags.push(arg, next());
    else if (/^-[ID]./.test(arg)) options.flags.push(arg);
    else if (arg.startsWith('-')) fail(`unknown option ${arg}\n${USAGE}`);
    else if (options.header) fail(`one header, not also ${arg}\n${USAGE}`);
    else options.header = arg;
  }
  if (!options.header || !options.output) fail(USAGE);
  if (!/^[A-Za-z_$][\w$]*$/.test(options.library))
    fail(`--lib needs a name of JavaScript, not ${options.library}`);
  if (!existsSync(options.header)) fail(`${options.header}: no such file`);
  return options;
}

/** The annotations, which are nothing to C. */
const ANNOTATIONS = [
  ...['_Out_', '_Inout_', '_Owned_'].map((name) => `-D${name}=`),
  ...['_In_reads_', '_Out_writes_', '_Inout_updates_', '_Success_', '_Owned_by_'].map(
    (name) => `-D${name}(x)=`,
  ),
];

/** Emscripten's headers, where they are. */
function systemHeaders() {
  const known = ['/usr/share/emscripten/cache/sysroot/include'];
  if (process.env.EMSDK) known.unshift(join(process.env.EMSDK, 'upstream/emscripten/cache/sysroot/include'));
  return known.filter((folder) => existsSync(folder)).flatMap((folder) => ['-isystem', folder]);
}

function clang(flags, { pointerSize, header }) {
  const target = `--target=wasm${pointerSize === 8 ? 64 : 32}-unknown-emscripten`;
  const all = [target, ...systemHeaders(), '-I', dirname(resolve(header)), ...flags];
  const result = spawnSync(process.env.CLANG ?? 'clang', all, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (result.error) fail(`clang cannot be run: ${result.error.message}`);
  if (result.status !== 0) fail(result.stderr);
  return result.stdout;
}

const options = parse(process.argv.slice(2));
const { header, output, library, pointerSize, flags } = options;
const preprocessed = clang([...flags, '-DLINMEM_BINDINGS', '-E', '-dD', header], options);
let made;
try {
  made = makeBindings(preprocessed, { header: basename(header), library, pointerSize });
} catch (error) {
  if (error?.code !== 'DECLARATION') throw error;
  fail(`${header}: ${error.message}\n  ${preprocessed.split('\n')[error.line - 1]?.trim()}`);
}
const folder = mkdtempSync(join(tmpdir(), 'linmem-'));
try {
  const checks = join(folder, 'checks.c');
  writeFileSync(checks, made.checks);
  clang([...flags, ...ANNOTATIONS, '-fsyntax-only', checks], options); // or it says what differs
} finally {
  rmSync(folder, { recursive: true });
}
writeFileSync(output, made.source);
writeFileSync(output.replace(/(\.ts)?$/, '.checks.c'), made.checks);
