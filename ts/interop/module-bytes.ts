// SPDX-License-Identifier: MIT
// Keeps the bytes of compiled modules while they may be needed: engines give no access to the bytes of a module.
import type { FetchResponse, ModuleBytes, WebAssemblyModule } from '../memory/platform-types.ts';

/** The bytes that a module was compiled from, or a promise of them. */
export type LateBytes = ModuleBytes | Promise<ArrayBuffer | undefined> | undefined;

let readers = 0;
let sources = new WeakMap<WebAssemblyModule, LateBytes>();

/** Starts to keep bytes, until {@link releaseBytes} was called as often. */
export function keepBytes(): void {
  readers++;
}

/** Undoes one {@link keepBytes}; the last call drops all bytes, as modules can be large and live long. */
export function releaseBytes(): void {
  if (--readers === 0) sources = new WeakMap();
}

/** Records the bytes that `module` was compiled from. */
export function noteBytes(module: WebAssemblyModule, source: LateBytes): void {
  if (readers > 0 && typeof source === 'object' && !sources.has(module)) sources.set(module, source);
}

/** Returns a response, or a promise of one, to compile instead of `source`, and a promise of the bytes of its clone. */
export function noteStream(source: unknown): {
  response: unknown;
  bytes: LateBytes;
} {
  if (readers === 0) return { response: source, bytes: undefined };
  let keep: (bytes: ArrayBuffer | undefined) => void = () => undefined;
  const bytes = new Promise<ArrayBuffer | undefined>((resolve) => (keep = resolve));
  const cloned = (response: unknown): unknown => {
    try {
      const clone = (response as FetchResponse).clone(); // throws if it is no response or was read; compiling fails too
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

/** Resolves to a copy of the bytes of `module`, or to undefined if they were not recorded or were dropped. */
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
