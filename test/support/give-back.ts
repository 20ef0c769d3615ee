import { taken } from './taken.ts';

for (const [name, property] of taken) Object.defineProperty(globalThis, name, property);
