// SPDX-License-Identifier: MIT
// Implements the option `callSites` and adds the methods below to managers, in programs that import linmem/debug. Other
// bundles contain none of this.
import { define } from '../errors.ts';
import { installCallSites } from '../heap/call-sites.ts';
import type { Heap } from '../heap/heap.ts';
import { WasmHeapManager } from '../manager/manager.ts';
import type { CallSiteMode } from './heap-tracker.ts';
import type { Leak } from './leaks.ts';
import { heapLeaks, markHeap, recordHeap, trackCallSites, type LeakOptions } from './own-heaps.ts';
import type { HeapMark, HeapRecording } from './recording.ts';

declare module '../manager/manager.ts' {
  interface WasmHeapManager {
    /** Returns a mark: this moment, for `leaks`. @see {@link markHeap} */
    mark(name?: string): HeapMark;
    /** Returns the live blocks by the call sites that allocated them. @see {@link heapLeaks} */
    leaks(options?: LeakOptions): Leak[];
    /** Returns the recording of the heap since its creation. @see {@link recordHeap} */
    record(name?: string): HeapRecording;
  }
}

const methods: ThisType<WasmHeapManager> = {
  mark(name?: string) {
    return markHeap(this, name);
  },
  leaks(options?: LeakOptions) {
    return heapLeaks(this, options);
  },
  record(name?: string) {
    return recordHeap(this, name);
  },
};
for (const [name, value] of Object.entries(methods)) define(WasmHeapManager.prototype, name, value);
installCallSites((heap, mode) => void trackCallSites(heap as Heap, mode as CallSiteMode)); // checks the mode
