// Runs before every test file: stops if the engine is not the expected one.
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** A regular expression for the engine's name for itself. */
    engine: string;
  }
}

const self = globalThis.navigator?.userAgent ?? `Node.js/${process.versions.node}`;
if (!new RegExp(inject('engine')).test(self))
  throw new Error(`the engine should be ${inject('engine')}, and is ${self}`);
if (typeof SharedArrayBuffer === 'undefined')
  throw new Error('this engine has no SharedArrayBuffer, which the tests need');

// The tests of garbage collection look for Node's name for it.
const { Bun } = globalThis as { Bun?: { gc(now: boolean): void } };
if (Bun) Object.assign(globalThis, { gc: () => Bun.gc(true) });
