import { afterEach, describe, expect, test } from 'vitest';
import {
  ArgumentTypeError,
  FreedError,
  NotOwnedError,
  scalarTypes,
  type StringRef,
  type Keepable,
  type Scalar,
  type Scope,
  type WasmHeapManager,
} from '../../../ts/index.ts';
import { heapOf, kinds, liveBlockCount, make, expectNothingLeaked } from '../../support/arena.ts';

afterEach(expectNothingLeaked);
const all = scalarTypes as readonly unknown[] as readonly Scalar[]; // each type is a Scalar with its own type of value
const valueFor = (type: Scalar): never =>
  (type.kind === 'bigint' ? 5n : type.kind === 'boolean' || 5) as never;

/** Runs `act` in a scope whose temporaries are in the scope arena, then in one that allocates blocks. */
function bothWays(heap: WasmHeapManager, act: (scope: Scope) => void): void {
  heap.scope(act);
  const older = heap.scope();
  heap.scope(() => act(older));
  older.end();
}

describe.each(kinds)('in a heap of the kind %s, a ref that a scope keeps', (kind) => {
  test.each(all)('of $name stays valid with its value, and is freed explicitly', (type) => {
    const { heap } = make(kind);
    let kept: Keepable[] = [];
    const values = [valueFor(type), valueFor(type)];
    bothWays(heap, (s) => {
      const made = [s.allocScalar(type, values[0]), s.allocScalarArray(type, values), s.allocSlice(type, 2).write(values)];
      kept.push(...made.map((one) => s.keep<Keepable>(one)));
    }); // prettier-ignore
    expect(liveBlockCount(heap)).toBe(6);
    for (const one of kept) {
      const found = 'value' in one ? [one.value, one.value] : [...(one as Iterable<unknown>)];
      expect(found).toEqual(values);
      one.free();
    }
    kept = [];
    expect(liveBlockCount(heap)).toBe(0);
  });
});

const labels = ['Ascii', 'Latin1', 'Utf8', 'Utf16', 'Utf32'];
const FRAMINGS = ['NullTerminated', '', 'Fixed', 'Prefixed', 'Paired'];
describe.each(FRAMINGS)('a string of the framing "%s"', (framing) => {
  test.each(labels)('in %s is kept with its text and its capacity', (label) => {
    const { heap } = make('wrapped');
    const method = `alloc${framing}${label}String` as 'allocUtf8String';
    for (const content of ['text', '', 9] as const) {
      const kept: StringRef[] = [];
      bothWays(heap, (s) => {
        const text = s[method](content as string);
        if (content === 9) text.write('ab');
        const copy = s.keep(text);
        kept.push(copy);
        expect([copy.value, copy.framing, copy.codec]).toEqual([text.value, text.framing, text.codec]);
        if (framing !== '') expect(copy.allocatedElementCount).toBe(text.allocatedElementCount);
        heap.fill(text.address === copy.address ? heap.byteLength - 1 : text.address, 1, 0x41);
      });
      for (const text of kept) {
        expect(text.value).toBe(content === 9 ? 'ab' : content);
        if (content !== '') expect(text.write('xy').value).toBe('xy');
        text.free();
      }
    }
  });
});

test('a kept string can be overwritten up to its capacity', () => {
  const { heap } = make('wrapped');
  const kept = heap.scope((s) => s.keep(s.allocPrefixedUtf8String(20)));
  expect(kept.write('twenty bytes of text').value).toBe('twenty bytes of text');
  kept.free();
});

test('a subarray is kept as a separate array', () => {
  const { heap } = make('wrapped');
  const kept: { free(): void; toArray(): number[] }[] = [];
  bothWays(heap, (s) => void kept.push(s.keep(s.allocInt32Array([1, 2, 3, 4]).subarray(1, 3))));
  for (const part of kept) {
    expect(part.toArray()).toEqual([2, 3]);
    part.free();
  }
  expect(liveBlockCount(heap)).toBe(0);
});

describe('a scope does not keep', () => {
  test('a ref that was not made in it', () => {
    const { heap } = make('wrapped');
    const other = heapOf();
    const arena = heap.createHeapArena(64);
    const outer = heap.scope();
    const foreign = [heap.allocInt32(1), arena.allocInt32(1), arena.allocU8(1), outer.allocInt32(1), other.allocInt32(1),
      heap.wrapInt32(64), other.scope().allocInt32(1)]; // prettier-ignore
    heap.scope((s) => {
      for (const ref of foreign) expect(() => s.keep(ref)).toThrow(NotOwnedError);
      expect(() => outer.keep(s.allocInt32(1))).toThrow(NotOwnedError);
    });
    expect(foreign.every((ref) => ('isFreed' in ref ? !ref.isFreed : ref.isAlive()))).toBe(true);
    for (const each of [heap, other]) each.freeAll();
  });
  test('a ref that was freed, or after the scope ended', () => {
    const { heap } = make('wrapped');
    const scope = heap.scope();
    const ref = scope.allocInt32(1);
    const slice = scope.allocU8(1);
    scope.end();
    for (const each of [ref, slice]) expect(() => scope.keep(each)).toThrow(FreedError);
    const older = heap.scope();
    heap.scope(() => {
      const own = older.allocInt32(1);
      own.free();
      expect(() => older.keep(own)).toThrow(FreedError);
    });
    older.end();
  });
  test.each([undefined, null, 5, {}, 'ref', []])('%s', (none) => {
    heapOf().scope((s) => expect(() => s.keep(none as never)).toThrow(ArgumentTypeError));
  });
  test('a ref if there is no memory for the copy: the ref stays in the scope', () => {
    const { heap, module } = make('wrapped');
    if (!module) return expect.fail();
    heap.scope((s) => {
      const ref = s.allocInt32Array([1, 2]);
      module.failAt = module.calls + 1;
      expect(() => s.keep(ref)).toThrow(expect.objectContaining({ code: 'OUT_OF_MEMORY' }));
      expect(ref.toArray()).toEqual([1, 2]);
    });
  });
});
