// SPDX-License-Identifier: MIT
// The commands of npx linmem.
import { makeBindingsCommand, BINDINGS_USAGE } from './bindings-command.ts';
import { CommandError, withFileErrors, type Host } from './host.ts';
import { inspectProgram, INSPECT_USAGE } from './inspect.ts';
import { exportFile, EXPORT_USAGE, view, VIEW_USAGE } from './view.ts';

const COMMANDS: Readonly<Record<string, readonly [(args: readonly string[], host: Host) => void | Promise<void>, string]>> = {
  bindings: [makeBindingsCommand, BINDINGS_USAGE],
  inspect: [inspectProgram, INSPECT_USAGE],
  view: [view, VIEW_USAGE],
  export: [exportFile, EXPORT_USAGE],
}; // prettier-ignore

const USAGE: string = Object.values(COMMANDS)
  .map(([, usage]) => usage)
  .join('\n\n');

/** Runs the command that the arguments name. Prints a CommandError and sets the exit code to 1. */
export async function main(args: readonly string[], host: Host): Promise<void> {
  const [name = '', ...rest] = args;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  try {
    if (name === '--help' || name === '-h') host.process.stdout.write(`${USAGE}\n`);
    else if (!command) throw new CommandError(USAGE);
    else if (rest[0] === '--help' || rest[0] === '-h') host.process.stdout.write(`${command[1]}\n`);
    else await command[0](rest, withFileErrors(host));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    host.process.stderr.write(`${error.message}\n`);
    host.process.exitCode = 1;
  }
}
