// Globals that are removed while the library is imported, and restored for the tests.
export const removed = new Map<string, PropertyDescriptor>();

export function remove(...names: string[]): void {
  for (const name of names) {
    const found = Object.getOwnPropertyDescriptor(globalThis, name);
    if (!found) continue;
    removed.set(name, found);
    Reflect.deleteProperty(globalThis, name);
  }
}
