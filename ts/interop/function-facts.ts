// SPDX-License-Identifier: MIT
// The bodies of a binary's functions, and the functions that only forward to another.
import type { FunctionTable } from './binary.ts';
import { readBody, type BodyFacts } from './function-body.ts';

/** A function that makes one call and has at most this many instructions only forwards to the called function. */
const FORWARDER_LENGTH = 8;

/** The bodies of a binary, each read once. */
export class Facts {
  readonly #table: FunctionTable;
  readonly #bodies = new Map<number, BodyFacts | undefined>();

  constructor(table: FunctionTable) {
    this.#table = table;
  }

  /** Returns the references of a function's body; undefined as {@link readBody}. */
  body(index: number): BodyFacts | undefined {
    if (!this.#bodies.has(index)) this.#bodies.set(index, readBody(this.#table, index));
    return this.#bodies.get(index);
  }

  /** Returns the index of the function that function `index` forwards to, or `index`. */
  target(index: number): number {
    const body = this.body(index);
    const [callee] = body?.calls ?? [];
    const { typeOf } = this.#table;
    const forwards =
      body && callee !== undefined && body.calls.length === 1 && body.length <= FORWARDER_LENGTH;
    return forwards && body.addresses.size === 0 && typeOf[callee] === typeOf[index] ? callee : index;
  }

  isNearMemorySize(index: number): boolean {
    const body = this.body(index);
    if (!body) return false;
    return body.usesMemorySize || body.calls.some((callee) => this.body(callee)?.usesMemorySize);
  }

  sharedAddresses(one: number, other: number): number {
    const addresses = this.body(other)?.addresses;
    let count = 0;
    for (const address of this.body(one)?.addresses ?? []) if (addresses?.has(address)) count++;
    return count;
  }
}
