// SPDX-License-Identifier: MIT
// The manager's string methods, made from the codecs: for each codec and framing `read...`, `write...`,
// `alloc...` and `wrap...`. Their types and docs are in strings.gen.ts.
import { ArgumentTypeError } from '../errors.ts';
import { toCount, type Address } from '../memory/address.ts';
import type { Block } from '../memory/block.ts';
import type { LinearMemory } from '../memory/memory.ts';
import type { RefHeap } from '../scalar/ref.ts';
import type { TextCodec, TextOptions } from '../text/codec.ts';
import { codecs } from '../text/codecs.ts';
import { readPair } from '../text/framing.ts';
import { countTerminated } from '../text/terminator.ts';
import { StringRef, type Framing, type TextHeap } from '../text/ref.ts';
import { readWord, toWord, type WordBytes } from '../text/word.ts';
import type { HeapStrings } from './strings.gen.ts';

export type { HeapStrings };

/** What the methods need of the manager. */
interface Lender extends TextHeap {
  lendTo<R>(
    bytes: number,
    align: number,
    make: (block: Block, address: number, heap: RefHeap, owned: boolean) => R,
  ): R;
  blockAt(address: Address): Block | undefined;
  roomAt(address: Address): number | undefined;
  readonly strangers: Block;
}

/** The manager's word for a framing, and the verb's key of the codec. */
const FRAMINGS: readonly (readonly [Framing, string])[] = [
  ['Sized', ''],
  ['Fixed', 'Fixed'],
  ['Prefixed', 'Prefixed'],
  ['Paired', 'Paired'],
];

/** Puts the string methods on the manager's prototype. */
export function installStrings(prototype: object): void {
  Object.assign(prototype, {
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
  });
  for (const codec of codecs) Object.assign(prototype, terminatedOf(codec), othersOf(codec));
}

/** Written out: the ones that short strings make hot. */
function terminatedOf(codec: TextCodec): object {
  const name = `NullTerminated${codec.label}String`;
  return {
    [`read${name}`](this: LinearMemory, address: Address, limit?: number, options?: TextOptions) {
      return codec.readTerminated(this, address, limit, options);
    },
    [`write${name}`](this: Lender, address: Address, text: string, capacity?: number, options?: TextOptions) {
      const size = codec.bytesPerElement;
      const room = capacity ?? this.roomAt(address);
      const most = capacity === undefined && room !== undefined ? Math.floor(room / size) : room;
      return codec.writeTerminated(this, address, text, most, options);
    },
    [`alloc${name}`](this: Lender, textOrCount: string | number, options?: TextOptions) {
      return codec.allocTerminated(this, textOrCount, options);
    },
    [`wrap${name}`](this: Lender, address: Address, capacity?: number) {
      return codec.wrapTerminated(this, address, capacity);
    },
  };
}

function othersOf(codec: TextCodec): object {
  const methods: Record<string, unknown> = {
    [`byteLengthOf${codec.label}String`]: (text: string, options?: TextOptions) =>
      codec.byteLength(text, options),
  };
  for (const [framing, word] of FRAMINGS)
    for (const verb of ['read', 'write', 'alloc', 'wrap']) {
      const act = codec[`${verb}${framing}` as 'readSized'] as (...all: unknown[]) => unknown; // each takes its own
      methods[`${verb}${word}${codec.label}String`] = function (this: LinearMemory, ...given: unknown[]) {
        return act.call(codec, this, ...given);
      };
    }
  return methods;
}

function allocText(
  this: Lender,
  codec: TextCodec,
  framing: Framing,
  textOrCount: string | number,
  wordBytes: WordBytes = 4,
  options?: TextOptions,
): StringRef {
  const size = codec.bytesPerElement;
  const isText = typeof textOrCount === 'string';
  if (!isText && typeof textOrCount !== 'number')
    throw new ArgumentTypeError('a string, or a number of elements', textOrCount);
  const count = isText
    ? codec.byteLength(textOrCount, options) / size
    : toCount(textOrCount, 'a count of elements');
  const tail = framing === 'Terminated' ? 1 : 0;
  const head = framing === 'Prefixed' ? toWord(wordBytes) : framing === 'Paired' ? 2 * toWord(wordBytes) : 0;
  const bytes = toCount(head + (count + tail) * size, 'a size in bytes');
  return this.lendTo(bytes, Math.max(size, head && wordBytes), (block, at, heap, owned) => {
    const ref = new StringRef(
      heap,
      at,
      bytes,
      block,
      owned,
      codec,
      framing,
      count + tail,
      wordBytes,
      at + head,
    );
    if (isText) ref.write(textOrCount, options);
    else if (framing === 'Paired') ref.write('');
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
  const at = this.locate(address, 0);
  if (at === 0) throw new ArgumentTypeError('an address other than 0 (NULL)', address);
  const block = this.blockAt(at);
  const given = count === undefined ? undefined : toCount(count, 'a count of elements');
  let head = 0;
  let place = at;
  let room = given ?? 0;
  if (framing === 'Terminated') {
    const known = block && Math.floor((block.address + block.byteLength - at) / size);
    room = given ?? known ?? countTerminated(this, at, size) + 1;
  } else if (framing === 'Prefixed') {
    head = toWord(wordBytes);
    room = given ?? readWord(this, this.locate(at, head), head);
  } else if (framing === 'Paired') {
    const pair = readPair(this, at, wordBytes);
    place = this.locate(pair[0], 0);
    room = given ?? pair[1];
    this.locate(place, room * size);
  } else toCount(count as number, 'a count of elements'); // undefined is refused there
  const bytes = framing === 'Paired' ? 2 * wordBytes : head + room * size;
  this.locate(at, bytes);
  return new StringRef(
    this,
    at,
    bytes,
    block ?? this.strangers,
    false,
    codec,
    framing,
    room,
    wordBytes,
    place,
  );
}
