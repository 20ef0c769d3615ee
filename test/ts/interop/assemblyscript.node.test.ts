// AssemblyScript modules of today, compiled here in each of its runtimes. The compiler is one of the optional packages of
// test/corpus: `npm run test:all` installs it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  AssemblyScriptModule,
  createGuestHeap,
  ModuleError,
  NotOwnedError,
  OutOfMemoryError,
  wrapAssemblyScript,
  wrapHeap,
} from '../../../ts/index.ts';
import { workHard } from '../../support/hard-work.ts';

const ASC = resolve('test/corpus/node_modules/assemblyscript/bin/asc.js');
const SOURCE = `
export function twice(text: string): string { return text + text; }
export function units(text: string): i32 { return text.length; }
export function sum(values: Float64Array): f64 { let total = 0.0; for (let i = 0; i < values.length; i++) total += values[i]; return total; }
export function sumArray(values: Array<i32>): i32 { let total = 0; for (let i = 0; i < values.length; i++) total += values[i]; return total; }
export function sumStatic(values: StaticArray<i64>): i64 { let total: i64 = 0; for (let i = 0; i < values.length; i++) total += values[i]; return total; }
export function join(texts: Array<string>): string { return texts.join('-'); }
export function size(buffer: ArrayBuffer): i32 { return buffer.byteLength; }
export function range(count: i32): Array<i32> { const result = new Array<i32>(); for (let i = 0; i < count; i++) result.push(i); return result; }
export function part(values: Float64Array): Float64Array { return values.subarray(1, 3); }
export function fail(text: string): i32 { if (text.length > 0) unreachable(); return 0; }
declare function callback(text: string): void;
export function callBack(text: string): string { const mine = text + '!'; callback(mine); return mine; }
export const I32 = idof<Array<i32>>();
export const STRINGS = idof<Array<string>>();
export const F64 = idof<Float64Array>();
export const U8 = idof<Uint8Array>();
export const I64 = idof<StaticArray<i64>>();
export const F32 = idof<Array<f32>>();
export const BOOL = idof<Array<bool>>();
class Point { x: i32 = 0; }
export const POINT = idof<Point>();
export function point(): Point { return new Point(); }
`;
const RUNTIMES = ['incremental', 'minimal', 'stub'] as const;

interface Exports extends Record<string, unknown> {
  readonly memory: WebAssembly.Memory;
  twice(text: number): number;
  units(text: number): number;
  sum(values: number): number;
  sumArray(values: number): number;
  sumStatic(values: number): bigint;
  join(texts: number): number;
  size(buffer: number): number;
  range(count: number): number;
  part(values: number): number;
  fail(text: number): number;
  callBack(text: number): number;
  point(): number;
}

const folder = mkdtempSync(join(tmpdir(), 'linmem-as-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(!existsSync(ASC))('AssemblyScript', () => {
  beforeAll(() => {
    writeFileSync(join(folder, 'module.ts'), SOURCE);
    for (const runtime of RUNTIMES) {
      const args = [
        ASC,
        'module.ts',
        '--runtime',
        runtime,
        '--exportRuntime',
        '-O1',
        '-o',
        `${runtime}.wasm`,
      ];
      const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
    }
  }, 120_000);

  let onCallback: (text: number) => void = () => undefined;
  function load(runtime: string): {
    as: AssemblyScriptModule;
    exports: Exports;
    id: (name: string) => number;
  } {
    const module = new WebAssembly.Module(readFileSync(join(folder, `${runtime}.wasm`)));
    const abort = (): never => { throw new Error('aborted'); }; // prettier-ignore
    const { exports } = new WebAssembly.Instance(module, {
      env: { abort },
      module: { callback: (text: number) => onCallback(text) },
    });
    const id = (name: string): number => (exports[name] as WebAssembly.Global).value as number;
    return { as: wrapAssemblyScript(exports), exports: exports as unknown as Exports, id };
  }

  describe.each(RUNTIMES)('of the runtime %s', (runtime) => {
    test('takes and gives strings, with a byte order mark and lone surrogates', () => {
      const { as, exports } = load(runtime);
      for (const text of [
        '',
        'h\u00e9',
        '\ufeffbom',
        '\ud800',
        'a\udc00b',
        '\u{1f600}',
        `\ufeff${'x'.repeat(300)}`,
      ]) {
        const at = as.newString(text);
        expect(exports.units(at)).toBe(text.length);
        expect(as.readString(exports.twice(at))).toBe(text + text);
        expect(as.readString(at)).toBe(text);
        as.unpin(at);
      }
      expect([as.readString(0), as.pinned, as.era]).toEqual([null, 0, 'current']);
    });
    test('takes and gives arrays of every class', () => {
      const { as, exports, id } = load(runtime);
      as.scope((create) => {
        expect(exports.sum(create.newArray(id('F64'), [1.5, 2, 3]))).toBe(6.5);
        expect(exports.sumArray(create.newArray(id('I32'), [1, -2, 3]))).toBe(2);
        expect(exports.sumStatic(create.newArray(id('I64'), [1n, -(2n ** 40n)]))).toBe(1n - 2n ** 40n);
        const texts = ['a', '', 'c'].map((text) => create.newString(text));
        expect(as.readString(exports.join(create.newArray(id('STRINGS'), texts)))).toBe('a--c');
        expect(exports.size(create.newArrayBuffer(new Uint8Array(5)))).toBe(5);
      });
      expect(as.readArray(exports.range(5))).toEqual([0, 1, 2, 3, 4]);
      for (const [name, values] of [['F64', [1, 2]], ['I32', [-1]], ['U8', [255, 0]], ['I64', [5n, -1n]], ['F32', [0.5]], ['BOOL', [1, 0]]] as const) {
        const at = as.newArray(id(name), values as never);
        expect(as.readArray(at), name).toEqual(values);
        as.unpin(at);
      } // prettier-ignore
      const whole = as.newArray(id('F64'), [1, 2, 3, 4]);
      expect(as.readArray(exports.part(whole))).toEqual([2, 3]);
      expect([...(as.arrayView(whole) as Float64Array)]).toEqual([1, 2, 3, 4]);
      as.unpin(whole);
      const buffer = as.newArrayBuffer(new Uint8Array([1, 2, 3]));
      expect([...new Uint8Array(as.readArrayBuffer(buffer) ?? new ArrayBuffer(0))]).toEqual([1, 2, 3]);
      as.unpin(buffer);
      expect([as.readArray(0), as.arrayView(0), as.readArrayBuffer(0), as.pinned]).toEqual([
        null,
        null,
        null,
        0,
      ]);
    });
    test('keeps what is pinned, as often as it is pinned', () => {
      const { as } = load(runtime);
      const at = as.newString('keep me');
      as.pin(at);
      as.pin(at);
      as.collect();
      as.unpin(at);
      as.unpin(at);
      as.collect();
      for (let i = 0; i < 100; i++) as.unpin(as.newString('other text'));
      expect(as.readString(at)).toBe('keep me');
      as.unpin(at);
      expect(() => as.unpin(at)).toThrow(NotOwnedError);
      expect(() => as.unpin(at + 16)).toThrow(NotOwnedError);
      as.pin(0);
      as.unpin(0);
    });
    test("refuses objects of another class, and ids that are no array's", () => {
      const { as, exports, id } = load(runtime);
      const text = as.newString('text');
      const array = as.newArray(id('I32'), [1]);
      expect(() => as.readString(array)).toThrow(/no string: its class id is/);
      expect(() => as.readArray(text)).toThrow(ModuleError);
      expect(() => as.readArrayBuffer(text)).toThrow(ModuleError);
      expect(() => as.readArray(exports.point())).toThrow(ModuleError);
      for (const wrong of [id('POINT'), 99, -1, 1.5, undefined])
        expect(() => as.newArray(wrong as number, [])).toThrow(ModuleError);
      expect(() => as.newArray(id('I32'), ['1'] as never)).toThrow(TypeError);
      expect(() => as.newArray(id('I64'), [1] as never)).toThrow(TypeError);
      as.unpin(text);
      as.unpin(array);
      expect(as.pinned).toBe(0);
    });
    test('releases the pins of a scope that throws, and of a call that traps', () => {
      const { as, exports } = load(runtime);
      expect(() => as.scope((create) => exports.fail(create.newString('x')))).toThrow(
        WebAssembly.RuntimeError,
      );
      expect(() => as.scope((create) => create.newArray(99, [create.newString('x')]))).toThrow(ModuleError);
      expect(() => as.scope(async (create) => create.newString('x'))).toThrow('returns no promise');
      for (const wrong of [undefined, null, 5, {}])
        expect(() => as.scope(wrong as never)).toThrow(ArgumentTypeError);
      expect(as.pinned).toBe(0);
    });
    test('is out of memory if it traps on a size, with its error as the cause', () => {
      const { as } = load(runtime);
      expect(() => as.newArrayBuffer(2 ** 30)).toThrow(OutOfMemoryError);
      for (const wrong of [-1, 1.5, NaN, Infinity, 2 ** 53])
        expect(() => as.newArrayBuffer(wrong)).toThrow(ArgumentRangeError);
      expect(as.pinned).toBe(0);
    });
    test('is a heap too', () => {
      const { as, exports } = load(runtime);
      for (const heap of [as.heap, wrapHeap(exports)]) {
        const refs = [
          heap.allocInt32(42),
          heap.allocFloat64Array([1, 2]),
          heap.allocNullTerminatedUtf8String('h\u00e9'),
        ];
        expect(refs[2]?.address).toBeGreaterThan(0);
        heap.free(heap.alloc(10, 64));
        heap.freeAll();
      }
      expect(as.pinned).toBe(0);
    });
  });

  test.each(['incremental', 'minimal'])(
    '20,000 calls, half of which fail, leave the memory of %s where it was',
    (runtime) => {
      const { as, exports, id } = load(runtime);
      const call = (i: number): void => {
        try {
          as.scope((create) => {
            const texts = ['a', 'b'].map((text) => create.newString(text.repeat(10)));
            if (i % 2 === 0) create.newArray(id('STRINGS'), [...texts, 'wrong'] as never);
            exports.join(create.newArray(id('STRINGS'), texts));
          });
        } catch {} // half of them
      };
      for (let i = 0; i < 100; i++) call(i);
      const before = exports.memory.buffer.byteLength;
      for (let i = 0; i < 20_000; i++) call(i);
      expect([exports.memory.buffer.byteLength, as.pinned]).toEqual([before, 0]);
      const { heap } = as;
      for (let i = 0; i < 20_000; i++) heap.allocUint8Array(1000).free();
      expect(exports.memory.buffer.byteLength).toBeLessThanOrEqual(2 * before);
    },
  );

  test.each(RUNTIMES)('a guest in the memory of %s is safe or refused', (runtime) => {
    const { as, exports, id } = load(runtime);
    if (runtime === 'stub') {
      expect(() => createGuestHeap(exports)).toThrow("AssemblyScript's runtime stub");
      return;
    }
    const guest = createGuestHeap(exports);
    const kept = as.newArray(id('F64'), [1, 2, 3]);
    workHard(guest, 2000, () => {
      as.scope((create) => {
        expect(exports.sum(create.newArray(id('F64'), new Float64Array(1000).fill(2)))).toBe(2000);
        expect(as.readString(exports.twice(create.newString('text')))).toBe('texttext');
      });
    });
    expect([exports.sum(kept), guest.holds(), guest.stats().liveBlocks]).toEqual([6, true, 0]);
    as.unpin(kept);
  });

  test('nothing is collected while the module is on the stack, which minimal would free', () => {
    const { as, exports } = load('minimal');
    let read: string | null = '';
    onCallback = (text) => {
      for (let i = 0; i < 2000; i++) as.unpin(as.newString('garbage'.repeat(10)));
      read = as.readString(text);
    };
    const text = as.newString('mine');
    expect(as.readString(exports.callBack(text))).toBe('mine!');
    expect(read).toBe('mine!');
    as.unpin(text);
  });
});

test('exports without a runtime, or without a memory, are a ModuleError that says what to do', () => {
  expect(() => wrapAssemblyScript({ memory: new WebAssembly.Memory({ initial: 1 }) })).toThrow(
    '--exportRuntime',
  );
  expect(() => wrapAssemblyScript({})).toThrow('option memory');
  expect(() => wrapAssemblyScript(5 as never)).toThrow(TypeError);
  expect(() => wrapAssemblyScript({}, null as never)).toThrow('an options object');
  expect(() => wrapAssemblyScript(Promise.resolve({}))).toThrow('await this promise');
  expect(() => wrapAssemblyScript(() => ({}))).toThrow('call this factory');
  expect(AssemblyScriptModule).toBeTypeOf('function');
});
