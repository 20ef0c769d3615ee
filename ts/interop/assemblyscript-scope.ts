// SPDX-License-Identifier: MIT
// Objects of an AssemblyScript module that live as long as a function runs.
import { wrongType } from '../errors.ts';
import { attemptAll } from '../memory/attempt.ts';
import type { Address } from '../memory/address.ts';
import type { Values } from '../scalar/descriptor.ts';
import { assertNoPromise, isFunction } from './properties.ts';

/** The functions that create objects and pin them. */
interface Objects {
  newString(text: string): number;
  newArrayBuffer(source: ArrayBufferView | ArrayBufferLike | number): number;
  newArray(id: number, values: Values<number> | Values<bigint>): number;
  pin(address: Address): number;
  unpin(address: Address): void;
}

/** Creates objects that live as long as a scope: see {@link AssemblyScriptModule.scope}. */
export class Creator {
  readonly #objects: Objects;
  readonly #created: number[];
  /** @internal */
  constructor(objects: Objects, created: number[]) {
    this.#objects = objects;
    this.#created = created;
  }
  /** As {@link AssemblyScriptModule.newString}; the object is unpinned when the scope ends. */
  newString(text: string): number {
    return this.#keep(this.#objects.newString(text));
  }
  /** As {@link AssemblyScriptModule.newArrayBuffer}; the object is unpinned when the scope ends. */
  newArrayBuffer(source: ArrayBufferView | ArrayBufferLike | number): number {
    return this.#keep(this.#objects.newArrayBuffer(source));
  }
  /** As {@link AssemblyScriptModule.newArray}; the object is unpinned when the scope ends. */
  newArray(id: number, values: Values<number> | Values<bigint>): number {
    return this.#keep(this.#objects.newArray(id, values));
  }
  /** Pins an object that the module created, such as the result of a call, until the scope ends. */
  pin(address: Address): number {
    return this.#keep(this.#objects.pin(address));
  }
  #keep(address: number): number {
    this.#created.push(address);
    return address;
  }
}

/** Runs `act` and unpins what it created, also if it throws. */
export function runCreatorScope<R>(objects: Objects, act: (create: Creator) => R): R {
  if (!isFunction(act)) throw wrongType('a function to run in a scope', act);
  const created: number[] = [];
  try {
    const result = act(new Creator(objects, created));
    assertNoPromise(result);
    return result;
  } finally {
    attemptAll(created.map((address) => () => objects.unpin(address)));
  }
}
