// SPDX-License-Identifier: MIT
// The options `pollingMode` and `nullCheck` of a manager. They replace the view of one memory; a memory without them has
// an ordinary view and pays nothing.
import { ArgumentTypeError } from '../errors.ts';
import type { Address } from '../memory/address.ts';
import { bufferOf, viewOf, type DataViewClass, type MemorySource } from '../memory/buffers.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { ManagerOptions } from './options.ts';

/** Returns the source to construct the memory with. */
export function sourceFor(source: MemorySource, pollingMode: ManagerOptions['pollingMode']): MemorySource {
  if (pollingMode !== 'never') return source;
  let buffer: ArrayBufferLike | undefined;
  return () => (buffer ??= bufferOf(source));
}

/** Applies the options to a memory that was constructed with {@link sourceFor}. */
export function applyMemoryPolicy(
  memory: LinearMemory,
  { pollingMode, nullCheck }: Pick<ManagerOptions, 'pollingMode' | 'nullCheck'>,
): void {
  const polls = pollingMode === 'always';
  if (polls || nullCheck) replaceView(memory, polls, nullCheck ? nullCheckedView() : DataView);
  if (nullCheck) refuseNull(memory);
}

/** Gives `memory` a view of the class `View` and, with `polls`, a view that compares buffers before every access. */
function replaceView(memory: LinearMemory, polls: boolean, View: DataViewClass): void {
  let current = new View(memory.data.buffer);
  const accessor: PropertyDescriptor = {
    get() {
      const buffer = polls ? bufferOf(memory.heapGetter) : current.buffer;
      // A detached buffer has byteLength 0; asking its view for the length would throw.
      if (
        polls &&
        (buffer !== current.buffer || buffer.byteLength === 0 || buffer.byteLength !== current.byteLength)
      )
        memory.setView(viewOf(() => buffer));
      return current;
    },
    set(view: DataView) {
      current = new View(view.buffer);
    },
  };
  Object.defineProperty(memory, 'data', accessor);
  Object.defineProperty(memory.views, 'data', accessor);
}

/** Makes `locate` refuse address 0. */
function refuseNull(memory: LinearMemory): void {
  const { locate } = memory;
  Object.defineProperty(memory, 'locate', {
    value(this: LinearMemory, address: Address, size: number, align?: number): number {
      const at = locate.call(this, address, size, align);
      if (at === 0) throw new ArgumentTypeError('an address other than 0 (NULL)', address);
      return at;
    },
  });
}

/** Returns a subclass of DataView that throws at 0 as it does at its end. */
function nullCheckedView(): DataViewClass {
  const View = class extends (DataView as DataViewClass) {};
  const properties = Object.getOwnPropertyDescriptors(DataView.prototype) as Record<
    string,
    PropertyDescriptor
  >;
  for (const [name, { value: method }] of Object.entries(properties))
    if (/^[gs]et/.test(name))
      Object.defineProperty(View.prototype, name, {
        value(this: DataView, address: number, ...rest: unknown[]) {
          return method.call(this, address || -1, ...rest);
        },
      });
  return View;
}
