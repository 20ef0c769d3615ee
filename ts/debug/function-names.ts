// SPDX-License-Identifier: MIT
// The names of a binary's functions: those of its exports, and of the section `name`, which a third of published
// modules have.
import { Reader } from '../interop/binary.ts';
import { SectionId, type ModuleLayout } from './sections.ts';

/** The name of a function, and its origin. */
export interface FunctionName {
  readonly index: number;
  readonly name: string;
  readonly how: 'export' | 'name';
}

const FUNCTION_NAMES = 1;

/** Returns the names of the functions of a module: exports first. */
export function namesOf(layout: ModuleLayout): FunctionName[] {
  const names: FunctionName[] = layout.functions.exports.map(([name, index]) => ({
    index,
    name,
    how: 'export',
  }));
  for (const section of layout.sections) {
    if (section.id !== SectionId.custom) continue;
    try {
      const reader = new Reader(layout.bytes, section.body);
      if (reader.name() === 'name') readNames(reader, section.end, names);
    } catch {} // a name section may be damaged: engines ignore it then
  }
  return names;
}

function readNames(reader: Reader, end: number, names: FunctionName[]): void {
  while (reader.at < end) {
    const id = reader.byte();
    const after = reader.unsigned() + reader.at;
    if (id === FUNCTION_NAMES)
      reader.skipMany(() => {
        const index = reader.unsigned();
        names.push({ index, name: reader.name(), how: 'name' });
      });
    reader.at = after;
  }
}

/** Returns the demangled path of a function of Rust or C++, without the hash; any other name unchanged. */
export function plainName(name: string): string {
  const path = name.startsWith('_ZN') ? segments(name.slice(3)) : name;
  return path
    .replace(/::h[0-9a-f]{16}$/, '')
    .replaceAll('$LT$', '<')
    .replaceAll('$GT$', '>');
}

/** Converts `8dlmalloc6malloc17h0123456789abcdefE` to `dlmalloc::malloc::h0123456789abcdef`. */
function segments(mangled: string): string {
  const parts: string[] = [];
  for (let rest = mangled; ;) {
    const length = /^\d+/.exec(rest)?.[0];
    if (!length) return parts.join('::');
    const start = length.length;
    parts.push(rest.slice(start, start + Number(length)));
    rest = rest.slice(start + Number(length));
  }
}
