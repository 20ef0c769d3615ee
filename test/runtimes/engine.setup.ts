// Runs before every test file: no test may pass in another engine than the one that is meant.
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** A regular expression for the engine's name for itself. */
    engine: string;
  }
}

const self = globalThis.navigator?.userAgent ?? `Node.js/${process.versions.node}`;
if (!new RegExp(inject('engine')).test(self))
  throw new Error(`this should be ${inject('engine')}, and is ${self}`);
if (typeof SharedArrayBuffer === 'undefined') throw new Error('there is no shared memory here to test with');

// The tests of garbage collection look for Node's name for it.
const { Bun } = globalThis as { Bun?: { gc(now: boolean): void } };
if (Bun) Object.assign(globalThis, { gc: () => Bun.gc(true) });
