// The sidebar of the guides. A page of docs/ that is not named here is at the end, by its heading.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url));
const page = (text, link) => ({ text, link });

const named = [
  {
    text: 'Begin',
    items: [
      page('Start here', '/guide/start'),
      page('Playground', '/playground'),
      page('Examples', '/examples'),
      page('Browsers and TypeScript', '/guide/requirements'),
    ],
  },
  {
    text: 'Your module',
    items: [
      page('Wrap your module', '/interop'),
      page('Emscripten', '/emscripten'),
      page('Rust and wasm-bindgen', '/wasm-bindgen'),
      page('AssemblyScript', '/assemblyscript'),
      page('Plain WebAssembly', '/plain-webassembly'),
      page('Real packages', '/corpus'),
      page('Call a C function', '/call'),
      page('C declarations (cdef)', '/cdef'),
    ],
  },
  {
    text: 'Data',
    items: [
      page('Numbers', '/scalar'),
      page('Strings', '/text'),
      page('Arrays, views and growth', '/guide/arrays'),
      page('Structs', '/struct'),
      page('Linear memory', '/memory'),
    ],
  },
  {
    text: 'Allocation',
    items: [
      page('Heaps', '/heap'),
      page("linmem's own heap", '/core'),
      page('All methods (WasmHeapManager)', '/manager'),
      page('Arenas, frames and scopes', '/arena'),
      page('Lifetimes', '/guide/lifetimes'),
      page('Errors', '/errors'),
    ],
  },
  {
    text: 'Debugging',
    items: [
      page('Find a leak in an hour', '/debug'),
      page("Leaks in linmem's heaps", '/debug-heaps'),
      page('See the heap', '/guide/inspect'),
      page('Recordings of a heap', '/recording'),
      page('Real packages under inspect()', '/inspect-corpus'),
    ],
  },
  {
    text: 'Tasks',
    items: [
      page('Bundlers and runtimes', '/guide/bundlers'),
      page('Workers and shared memory', '/guide/workers'),
      page('Your module on this heap', '/guide/own-module'),
      page('WebGPU and WebGL', '/guide/webgpu'),
      page('The allocator in your C program', '/guide/c-allocator'),
      page('Performance', '/performance'),
    ],
  },
  {
    text: 'Migration',
    items: [
      page('From wasm-heap-manager', '/coming-from-wasm-heap-manager'),
      page('From WasmGPU', '/coming-from-wasmgpu'),
      page('From embind', '/guide/coming-from-embind'),
      page('From koffi', '/guide/coming-from-koffi'),
      page("From SQLite's wasm utilities", '/guide/coming-from-whwasmutil'),
      page("From AssemblyScript's loader", '/guide/coming-from-assemblyscript-loader'),
    ],
  },
  { text: 'Project', items: [page('Architecture', '/architecture'), page('Changes', '/changelog')] },
];

function unnamed() {
  const links = new Set(named.flatMap(({ items }) => items.map(({ link }) => link)));
  return readdirSync(DOCS, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !links.has(`/${file.slice(0, -3)}`))
    .map((file) =>
      page(readFileSync(DOCS + file, 'utf8').match(/^# (.+)/m)?.[1] ?? file, `/${file.slice(0, -3)}`),
    );
}

const others = unnamed();
export const guides = others.length > 0 ? [...named, { text: 'More', items: others }] : named;
