// SPDX-License-Identifier: MIT
// The platform's types that declarations name. They are the global ones where the compiler's `lib` has them, and our own
// ones elsewhere: with `"lib": ["esnext"]` and no DOM, TypeScript knows no WebAssembly.Memory.

type Globals = typeof globalThis;

/** The type of the objects of the global class `N`; `Own` where `lib` has no such class. */
type GlobalInstance<N extends string, Own> = Globals extends {
  readonly [K in N]: { readonly prototype: infer T };
}
  ? T
  : Own;

/** The same for the class `WebAssembly.N`. */
type WasmInstance<N extends string, Own> = Globals extends {
  readonly WebAssembly: { readonly [K in N]: { readonly prototype: infer T } };
}
  ? T
  : Own;

/** A `WebAssembly.Memory`. */
export type WebAssemblyMemory = WasmInstance<
  'Memory',
  { readonly buffer: ArrayBuffer; grow(delta: number): number }
>;

/** A `WebAssembly.Table`. */
export type WebAssemblyTable = WasmInstance<
  'Table',
  {
    readonly length: number;
    get(index: number): unknown;
    grow(delta: number, value?: unknown): number;
    set(index: number, value?: unknown): void;
  }
>;

/** A `WebAssembly.Global`. */
export type WebAssemblyGlobal = WasmInstance<'Global', { value: unknown; valueOf(): unknown }>;

/** A `WebAssembly.Module`. */
export type WebAssemblyModule = WasmInstance<'Module', object>;

/** The exports of a `WebAssembly.Instance`. */
export type WebAssemblyExports = Record<
  string,
  // biome-ignore lint/complexity/noBannedTypes: as lib.dom
  Function | WebAssemblyGlobal | WebAssemblyMemory | WebAssemblyTable
>;

/** A `WebAssembly.Instance`. */
export type WebAssemblyInstance = WasmInstance<'Instance', { readonly exports: WebAssemblyExports }>;

/** The imports of a `WebAssembly.Instance`. */
export type WebAssemblyImports = Record<
  string,
  // biome-ignore lint/complexity/noBannedTypes: as lib.dom
  Record<string, Function | WebAssemblyGlobal | WebAssemblyMemory | WebAssemblyTable | number>
>;

/** A `Response`, as `fetch` gives one. */
export type FetchResponse = GlobalInstance<
  'Response',
  { readonly ok: boolean; readonly status: number; readonly url: string; arrayBuffer(): Promise<ArrayBuffer> }
>;

/** A `URL`. */
export type PlatformUrl = GlobalInstance<'URL', { readonly href: string }>;

/** An `AbortSignal`. */
export type PlatformAbortSignal = GlobalInstance<
  'AbortSignal',
  {
    readonly aborted: boolean;
    readonly reason: unknown;
    addEventListener(type: 'abort', listener: () => void): void;
    removeEventListener(type: 'abort', listener: () => void): void;
  }
>;

/** Bytes in a separate `ArrayBuffer`: `Uint8Array<ArrayBuffer>`, which TypeScript before 5.7 calls `Uint8Array`. */
export type OwnBytes = ReturnType<Uint8Array['slice']>;

/** The bytes of a module, as engines take them: what lib.dom calls `BufferSource`. */
export type ModuleBytes =
  | ArrayBuffer
  | { readonly buffer: OwnBytes['buffer']; readonly byteLength: number; readonly byteOffset: number };
