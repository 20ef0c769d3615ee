// SPDX-License-Identifier: MIT
// Finds the memory of a module, and how its buffer changes when it grows.
import { ModuleError } from '../errors.ts';
import { isOf, type MemorySource } from '../memory/buffers.ts';
import { dataProperties, isMemory, isObject, peek } from './properties.ts';
import type { WebAssemblyMemory } from '../memory/platform-types.ts';

/** The memory of a module. */
export interface FoundMemory {
  readonly source: MemorySource;
  /**
   * True if growth may copy the memory to a new buffer and leave the old one valid, as wasm2js does. An access to the
   * old one does not fail, so every access gets the buffer first.
   */
  readonly isCopied: boolean;
  /** True if it is known only by a view that the module's JavaScript must renew after each growth. */
  readonly isView: boolean;
  /** Returns false after the module has replaced this memory. */
  readonly isCurrent?: () => boolean;
}

type Buffers = { readonly buffer: ArrayBufferLike };
const hasBuffer = (value: unknown): value is Buffers => isObject(value) && isObject(peekBuffer(value));
const peekBuffer = (value: object): unknown => (ArrayBuffer.isView(value) ? value.buffer : bufferOf(value));

function bufferOf(value: object): unknown {
  try {
    return (value as Partial<Buffers>).buffer;
  } catch {
    return undefined;
  }
}

/** Returns a memory that was given as an object: a WebAssembly.Memory, or the object that wasm2js uses instead. */
export function memoryOf(source: MemorySource): FoundMemory {
  return { source, isCopied: !isMemory(source) && typeof source !== 'function', isView: false };
}

/**
 * Returns the memory of a module: that of its `glue` (`wasmMemory`, `HEAPU8`), or of an object of exports; undefined if
 * none of them has one.
 * @throws {ModuleError} if the exports have several, and the glue does not identify the one of the heap
 */
export function findMemory(
  glue: object | undefined,
  exports: readonly (object | undefined)[],
): FoundMemory | undefined {
  const kept = peek(glue, 'wasmMemory');
  if (hasBuffer(kept)) return { ...memoryOf(kept), isCurrent: () => peek(glue, 'wasmMemory') === kept };
  const view = ['HEAPU8', 'HEAP8'].find((name) => hasBuffer(peek(glue, name)));
  // Release builds shorten the names of exports, so the memory is found by its class.
  const exported = exportedMemory(exports, view ? (peek(glue, view) as Buffers).buffer : undefined);
  if (exported) return memoryOf(exported);
  for (const place of exports) {
    const named = peek(place, 'memory');
    if (hasBuffer(named)) return memoryOf(named);
  }
  if (!view) return undefined;
  const source = (): ArrayBufferLike => (peek(glue, view) as Buffers).buffer; // tested above
  return { source, isCopied: !isEngineMemory(source()), isView: true };
}

function exportedMemory(
  exports: readonly (object | undefined)[],
  seen: ArrayBufferLike | undefined,
): WebAssemblyMemory | undefined {
  const found = new Map<WebAssemblyMemory, string>();
  for (const [name, value] of exports.flatMap(dataProperties)) if (isMemory(value)) found.set(value, name);
  const memories = [...found.keys()];
  const [first] = memories;
  const same = memories.find(({ buffer }) => buffer === seen);
  if (same || memories.length < 2) return same ?? first;
  const names = [...found.values()];
  throw new ModuleError(
    `the module has ${memories.length} memories (${names.join(', ')}): pass the one that its heap is in as the option memory`,
    { missing: ['memory'], found: names },
  );
}

/**
 * True if `buffer` is proved to be that of a WebAssembly.Memory, which detaches it when it grows; false if there is no
 * proof, as in V8 since 2023. Changes nothing: the buffer of a memory cannot be transferred, and the calls below are
 * invalid for all others, by their length or by a repeated item.
 */
export function isEngineMemory(buffer: ArrayBufferLike): boolean {
  if (isOf('SharedArrayBuffer', buffer)) return true; // a growth leaves it too short: an access beyond fails
  const { transfer } = ArrayBuffer.prototype as { transfer?: (length: number) => ArrayBuffer };
  try {
    if (transfer) transfer.call(buffer, Number.MAX_SAFE_INTEGER);
    else structuredClone(0, { transfer: [buffer as ArrayBuffer, buffer as ArrayBuffer] });
    return !transfer && buffer.byteLength > 0;
  } catch (error) {
    return transfer !== undefined && error instanceof TypeError;
  }
}
