// SPDX-License-Identifier: MIT
// Facts about the functions of a binary, and how two of them are related.
import type { FunctionTable } from './binary.ts';
import { readBody, type BodyFacts } from './function-body.ts';

/** A function of at most so many instructions which makes one call is that call under another name. */
const FORWARDER_LENGTH = 8;

/** The bodies of a binary, each read once. */
export class Facts {
  readonly #table: FunctionTable;
  readonly #bodies = new Map<number, BodyFacts | undefined>();

  constructor(table: FunctionTable) {
    this.#table = table;
  }

  /** Returns the references of a function's body; undefined if it is imported or not understood. */
  body(index: number): BodyFacts | undefined {
    if (!this.#bodies.has(index)) this.#bodies.set(index, readBody(this.#table, index));
    return this.#bodies.get(index);
  }

  /** The function that `index` stands for: the one it forwards to, if it does nothing else. */
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
