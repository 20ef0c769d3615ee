// SPDX-License-Identifier: MIT
// npx linmem view heap.lmh: the page of a recording. npx linmem export heap.lmh -o heap.pb.gz: another format.
import { serveInspector } from '../inspect/server.ts';
import { formatRecording } from '../inspect/terminal.ts';
import { readArguments, wholeNumber } from './arguments.ts';
import { contentsOf, ENDINGS, endingOf, readFile } from './files.ts';
import { CommandError, type Host } from './host.ts';

export const VIEW_USAGE: string = `usage: linmem view FILE.lmh [--no-open] [--port=N] [--partial]

Opens the page of a recording in the browser. The page comes from a server on this machine (127.0.0.1), at an address
with a secret in it, until the command is ended (Ctrl+C).
  --no-open   print the address only
  --port=N    the port; otherwise one that is free
  --text      print the recording as text, and open no page
  --partial   show what can be read of a file that is truncated or damaged`;

export const EXPORT_USAGE: string = `usage: linmem export FILE.lmh -o OUTPUT [--partial]

Writes a recording in another format. The name of OUTPUT says which: ${ENDINGS}.
  -o OUTPUT, --out=OUTPUT   the file to write
  --partial                 export what can be read of a file that is truncated or damaged`;

export async function view(args: readonly string[], host: Host): Promise<void> {
  const known = { 'no-open': 'flag', port: 'value', partial: 'flag', text: 'flag' } as const;
  const { options, rest } = readArguments(args, known, VIEW_USAGE);
  const [path, ...others] = rest;
  if (path === undefined || others.length > 0) throw new CommandError(VIEW_USAGE);
  const port = wholeNumber(options.port, 'port', 65535) ?? 0;
  const recording = await readFile(path, host, options.partial !== undefined);
  if (options.text !== undefined) {
    host.process.stdout.write(formatRecording(recording, terminalOf(host.process.stdout, host)));
    return;
  }
  const { url } = await serveInspector(recording, { port, keepAlive: true });
  host.process.stdout.write(`${url}\n`);
  if (options['no-open'] === undefined) openBrowser(url, host);
}

export async function exportFile(args: readonly string[], host: Host): Promise<void> {
  const known = { o: 'value', out: 'value', partial: 'flag' } as const;
  const { options, rest } = readArguments(args, known, EXPORT_USAGE);
  const [path, ...others] = rest;
  const out = options.out ?? options.o;
  if (path === undefined || out === undefined || others.length > 0) throw new CommandError(EXPORT_USAGE);
  endingOf(out);
  const recording = await readFile(path, host, options.partial !== undefined);
  host.fs.writeFileSync(out, await contentsOf(out, recording, host));
}

/** Opens an address in the browser of the system. Does nothing if there is none. */
export function openBrowser(url: string, { child, process }: Host): void {
  const [command, ...args] =
    process.platform === 'darwin' ? ['open'] : process.platform === 'win32' ? ['cmd', '/c', 'start', ''] : ['xdg-open']; // prettier-ignore
  const started = child.spawn(command as string, [...args, url], { stdio: 'ignore', detached: true });
  started.on('error', () => undefined);
  started.unref();
}

/** Returns the width of a stream, and whether it shows colours. */
export function terminalOf(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  { process, path }: Host,
): { width: number; colours: boolean; base: string } {
  return {
    width: stream.columns ?? 80,
    colours: stream.isTTY === true && !process.env.NO_COLOR,
    base: path.join(path.resolve('.'), '/'),
  };
}
