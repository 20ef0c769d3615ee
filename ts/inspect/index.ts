// SPDX-License-Identifier: MIT
// The exports of linmem/inspect: recordings of heaps as files, pictures and profiles.
export { decodeRecording, readRecording, RecordingReader, type DecodeOptions } from './decode.ts';
export { encodeRecording } from './encode.ts';
export type { HeapBytes, InspectedRecording } from './format.ts';
export type { ArenaCheckpoint, ArenaSlice, RecordedArena } from './arenas.ts';
export { recordingOfSnapshot } from './snapshot.ts';
export { Replay, type Unmatched } from './replay.ts';
export { bySite, diffSites, leaksOf, liveBySite, type Metric, type SiteChange, type SiteLeak, type SiteTotals } from './sites.ts'; // prettier-ignore
export { callTree, frameName, placeOf, type TreeNode } from './tree.ts';
export { byAddress, fragmentationAt, sizeHistogram, type Fragmentation, type SizeClass } from './layout.ts';
export { liveCurve, thin, type Curve } from './timeline.ts';
export { toCollapsed } from './collapsed.ts';
export { toDhat, type DhatFile, type DhatProgramPoint } from './dhat.ts';
export { toPprof } from './pprof.ts';
export { toSpeedscope, type SpeedscopeFile, type SpeedscopeProfile } from './speedscope.ts';
export { toTrace, type TraceEvent, type TraceFile } from './trace.ts';
export type { LiveSource } from './feed.ts';
export { serveInspector, type InspectorServer, type ServeOptions } from './server.ts';
export { exposeHeap, openInspector, type HeapWorker, type Inspector, type OpenOptions, type WorkerScope } from './window.ts'; // prettier-ignore
export { createReport } from './report.ts';
export { RecordingError, type RecordingFault } from '../errors.ts';
export * from '../debug/recording.ts';
