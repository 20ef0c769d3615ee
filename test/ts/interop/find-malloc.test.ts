// Malloc and free in binaries whose exports have meaningless names.
import { describe, expect, test } from 'vitest';
import { allocatorNameOf, ModuleError, wrapHeap } from '../../../ts/index.ts';
import { findMallocNames } from '../../../ts/interop/find-malloc.ts';
import { buildModule, op, type FunctionPlan } from '../../support/build-module.ts';

const { get, set, i32, load, store, add, drop } = op;
const [TOP, COUNT, TOTAL] = [1040, 1044, 1048];
const increase = (address: number, by: number): number[] => [
  ...i32(address),
  ...i32(address),
  ...load,
  ...i32(by),
  ...add,
  ...store,
];
const MEMORY_SIZE = [0x3f, 0, ...drop];
const WRAP = 0xa7;
const EXTEND = 0xad;

/** Malloc and free that share three variables, of i32 or, in a memory that is 32-bit all the same, of i64. */
function pair(address: 'i' | 'j', malloc: string, free: string, sharing = true): FunctionPlan[] {
  const wrap = address === 'j' ? [WRAP] : [];
  const allocate = [
    ...[...i32(TOP), ...load, ...set(1)],
    ...[...i32(TOP), ...get(1), ...get(0), ...wrap, ...i32(15), ...add, ...i32(-16), 0x71, ...add, ...store],
    ...[...increase(COUNT, 1), ...increase(TOTAL, 1), ...MEMORY_SIZE],
    ...[...get(1), ...(address === 'j' ? [EXTEND] : [])],
  ];
  const release = [...increase(COUNT, -1), ...(sharing ? [...increase(TOTAL, 0), ...increase(TOP, 0)] : [])];
  return [
    { type: `${address}:${address}`, locals: 'i', body: allocate, export: malloc },
    { type: `${address}:`, body: release, export: free },
  ];
}
const binary = (...functions: FunctionPlan[]): Uint8Array<ArrayBuffer> =>
  buildModule({ memory: [0, 1], functions, data: [[TOP, [0, 16, 0, 0]]] });

const noise: FunctionPlan[] = [
  { type: 'i:i', body: [...get(0)], export: 'x' },
  { type: 'i:', body: increase(COUNT, 2), export: 'y' },
];

describe.each([
  ['i', 32],
  ['j', 64],
] as const)('functions of %s', (address, addressBits) => {
  const bytes = binary(...noise, ...pair(address, 'a', 'b'));
  test('are found among others', () =>
    expect(findMallocNames(bytes)).toEqual({ malloc: 'a', free: 'b', addressBits }));
  test('allocate for a heap that is given the bytes', async () => {
    const { instance } = await WebAssembly.instantiate(bytes);
    const heap = wrapHeap(instance, { bytes });
    expect([allocatorNameOf(heap), heap.addressBits]).toEqual(['a, b (found in the binary)', addressBits]);
    const ref = heap.allocInt32(-7);
    const text = heap.allocNullTerminatedUtf8String('h\u00e9');
    expect([ref.value, text.value]).toEqual([-7, 'h\u00e9']);
    text.free();
    ref.free();
    const count = (exports: WebAssembly.Exports): number =>
      new DataView((exports.memory as WebAssembly.Memory).buffer).getInt32(COUNT, true);
    expect(count(instance.exports), 'blocks that the module holds').toBe(0);
  });
});

test.each([
  ['share fewer than three variables', binary(...pair('i', 'a', 'b', false))],
  ['are two pairs', binary(...pair('i', 'a', 'b'), ...pair('i', 'c', 'd'))],
  ['are a pair of each kind', binary(...pair('i', 'a', 'b'), ...pair('j', 'c', 'd'))],
])('nothing is taken if the functions %s', async (_name, bytes) => {
  expect(findMallocNames(bytes)).toBeUndefined();
  const { instance } = await WebAssembly.instantiate(bytes);
  expect(() => wrapHeap(instance, { bytes }).alloc(8)).toThrow(ModuleError);
});
