// Compiles filter.c by clang (14 or newer, with lld). Set CLANG for another compiler.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const STACK_BYTES = 16384;
const args = [
  '--target=wasm32',
  '-O2',
  '-nostdlib',
  '-Wl,--no-entry', // a library, not a program
  '-Wl,--import-memory', // the memory comes from JavaScript
  '-Wl,--stack-first', // an overflow of the stack traps
  `-Wl,-z,stack-size=${STACK_BYTES}`,
  '-o',
  'filter.wasm',
  'filter.c',
];
const { status, error } = spawnSync(process.env.CLANG ?? 'clang', args, {
  cwd: fileURLToPath(new URL('.', import.meta.url)),
  stdio: 'inherit',
});
if (error) throw error;
process.exitCode = status;
