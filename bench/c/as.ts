// The TLSF allocator of AssemblyScript's minimal runtime, exported under the names of C.
export function malloc(size: usize): usize {
  return __alloc(size);
}
export function free(p: usize): void {
  if (p) __free(p);
}
export function realloc(p: usize, size: usize): usize {
  return p ? __realloc(p, size) : __alloc(size);
}
