// SPDX-License-Identifier: MIT
// The compiled core: decoded and compiled when first needed, once; linked to any memory.
import { ModuleError } from '../errors.ts';
import type { CoreExports } from './exports.ts';
import { EXPORT_NAMES } from './exports.ts';
import { hex } from './wasm.gen.ts';

/** The core as the caller has it: compiled, or as bytes. */
export type CoreModule = WebAssembly.Module | BufferSource;

let compiled: WebAssembly.Module | undefined;

/**
 * Returns the bytes of the core, in a buffer of their own: for a program that compiles or stores them itself.
 */
export function coreBytes(): Uint8Array<ArrayBuffer> {
  // The engine's own where it has one: in a loop that runs once, 14,000 steps take half a millisecond.
  const { fromHex } = Uint8Array as { fromHex?: (text: string) => Uint8Array<ArrayBuffer> };
  if (fromHex) return fromHex.call(Uint8Array, hex);
  const node = (globalThis as { Buffer?: { from(text: string, encoding: string): Uint8Array } }).Buffer;
  if (node) return new Uint8Array(node.from(hex, 'hex'));
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Returns the compiled core. @throws {ModuleError} when this place refuses to compile WebAssembly */
export function coreModuleSync(given?: CoreModule): WebAssembly.Module {
  if (given instanceof WebAssembly.Module) return given;
  try {
    if (given) return new WebAssembly.Module(given);
    return (compiled ??= new WebAssembly.Module(coreBytes()));
  } catch (cause) {
    throw refused(cause);
  }
}

/** As {@link coreModuleSync}, compiled off the thread where the engine does that. */
export async function coreModule(given?: CoreModule): Promise<WebAssembly.Module> {
  if (given instanceof WebAssembly.Module) return given;
  try {
    if (given) return await WebAssembly.compile(given);
    return (compiled ??= await WebAssembly.compile(coreBytes()));
  } catch (cause) {
    throw refused(cause);
  }
}

/**
 * Returns the core's exports, working on `memory`.
 * @throws {ModuleError} when the module is not the core, or the memory is shared or 64-bit
 */
export function link(module: WebAssembly.Module, memory: WebAssembly.Memory): CoreExports {
  let exports: WebAssembly.Exports;
  try {
    exports = new WebAssembly.Instance(module, { env: { memory } }).exports;
  } catch (cause) {
    throw new ModuleError(
      `the core does not link to this memory: ${messageOf(cause)}`,
      { missing: ['memory'] },
      { cause },
    );
  }
  const missing = EXPORT_NAMES.filter((name) => typeof exports[name] !== 'function');
  if (missing.length > 0) {
    const found = Object.keys(exports);
    throw new ModuleError(`the module is not the core: it has no ${missing.join(', ')}`, {
      missing,
      found,
    });
  }
  return exports as unknown as CoreExports; // all names are there; the types are held by exports.test.ts
}

function refused(cause: unknown): ModuleError {
  return new ModuleError(
    `the core cannot be compiled here: ${messageOf(cause)}. A Content-Security-Policy must have ` +
      `'wasm-unsafe-eval' in script-src; else compile coreBytes() elsewhere and pass the option module`,
    { missing: ['WebAssembly.compile'] },
    { cause },
  );
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
