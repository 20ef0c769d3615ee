// Modules for tests, assembled from their types: each exported function is one of JavaScript that the module imports and
// exports again, so that it is an exported function with that type.

type Implementation = (...args: never[]) => unknown;

/** Exports by name: a type (`ii:i`) and what implements it. */
export type Functions = Readonly<
  Record<string, readonly [signature: string, implementation: Implementation]>
>;

const CODES: Readonly<Record<string, number>> = { i: 0x7f, j: 0x7e, f: 0x7d, d: 0x7c };
const text = (value: string): number[] => [value.length, ...new TextEncoder().encode(value)];
const vector = (items: number[][]): number[] => [...leb(items.length), ...items.flat()];
const section = (id: number, body: number[]): number[] => [id, ...leb(body.length), ...body];

function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >> 7)];
}

/** Returns an instance that exports `functions` and, as `memory`, a memory. */
export function assemble(functions: Functions, memory?: WebAssembly.Memory): WebAssembly.Instance {
  const entries = Object.entries(functions);
  const types = entries.map(([, [signature]]) => {
    const [params = '', results = ''] = signature.split(':');
    const list = (letters: string): number[] => [letters.length, ...[...letters].map((x) => CODES[x] ?? 0)];
    return [0x60, ...list(params), ...list(results)];
  });
  const imports = entries.map((_, i) => [...text('m'), ...text(`f${i}`), 0, ...leb(i)]);
  const exports = entries.map(([name], i) => [...text(name), 0, ...leb(i)]);
  if (memory) {
    imports.push([...text('m'), ...text('memory'), 2, 0, 0]);
    exports.push([...text('memory'), 2, 0]);
  }
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const bytes = [
    ...header,
    ...section(1, vector(types)),
    ...section(2, vector(imports)),
    ...section(7, vector(exports)),
  ];
  const given = Object.fromEntries(entries.map(([, [, implementation]], i) => [`f${i}`, implementation]));
  const module = new WebAssembly.Module(new Uint8Array(bytes));
  return new WebAssembly.Instance(module, {
    m: { ...given, ...(memory && { memory }) },
  } as WebAssembly.Imports);
}
