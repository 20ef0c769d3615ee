// SPDX-License-Identifier: MIT
// AssemblyScript's runtimes as allocators: a block is an ArrayBuffer that is pinned until it is freed.
import { AssemblyScriptRuntime, ERAS } from './assemblyscript-runtime.ts';
import type { FoundAdapter } from './adapter.ts';
import type { ModuleShape } from './module-kind.ts';
import { findMemory } from './module-memory.ts';
import { bufferOf } from '../memory/buffers.ts';

const NAMES = {
  current: '__new, __pin, __unpin',
  counted: '__alloc, __retain, __release',
  manual: 'allocate_memory, free_memory',
};

/** Returns the adapter of the exported runtime, or undefined. */
export function assemblyScriptAdapter({ exports }: ModuleShape): FoundAdapter | undefined {
  const byteLength = (): number => {
    const memory = findMemory(undefined, exports);
    return memory ? bufferOf(memory.source).byteLength : 0;
  };
  const runtime = AssemblyScriptRuntime.find(exports, byteLength);
  return runtime && runtimeAdapter(runtime);
}

/** The adapter of a runtime. */
export function runtimeAdapter(runtime: AssemblyScriptRuntime): FoundAdapter {
  return {
    name: NAMES[runtime.era],
    malloc: (size) => runtime.allocate(size, ERAS[runtime.era].arrayBuffer),
    free: (address) => runtime.unpin(address),
  };
}
