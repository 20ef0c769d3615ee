// SPDX-License-Identifier: MIT
// Tests the type of an exported WebAssembly function without a call: a module of a few bytes that imports the function
// with a certain type links only if the function has that type.
import type { ModuleFunction } from './properties.ts';
import type { WebAssemblyModule } from '../memory/platform-types.ts';

/** Parameters and results, each one of i (i32), j (i64), f (f32), d (f64): `ii:i`, `i:`. */
export type Signature = string;

const CODES: Readonly<Record<string, number>> = { i: 0x7f, j: 0x7e, f: 0x7d, d: 0x7c };
/** A type that no exported function has. A function of JavaScript links with it, as with every type. */
const IMPOSSIBLE = 'fdfdfdfdfdf:d';

const probes = new Map<Signature, WebAssemblyModule | undefined>();

function probe(signature: Signature): WebAssemblyModule | undefined {
  if (!probes.has(signature)) {
    const [params = '', results = ''] = signature.split(':');
    const codes = (types: string): number[] => [types.length, ...[...types].map((type) => CODES[type] ?? 0)];
    const type = [1, 0x60, ...codes(params), ...codes(results)];
    const imported = [1, 1, 0x61, 1, 0x61, 0, 0]; // one import, a.a, a function of type 0
    const bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, type.length, ...type, 2, imported.length, ...imported];
    let module: WebAssemblyModule | undefined;
    try {
      module = new WebAssembly.Module(new Uint8Array(bytes));
    } catch {} // compiling is forbidden here
    probes.set(signature, module);
  }
  return probes.get(signature);
}

function links(value: ModuleFunction, signature: Signature): boolean {
  const module = probe(signature);
  if (!module) return false;
  try {
    return !!new WebAssembly.Instance(module, { a: { a: value } });
  } catch {
    return false;
  }
}

/**
 * True if `value` is a function of a WebAssembly instance, and not a function of JavaScript that calls one. The name of
 * an exported function is its index; in JavaScriptCore it is empty if the function is imported and exported again.
 */
export const isExportedFunction = (value: ModuleFunction): boolean =>
  /^\d*$/.test(value.name) && (value.name !== '' || !!probe(IMPOSSIBLE)) && !links(value, IMPOSSIBLE);

/** True if `value` is an exported function of this type. False where compiling is forbidden. */
export function hasSignature(value: ModuleFunction | undefined, signature: Signature): boolean {
  return value !== undefined && isExportedFunction(value) && links(value, signature);
}

/**
 * True if `value` is an exported function with the type `signature`, or a function of JavaScript that declares as many
 * parameters, whose type is unknown.
 */
export function accepts(value: ModuleFunction | undefined, signature: Signature): boolean {
  if (!value) return false;
  const count = signature.indexOf(':');
  if (!isExportedFunction(value) || !probe(signature)) return value.length === count || value.length === 0;
  return links(value, signature);
}
