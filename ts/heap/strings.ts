// SPDX-License-Identifier: MIT
// The manager's string methods, made from the codecs: for each codec and framing `read...`, `write...`,
// `alloc...` and `wrap...`. Their types and docs are in strings.gen.ts.
import { toCount, type Address } from '../memory/address.ts';
import type { Block } from '../memory/block.ts';
import type { LinearMemory } from '../memory/memory.ts';
import type { RefHeap } from '../scalar/ref.ts';
import { verbsOf, type TextCodec } from '../text/codec.ts';
import { codecs } from '../text/codecs.ts';
import { find, FRAMINGS, headOf, type Framing } from '../text/framing.ts';
import { toPolicy, type TextOptions } from '../text/policy.ts';
import { StringRef, terminatedRefClass, type TextHeap } from '../text/ref.ts';
import { countTerminated } from '../text/terminator.ts';
import { toElements, type WordBytes } from '../text/word.ts';
import type { HeapStrings } from './strings.gen.ts';

export type { HeapStrings };

/** What the methods need of the manager. */
interface Lender extends TextHeap {
  lendTo<R>(
    bytes: number,
    align: number,
    make: (block: Block, address: number, heap: RefHeap, owned: boolean) => R,
  ): R;
  borrow(address: Address, size: number): number;
  blockAt(address: Address): Block | undefined;
  readonly strangers: Block;
}

/** Puts the string methods on the manager's prototype. */
export function installStrings(prototype: object): void {
  const methods: Record<string, unknown> = {
    allocText,
    wrapText,
    getElementCountOfNullTerminatedString(
      this: LinearMemory,
      address: Address,
      bytesPerElement: number,
      limit?: number,
    ) {
      return countTerminated(this, address, bytesPerElement, limit);
    },
  };
  for (const codec of codecs) {
    methods[`byteLengthOf${codec.label}String`] = (text: string, options?: TextOptions) =>
      codec.byteLength(text, options);
    for (const framing of FRAMINGS) {
      const word = framing === 'Terminated' ? 'NullTerminated' : framing === 'Sized' ? '' : framing;
      for (const [verb, act] of verbsOf(codec, framing)) methods[`${verb}${word}${codec.label}String`] = act;
    }
  }
  Object.assign(prototype, methods);
}

/** The class of the refs to texts of a codec in a framing. */
const classOf = (codec: TextCodec, framing: Framing): typeof StringRef =>
  framing === 'Terminated' ? terminatedRefClass(codec) : StringRef;

function allocText(
  this: Lender,
  codec: TextCodec,
  framing: Framing,
  textOrCount: string | number,
  wordBytes: WordBytes = 4,
  options?: TextOptions,
): StringRef {
  const policy = toPolicy(options);
  const size = codec.bytesPerElement;
  const isText = typeof textOrCount === 'string';
  const count = isText ? codec.count(textOrCount, policy) : toElements(textOrCount);
  const head = headOf(framing, wordBytes);
  const room = framing === 'Terminated' ? count + 1 : count;
  const bytes = toCount(head + room * size, 'a size in bytes');
  return this.lendTo(bytes, Math.max(size, head && wordBytes), (block, at, heap, owned) => {
    const Class = classOf(codec, framing);
    const ref = new Class(heap, at, bytes, block, owned, codec, framing, room, wordBytes, at + head, block);
    if (isText || framing === 'Paired') ref.write(isText ? textOrCount : '', options && policy);
    return ref;
  });
}

function wrapText(
  this: Lender,
  codec: TextCodec,
  framing: Framing,
  address: Address,
  count?: number,
  wordBytes: WordBytes = 4,
): StringRef {
  const size = codec.bytesPerElement;
  const head = headOf(framing, wordBytes);
  const at = this.borrow(address, head);
  const known = this.blockAt(at);
  const block = known ?? this.strangers;
  let lender = block;
  let place = at + head;
  let room = count;
  if (count !== undefined || !(head || framing === 'Terminated')) toElements(count as number); // undefined is refused there
  if (framing === 'Terminated')
    room ??= known
      ? Math.floor((known.address + known.byteLength - at) / size)
      : countTerminated(this, at, size) + 1;
  else if (framing === 'Paired' || room === undefined) {
    const found = find(framing, this, at, size, room, wordBytes);
    place = found[0];
    room ??= found[1];
    if (framing === 'Paired') lender = this.blockAt(place) ?? this.strangers;
  }
  // (NULL, 0) is C's empty string.
  if (place === 0) this.locate(place, room * size);
  else this.borrow(place, room * size);
  const end = framing === 'Paired' ? at + 2 * wordBytes : place + room * codec.bytesPerElement;
  const Class = classOf(codec, framing);
  return new Class(this, at, end - at, block, false, codec, framing, room, wordBytes, place, lender);
}
