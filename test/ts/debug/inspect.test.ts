// inspect on modules made by hand: every way to instantiate, every part of the rewritten binary, and bad input.
import { afterEach, describe, expect, test } from 'vitest';
import { inspect, type InspectedHeap, type InspectOptions } from '../../../ts/debug/index.ts';
import { ArgumentTypeError } from '../../../ts/errors.ts';
import {
  buildModule,
  bumpAllocator,
  bumpAllocator64,
  op,
  type ModulePlan,
} from '../../support/build-module.ts';

type Exports = Record<string, (...args: unknown[]) => number> & {
  memory: WebAssembly.Memory;
  table: WebAssembly.Table;
};
type Bytes = Uint8Array<ArrayBuffer>;

/** A module with an allocator after `imports` functions, and what else `plan` has. */
function withAllocator(plan: Partial<ModulePlan> = {}): Bytes {
  const imports = plan.imports ?? [];
  const { functions, data } = bumpAllocator(imports.length);
  return buildModule({ memory: [0, 1], ...plan, functions: [...functions, ...(plan.functions ?? [])], data });
}
/** The index of the first function after the allocator. */
const NEXT = 4;

async function run(bytes: Bytes, imports: WebAssembly.Imports = {}, options?: InspectOptions) {
  const { result, heap } = await inspect(
    async () => (await WebAssembly.instantiate(bytes, imports)).instance,
    options,
  );
  return { instance: result, exports: result.exports as unknown as Exports, heap };
}

const originals = Object.getOwnPropertyDescriptors(WebAssembly);
afterEach(() => expect(Object.getOwnPropertyDescriptors(WebAssembly)).toEqual(originals));

describe('ways to instantiate', () => {
  const bytes = withAllocator();
  const response = (): Response => new Response(bytes, { headers: { 'content-type': 'application/wasm' } });
  const ways: Record<string, () => unknown> = {
    'instantiate(bytes)': async () => (await WebAssembly.instantiate(bytes, {})).instance,
    'instantiate(buffer)': async () => (await WebAssembly.instantiate(bytes.buffer, {})).instance,
    'compile, instantiate(module)': async () => WebAssembly.instantiate(await WebAssembly.compile(bytes), {}),
    'instantiateStreaming(response)': async () =>
      (await WebAssembly.instantiateStreaming(response(), {})).instance,
    'instantiateStreaming(promise)': async () =>
      (await WebAssembly.instantiateStreaming(Promise.resolve(response()), {})).instance,
    'compileStreaming, Instance': async () =>
      new WebAssembly.Instance(await WebAssembly.compileStreaming(response()), {}),
    'Module, Instance': () => new WebAssembly.Instance(new WebAssembly.Module(bytes)),
  };
  test.each(Object.entries(ways))('%s is seen', async (_, start) => {
    const { result, heap } = await inspect(start);
    expect(result).toBeInstanceOf(WebAssembly.Instance);
    const { exports } = result as WebAssembly.Instance;
    expect(Object.keys(exports)).toEqual(['malloc', 'free', 'realloc', 'calloc', 'memory']);
    expect(Object.isFrozen(exports) && Object.getPrototypeOf(exports) === null).toBe(true);
    const { malloc, free } = exports as unknown as Exports;
    const p = malloc?.(10);
    expect(heap.leaks()).toMatchObject([{ bytes: 10, count: 1, addresses: [p] }]);
    free?.(p);
    expect(heap).toMatchObject({ liveBytes: 0, liveBlocks: 0, peakBytes: 10, allocations: 1, frees: 1 });
  });

  test('the module that the program gets is the one that it compiled', async () => {
    const { result } = await inspect(async () => WebAssembly.instantiate(bytes, {}));
    expect(Object.keys(result)).toEqual(['module', 'instance']);
    expect(WebAssembly.Module.exports(result.module)).toEqual(
      WebAssembly.Module.exports(new WebAssembly.Module(bytes)),
    );
    expect(new WebAssembly.Instance(result.module).exports).toHaveProperty('malloc');
  });

  test('bytes that change after the call do not change what is compiled', async () => {
    const copy = bytes.slice();
    const { heap } = await inspect(async () => {
      const made = WebAssembly.instantiate(copy, {});
      copy.fill(0);
      await made;
    });
    expect(heap.coverage).toMatchObject([{ isRecorded: true }]);
  });

  test('a module that is instantiated twice has two heaps', async () => {
    const { result, heap } = await inspect(async () => {
      const module = await WebAssembly.compile(bytes);
      return [await WebAssembly.instantiate(module), await WebAssembly.instantiate(module)];
    });
    const [one, two] = result.map(({ exports }) => exports as unknown as Exports);
    expect(one?.malloc?.(1)).toBe(two?.malloc?.(2));
    expect(heap.leaks().map(({ module, bytes: size }) => [module, size])).toEqual([
      ['module 2', 2],
      ['module 1', 1],
    ]);
    expect(heap.reports).toEqual([]);
  });

  test('a mark has the index of its event, and no other heap takes it', async () => {
    const { exports, heap } = await run(bytes);
    exports.malloc?.(1);
    const mark = heap.mark('now');
    exports.malloc?.(2);
    expect(heap.record().marks).toEqual([mark]);
    expect(heap.leaks({ since: mark })).toMatchObject([{ bytes: 2 }]);
    const other = await run(bytes);
    expect(() => other.heap.leaks({ since: mark })).toThrow(ArgumentTypeError);
  });

  test('bytes of its memory are copies, and there are none outside', async () => {
    const { exports, heap } = await run(bytes);
    const address = exports.malloc?.(4) ?? 0;
    new Uint8Array(exports.memory.buffer).set([1, 2, 3, 4], address);
    const copy = heap.readBytes(address, 4);
    new Uint8Array(exports.memory.buffer)[address] = 9;
    expect(copy).toEqual(Uint8Array.of(1, 2, 3, 4));
    for (const [at, size] of [[65536, 1], [-1, 1], [0, -1], [65530, 7], [Number.NaN, 1]] as const) expect(heap.readBytes(at, size)).toBeUndefined(); // prettier-ignore
    expect((await inspect(() => 0)).heap.readBytes(0, 1)).toBeUndefined();
  });

  test('an instance that is made later is seen only with keepWatching', async () => {
    const later = async (options?: InspectOptions): Promise<InspectedHeap> => {
      const { heap } = await inspect(() => 0, options);
      await WebAssembly.instantiate(bytes, {});
      heap.stop();
      return heap;
    };
    expect((await later()).coverage).toEqual([]);
    expect((await later({ keepWatching: true })).coverage).toMatchObject([{ isRecorded: true }]);
  });

  test('after stop() the module works on, unseen', async () => {
    const { exports, heap } = await run(bytes);
    heap.stop();
    expect(exports.malloc?.(1)).toBe(4096);
    expect(heap.allocations).toBe(0);
  });
});

describe('the allocator', () => {
  test('realloc and calloc are told once, not with the malloc inside them', async () => {
    const { exports, heap } = await run(withAllocator());
    const p = exports.calloc?.(3, 5) ?? 0;
    const q = exports.realloc?.(p, 40) ?? 0;
    expect(heap.leaks()).toMatchObject([{ bytes: 40, addresses: [q] }]);
    const { kinds, addresses, previous, sizes, length } = heap.record();
    const events = Array.from({ length }, (_, i) => [kinds[i], addresses[i], sizes[i], previous[i]]);
    expect(events.filter(([kind]) => kind !== 3)).toEqual([
      [0, p, 15, 0],
      [2, q, 40, p],
    ]);
  });

  test('is found in the name section, with the mangled names of Rust', async () => {
    const { functions, data } = bumpAllocator(0);
    const [malloc, free] = functions;
    const hidden = [
      {
        ...malloc,
        export: undefined,
        name: '_ZN8dlmalloc8dlmalloc17Dlmalloc$LT$A$GT$6malloc17h0123456789abcdefE',
      },
      { ...free, export: undefined, name: 'dlmalloc::dlmalloc::Dlmalloc<A>::free::h0123456789abcdef' },
      { type: ':i', body: [...op.i32(9), ...op.call(0)], export: 'work' },
    ] as ModulePlan['functions'];
    const { exports, heap } = await run(buildModule({ memory: [0, 1], functions: hidden, data }));
    exports.work?.();
    expect(heap.leaks()).toMatchObject([{ bytes: 9, count: 1 }]);
    expect(heap.coverage[0]?.functions.map(({ does, how }) => `${does} ${how}`)).toEqual([
      'malloc name',
      'free name',
    ]);
  });

  test('of a 64-bit memory', async () => {
    const bytes = buildModule({ memory: [4, 1], ...bumpAllocator64() });
    if (!WebAssembly.validate(bytes)) return; // no memory64 here
    const { exports, heap } = await run(bytes);
    const p = exports.malloc?.(10n);
    expect(heap.leaks()).toMatchObject([{ bytes: 10, addresses: [Number(p)] }]);
    exports.free?.(p);
    exports.free?.(p);
    expect(heap.reports).toMatchObject([{ kind: 'double-free', address: 4096 }]);
  });

  test('an import that it calls sees the events of both calls apart', async () => {
    const functions = [{ type: ':', body: [...op.i32(1), ...op.call(1), ...op.drop, ...op.call(0), ...op.i32(3), ...op.call(1), ...op.drop], export: 'outer' }]; // prettier-ignore
    let exports: Exports | undefined;
    const host = {
      inner(): void {
        exports?.malloc?.(2);
      },
    };
    const made = await run(withAllocator({ imports: [['m', 'inner', ':']], functions }), { m: host });
    exports = made.exports;
    const start = made.heap.mark();
    exports.outer?.();
    const leaks = made.heap.leaks({ since: start });
    const inner = leaks.filter(({ stack }) => stack.some(({ name }) => /inner/.test(name)));
    expect(inner).toMatchObject([{ bytes: 2, count: 1 }]);
    expect(leaks.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(6);
  });

  test('a call site is known behind a hundred frames of the module', async () => {
    const body = [...op.get(0), 0x04, 0x40, ...op.get(0), ...op.i32(1), 0x6b, ...op.call(NEXT), 0x05, ...op.i32(7), ...op.call(0), ...op.drop, 0x0b]; // prettier-ignore
    const { exports, heap } = await run(withAllocator({ functions: [{ type: 'i:', body, export: 'deep' }] }));
    function fromHere(): void {
      exports.deep?.(100);
    }
    fromHere();
    const [leak] = heap.leaks();
    expect(leak).toMatchObject({ bytes: 7, count: 1 });
    expect(leak?.stack.some(({ name }) => /fromHere/.test(name))).toBe(true);
  });

  test('a call through the table is told with its own stack', async () => {
    const functions = [{ type: ':', body: [...op.i32(7), ...op.call(0), ...op.drop] }];
    const { exports, heap } = await run(withAllocator({ functions, elements: [NEXT] }));
    exports.malloc?.(1);
    function throughTable(): void {
      (exports.table.get(0) as () => void)();
    }
    throughTable();
    const [leak] = heap.leaks();
    expect(leak).toMatchObject({ bytes: 7, count: 1 });
    expect(leak?.stack.some(({ name }) => /throughTable/.test(name))).toBe(true);
  });

  test('an export can be put into a table and called through it', async () => {
    const call = { type: 'i:i', body: [...op.i32(5), ...op.get(0), 0x11, 0, 0], export: 'callTable' }; // type 0 is i:i
    const { exports, heap } = await run(withAllocator({ functions: [call], elements: [0] }));
    exports.table.set(0, exports.malloc ?? null);
    exports.callTable?.(0);
    expect(heap.liveBytes).toBe(5);
  });
});

describe('options', () => {
  const bytes = withAllocator();
  test.each([
    ['entry', 3],
    ['all', 3],
    [false, 0],
    [1, 3],
  ] as const)('stacks %s', async (stacks, known) => {
    const { exports, heap } = await run(bytes, {}, { stacks });
    for (let i = 0; i < 3; i++) exports.malloc?.(1);
    const counts = heap
      .leaks()
      .filter(({ stack }) => stack.length > 0)
      .map(({ count }) => count);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(known);
  });
  test('a rate of 1/16 captures about that part', async () => {
    const { exports, heap } = await run(bytes, {}, { stacks: 1 / 16 });
    for (let i = 0; i < 3200; i++) exports.malloc?.(1);
    const unknown = heap.leaks().find(({ stack }) => stack.length === 0)?.count ?? 0;
    expect(3200 - unknown).toBeGreaterThan(100);
    expect(3200 - unknown).toBeLessThan(400);
  });
  test('beyond maxEvents blocks are followed, and the lost events counted', async () => {
    const { exports, heap } = await run(bytes, {}, { maxEvents: 10 });
    for (let i = 0; i < 20; i++) exports.malloc?.(1);
    expect(heap.record().length).toBe(10);
    expect(heap.liveBlocks).toBe(20);
    expect(heap.coverage[0]?.lost).toBeGreaterThan(0);
  });
  test('a recording that is started again begins with the live blocks', async () => {
    const { exports, heap } = await run(bytes);
    const p = exports.malloc?.(1);
    exports.free?.(exports.malloc?.(2));
    heap.mark('before');
    heap.startRecording();
    exports.malloc?.(3);
    heap.stopRecording();
    exports.malloc?.(4);
    const { length, kinds, addresses, sizes, marks } = heap.record();
    expect([...kinds.subarray(0, length)]).toEqual([0, 0]);
    expect([...sizes.subarray(0, length)]).toEqual([1, 3]);
    expect(addresses[0]).toBe(p);
    expect(marks).toEqual([]);
  });
  test('an instance whose signal is aborted ends the start', async () => {
    const controller = new AbortController();
    const started = inspect(() => new Promise(() => controller.abort(new Error('enough'))), {
      signal: controller.signal,
    });
    await expect(started).rejects.toThrow('enough');
  });
  test.each([
    [() => inspect(1 as never), 'INVALID_TYPE'],
    [() => inspect(() => 0, { stacks: 'none' as never }), 'INVALID_TYPE'],
    [() => inspect(() => 0, { stacks: 0 }), 'INVALID_RANGE'],
    [() => inspect(() => 0, { stacks: 2 }), 'INVALID_RANGE'],
    [() => inspect(() => 0, { maxEvents: -1 }), 'INVALID_RANGE'],
    [() => inspect(() => 0, { maxEvents: '9' as never }), 'INVALID_TYPE'],
    [() => inspect(() => 0, { keepWatching: 1 as never }), 'INVALID_TYPE'],
    [() => inspect(() => 0, { signal: {} as never }), 'INVALID_TYPE'],
  ])('%s is refused with %s', async (call, code) => {
    await expect(call()).rejects.toMatchObject({ code });
  });
});

describe('bad input', () => {
  const { i32, call, drop, trap } = op;
  const work = (body: readonly number[]) => [{ type: ':', body, export: 'work' }];

  test('a start section that allocates runs once, and is seen', async () => {
    const functions = [{ type: ':', body: [...i32(77), ...call(0), ...drop] }];
    const { exports, heap } = await run(withAllocator({ functions, start: NEXT }));
    expect(heap.leaks()).toMatchObject([{ bytes: 77, count: 1 }]);
    expect(exports.malloc?.(1)).toBe(4096 + 80);
  });
  test('a start section that traps rejects as it would', async () => {
    const functions = [{ type: ':', body: trap }];
    await expect(run(withAllocator({ functions, start: NEXT }))).rejects.toThrow(WebAssembly.RuntimeError);
  });
  test('an allocator that throws is followed after that', async () => {
    let isFull = true;
    const { functions, data } = bumpAllocator(1);
    const [malloc, ...others] = functions;
    const throwing = {
      ...malloc,
      body: [...call(0), ...(malloc?.body ?? [])],
    } as ModulePlan['functions'][number];
    const bytes = buildModule({
      imports: [['m', 'check', ':']],
      memory: [0, 1],
      functions: [throwing, ...others],
      data,
    });
    const check = (): void => {
      if (isFull) throw new Error('no memory');
    };
    const { exports, heap } = await run(bytes, { m: { check } });
    expect(() => exports.malloc?.(1)).toThrow('no memory');
    expect(() => exports.calloc?.(1, 1)).toThrow('no memory');
    isFull = false;
    exports.malloc?.(2);
    expect(heap.leaks()).toMatchObject([{ bytes: 2, count: 1 }]);
  });
  test('a memory that grows in the middle of malloc', async () => {
    const { functions, data } = bumpAllocator(0);
    const [malloc, ...others] = functions;
    const growing = {
      ...malloc,
      body: [...i32(1), 0x40, 0, ...drop, ...(malloc?.body ?? [])],
    } as ModulePlan['functions'][number];
    const { exports, heap } = await run(
      buildModule({ memory: [0, 1], functions: [growing, ...others], data }),
    );
    exports.malloc?.(1);
    exports.malloc?.(2);
    expect(heap.liveBytes).toBe(3);
    const { kinds, sizes, length } = heap.record();
    const grown = [...sizes.subarray(0, length)].filter((_, i) => kinds[i] === 3);
    expect(grown).toEqual([65536, 2 * 65536, 3 * 65536].slice(0, grown.length));
    expect(grown.length).toBeGreaterThan(1);
  });
  test('a heap that is reset shows blocks whose free was not seen', async () => {
    const reset = work([...i32(2048), ...i32(4096), ...op.store]);
    const { exports, heap } = await run(withAllocator({ functions: reset }));
    for (let round = 0; round < 20; round++) {
      exports.malloc?.(1);
      exports.work?.();
    }
    expect(heap).toMatchObject({ liveBlocks: 1, liveBytes: 1 });
    expect(heap.coverage[0]).toMatchObject({ unseenFrees: 19 });
    expect(heap.coverage[0]?.notes.join()).toMatch('the frees of 19 blocks were not recorded');
  });
  test('an allocator in another module: it is seen there, and said of the one that imports it', async () => {
    const { result, heap } = await inspect(async () => {
      const main = (await WebAssembly.instantiate(withAllocator(), {})).instance;
      const side = buildModule({
        imports: [['env', 'malloc', 'i:i']], memory: [0, 1], memoryFrom: ['env', 'memory'],
        functions: work([...i32(5), ...call(0), ...drop]),
      }); // prettier-ignore
      return (await WebAssembly.instantiate(side, { env: main.exports as WebAssembly.ModuleImports }))
        .instance;
    });
    (result.exports as unknown as Exports).work?.();
    expect(heap.leaks()).toMatchObject([{ bytes: 5, module: 'module 1' }]);
    expect(heap.coverage.map(({ isRecorded }) => isRecorded)).toEqual([true, false]);
    expect(heap.coverage[1]?.notes.join()).toMatch('imports malloc');
  });
  test.each<[string, unknown]>([
    ['no wasm', new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9])],
    ['a truncated module', withAllocator().subarray(0, 60)],
    ['an empty buffer', new Uint8Array()],
    ['no bytes', { length: 3 }],
    ['undefined', undefined],
  ])('%s fails as without inspect', async (_, bytes) => {
    const attempt = () => WebAssembly.instantiate(bytes as Bytes, {});
    const error = await attempt().catch((reason: Error) => reason);
    const seen = await inspect(attempt).catch((reason: Error) => reason);
    expect(seen).toBeInstanceOf((error as Error).constructor);
    expect(() => new WebAssembly.Module(bytes as Bytes)).toThrow((error as Error).constructor as never);
  });
  test('imports that do not fit fail as without inspect', async () => {
    const bytes = withAllocator({ imports: [['m', 'f', ':']] });
    await expect(run(bytes, {})).rejects.toThrow(TypeError);
    await expect(run(bytes, { m: {} })).rejects.toThrow(WebAssembly.LinkError);
  });
  test('a module that checks its own binary finds what it expects, and is seen', async () => {
    const bytes = withAllocator();
    const sum = (part: Uint8Array): number => part.reduce((all, byte) => (all * 31 + byte) >>> 0, 7);
    const expected = sum(bytes);
    const described = WebAssembly.Module.exports(new WebAssembly.Module(bytes));
    const start = async (): Promise<WebAssembly.Instance> => {
      const module = await WebAssembly.compile(bytes);
      const instance = await WebAssembly.instantiate(module);
      const names = Object.keys(instance.exports);
      if (
        sum(bytes) !== expected ||
        JSON.stringify(WebAssembly.Module.exports(module)) !== JSON.stringify(described)
      )
        throw new Error('the binary was changed');
      if (JSON.stringify(names) !== JSON.stringify(described.map(({ name }) => name))) throw new Error('the exports were changed'); // prettier-ignore
      if (WebAssembly.Module.customSections(module, 'linmem').length > 0)
        throw new Error('a section was added');
      return instance;
    };
    const { result, heap } = await inspect(start);
    (result.exports as unknown as Exports).malloc?.(8);
    expect(heap).toMatchObject({ liveBytes: 8 });
  });
  test('a module without an allocator works, and coverage says why nothing is seen', async () => {
    const bytes = buildModule({
      memory: [0, 1],
      functions: [{ type: ':i', body: i32(42), export: 'answer' }],
    });
    const { exports, heap } = await run(bytes);
    expect(exports.answer?.()).toBe(42);
    expect(heap.coverage).toMatchObject([{ isRecorded: false, functions: [] }]);
    expect(heap.coverage[0]?.notes.join()).toMatch('no allocator found');
    expect(heap.leaks()).toEqual([]);
    expect(heap.record()).toMatchObject({ length: 0 });
  });
  test('a module that was compiled before works, and coverage says why nothing is seen', async () => {
    const module = new WebAssembly.Module(withAllocator());
    const { result, heap } = await inspect(() => new WebAssembly.Instance(module));
    expect(Object.keys(result.exports)).toContain('malloc');
    expect(heap.coverage[0]?.notes.join()).toMatch('compiled before inspect began');
  });
  test('a memory that is shared is said to have threads that are not seen', async () => {
    const bytes = withAllocator({ memory: [3, 1, 2] });
    const { exports, heap } = await run(bytes);
    exports.malloc?.(3);
    expect(heap.liveBytes).toBe(3);
    expect(heap.coverage[0]?.notes.join()).toMatch('other threads');
  });
  test('what start throws is thrown, and WebAssembly is as before', async () => {
    await expect(inspect(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
  test('frees whose allocations were not seen are no false alarms', async () => {
    const { exports, heap } = await run(withAllocator());
    for (let i = 0; i < 100; i++) exports.free?.(8192 + 16 * i);
    expect(heap.reports).toEqual([]);
    expect(heap.coverage[0]?.notes.join()).toMatch('100 of 100 frees');
  });
  test('one free of no block is reported', async () => {
    const { exports, heap } = await run(withAllocator());
    exports.free?.(8192);
    expect(heap.reports).toMatchObject([{ kind: 'invalid-free', address: 8192, size: 0 }]);
  });
});
