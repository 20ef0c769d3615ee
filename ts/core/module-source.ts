// SPDX-License-Identifier: MIT
// The core that a program passes in place of the built-in bytes: a module, bytes, a response, a URL.
import { ArgumentTypeError, ModuleError } from '../errors.ts';
import { isOf } from '../memory/buffers.ts';
import type { FetchResponse, ModuleBytes, PlatformUrl, WebAssemblyModule } from '../memory/platform-types.ts';

/** The compiled core, or its bytes. */
export type CoreModule = WebAssemblyModule | ModuleBytes;

/** The core: a compiled module, bytes, a response that brings them, a URL to fetch, or a promise of one of these. */
export type CoreModuleSource =
  CoreModule | FetchResponse | PlatformUrl | PromiseLike<CoreModule | FetchResponse | PlatformUrl>;

/** True if `value` is a `WebAssembly.Module`, of this realm or another: test runners use several realms. */
export const isModule = (value: unknown): value is WebAssemblyModule => isOf('WebAssembly.Module', value);

/**
 * Returns a module unchanged, bytes as an ArrayBuffer or a Uint8Array (V8 accepts no DataView), undefined for other
 * values.
 */
function asModuleOrBytes(value: unknown): CoreModule | undefined {
  if (ArrayBuffer.isView(value))
    return new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
  return isModule(value) || isOf('ArrayBuffer', value) ? (value as CoreModule) : undefined;
}
const isResponse = (value: unknown): value is FetchResponse =>
  typeof (value as Partial<FetchResponse> | null)?.arrayBuffer === 'function';
const isUrl = (value: unknown): value is PlatformUrl => isOf('URL', value);

/** Returns `source`, which must not have to be waited for. @throws {ArgumentTypeError} if it is of another kind */
export function moduleOrBytes(source: unknown): CoreModule {
  const found = asModuleOrBytes(source);
  if (found) return found;
  throw new ArgumentTypeError(
    'a WebAssembly.Module or bytes; createHeap also takes a Response, a URL or a promise',
    source,
  );
}

/**
 * Resolves to the module or the bytes that `source` is or brings.
 * @throws {ArgumentTypeError} if it is of another kind
 * @throws {ModuleError} if it cannot be fetched, or the response is an error
 */
export async function readSource(source: CoreModuleSource): Promise<CoreModule> {
  const given: unknown = await source;
  if (isUrl(given)) return fetchBytes(given);
  if (isResponse(given)) return bytesOf(given);
  const found = asModuleOrBytes(given);
  if (found) return found;
  throw new ArgumentTypeError('a WebAssembly.Module, bytes, a Response or a URL', given);
}

async function fetchBytes(url: PlatformUrl): Promise<ModuleBytes> {
  const { href } = url;
  // Node's fetch reads no files. Not an import, so that bundlers and browsers do not resolve it.
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  const files = process?.getBuiltinModule?.('fs') as { promises: FileReader } | undefined;
  try {
    if (href.startsWith('file:') && files) return await files.promises.readFile(url);
    return await bytesOf(await fetch(href));
  } catch (cause) {
    if (cause instanceof ModuleError) throw cause;
    throw new ModuleError(`the core cannot be read from ${href}`, { missing: [href] }, { cause });
  }
}

interface FileReader {
  readFile(url: PlatformUrl): Promise<ModuleBytes>;
}

async function bytesOf(response: FetchResponse): Promise<ArrayBuffer> {
  const { ok, status, url } = response;
  if (!ok) throw new ModuleError(`the core cannot be fetched: status ${status} for ${url || 'the response'}`);
  return response.arrayBuffer();
}
