import { removed } from './removed-globals.ts';

for (const [name, property] of removed) Object.defineProperty(globalThis, name, property);
