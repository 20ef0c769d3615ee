// Writes linmem's WebAssembly code to core.wasm. Workers do not compile bytes; they import .wasm files as modules.
import { writeFileSync } from 'node:fs';
import { coreBytes } from 'linmem';

writeFileSync(new URL('core.wasm', import.meta.url), coreBytes());
