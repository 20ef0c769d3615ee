// SPDX-License-Identifier: MIT
// Converts the log of a recorder to a HeapRecording.
import type { CallSites } from './call-sites.ts';
import type { InspectedModule } from './inspected-module.ts';
import type { HeapRecording } from './recording.ts';

/** Returns the recording of a module; an empty one if `module` is undefined. O(events). */
export function recordingOf(
  module: InspectedModule | undefined,
  sites: CallSites,
  started: number,
): HeapRecording {
  const length = module?.recorder.logged ?? 0;
  const recording = {
    name: module?.name ?? '',
    started,
    length,
    kinds: new Uint8Array(length),
    times: new Float64Array(length),
    addresses: new Float64Array(length),
    sizes: new Float64Array(length),
    previous: new Float64Array(length),
    sites: new Uint32Array(length),
    stacks: sites.stacks,
    types: new Uint16Array(length),
    typeNames: [''],
    marks: module?.marks.filter(({ event }) => event < length) ?? [],
    reports: module?.loggedReports.filter(({ event }) => event < length) ?? [],
  };
  let i = 0;
  module?.recorder.forEachEvent((kind, time, address, size, previous, site) => {
    recording.kinds[i] = kind;
    recording.times[i] = time;
    recording.addresses[i] = address;
    recording.sizes[i] = size;
    recording.previous[i] = previous;
    recording.sites[i] = site;
    i++;
  });
  return recording;
}
