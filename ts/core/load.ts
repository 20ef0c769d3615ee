// SPDX-License-Identifier: MIT
// Loads the core: decodes and compiles it when first needed, once, and links it to a memory.
import { ModuleError } from '../errors.ts';
import { isShared } from '../memory/buffers.ts';
import type {
  OwnBytes,
  WebAssemblyExports,
  WebAssemblyMemory,
  WebAssemblyModule,
} from '../memory/platform-types.ts';
import { decodeEmbedded } from './embedded.ts';
import { EXPORT_NAMES, type CoreExports } from './exports.ts';
import { abiVersion } from './layout.gen.ts';
import {
  isModule,
  moduleOrBytes,
  readSource,
  type CoreModule,
  type CoreModuleSource,
} from './module-source.ts';
import { alphabet, size, text } from './wasm.gen.ts';

let compiled: WebAssemblyModule | undefined;

/** Sets the module of heaps without the option `module`. @public The entries that tools/package.mjs writes call it. */
export function setCoreModule(module: WebAssemblyModule): void {
  compiled = module;
}

/** Returns a copy of the bytes of the core, for programs that compile or store them themselves. */
export function coreBytes(): OwnBytes {
  return decodeEmbedded(alphabet, size, text);
}

/** @throws {ModuleError} if the engine has no WebAssembly, as under `--jitless` */
function assertWebAssembly(): void {
  if (typeof WebAssembly === 'undefined')
    throw new ModuleError('this engine has no WebAssembly; does it run with --jitless?', {
      missing: ['WebAssembly'],
    });
}

/** Returns the compiled core. @throws {ModuleError} if WebAssembly cannot be compiled here */
export function coreModuleSync(given?: CoreModule): WebAssemblyModule {
  assertWebAssembly();
  const source = given === undefined ? compiled : moduleOrBytes(given);
  if (isModule(source)) return source;
  try {
    if (source) return new WebAssembly.Module(source);
    return (compiled = new WebAssembly.Module(coreBytes()));
  } catch (cause) {
    throw compileError(cause);
  }
}

/** As {@link coreModuleSync}, from more sources, and compiled off the main thread if the engine does so. */
export async function coreModule(given?: CoreModuleSource): Promise<WebAssemblyModule> {
  assertWebAssembly();
  const source = given === undefined ? compiled : await readSource(given);
  if (isModule(source)) return source;
  try {
    if (source) return await WebAssembly.compile(source);
    return (compiled = await WebAssembly.compile(coreBytes()));
  } catch (cause) {
    throw compileError(cause);
  }
}

/**
 * Instantiates the core over `memory` and returns its exports.
 * @throws {ModuleError} if the module is not the core, or not that of this version, or the memory is shared or 64-bit
 */
export function link(module: WebAssemblyModule, memory: WebAssemblyMemory): CoreExports {
  if (isShared(memory))
    throw new ModuleError(
      "linmem's own heap cannot use a shared memory; wrap the allocator of the module that owns it",
      { missing: ['unshared memory'] },
    );
  let exports: WebAssemblyExports;
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
  const core = exports as unknown as CoreExports;
  const version = core.lm_abi_version();
  if (version !== abiVersion)
    throw new ModuleError(
      `the core is of another version of linmem: its ABI is ${version}, not ${abiVersion}`,
      { missing: [`ABI ${abiVersion}`], found: [`ABI ${version}`] },
    );
  return core; // all names are there; exports.test.ts tests the types
}

function compileError(cause: unknown): ModuleError {
  return new ModuleError(
    `the core cannot be compiled here: ${messageOf(cause)}. A Content-Security-Policy must have 'wasm-unsafe-eval' in ` +
      "script-src; Cloudflare Workers need the bundler's condition 'workerd'; else compile coreBytes() elsewhere and pass " +
      'the option module',
    { missing: ['WebAssembly.compile'] },
    { cause },
  );
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
