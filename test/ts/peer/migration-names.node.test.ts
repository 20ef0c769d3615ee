// The page "coming from wasm-heap-manager" has every name of both versions of it, and of its README.
import { readFileSync } from 'node:fs';
import * as peer051 from 'wasm-heap-manager';
import * as peer010 from 'wasm-heap-manager-0.1.0';
import { expect, test } from 'vitest';

const TYPE =
  /(ClampedUint8|Uint8Clamped|Big(?:Ui|I)nt(?:64|128|256)|Float(?:32|64)|Pointer(?:32|53|64)|U?[iI]nt(?:8|16|32))/;
/** A name with `T` for its type and `X` for its encoding, as the page has it. */
const pattern = (name: string): string => name.replace(/(Ascii|Utf8|Utf16|Utf32)/, 'X').replace(TYPE, 'T');

/** The exports of a package and the members of its classes. */
function namesOf(peer: object): string[] {
  const names = Object.keys(peer);
  for (const value of Object.values(peer))
    if (typeof value === 'function')
      for (
        let prototype = value.prototype as object | null | undefined;
        prototype && prototype !== Object.prototype;
        prototype = Object.getPrototypeOf(prototype) as object | null
      )
        names.push(...Object.getOwnPropertyNames(prototype));
  return names.filter((name) => name !== 'constructor');
}

const page = readFileSync('docs/coming-from-wasm-heap-manager.md', 'utf8');
const listed = new Set([...page.matchAll(/`(\w+)`/g)].map(([, name]) => name));
const unlisted = (names: string[]): string[] =>
  [...new Set(names.map(pattern))].filter((name) => !listed.has(name));

test.each([
  ['0.5.1', peer051, 200],
  ['0.1.0', peer010, 190],
])('every name of version %s', (_version, peer, least) => {
  const names = namesOf(peer);
  expect(new Set(names).size).toBeGreaterThan(least);
  expect(unlisted(names)).toEqual([]);
});
test('every method and property that the README of 0.5.1 uses', () => {
  const readme = readFileSync('node_modules/wasm-heap-manager/README.md', 'utf8');
  const used = [
    ...readme.matchAll(/\.((?:read|write|alloc|wrap|view|free|clear|encoded|allocated|is)[A-Za-z0-9]*)/g),
  ];
  const fields = [...readme.matchAll(/^[*-] `(\w+)/gm)];
  const names = [...used, ...fields].map(([, name = '']) => name).filter((name) => !/^pointer\d/.test(name)); // those are types
  expect(new Set(names).size).toBeGreaterThan(100);
  expect(unlisted(names)).toEqual([]);
});
