// SPDX-License-Identifier: MIT
// The functions of Node that the commands use. bin/linmem.mjs passes them in, as ts/ imports no module of Node.

/** A child process that has ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly error?: Error;
}

/** The parts of Node that the commands use. */
export interface Host {
  readonly fs: {
    readFileSync(path: string): Uint8Array;
    writeFileSync(path: string, contents: string | Uint8Array): void;
    existsSync(path: string): boolean;
    mkdtempSync(prefix: string): string;
    rmSync(path: string, options: { readonly recursive: boolean }): void;
  };
  readonly path: {
    resolve(...parts: string[]): string;
    join(...parts: string[]): string;
    dirname(path: string): string;
    basename(path: string): string;
  };
  readonly child: {
    spawnSync(command: string, args: readonly string[], options: { readonly encoding: 'utf8'; readonly maxBuffer: number; readonly input?: string }): Ended;
    spawn(command: string, args: readonly string[], options: { readonly stdio: 'ignore'; readonly detached: boolean }): { on(event: 'error', listener: () => void): void; unref(): void };
  }; // prettier-ignore
  readonly zlib: { gzipSync(bytes: Uint8Array): Uint8Array };
  readonly os: { tmpdir(): string };
  readonly process: {
    argv: string[];
    exitCode?: number | undefined;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly platform: string;
    readonly execPath: string;
    readonly stdout: { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown };
    readonly stderr: { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown };
    on(event: string, listener: (value: never) => void): unknown;
    exit(code?: number): never;
  };
  /** Returns the `file:` URL of a path. */
  fileUrl(path: string): string;
  /** Imports a module of the user. */
  load(url: string): Promise<unknown>;
}

/** An error of the user in the arguments of a command or in a file. Only its message is printed. */
export class CommandError extends Error {}

const FILE_CALLS = ['readFileSync', 'writeFileSync', 'existsSync', 'mkdtempSync', 'rmSync'] as const;

/** Returns `host` with file functions that throw CommandErrors, such as for a folder that does not exist. */
export function withFileErrors(host: Host): Host {
  const calls = FILE_CALLS.map((name) => {
    const call = host.fs[name] as (...args: unknown[]) => unknown;
    const checked = (...args: unknown[]): unknown => {
      try {
        return call(...args);
      } catch (error) {
        throw new CommandError(`${String(args[0])}: ${(error as Error).message}`);
      }
    };
    return [name, checked];
  });
  return { ...host, fs: Object.fromEntries(calls) as Host['fs'] };
}
