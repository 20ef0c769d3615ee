// `npx linmem` as a program: a folder for the files of one test file, and runs of the command in it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

export const BIN = join(process.cwd(), 'bin/linmem.mjs');

/** The folder that the command runs in; removed after the tests. */
export const folder = mkdtempSync(join(tmpdir(), 'linmem-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the command. */
export const linmem = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [BIN, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });

/** Writes a file into the folder. Returns its name. */
export const write = (name: string, contents: string | Uint8Array): string => {
  writeFileSync(join(folder, name), contents);
  return name;
};
