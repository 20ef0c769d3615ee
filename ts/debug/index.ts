// SPDX-License-Identifier: MIT
// The exports of linmem/debug.
import './install.ts';

export { CallSites, programFrame, type Callee } from './call-sites.ts';
export { expectNoLeaks, LeakError } from './expect-no-leaks.ts';
export { sitesOf, type ErrorSites } from './freed-sites.ts';
export type { CallSiteMode } from './heap-tracker.ts';
export { formatLeak, type Leak, type LeakSource } from './leaks.ts';
export {
  heapLeaks,
  markHeap,
  recordHeap,
  trackCallSites,
  type LeakOptions,
  type TrackOptions,
} from './own-heaps.ts';
export {
  EventKind,
  type HeapMark,
  type HeapRecording,
  type HeapReport,
  type ReportKind,
  type StackFrame,
} from './recording.ts';
export {
  BlockStates,
  snapshotHeap,
  type HeapSnapshot,
  type SnapshotAllocation,
  type SnapshotArena,
  type SnapshotBlocks,
  type SnapshotCheckpoint,
  type SnapshotSlice,
} from './snapshot.ts';
export { formatFrame, parseStack } from './stack-frames.ts';
