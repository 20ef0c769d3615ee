// SPDX-License-Identifier: MIT
// npx linmem bindings header.h [-I dir] [-D name] [--lib name] [--wasm64] -o library.ts
// npx linmem bindings module.wasm [--lib name] [--wasm64] -o library.ts
import { DeclarationError } from '../errors.ts';
import { LINE_MARKER, makeBindings, type Bindings } from './bindings.ts';
import { makeDwarfBindings, separateDebugFile } from './dwarf-bindings.ts';
import { isReserved } from './emit.ts';
import { CommandError, type Host } from './host.ts';

export const BINDINGS_USAGE = `usage: linmem bindings HEADER [-I DIR]... [-D NAME[=VALUE]]... [--lib NAME] [--wasm64] -o OUTPUT.ts
       linmem bindings MODULE.wasm [--lib NAME] [--wasm64] -o OUTPUT.ts

Writes typed bindings of the C functions, structs, enums and constants of HEADER, and beside them OUTPUT.checks.c, which
fails to compile where the C compiler lays a struct out in another way. Needs clang; $CLANG names another one.
Of a MODULE with debug information (-g) it writes the structs as they lie in its memory, and the functions it exports.`;

interface Options {
  header: string;
  output: string;
  library: string;
  readonly flags: string[];
  pointerSize: 4 | 8;
}

function read(args: readonly string[], { fs }: Host): Options {
  const options: Options = { header: '', output: '', library: 'bindLibrary', flags: [], pointerSize: 4 };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const next = (): string => {
      const value = args[++i];
      if (value === undefined) throw new CommandError(`${arg} needs a value\n${BINDINGS_USAGE}`);
      return value;
    };
    if (arg === '-o') options.output = next();
    else if (arg === '--lib') options.library = next();
    else if (arg === '--wasm64') options.pointerSize = 8;
    else if (arg === '-I' || arg === '-D') options.flags.push(arg, next());
    else if (/^-[ID]./.test(arg)) options.flags.push(arg);
    else if (arg.startsWith('-')) throw new CommandError(`unknown option ${arg}\n${BINDINGS_USAGE}`);
    else if (options.header)
      throw new CommandError(`expected one header, also got ${arg}\n${BINDINGS_USAGE}`);
    else options.header = arg;
  }
  if (!options.header || !options.output) throw new CommandError(BINDINGS_USAGE);
  if (!/^[A-Za-z_$][\w$]*$/.test(options.library) || isReserved(options.library))
    throw new CommandError(`--lib takes a JavaScript identifier, not ${options.library}`);
  if (!fs.existsSync(options.header)) throw new CommandError(`${options.header}: no such file`);
  return options;
}

/** Definitions of the annotations as empty macros. */
const ANNOTATIONS: readonly string[] = [
  ...['_Out_', '_Inout_', '_Owned_'].map((name) => `-D${name}=`),
  ...['_In_reads_', '_Out_writes_', '_Inout_updates_', '_Success_', '_Owned_by_'].map(
    (name) => `-D${name}(x)=`,
  ),
];

/** Returns the folders of Emscripten's headers. */
function systemHeaders({ fs, path, process }: Host): string[] {
  const known = ['/usr/share/emscripten/cache/sysroot/include'];
  const sdk = process.env.EMSDK;
  if (sdk) known.unshift(path.join(sdk, 'upstream/emscripten/cache/sysroot/include'));
  return known.filter((folder) => fs.existsSync(folder)).flatMap((folder) => ['-isystem', folder]);
}

function clang(flags: readonly string[], { pointerSize, header }: Options, host: Host): string {
  const target = `--target=wasm${pointerSize === 8 ? 64 : 32}-unknown-emscripten`;
  const own = host.path.dirname(host.path.resolve(header));
  // The folder of the header comes after those of the system, as it may have a header of the same name: sys/errno.h
  // includes <errno.h>.
  const all = [target, ...systemHeaders(host), ...flags, '-iquote', own, '-idirafter', own];
  const command = host.process.env.CLANG ?? 'clang';
  const result = host.child.spawnSync(command, all, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (result.error) throw new CommandError(`clang cannot be run: ${result.error.message}`);
  if (result.status !== 0) throw new CommandError(result.stderr);
  return result.stdout;
}

function bindingsOf(
  preprocessed: string,
  { header, library, pointerSize }: Options,
  { path }: Host,
): Bindings {
  try {
    return makeBindings(preprocessed, { header: path.basename(header), library, pointerSize });
  } catch (error) {
    if (!(error instanceof DeclarationError)) throw error;
    throw new CommandError(placed(error, preprocessed));
  }
}

/** Returns the message of an error with the original file and line, in the format of compilers. */
function placed({ message, line, column }: DeclarationError, preprocessed: string): string {
  const lines = preprocessed.split('\n').slice(0, line);
  const marker = lines.findLastIndex((text) => LINE_MARKER.test(text));
  const [, first, file] = LINE_MARKER.exec(lines[marker] ?? '') ?? [];
  const place = `${file}:${Number(first) + line - marker - 2}:${column}`;
  const text = message.replace(/^line \d+, column \d+: /, '').replace('give it in the option types', 'include its header'); // prettier-ignore
  return `${place}: ${text}\n  ${lines.at(-1)?.trim()}`;
}

export function makeBindingsCommand(args: readonly string[], host: Host): void {
  const options = read(args, host);
  const bytes = host.fs.readFileSync(options.header);
  if ([...bytes.subarray(0, 4)].join() === '0,97,115,109') bindModule(bytes, options, host);
  else bindHeader(options, host);
}

function bindHeader(options: Options, host: Host): void {
  const { fs, path, os } = host;
  const preprocessed = clang(
    [...options.flags, '-DLINMEM_BINDINGS', '-E', '-dD', options.header],
    options,
    host,
  );
  const made = bindingsOf(preprocessed, options, host);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'linmem-'));
  try {
    const checks = path.join(folder, 'checks.c');
    fs.writeFileSync(checks, made.checks);
    // clang prints the differences, if there are any.
    clang([...options.flags, ...ANNOTATIONS, '-fsyntax-only', checks], options, host);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
  fs.writeFileSync(options.output, made.source);
  fs.writeFileSync(options.output.replace(/(\.ts)?$/, '.checks.c'), made.checks);
}

function bindModule(bytes: Uint8Array, options: Options, host: Host): void {
  const { header, output, library, pointerSize } = options;
  const name = host.path.basename(header);
  const debug = debugBytes(bytes, options, host);
  let made: Bindings;
  try {
    made = makeDwarfBindings(bytes, { name, library, pointerSize }, debug);
  } catch (error) {
    throw new CommandError(`${header}: ${(error as Error).message}`);
  }
  host.fs.writeFileSync(output, made.source);
}

/** Returns the debug information of a module, which may be in another file. */
function debugBytes(bytes: Uint8Array, { header }: Options, { fs, path }: Host): Uint8Array {
  const separate = separateDebugFile(bytes);
  if (separate === undefined) return bytes;
  const places = [path.join(path.dirname(path.resolve(header)), separate), path.resolve(separate)];
  const found = places.find((one) => fs.existsSync(one));
  if (found) return fs.readFileSync(found);
  throw new CommandError(`${header}: its debug information is in ${separate}, which does not exist`);
}
