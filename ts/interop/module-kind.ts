// SPDX-License-Identifier: MIT
// Identifies the toolchain of a module by its exports and imports, and has the cure for a module without an allocator.

import { dataProperties, dataValues, isMemory, isObject, peek, namesOf } from './properties.ts';
import type { WebAssemblyModule } from '../memory/platform-types.ts';

/** A toolchain. */
export type ModuleKind =
  | 'emscripten'
  | 'wasm-bindgen'
  | 'assemblyscript'
  | 'go'
  | 'tinygo'
  | 'napi'
  | 'wasi'
  | 'rust'
  | 'zig'
  | 'unknown';

/** The known parts of a module. Hidden parts are missing. */
export interface ModuleShape {
  /** The object that an Emscripten module's JavaScript created. */
  readonly glue?: object | undefined;
  /** The exports of its instances, those of the main one first. */
  readonly exports: readonly object[];
  /** The imports object of the main instance. */
  readonly imports?: object | undefined;
  readonly module?: WebAssemblyModule | undefined;
  /** The binary, if it was captured. */
  readonly bytes?: Uint8Array | undefined;
}

/** The names that identify the kind, with spaces around each. */
interface Names {
  readonly exports: string;
  readonly imports: string;
  /** The module names in its imports. */
  readonly modules: string;
  /** The languages in the section `producers` of the binary. */
  readonly languages: readonly string[];
  readonly hasGlue: boolean;
}

/** The tests in order; the first that returns true gives the kind. */
const TESTS: readonly (readonly [ModuleKind, (names: Names) => boolean])[] = [
  [
    'wasm-bindgen',
    ({ exports, imports }) => / (__wbindgen_|__wbg_)/.test(exports) || / (__wbindgen_|__wbg_)/.test(imports),
  ],
  ['napi', ({ exports, imports }) => / (emnapi_|napi_)/.test(exports) || / napi_/.test(imports)],
  [
    'assemblyscript',
    ({ exports }) => / (__rtti_base|__pin|__retain|allocate_memory|memory\.allocate) /.test(exports),
  ],
  [
    'tinygo',
    ({ exports, languages }) => languages.includes('TinyGo') || / (tinygo_|go_scheduler)/.test(exports),
  ],
  ['go', ({ exports, modules }) => / (go|gojs) /.test(modules) || / getsp /.test(exports)],
  [
    'emscripten',
    ({ exports, imports, hasGlue }) =>
      hasGlue || / _?(emscripten_|stackSave |stackAlloc )/.test(exports) || / _?emscripten_/.test(imports),
  ],
  ['rust', ({ languages }) => languages.includes('Rust')],
  ['zig', ({ languages }) => languages.includes('Zig')],
  ['wasi', ({ modules }) => / wasi_/.test(modules)],
];

const GLUE_NAMES = /^(HEAPU?(8|16|32)|_malloc|_free|calledRun|wasmMemory|ccall|cwrap)$/;

/** Returns the kind of a module. */
export function kindOf(shape: ModuleShape): ModuleKind {
  const join = (properties: [string, unknown][]): string => ` ${properties.map(([name]) => name).join(' ')} `;
  const modules = dataProperties(shape.imports);
  const names: Names = {
    exports: join(shape.exports.flatMap((place) => dataProperties(place))),
    imports: join(modules.flatMap(([, module]) => dataProperties(module))),
    modules: join(modules),
    languages: languagesOf(shape.module),
    hasGlue: namesOf(shape.glue).some((name) => GLUE_NAMES.test(name)),
  };
  return TESTS.find(([, holds]) => holds(names))?.[0] ?? 'unknown';
}

/** Returns the languages in the section `producers` of a binary, which a third of published modules have. */
function languagesOf(module: WebAssemblyModule | undefined): string[] {
  try {
    const sections = module ? WebAssembly.Module.customSections(module, 'producers') : [];
    const text = sections.map((section) => new TextDecoder('latin1').decode(section)).join(' ');
    return ['TinyGo', 'Rust', 'Zig', 'Go', 'C11', 'C_plus_plus'].filter((name) => text.includes(name));
  } catch {
    return []; // it is a module of another realm
  }
}

/** The flags of emcc that export the memory. */
export const EMCC_MEMORY_FLAGS = '-sEXPORTED_RUNTIME_METHODS=wasmMemory,HEAPU8';
export const EMCC_MALLOC_FLAGS = '-sEXPORTED_FUNCTIONS=_malloc,_free';

/** The cure for an Emscripten module without an allocator. */
export const EMSCRIPTEN_CURE: string = `link it with ${EMCC_MALLOC_FLAGS}`;

/** The cure for a module of each kind without an allocator. */
export const ALLOCATOR_CURES: Readonly<Record<ModuleKind, string>> = {
  emscripten: EMSCRIPTEN_CURE,
  'wasm-bindgen': 'wasm-bindgen exports its allocator once an exported function takes a string or a slice',
  assemblyscript: 'compile it with --exportRuntime',
  go: 'Go exports no allocator: let a Go function make a slice and return its address',
  tinygo: 'compile it with -target=wasm, which exports malloc and free',
  napi: 'link it with --export=malloc and --export=free',
  wasi: 'link it with -Wl,--export=malloc,--export=free',
  rust: 'export fn alloc(size: usize, align: usize) -> *mut u8 and fn dealloc(ptr: *mut u8, size: usize, align: usize)',
  zig: 'export fn alloc(size: usize) ?[*]u8 and fn free(ptr: [*]u8, size: usize) void',
  unknown: 'export malloc(size) and free(address)',
};

/** Returns the names of everything that a module shows, for an error. */
export function namesIn({ glue, exports }: ModuleShape): string[] {
  const names = [...namesOf(glue), ...exports.flatMap(namesOf)];
  return [...new Set(names)].slice(0, 64);
}

/** Returns the exports objects that an Emscripten module has, under the names that its versions use. */
export function exportsOfGlue(glue: object | undefined): object[] {
  const instance = peek(glue, 'instance');
  const places = [
    peek(glue, 'wasmExports'),
    peek(glue, 'asm'),
    peek(instance, 'exports'),
    peek(glue, 'exports'),
  ];
  const isExports = (place: object): boolean =>
    dataValues(place).some((value) => typeof value === 'function' || isMemory(value));
  return places.filter(isObject).filter(isExports);
}
