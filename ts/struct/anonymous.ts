// SPDX-License-Identifier: MIT
// Members of anonymous structs and unions: `struct { int kind; union { int i; float f; }; }` has the fields kind, i and f.
import { assertHas } from '../errors.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { Fielded } from './infer.ts';
import type { Layout, PointerSize } from './layout.ts';
import type { Origin } from './origin.ts';
import type { TextStore } from './texts.ts';
import type { AnonymousMember, CompositeType, Fieldwise } from './type.ts';

/** A struct or union as an anonymous member: its fields are those of the struct around it. */
export class AnonymousType implements AnonymousMember {
  readonly name: string;
  readonly embedded: Fieldwise;
  constructor(embedded: Fieldwise) {
    this.name = `anonymous ${embedded.name}`;
    this.embedded = embedded;
  }
  layout(pointerSize: PointerSize): Layout {
    return this.embedded.layout(pointerSize);
  }
  /** @internal */
  load(memory: LinearMemory, address: number): unknown {
    return this.embedded.load(memory, address);
  }
  /** @internal */
  store(memory: LinearMemory, address: number, value: unknown, texts?: TextStore): void {
    this.embedded.store(memory, address, value, texts);
  }
  /** @internal */
  live(origin: Origin, address: number): unknown {
    return this.embedded.live(origin, address);
  }
}

/** A name for a member without a name. It is not a C identifier, so it never equals a field's name. */
export const anonymousName = (count: number): string => `(anonymous ${count})`;
let made = 0;

/**
 * The fields of an anonymous struct or union, to be spread among those of the struct around it:
 * `struct('value_t', { kind: i32, ...anonymous(union('', { i: i32, f: f32 })) })`.
 * @throws {ArgumentTypeError} if it is neither a struct nor a union
 */
export function anonymous<F>(type: CompositeType & Fielded<F>): F {
  assertHas(type, 'compiled', 'a struct or union');
  return { [anonymousName(++made)]: new AnonymousType(type as Fieldwise) } as F; // its fields become those of the struct around it
}
