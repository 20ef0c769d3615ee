// What was taken from the engine while the library is imported, to be given back for the tests themselves.
export const taken = new Map<string, PropertyDescriptor>();

export function take(...names: string[]): void {
  for (const name of names) {
    const found = Object.getOwnPropertyDescriptor(globalThis, name);
    if (!found) continue;
    taken.set(name, found);
    Reflect.deleteProperty(globalThis, name);
  }
}
