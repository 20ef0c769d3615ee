// SPDX-License-Identifier: MIT
// The exports of linmem/debug.
import './install.ts';

export { CallSites, programFrame } from './call-sites.ts';
export { expectNoLeaks, LeakError } from './expect-no-leaks.ts';
export { sitesOf, type ErrorSites } from './freed-sites.ts';
export type { CoveredFunction, HeapCoverage } from './coverage.ts';
export type { GuardOptions } from './guard.ts';
export type { CallSiteMode } from './heap-tracker.ts';
export { inspect, type Inspected, type InspectOptions } from './inspect.ts';
export { InspectedHeap, type InspectionLeak } from './inspected-heap.ts';
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
  type RecordedField,
  type RecordedType,
  type ReportKind,
  type StackFrame,
} from './recording.ts';
export type { StackMode } from './recorder.ts';
export type { AllocatorFunction } from './roles.ts';
export { resolveLeaks, resolveSources, type LoadSource } from './resolve-sources.ts';
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
export type { Callee } from './stack-index.ts';
