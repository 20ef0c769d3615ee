// SPDX-License-Identifier: MIT
// The bytes of compiled modules, kept while they may be read: a compiled module has no access to its bytes.
import type { FetchResponse, ModuleBytes, WebAssemblyModule } from '../memory/platform-types.ts';

/** Bytes as they were given to be compiled, or a promise of them. */
export type LateBytes = ModuleBytes | Promise<ArrayBuffer | undefined> | undefined;

let readers = 0;
let sources = new WeakMap<WebAssemblyModule, LateBytes>();

/** Keeps bytes from now on, until {@link releaseBytes} was called as often. */
export function keepBytes(): void {
  readers++;
}

/** Drops all bytes once they cannot be read any more: a module can live long, and be large. */
export function releaseBytes(): void {
  if (--readers === 0) sources = new WeakMap();
}

/** Notes what `module` was compiled from. */
export function noteBytes(module: WebAssemblyModule, source: LateBytes): void {
  if (readers > 0 && typeof source === 'object' && !sources.has(module)) sources.set(module, source);
}

/**
 * Returns a response, or a promise of one, to compile from in place of `source`, and a promise of the bytes, which come
 * from a clone.
 */
export function noteStream(source: unknown): {
  response: unknown;
  bytes: LateBytes;
} {
  if (readers === 0) return { response: source, bytes: undefined };
  let keep: (bytes: ArrayBuffer | undefined) => void = () => undefined;
  const bytes = new Promise<ArrayBuffer | undefined>((resolve) => (keep = resolve));
  const cloned = (response: unknown): unknown => {
    try {
      const clone = (response as FetchResponse).clone(); // throws if it is none, or read already: then compiling fails too
      clone.arrayBuffer().then(keep, () => keep(undefined));
    } catch {
      keep(undefined);
    }
    return response;
  };
  const failed = (error: unknown): never => {
    keep(undefined);
    throw error;
  };
  return { response: Promise.resolve(source).then(cloned, failed), bytes };
}

/** Resolves to a copy of the bytes of `module`; to undefined if it was compiled unseen, or they are gone. */
export async function bytesOfModule(module: WebAssemblyModule): Promise<Uint8Array | undefined> {
  try {
    const source = await sources.get(module);
    if (!source) return undefined;
    const view = ArrayBuffer.isView(source)
      ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
      : new Uint8Array(source);
    return view.byteLength > 8 ? view.slice() : undefined;
  } catch {
    return undefined; // detached since
  }
}
