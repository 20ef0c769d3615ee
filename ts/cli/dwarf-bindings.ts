// SPDX-License-Identifier: MIT
// Creates the bindings of a module with debug information: its structs, with their layout in the module, and its
// exported functions.
import { cdef } from '../call/cdef.ts';
import { ModuleError } from '../errors.ts';
import type { PointerSize } from '../struct/layout.ts';
import { StructType } from '../struct/struct-type.ts';
import { makeBindings, type Bindings } from './bindings.ts';
import { readSections } from './dwarf-forms.ts';
import { AT, DebugInfo } from './dwarf-reader.ts';
import { DwarfDeclarations, type RecordLayout } from './dwarf-types.ts';

/** Options of the generated source. */
export interface DwarfOptions {
  /** The name of the module in the source. */
  readonly name: string;
  readonly library: string;
  readonly pointerSize: PointerSize;
}

/**
 * Returns the file with the debug information of a module that was linked with `-gseparate-dwarf`; undefined if it is
 * in the module.
 */
export function separateDebugFile(bytes: Uint8Array): string | undefined {
  const section = readSections(bytes).custom.get('external_debug_info');
  return section && new TextDecoder().decode(section.subarray(1)); // after its length
}

/**
 * Returns the bindings of a module.
 * @param bytes the module
 * @param debug the file of {@link separateDebugFile}
 * @throws {ModuleError} if it has no debug information
 */
export function makeDwarfBindings(
  bytes: Uint8Array,
  options: DwarfOptions,
  debug: Uint8Array = bytes,
): Bindings {
  const { name, library, pointerSize } = options;
  const info = new DebugInfo(readSections(debug).custom);
  const split = info.units.find(
    ({ attributes }) => attributes.has(AT.dwoName) || attributes.has(AT.gnuDwoName),
  );
  if (split)
    throw new ModuleError('the debug information is in .dwo files; build it without -gsplit-dwarf', {
      flags: '-gseparate-dwarf',
    });
  const { exported } = readSections(bytes);
  const names = new Set(exported.flatMap((one) => [one, one.replace(/^_/, '')]));
  const declarations = new DwarfDeclarations(info, pointerSize, names);
  const forced = new Set<string>();
  const omitted: string[] = [];
  // Declaring a struct as packed can change the layout of structs that contain it.
  for (;;) {
    const source = declarations.source(forced);
    const wrong = differing(source, declarations.records, pointerSize);
    if (wrong.length === 0) {
      const made = makeBindings(`# 1 "${name}"\n${source}`, { header: name, library, pointerSize });
      const notes = omitted.map((one) => `// ${one} is left out: its layout cannot be declared.\n`);
      return { ...made, source: notes.join('') + made.source };
    }
    const known = forced.size;
    for (const one of wrong) forced.add(one);
    if (forced.size > known) continue;
    // A member of such a type becomes an array of bytes.
    for (const one of wrong) declarations.records.delete(one);
    omitted.push(...wrong);
  }
}

/** Returns the structs whose layout by `cdef` differs. */
function differing(
  source: string,
  records: ReadonlyMap<string, RecordLayout>,
  pointerSize: PointerSize,
): string[] {
  const { types } = cdef(source as string, { pointerSize }) as { types: Record<string, unknown> };
  return [...records].flatMap(([name, { size, offsets }]) => {
    const type = types[name];
    if (!(type instanceof StructType)) return [name];
    const compiled = type.compiled(pointerSize);
    const places = new Map(
      Object.keys(type.fields as object).map((field, index) => [field, compiled.places[index]]),
    );
    const isSame = [...offsets].every(([field, at]) => {
      const place = places.get(field);
      return field.startsWith('(') || !place || place.offset * 8 + place.bit === at;
    });
    return isSame && compiled.size === size ? [] : [name];
  });
}
