/// <reference lib="esnext.disposable" preserve="true" />
// SPDX-License-Identifier: MIT
// `using x = ...` for every class that has a method `dispose`.
import { define } from '../errors.ts';

/** Puts `[Symbol.dispose]`, which calls `dispose`, on a prototype. Does nothing if the engine has no such symbol. */
export function installDispose(prototype: { dispose(): void }): void {
  if (Symbol.dispose)
    define(prototype, Symbol.dispose, function (this: { dispose(): void }) {
      this.dispose();
    });
}
