// SPDX-License-Identifier: MIT
// npx linmem inspect app.mjs: runs a program, and prints a report of its heap at the end.
import { inspect } from '../debug/inspect.ts';
import type { InspectedHeap } from '../debug/inspected-heap.ts';
import type { HeapCoverage } from '../debug/coverage.ts';
import type { StackMode } from '../debug/recorder.ts';
import { serveInspector, type InspectorServer } from '../inspect/server.ts';
import { formatRecording } from '../inspect/terminal.ts';
import { countText } from '../inspect/units.ts';
import { readProgramArguments, wholeNumber } from './arguments.ts';
import { contentsOf, endingOf, ENDINGS } from './files.ts';
import { CommandError, type Host } from './host.ts';
import { openBrowser, terminalOf } from './view.ts';

export const INSPECT_USAGE: string = `usage: linmem inspect [OPTIONS] PROGRAM.mjs [OPTIONS] [--] [ARGUMENTS]

Runs a program of Node, sees each allocation of the WebAssembly modules that it instantiates, and prints at its end
the blocks that were never freed, and a map of the heap. The program needs no change and no rebuild.
Its arguments are those that are no option below, and all behind --.
  --out=FILE     also write the recording: ${ENDINGS}
  --module=NAME  the module to show, where there are several
  --stacks=MODE  entry (one for each call of the module), all, off, or a part such as 1/16
  --live         open the page in the browser while the program runs
  --no-open      with --live: print the address only
  --most=N       how many call sites are printed; 10
  --quiet        print nothing`;

const KNOWN = { out: 'value', module: 'value', stacks: 'value', live: 'flag', 'no-open': 'flag', most: 'value', quiet: 'flag' } as const; // prettier-ignore
type Options = Readonly<Partial<Record<keyof typeof KNOWN, string>>>;

function stacksOf(text = 'entry'): StackMode {
  if (text === 'entry' || text === 'all') return text;
  if (text === 'off') return false;
  const [, over, under = '1'] = /^(\d*\.?\d+)(?:\/(\d+))?$/.exec(text) ?? [];
  const part = Number(over) / Number(under);
  if (!(part > 0 && part <= 1))
    throw new CommandError(`--stacks takes entry, all, off, or a share up to 1 such as 1/16, not ${text}`);
  return part;
}

export async function inspectProgram(args: readonly string[], host: Host): Promise<void> {
  const { options, rest } = readProgramArguments(args, KNOWN, INSPECT_USAGE);
  const [program, ...programArgs] = rest;
  if (program === undefined) throw new CommandError(INSPECT_USAGE);
  const path = host.path.resolve(program);
  if (!host.fs.existsSync(path)) throw new CommandError(`${program}: no such file`);
  const stacks = stacksOf(options.stacks);
  const most = wholeNumber(options.most, 'most', 10_000) ?? 10;
  if (options.out?.endsWith('.html')) throw new CommandError(`--out=${options.out}: write a .lmh file, then linmem export FILE.lmh -o ${options.out}`); // prettier-ignore
  if (options.out !== undefined) endingOf(options.out);
  const { heap } = await inspect(() => undefined, { keepWatching: true, stacks });
  const server = options.live === undefined ? undefined : await openLive(heap, options, host);
  // The program reads its arguments there.
  host.process.argv = [host.process.argv[0] ?? host.process.execPath, path, ...programArgs];
  endWith(host, server, () => finish(heap, options, most, program, host));
  await host.load(host.fileUrl(path));
}

async function openLive(heap: InspectedHeap, options: Options, host: Host): Promise<InspectorServer> {
  const server = await serveInspector({
    record: () => heap.record(options.module),
    readBytes: (address, size) => heap.readBytes(address, size, options.module),
  });
  host.process.stderr.write(`${server.url}\n`);
  if (options['no-open'] === undefined) openBrowser(server.url, host);
  return server;
}

/** Calls `end` once, when the program ends: at its last line, by `process.exit`, by an error, or by Ctrl+C. */
function endWith({ process }: Host, server: InspectorServer | undefined, end: () => void): void {
  let closing = false;
  process.on('beforeExit', () => {
    if (!closing) void server?.close();
    closing = true;
  });
  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) process.on(signal, () => process.exit(code)); // prettier-ignore
  process.on('exit', end);
}

/** Writes the report. Synchronous, as Node runs nothing after the event `exit`. */
function finish(heap: InspectedHeap, options: Options, most: number, program: string, host: Host): void {
  const { coverage } = heap;
  const { stderr } = host.process;
  const say = (text: string): void => {
    if (options.quiet === undefined) stderr.write(text);
  };
  try {
    for (const each of coverage) say(coverageText(each));
    const recorded = coverage.filter(({ isRecorded }) => isRecorded);
    if (recorded.length === 0) {
      say(coverage.length === 0 ? 'The program instantiated no WebAssembly module with a memory.\n' : '');
      if (options.out !== undefined) fail(host, `${options.out} was not written: no allocation was recorded`);
      return;
    }
    if (options.module !== undefined && !recorded.some(({ module }) => module === options.module)) {
      fail(host, `no module ${options.module}; there are ${recorded.map(({ module }) => module).join(', ')}`);
      return;
    }
    const recording = { ...heap.record(options.module), name: host.path.basename(program) };
    say(`\n${formatRecording(recording, { ...terminalOf(stderr, host), most })}`);
    if (options.out === undefined) return;
    host.fs.writeFileSync(options.out, contentsOf(options.out, recording, host) as Uint8Array | string);
    say(`\nwrote ${options.out}; npx linmem view ${options.out}\n`);
  } catch (error) {
    fail(host, `the heap cannot be shown: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function fail({ process }: Host, why: string): void {
  process.stderr.write(`linmem: ${why}\n`);
  process.exitCode ||= 1;
}

function coverageText({
  module,
  isRecorded,
  functions,
  allocations,
  frees,
  unmatchedFrees,
  lost,
  notes,
}: HeapCoverage): string {
  const found = functions
    .map(({ does, name, index }) => `${does} (${name || `function ${index}`})`)
    .join(', ');
  const lines = [
    isRecorded
      ? `${module}: ${countText(allocations)} allocations, ${countText(frees)} frees; ${found}`
      : `${module}: not recorded`,
    unmatchedFrees > 0 && `  ${countText(unmatchedFrees)} frees of blocks whose allocation was not recorded`,
    lost > 0 && `  ${countText(lost)} events did not fit in the recording`,
    ...notes.map((note) => `  ${note}`),
  ];
  return lines.filter((line) => line !== false).map((line) => `${line}\n`).join(''); // prettier-ignore
}
