// expectNoLeaks, with the assertions of vitest. Other test runners: test/package/debug.test.ts.
import { describe, expect, test } from 'vitest';
import {
  ArgumentTypeError,
  createCoreAllocatorSync,
  createHeapSync,
  i32,
  type Heap,
} from '../../../ts/index.ts';
import { expectNoLeaks, LeakError, type Leak, type LeakSource } from '../../../ts/debug/index.ts';
import { fakeHeap } from '../../support/heap.ts';

const heaps: [string, () => Heap][] = [
  ['a heap without call sites', () => createHeapSync()],
  ['a heap with call sites', () => createHeapSync({ callSites: 'all' })],
  ['a bare heap', () => createCoreAllocatorSync().toHeap()],
  ['the heap of a module', () => fakeHeap().heap],
];
/** The properties that tracking would leave. */
const own = (heap: Heap): unknown => [heap, heap.table].map((object) => Reflect.ownKeys(object));

describe.each(heaps)('on %s', (_, make) => {
  test('what frees its blocks passes, and its result is returned', async () => {
    const heap = make();
    heap.alloc(100); // from before
    const before = own(heap);
    const result = expectNoLeaks(heap, () => {
      const ref = i32.alloc(heap, 7);
      const { value } = ref;
      ref.free();
      return value;
    });
    expect(result).toBe(7);
    await expect(
      expectNoLeaks(heap, async () => {
        const at = heap.alloc(8);
        await Promise.resolve();
        heap.free(at);
        return at;
      }),
    ).resolves.toBeGreaterThan(0);
    expect(own(heap)).toEqual(before);
    expect(heap.statistics.liveBlocks).toBe(1);
  });
  test('what leaks throws, with bytes, count, type, function and file of each place', () => {
    const heap = make();
    const before = own(heap);
    function leaky(): void {
      i32.alloc(heap, 1);
    }
    let error: unknown;
    try {
      expectNoLeaks(heap, () => {
        for (let i = 0; i < 3; i++) leaky();
        heap.alloc(500);
      });
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(LeakError);
    const { message, leaks, code } = error as LeakError;
    expect(message).toMatch(
      /^4 blocks of 512 bytes leaked:\n {2}1 block, 500 bytes, allocated at .*expect-no-leaks\.test\.ts/,
    );
    expect(message).toMatch(
      /\n {2}3 blocks of i32, 12 bytes, allocated at leaky \(.*expect-no-leaks\.test\.ts.*:\d+:\d+\)$/,
    );
    expect([leaks.length, code]).toEqual([2, 'LEAK']);
    expect(own(heap)).toEqual(before);
    expect(heap.statistics.liveBlocks).toBe(4);
  });
  test('a leak after an await rejects', async () => {
    const heap = make();
    const run = expectNoLeaks(heap, async () => {
      await Promise.resolve();
      heap.alloc(8);
    });
    await expect(run).rejects.toThrow('1 block of 8 bytes leaked');
  });
});

describe('an error of the function', () => {
  const heap = createHeapSync();
  const leak = (error: unknown) => () => {
    heap.alloc(8);
    throw error;
  };
  test('comes through as it is, with the leaks as a field', () => {
    const error = new Error('mine');
    expect(() => expectNoLeaks(heap, leak(error))).toThrow(error);
    expect([error.message, Object.keys(error)]).toEqual(['mine', ['leaks']]);
    expect((error as { leaks?: string }).leaks).toMatch(
      /^1 block of 8 bytes leaked:\n {2}1 block, 8 bytes, allocated at /,
    );
  });
  test('has no such field if nothing leaked', () => {
    const error = new Error('mine');
    const run = (): never => {
      throw error;
    };
    expect(() => expectNoLeaks(heap, run)).toThrow(error);
    expect(Object.keys(error)).toEqual([]);
  });
  test('of a promise comes through likewise', async () => {
    const error = new Error('mine');
    await expect(expectNoLeaks(heap, async () => leak(error)())).rejects.toBe(error);
    expect((error as { leaks?: string }).leaks).toMatch('8 bytes');
  });
  test.each([[undefined], ['text'], [Object.freeze(new Error('frozen'))], [null]])(
    '%j comes through',
    (thrown) => {
      let caught: unknown = 'nothing';
      try {
        expectNoLeaks(heap, leak(thrown));
      } catch (error) {
        caught = error;
      }
      expect(caught).toBe(thrown);
    },
  );
});

describe('any object with mark and leaks', () => {
  const leakOf = (line: number): Leak => {
    const site = { name: 'f', file: '/a.c', line, column: 0 };
    return { bytes: 10, count: 1, type: '', site, stack: [site], addresses: [8] };
  };
  const source = (found: Leak[]): LeakSource<number> => ({
    mark: () => 17,
    leaks: ({ since }) => (since === 17 ? found : []),
  });
  test('passes without leaks, and throws with one', () => {
    expect(expectNoLeaks(source([]), () => 5)).toBe(5);
    expect(() => expectNoLeaks(source([leakOf(3)]), () => 5)).toThrow(
      '1 block of 10 bytes leaked:\n  1 block, 10 bytes, allocated at f (/a.c:3)',
    );
  });
  test('needs bytes, count and stack of a leak only, and keeps its state private', () => {
    class Watched {
      readonly #stack = leakOf(7).stack;
      mark(): number {
        return this.#stack.length;
      }
      leaks({ since }: { readonly since?: number } = {}) {
        return since === 1 ? [{ bytes: 3, count: 1, stack: this.#stack, module: 'm' }] : [];
      }
    }
    expect(() => expectNoLeaks(new Watched(), () => 5)).toThrow('1 block, 3 bytes, allocated at f (/a.c:7)');
  });
  test('has at most 20 places in the message', () => {
    const many = Array.from({ length: 25 }, (_, i) => leakOf(i + 1));
    expect(() => expectNoLeaks(source(many), () => 5)).toThrow(
      /^25 blocks(.*\n){21} {2}and 5 more call sites$/,
    );
  });
});

describe('blocks that the garbage collector frees', () => {
  test('are no leaks, and others of the same heap are', () => {
    const heap = createHeapSync({ enableGarbageCollection: true });
    expectNoLeaks(heap, () => heap.allocInt32(1));
    expect(() => expectNoLeaks(heap, () => heap.alloc(1))).toThrow('1 block of 1 byte');
  });
});
test('blocks that linmem keeps are no leaks', () => {
  const heap = createHeapSync();
  expectNoLeaks(heap, () => {
    heap.scope((scope) => scope.allocInt32(1));
    heap.frameArena.alloc(100);
  });
});
test('checks nest', () => {
  const heap = createHeapSync();
  const run = (): void =>
    expectNoLeaks(heap, () => {
      const at = heap.alloc(100);
      expectNoLeaks(heap, () => heap.free(heap.alloc(8)));
      expect(() => expectNoLeaks(heap, () => heap.alloc(8))).toThrow('1 block of 8 bytes');
      heap.free(at);
    });
  expect(run).toThrow('1 block of 8 bytes');
});

test.each([[undefined], [null], [17], [{}], [{ mark() {} }]])('the heap %j is refused', (heap) =>
  expect(() => expectNoLeaks(heap as never, () => {})).toThrow(ArgumentTypeError),
);
test('a value that is no function is refused', () =>
  expect(() => expectNoLeaks(createHeapSync(), 5 as never)).toThrow('fn of type function'));

describe('what a program returns and throws is not lost', () => {
  const broken: LeakSource = {
    mark: () => 1,
    leaks: () => {
      throw new Error('of the heap');
    },
  };
  test('an error of the heap does not replace that of the function', async () => {
    const fail = (): never => {
      throw new Error('of the function');
    };
    expect(() => expectNoLeaks(broken, fail)).toThrow('of the function');
    await expect(expectNoLeaks(broken, async () => fail())).rejects.toThrow('of the function');
    expect(() => expectNoLeaks(broken, () => 1)).toThrow('of the heap');
  });
  test('a thenable that throws and a revoked proxy leave the heap as it was', async () => {
    const heap = createHeapSync();
    const before = own(heap);
    const then = 'then';
    const thrown = new Error('of then');
    const fails = (): never => {
      throw thrown;
    };
    await expect(expectNoLeaks(heap, () => ({ [then]: fails }))).rejects.toBe(thrown);
    expect(() => expectNoLeaks(heap, () => Object.defineProperty({}, then, { get: fails }))).toThrow(thrown);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const result: unknown = expectNoLeaks(heap, () => proxy);
    expect(result === proxy).toBe(true);
    expect(own(heap)).toEqual(before);
  });
});
