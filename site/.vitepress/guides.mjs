// The sidebar of the guides: every page of docs/ is here.
const page = (text, link) => ({ text, link });

export const guides = [
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
