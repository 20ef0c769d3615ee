// SPDX-License-Identifier: MIT
// linmem's own heap in the memory of another module, where that is safe.
//
//   U1  A guest grows the memory and uses the pages that it grew. That is safe if the module's allocator uses only pages
//       that its own `memory.grow` returned, from its first allocation on, and nothing keeps views over a growth.
//   U2  It is safe for wasm-bindgen modules, and for modules whose exported allocator has allocated once. It is not
//       safe for Emscripten, Go, TinyGo, AssemblyScript's runtimes `stub` and of 2020, and for modules whose JavaScript
//       uses every byte up to the end of the memory; those export no allocator.
import { ArgumentTypeError, ModuleError } from '../errors.ts';
import { ownOptions } from '../heap/options.ts';
import { createHeapSync, type CreateHeapOptions, type LinmemHeap } from '../core/heap.ts';
import type { FoundAdapter } from './adapter.ts';
import { AssemblyScriptRuntime, ERAS } from './assemblyscript-runtime.ts';
import { anyModule, findAdapter } from './find-adapter.ts';
import { kindOf, type ModuleKind, type ModuleShape } from './module-kind.ts';
import { toPointer } from '../memory/address.ts';
import { describeModule } from './module-shape.ts';
import { isMemory } from './properties.ts';
import type { WebAssemblyMemory } from '../memory/platform-types.ts';

/** Options of {@link createGuestHeap}. */
export interface GuestHeapOptions extends Omit<
  CreateHeapOptions,
  'initialBytes' | 'maximumBytes' | 'base' | 'end'
> {
  /**
   * True creates a guest also where it is not proved to be safe. The risk: the module's allocator or its JavaScript
   * also uses the pages of the guest, and each overwrites the data of the other without an error. Growing the memory
   * also detaches views that the module's JavaScript keeps.
   * @defaultValue false
   */
  readonly allowUnsafeGuest?: boolean;
}

/** The reason for which a module of a kind is refused. */
const REFUSALS: Readonly<Partial<Record<ModuleKind, string>>> = {
  emscripten: "Emscripten's allocator takes every byte up to the end of the memory",
  go: 'Go takes every byte up to the end of the memory, and its JavaScript keeps views, which a growth detaches',
  tinygo: 'TinyGo takes every byte up to the end of the memory',
};

/**
 * Returns linmem's own heap in pages that it grows in the memory of `module`, for modules that export no allocator, or
 * a slow one. Refuses modules in which that is not proved to be safe. It is safe in wasm-bindgen modules, and in
 * modules whose exported allocator uses only pages that it grew; that allocator is called once.
 * @param module a started module, as {@link wrapHeap} takes it
 * @throws {ModuleError} if it is not proved to be safe, or the module shows no memory; the error has the reason
 * @throws {ArgumentTypeError} if an option has the wrong type
 */
export function createGuestHeap(module: object, options: GuestHeapOptions = {}): LinmemHeap {
  const { memory: given, allowUnsafeGuest = false, ...rest } = ownOptions(options);
  if (typeof allowUnsafeGuest !== 'boolean')
    throw new ArgumentTypeError('a boolean for allowUnsafeGuest', allowUnsafeGuest);
  const { shape, memory } = describeModule(module, given);
  const { source } = memory;
  if (!isMemory(source))
    throw new ModuleError('a guest needs a WebAssembly.Memory, which this module does not show');
  if (!allowUnsafeGuest) assertSafe(shape, source);
  return createHeapSync({ ...rest, memory: source });
}

function assertSafe(shape: ModuleShape, memory: WebAssemblyMemory): void {
  const kind = kindOf(shape);
  const refusal = REFUSALS[kind];
  if (refusal) throw unsafe(refusal);
  if (kind === 'wasm-bindgen') return;
  if (kind === 'assemblyscript') {
    assertSafeAssemblyScript(shape, memory);
    return;
  }
  const adapter = findAdapter(shape, anyModule);
  if (!adapter)
    throw unsafe('it exports no allocator, so that its code may take every byte up to the end of the memory');
  if (!takesOnlyItsOwn(adapter, memory)) throw unsafe('its allocator uses pages that it did not grow');
}

/** Current runtimes that free use only pages that they grew, from their first allocation on. */
function assertSafeAssemblyScript({ exports }: ModuleShape, memory: WebAssemblyMemory): void {
  const runtime = AssemblyScriptRuntime.find(exports, () => memory.buffer.byteLength);
  if (runtime?.era !== 'current')
    throw unsafe(
      'its runtime is not exported, or is one of 2018 to 2020, whose JavaScript keeps views over a growth',
    );
  const allocateAndFree = (): number => {
    const address = runtime.allocate(16, ERAS.current.arrayBuffer);
    runtime.unpin(address);
    runtime.collect();
    return address;
  };
  const [first, second] = [allocateAndFree(), allocateAndFree()];
  if (second > first)
    throw unsafe("AssemblyScript's runtime stub takes every byte up to the end of the memory");
}

/** The number of pages that are grown to test whether the allocator uses them. */
const PROBE_PAGES = 1;
const PAGE = 65536;
/** The size in bytes of the largest allocation that is tried to make the allocator grow the memory. */
const MAX_PROBE = 2 ** 25;

/**
 * True if an allocator does not use pages that other code grew. It allocates once; then the memory grows by a page, and
 * the allocator must allocate more than can be free. The page stays unused.
 */
function takesOnlyItsOwn({ malloc, free }: FoundAdapter, memory: WebAssemblyMemory): boolean {
  try {
    free(toPointer(malloc(64, 8)), 64, 8);
    const size = memory.buffer.byteLength;
    if (size > MAX_PROBE) return false;
    const start = memory.grow(PROBE_PAGES) * PAGE;
    const end = start + PROBE_PAGES * PAGE;
    const block = toPointer(malloc(size, 8));
    if (!(block > 0)) return false;
    const isApart = block + size <= start || block >= end;
    free(block, size, 8);
    return isApart;
  } catch {
    return false; // it cannot grow, or traps
  }
}

const unsafe = (why: string): ModuleError =>
  new ModuleError(
    `linmem's own heap is not safe in the memory of this module: ${why}. Use the module's own allocator through ` +
      'wrapHeap, or accept the risk with the option allowUnsafeGuest',
  );
