// SPDX-License-Identifier: MIT
// The functions of allocators, and the meaning of their parameters. To support another function, add a role and its
// names.

/** The role of a function in an allocator: a key of {@link ROLES}. */
export type RoleName =
  | 'malloc' | 'free' | 'realloc' | 'calloc' | 'memalign' | 'alignedByShape' | 'posixMemalign' | 'allocSized' | 'zeroedSized' | 'freeSized'
  | 'reallocSized' | 'reallocBindgen' | 'freeUnaligned' | 'reallocUnaligned' | 'methodMalloc' | 'methodFree' | 'methodMemalign'
  | 'zigAlloc' | 'zigFree'; // prettier-ignore

/** The parameters of a role, by index. */
export interface Role {
  /** Its type: `p` is a pointer or a size, `i` an i32. */
  readonly type: string;
  /** The event that a call causes. */
  readonly event: 'alloc' | 'free' | 'realloc';
  /** The size in bytes, or of one element. */
  readonly size?: number;
  /** The number of elements. */
  readonly count?: number;
  /** The address of the block that is freed or resized. */
  readonly pointer?: number;
  readonly align?: number;
  /** The size of the block at `pointer`: if it is 0, there is no block. */
  readonly old?: number;
  /** True if a size of 0 allocates no block. */
  readonly isEmptyNone?: true;
  /** True if the size and the alignment may be in either order, which the recorder learns from the calls. */
  readonly isEitherOrder?: true;
  /** The parameter that points to the result, if the address of the new block is not returned. */
  readonly out?: number;
  readonly family: AllocatorFunction;
}

/** The kinds of functions that an allocator has. */
export type AllocatorFunction = 'malloc' | 'free' | 'realloc' | 'calloc' | 'memalign';

export const ROLES: Readonly<Record<RoleName, Role>> = {
  malloc: { type: 'p:p', event: 'alloc', size: 0, family: 'malloc' },
  free: { type: 'p:', event: 'free', pointer: 0, family: 'free' },
  realloc: { type: 'pp:p', event: 'realloc', pointer: 0, size: 1, family: 'realloc' },
  calloc: { type: 'pp:p', event: 'alloc', count: 0, size: 1, family: 'calloc' },
  memalign: { type: 'pp:p', event: 'alloc', align: 0, size: 1, family: 'memalign' },
  alignedByShape: {
    type: 'pp:p',
    event: 'alloc',
    align: 0,
    size: 1,
    isEitherOrder: true,
    family: 'memalign',
  },
  posixMemalign: { type: 'ppp:i', event: 'alloc', out: 0, align: 1, size: 2, family: 'memalign' },
  /** Rust's __rust_alloc, and wasm-bindgen's malloc: the size comes first. */
  allocSized: { type: 'pp:p', event: 'alloc', size: 0, align: 1, isEmptyNone: true, family: 'malloc' },
  zeroedSized: { type: 'pp:p', event: 'alloc', size: 0, align: 1, isEmptyNone: true, family: 'calloc' },
  freeSized: { type: 'ppp:', event: 'free', pointer: 0, old: 1, align: 2, family: 'free' },
  reallocSized: {
    type: 'pppp:p',
    event: 'realloc',
    pointer: 0,
    old: 1,
    align: 2,
    size: 3,
    family: 'realloc',
  },
  /** wasm-bindgen's: the alignment comes last, or there is none. */
  reallocBindgen: {
    type: 'pppp:p',
    event: 'realloc',
    pointer: 0,
    old: 1,
    align: 3,
    size: 2,
    family: 'realloc',
  },
  freeUnaligned: { type: 'pp:', event: 'free', pointer: 0, old: 1, family: 'free' },
  reallocUnaligned: { type: 'ppp:p', event: 'realloc', pointer: 0, old: 1, size: 2, family: 'realloc' },
  /** Methods of the crate dlmalloc, whose first parameter is the allocator. */
  methodMalloc: { type: 'pp:p', event: 'alloc', size: 1, family: 'malloc' },
  methodFree: { type: 'pp:', event: 'free', pointer: 1, family: 'free' },
  methodMemalign: { type: 'ppp:p', event: 'alloc', align: 1, size: 2, family: 'memalign' },
  /** Zig's allocators: context, address, length, alignment, return address. */
  zigAlloc: { type: 'pppp:p', event: 'alloc', size: 1, family: 'malloc' },
  zigFree: { type: 'ppppp:', event: 'free', pointer: 1, old: 2, family: 'free' },
};

/** Regular expressions for whole names of functions, and the roles that they can have; the type decides. */
export const NAMES: readonly (readonly [names: string, roles: readonly RoleName[]])[] = [
  ['_?(dl|emmalloc_|emscripten_builtin_|__libc_|mi_|wasm_|je_|rp)?malloc|runtime\\.libc_malloc', ['malloc']],
  ['_?(dl|emmalloc_|emscripten_builtin_|__libc_|mi_|wasm_|je_|rp)?free|cfree|runtime\\.libc_free', ['free']],
  ['_?(dl|emmalloc_|emscripten_builtin_|__libc_|mi_|je_|rp)?realloc|runtime\\.libc_realloc', ['realloc']],
  ['_?(dl|emmalloc_|emscripten_builtin_|__libc_|mi_|je_|rp)?calloc|runtime\\.libc_calloc', ['calloc']],
  ['_?(dl|emmalloc_|emscripten_builtin_|__libc_)?(memalign|aligned_alloc)|mi_(memalign|aligned_alloc)|internal_memalign|emmalloc_aligned_alloc', ['memalign']],
  ['_?(dl|emmalloc_|emscripten_builtin_|mi_)?posix_memalign', ['posixMemalign']],
  ['mi_malloc_aligned', ['allocSized']],
  ['mi_zalloc', ['malloc']],
  ['(__rustc::|_R\\w+)?__(rust|rdl|rg)_alloc', ['allocSized']],
  ['(__rustc::|_R\\w+)?__(rust|rdl|rg)_alloc_zeroed', ['zeroedSized']],
  ['(__rustc::|_R\\w+)?__(rust|rdl|rg)_dealloc', ['freeSized']],
  ['(__rustc::|_R\\w+)?__(rust|rdl|rg)_realloc', ['reallocSized']],
  ['__wbindgen_malloc(_command_export)?', ['allocSized', 'malloc']],
  ['__wbindgen_free(_command_export)?', ['freeSized', 'freeUnaligned']],
  ['__wbindgen_realloc(_command_export)?', ['reallocBindgen', 'reallocUnaligned']],
  ['dlmalloc::dlmalloc::Dlmalloc(<[^>]*>)?::malloc', ['malloc', 'methodMalloc']],
  ['dlmalloc::dlmalloc::Dlmalloc(<[^>]*>)?::free', ['free', 'methodFree']],
  ['dlmalloc::dlmalloc::Dlmalloc(<[^>]*>)?::memalign', ['memalign', 'methodMemalign']],
  ['heap\\.(WasmAllocator|wasm_allocator)\\.alloc', ['zigAlloc']],
  ['heap\\.(WasmAllocator|wasm_allocator)\\.free', ['zigFree']],
]; // prettier-ignore

/** Returns the type of a role in the letters of a module: `i` where addresses have 32 bits, `j` where they have 64. */
export const typeOfRole = (name: RoleName, memory64: boolean): string =>
  ROLES[name].type.replaceAll('p', memory64 ? 'j' : 'i');
