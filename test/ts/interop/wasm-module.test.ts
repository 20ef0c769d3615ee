// WasmModule and WasmMemoryView: descriptors, memories, views, strings, and what is refused.
import { beforeAll, describe, expect, test } from 'vitest';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  ascii,
  EncodingError,
  f32,
  f64,
  i32,
  latin1,
  MisalignedError,
  ModuleError,
  OutOfBoundsError,
  scalarTypes,
  u8,
  utf16,
  utf32,
  utf8,
  WasmMemoryView,
  WasmModule,
  webassembly,
  wrapHeap,
  type ScalarDescriptor,
  type WasmValueDescriptor,
} from '../../../ts/index.ts';
import { assemble } from '../../support/assemble.ts';
import { newMemory } from '../../support/modules.ts';

const memory = newMemory();
const global = new WebAssembly.Global({ value: 'i32', mutable: true }, 64);
const instance = assemble(
  { at: [':i', () => 128], plus: ['ii:i', (a: number, b: number) => a + b], wide: [':j', () => 256n], nothing: [':', () => undefined], high: [':i', () => -2147483648] },
  memory,
); // prettier-ignore
const exports = { ...instance.exports, global };
const module = webassembly.fromExports(exports, { name: 'test' });

test('copyInto takes the length of the array itself, and changes nothing beside it', () => {
  const view = module.view({ dtype: i32, ptr: 512, length: 4 });
  view.write([1, 2, 3, 4]);
  const whole = new Int32Array(6);
  const part = Object.defineProperty(whole.subarray(1, 2), 'byteLength', { value: 16 });
  expect(() => view.copyInto(part)).toThrow(ArgumentTypeError);
  expect([...whole]).toEqual([0, 0, 0, 0, 0, 0]);
  const lying = Object.defineProperties(new Int32Array(4), {
    byteOffset: { value: 8 },
    byteLength: { value: 16 },
  });
  expect([...view.copyInto(lying)]).toEqual([1, 2, 3, 4]);
});
test('values that refresh a view do not move what is written', () => {
  const own = newMemory();
  let [at, length] = [512, 4];
  const view = webassembly.fromMemory(own).view({ dtype: i32, ptr: () => at, length: () => length });
  const values = {
    length: 4,
    get 0() {
      [at, length] = [600, 1];
      view.refresh();
      return 1;
    },
    1: 2,
    2: 3,
    3: 4,
  };
  view.write(values);
  expect([view.length, ...new Int32Array(own.buffer, 512, 5)]).toEqual([1, 1, 2, 3, 4, 0]);
  expect([...new Int32Array(own.buffer, 600, 4)]).toEqual([0, 0, 0, 0]);
});

test('writeBytes refuses a source that the function of a descriptor detaches, and writes nothing', () => {
  const growing = newMemory();
  const bytes = new Uint8Array(growing.buffer);
  bytes.fill(7, 512, 520);
  const ptr = (): number => {
    growing.grow(1);
    return 600;
  };
  const write = (): void =>
    webassembly.fromMemory(growing).writeBytes({ ptr, byteLength: 8 }, bytes.subarray(512, 520));
  expect(write).toThrow(expect.objectContaining({ code: 'INVALID_TYPE' }));
  expect(new Uint8Array(growing.buffer, 600, 8)).toEqual(new Uint8Array(8));
});

describe('is made', () => {
  test('from an instance, from exports, from a memory', () => {
    expect(webassembly.fromInstance(instance).memory()).toBe(memory);
    expect(webassembly.fromInstance({ exports }).getGlobal('global')).toBe(global);
    expect(webassembly.fromMemory(memory, { name: 'bare' }).memory()).toBe(memory);
    expect(WasmModule.fromExports(exports)).toBeInstanceOf(WasmModule);
  });
  test.each<[string, () => unknown]>([
    ['no instance', () => webassembly.fromInstance(null as never)],
    ['an instance without exports', () => webassembly.fromInstance({} as never)],
    ['no exports', () => webassembly.fromExports(5 as never)],
    ['no memory', () => webassembly.fromMemory({ buffer: new ArrayBuffer(8) } as never)],
    ['a name that is no string', () => webassembly.fromExports(exports, { name: 5 as never })],
    ['a memory that is none', () => webassembly.fromExports(exports, { memory: {} as never })],
  ])('not from %s', (_name, act) => expect(act).toThrow(ArgumentTypeError));
});

describe('exports', () => {
  test('are looked up by name, own ones only, and by what they are', () => {
    expect(module.getFunction('at')()).toBe(128);
    expect(module.getExport('global')).toBe(global);
    expect(() => module.getExport('toString')).toThrow("WasmModule 'test' does not export 'toString'");
    expect(() => module.getFunction('global')).toThrow("'global' is not a function");
    expect(() => module.getGlobal('at')).toThrow("'at' is not a WebAssembly.Global");
    for (const wrong of ['', 5, undefined])
      expect(() => module.getExport(wrong as never)).toThrow(ArgumentTypeError);
  });
});

describe('the memory', () => {
  const [one, other] = [newMemory(), newMemory()];
  const two = webassembly.fromExports({ one, other, f: () => 0 });
  test('is the given one, that of the options, or the only one', () => {
    expect(two.memory(one)).toBe(one);
    expect(two.memory('other')).toBe(other);
    expect(webassembly.fromExports({ one, other }, { memory: 'other' }).memory()).toBe(other);
    expect(webassembly.fromExports({ one, other }, { memory: other }).memory('one')).toBe(one);
    expect(webassembly.fromExports({ f: () => 0 }, { memory: one }).memory(null)).toBe(one);
  });
  test('is an error if there are none or several', () => {
    expect(() => two.memory()).toThrow('several memories (one, other)');
    expect(() => webassembly.fromExports({}).memory()).toThrow('exports no memory');
    expect(() => two.memory('f')).toThrow(ModuleError);
    expect(() => two.memory('none')).toThrow(ModuleError);
    expect(() => two.memory(5 as never)).toThrow(ArgumentTypeError);
  });
});

describe('a number is told by', () => {
  test.each<[string, WasmValueDescriptor, number]>([
    ['a number', 128, 128],
    ['a bigint', 128n, 128],
    ['the name of a function', 'at', 128],
    ['the name of a function that returns an i64', 'wide', 256],
    ['the name of a global', 'global', 64],
    ['a function', () => 128, 128],
    ['a function with args', { function: (a: number, b: number) => a + b, args: [100, 28] }, 128],
    ['a global', { global }, 64],
    ['an export', { export: 'at' }, 128],
    ['an export that is a function with args', { export: 'plus', kind: 'function', args: [100, 28] }, 128],
    ['an export that is a global', { export: 'global', kind: 'global' }, 64],
  ])('%s', (_name, descriptor, expected) => {
    module.write(i32, { ptr: expected }, 42);
    expect(module.read(i32, { ptr: descriptor })).toBe(42);
    expect(module.view({ ptr: 0, length: descriptor, dtype: 'u8' }).length).toBe(expected);
    module.write(i32, { ptr: expected }, 0);
  });
  test.each<[string, unknown, new (...args: never[]) => Error]>([
    ['NaN', NaN, ArgumentRangeError],
    ['a fraction', 1.5, ArgumentRangeError],
    ['a number beyond 2^53', 2 ** 53, ArgumentRangeError],
    ['a bigint beyond 2^53', 2n ** 60n, ArgumentRangeError],
    ['an empty object', {}, ArgumentTypeError],
    ['null', null, ArgumentTypeError],
    ['undefined', undefined, ArgumentTypeError],
    ['an empty name', '', ArgumentTypeError],
    ['a name that is not exported', 'none', ModuleError],
    ['the name of a memory', 'memory', ModuleError],
    ['a function that returns nothing', 'nothing', ArgumentTypeError],
    ['something else for function', { function: 5 }, ArgumentTypeError],
    ['something else for global', { global: {} }, ArgumentTypeError],
    ['args for a global', { global, args: [1] }, ArgumentTypeError],
    ['args for an exported global', { export: 'global', args: [1] }, ArgumentTypeError],
    ['args that are no numbers', { export: 'plus', args: [NaN] }, ArgumentTypeError],
    ['args that are no array', { export: 'plus', args: 5 }, ArgumentTypeError],
    ['a function as a global', { export: 'at', kind: 'global' }, ModuleError],
    ['a global as a function', { export: 'global', kind: 'function' }, ModuleError],
    ['another kind', { export: 'at', kind: 'table' }, ArgumentTypeError],
  ])('not by %s', (_name, descriptor, error) => {
    expect(() => module.read(i32, { ptr: descriptor as never })).toThrow(error);
    expect(() => module.readBytes({ ptr: 0, byteLength: descriptor as never })).toThrow(error);
  });
  test('a length is not negative', () =>
    expect(() => module.view({ ptr: 0, length: -1, dtype: 'i32' })).toThrow(ArgumentRangeError));
});

const examples = { number: [1, 2, 3], bigint: [1n, 2n, 3n], boolean: [true, false, true] };

describe.each(scalarTypes.map((type) => [type.name, type as unknown as ScalarDescriptor] as const))('a view of %s', (name, type) => {
  const values = examples[type.kind];
  test.each([name, type])('is read and written, by name or type, in place and at once', (dtype) => {
    const view = module.view({ ptr: 1024, length: 3, dtype, name: 'row' });
    expect([view.length, view.byteLength, view.dtype, view.ptr, view.memory]).toEqual([3, 3 * type.size, name, 1024, memory]);
    view.write(values);
    expect([0, 1, 2].map((i) => view.get(i))).toEqual(values);
    expect(module.read(type, { ptr: 1024, byteOffset: type.size })).toEqual(values[1]);
    view.set(2, values[0] as never);
    expect(view.get(2)).toEqual(values[0]);
    const copy = view.copy();
    expect(view.array().byteLength).toBe(3 * type.size);
    expect(copy.buffer).not.toBe(memory.buffer);
    const bytes = view.copyInto(new Uint8Array(3 * type.size + 5));
    expect(bytes.subarray(0, -5)).toEqual(view.bytes());
    expect(view.copyInto(new type.Elements(new ArrayBuffer(copy.byteLength)))).toEqual(copy);
    expect(view.dataView().byteLength).toBe(3 * type.size);
  });
}); // prettier-ignore

describe('a view', () => {
  test('stays right over growth, and the same array is given until then', () => {
    const own = newMemory();
    const view = webassembly.fromMemory(own).view({ ptr: 16, length: 4, dtype: f32 });
    const before = view.array();
    expect(view.array()).toBe(before);
    view.write([1, 2, 3, 4]);
    own.grow(1);
    expect(before.length).toBe(0);
    expect([...(view.array() as unknown as Float32Array)]).toEqual([1, 2, 3, 4]);
    expect(view.get(3)).toBe(4);
    expect([...view.bytes().subarray(0, 4)]).toEqual([0, 0, 128, 63]);
  });
  test('asks for address and length again when it is refreshed, and stays as it was if they are wrong', () => {
    let ptr = 64;
    let length = 2;
    const view = module.view({ ptr: () => ptr, length: () => length, dtype: i32 });
    [ptr, length] = [128, 5];
    expect([view.ptr, view.length]).toEqual([64, 2]);
    expect(view.refresh()).toBe(view);
    expect([view.ptr, view.length, view.array().byteLength]).toEqual([128, 5, 20]);
    ptr = 2 ** 30;
    expect(() => view.refresh()).toThrow(OutOfBoundsError);
    ptr = 2;
    expect(() => view.refresh()).toThrow(MisalignedError);
    expect([view.ptr, view.length]).toEqual([128, 5]);
  });
  test('that does not lie in the memory is refused', () => {
    expect(() => module.view({ ptr: 65532, length: 2, dtype: i32 })).toThrow(OutOfBoundsError);
    expect(() => module.view({ ptr: 2, length: 2, dtype: i32 })).toThrow(MisalignedError);
    expect(() => module.view({ ptr: 0, length: 2 ** 52, dtype: i32 })).toThrow(
      /OutOfBounds|range|bounds|bytes/,
    );
    expect(() => module.view({ ptr: 0, length: 2, dtype: 'i33' })).toThrow(ArgumentTypeError);
  });
  test('refuses elements that it does not have, and arrays of another class', () => {
    const view = module.view({ ptr: 64, length: 2, dtype: i32 });
    expect(() => view.get(2)).toThrow(ArgumentRangeError);
    expect(() => view.set(-1, 0)).toThrow(ArgumentRangeError);
    expect(() => view.set(0, 1n as never)).toThrow(ArgumentTypeError);
    expect(() => view.write([1, 2, 3])).toThrow(ArgumentRangeError);
    expect(() => view.write([1], 3)).toThrow(ArgumentRangeError);
    expect(view.write([9], 1).get(1)).toBe(9);
    expect(() => view.copyInto(new Float32Array(2))).toThrow(ArgumentTypeError);
    expect(() => view.copyInto(new DataView(new ArrayBuffer(8)))).toThrow(ArgumentTypeError);
    expect(() => view.copyInto(new Int32Array(1))).toThrow(ArgumentTypeError);
    expect(view).toBeInstanceOf(WasmMemoryView);
  });
});

describe('bytes', () => {
  test('are read over the memory or as a copy, and written', () => {
    module.writeBytes({ ptr: 512, byteLength: 4 }, new Uint8Array([1, 2, 3]));
    expect([...module.readBytes({ ptr: 512, byteLength: 3 })]).toEqual([1, 2, 3]);
    expect(module.readBytes({ ptr: 512, byteLength: 3 }).buffer).toBe(memory.buffer);
    const copy = module.copyBytes({ ptr: 512, byteLength: 3, byteOffset: 1 });
    expect([...copy.subarray(0, 2), copy.buffer === memory.buffer]).toEqual([2, 3, false]);
    expect(module.dataView({ ptr: 512, byteLength: 3 }).getUint8(2)).toBe(3);
    expect(() => module.writeBytes({ ptr: 512, byteLength: 2 }, new Uint8Array(3))).toThrow(OutOfBoundsError);
    expect(() => module.dataView({ ptr: 65535, byteLength: 2 })).toThrow(OutOfBoundsError);
  });
});

describe('text', () => {
  test.each([
    ['utf8', utf8, 'h\u00e9 \u{1f600}'],
    ['utf16', utf16, 'h\u00e9 \u{1f600}'],
    ['utf32', utf32, 'h\u00e9 \u{1f600}'],
    ['latin1', latin1, 'h\u00e9'],
    ['ascii', ascii, 'hi'],
  ])('is written and read in %s', (_name, codec, text) => {
    const count = module.writeText(2048, text, 100, { codec });
    expect(module.readText(2048, count, { codec })).toBe(text);
    expect(() => module.writeText(2048, text, 1, { codec })).toThrow(EncodingError);
  });
  test('of UTF-8 is read as a TextDecoder reads it', () => {
    const bytes = new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff]);
    module.writeBytes({ ptr: 512, byteLength: 5 }, bytes);
    expect(module.readUtf8(512, 5)).toBe('a\ufffd');
    expect(module.readUtf8(512, 5, { ignoreBOM: true })).toBe('\ufeffa\ufffd');
    expect(() => module.readUtf8(512, 5, { fatal: true })).toThrow(EncodingError);
    expect(module.readText(512, 4)).toBe('\ufeffa');
    expect(module.readUtf8('at', 'global', { byteOffset: 1 })).toBe('\0'.repeat(64));
  });
});

test('a memory that is shared is read and written', () => {
  const shared = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
  const own = webassembly.fromMemory(shared);
  const view = own.view({ ptr: 0, length: 4, dtype: u8 });
  own.writeText(0, 'abcd', 4);
  expect(() => own.writeText(0, 'abcde', 4)).toThrow(EncodingError);
  expect([own.readUtf8(0, 4), view.get(3)]).toEqual(['abcd', 100]);
  shared.grow(1);
  expect(view.array().buffer).toBe(shared.buffer);
});

/** A module of 64-bit memory as its bytes: it exports `memory` and `at`, which returns the i64 136. */
const MODULE64 = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
  1, 5, 1, 0x60, 0, 1, 0x7e,
  3, 2, 1, 0,
  5, 4, 1, 5, 1, 4,
  7, 9, 2, 1, 0x6d, 2, 0, 1, 0x66, 0, 0,
  10, 7, 1, 5, 0, 0x42, 0x88, 1, 0x0b,
]); // prettier-ignore
/** Node 20 has no 64-bit memory; Chromium and Node 24 have. */
/** V8 had the instructions of 64-bit memories some time before their bigints in JavaScript. */
function makes64(): boolean {
  try {
    return Boolean(
      new WebAssembly.Memory({ address: 'i64', initial: 1n } as unknown as WebAssembly.MemoryDescriptor),
    );
  } catch {
    return false;
  }
}
const has64 = WebAssembly.validate(MODULE64) && makes64();

describe.runIf(has64)('a module of 64-bit memory', () => {
  type Exports64 = { m: { grow(pages: bigint): bigint }; f(): bigint };
  const make = (): Exports64 =>
    new WebAssembly.Instance(new WebAssembly.Module(MODULE64)).exports as unknown as Exports64;

  test('is read and written at the bigint that it returns, over growth', () => {
    const exports64 = make();
    const module64 = webassembly.fromExports(exports64);
    module64.write(i32, { ptr: 'f', byteOffset: 4n }, 7);
    const view = module64.view({ ptr: 'f', length: 2n, dtype: i32 });
    const before = view.array();
    exports64.m.grow(1n);
    expect([before.byteLength, view.array().length, view.get(1), view.ptr]).toEqual([0, 2, 7, 136]);
    module64.write(i32, { ptr: 'f', byteOffset: 4 }, 0);
    expect(module64.writeText('f', 'text', 8n)).toBe(4);
    expect(module64.readUtf8(136n, 4n)).toBe('text');
    expect(wrapHeap(exports64).readNullTerminatedUtf8String(136n)).toBe('text');
  });
  test.each([-8n, -(2n ** 63n), 2n ** 64n - 8n])('has no address %s', (ptr) => {
    expect(() => webassembly.fromExports(make()).read(i32, { ptr })).toThrow(ArgumentRangeError);
  });
});

describe.runIf(has64).each([false, true])('a 64-bit memory above 4 GiB, shared: %s', (shared) => {
  const START = 2 ** 32;
  const make = (): WebAssembly.Memory => {
    const descriptor = { address: 'i64', initial: 65537n, maximum: 65540n, shared };
    return new WebAssembly.Memory(descriptor as unknown as WebAssembly.MemoryDescriptor);
  };
  let module64: WasmModule;
  beforeAll(() => {
    module64 = webassembly.fromMemory(make());
  });

  test.each([START - 8, START, START + 8, BigInt(START) + 65528n])('is read and written at %s', (ptr) => {
    module64.write(f64, { ptr }, 1.5);
    module64.write(f64, { ptr: 8 }, 0);
    expect([module64.read(f64, { ptr }), module64.dataView({ ptr, byteLength: 8 }).getFloat64(0, true)]).toEqual([1.5, 1.5]);
    module64.writeText(ptr, 'text', 8);
    expect([module64.readUtf8(ptr, 4), module64.read(f64, { ptr: 8 })]).toEqual(['text', 0]);
  }); // prettier-ignore
  test('has no address below 0, and none at its end', () => {
    module64.write(f64, { ptr: START - 8 }, 1.5);
    expect(() => module64.write(f64, { ptr: -8 }, 2)).toThrow(ArgumentRangeError);
    expect(() => module64.view({ ptr: -8, length: 1, dtype: f64 })).toThrow(ArgumentRangeError);
    expect(module64.read(f64, { ptr: START - 8 })).toBe(1.5);
    for (const ptr of [START + 65536, START + 65529])
      expect(() => module64.read(f64, { ptr })).toThrow(OutOfBoundsError);
  });
  test('has views and copies of its last bytes', () => {
    const view = module64.view({ ptr: START, length: 8192, dtype: f64 });
    view.set(8191, 2.5);
    expect([view.get(8191), view.array().at(-1), view.copy().at(-1), view.byteLength]).toEqual([2.5, 2.5, 2.5, 65536]);
    expect(() => module64.view({ ptr: START, length: 8193, dtype: f64 })).toThrow(OutOfBoundsError);
  }); // prettier-ignore
});
