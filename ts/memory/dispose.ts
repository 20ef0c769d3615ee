/// <reference lib="esnext.disposable" preserve="true" />
// SPDX-License-Identifier: MIT
// `using x = ...` for whatever has a `dispose`.

/** Puts `[Symbol.dispose]`, which calls `dispose`, on a prototype; nothing where the engine knows no such symbol. */
export function installDispose(prototype: { dispose(): void }): void {
  if (!Symbol.dispose) return;
  Object.defineProperty(prototype, Symbol.dispose, {
    value(this: { dispose(): void }) {
      this.dispose();
    },
    configurable: true,
    writable: true,
  });
}
