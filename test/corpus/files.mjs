// The functions of the file system that the programs of the corpus use.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export const require = createRequire(import.meta.url);
/** The bytes of a file of a package. */
export const file = (path) => new Uint8Array(readFileSync(new URL(`node_modules/${path}`, import.meta.url)));
export const hex = (bytes) => Buffer.from(bytes).toString('hex');
export const text = (string) => new TextEncoder().encode(string);
export const SHA256_ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
