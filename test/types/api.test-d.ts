// Exact types, and code that must not compile. Checked by `tsc -p test`, and by test/package/api.test.ts against dist/.
import {
  type atomicLoad,
  captureEmscriptenHeap,
  type createHeap,
  createHeapSync,
  type f64,
  i32,
  type LinearMemory,
  type LinmemHeap,
  scalarTypes,
  type ScalarArrayRef,
  type ScalarRef,
  u64,
  utf8,
  type wrapEmscriptenModuleHeap,
  type WasmHeapManager,
} from '../../ts/index.ts';

type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
const same = <A, B>(_same: Same<A, B>): void => undefined;

declare const heap: WasmHeapManager;
declare const memory: LinearMemory;

// A type reads and writes its own values, and its views are its own typed arrays.
same<ReturnType<typeof i32.read>, number>(true);
same<ReturnType<typeof u64.read>, bigint>(true);
same<ReturnType<typeof f64.view>, Float64Array>(true);
i32.write(memory, 0, 5);
u64.write(memory, 0n, 5n);
// @ts-expect-error a bigint is no value of an i32
i32.write(memory, 0, 5n);
// @ts-expect-error a number is no value of a u64
u64.write(memory, 0, 5);
// @ts-expect-error a string is no address
i32.read(memory, '16');
// @ts-expect-error reading needs a memory
i32.read({}, 0);
// @ts-expect-error a memory alone cannot allocate
i32.alloc(memory);
i32.alloc(heap, 5);
i32.wrap(heap, 8);
utf8.allocTerminated(heap, 'text');
// @ts-expect-error a memory alone cannot allocate
utf8.allocTerminated(memory, 'text');
// @ts-expect-error a memory alone cannot wrap
utf8.wrapTerminated(memory, 8);

// The manager's methods have the types of their scalar types.
same<ReturnType<typeof heap.readInt32>, number>(true);
same<ReturnType<typeof heap.readBigUint256>, bigint>(true);
same<ReturnType<typeof heap.readBoolean>, boolean>(true);
same<ReturnType<typeof heap.viewUint8ClampedArray>, Uint8ClampedArray>(true);
same<ReturnType<typeof heap.allocFloat64Array>, ScalarArrayRef<number, Float64Array>>(true);
same<ReturnType<typeof heap.wrapPointer64>, ScalarRef<bigint, BigUint64Array>>(true);
same<typeof heap.heapInt16, Int16Array>(true);
// @ts-expect-error integers of 128 bits have no atomics
heap.readBigUint128Atomic(0);
// @ts-expect-error views are read-only properties
heap.heapInt16 = new Int16Array(1);

// Refs.
const ref = heap.allocInt32(1);
same<typeof ref.value, number>(true);
ref.write(2).write(3);
// @ts-expect-error an address is read-only
ref.address = 5;
heap.allocBigInt64Array([1n, 2n]);
heap.allocInt32Array(new Uint8Array(4));
// @ts-expect-error numbers are no values of a BigInt64Array
heap.allocBigInt64Array([1, 2]);

// linmem's own heap, wrapped modules, captured modules.
same<ReturnType<typeof createHeapSync>, LinmemHeap>(true);
same<ReturnType<typeof createHeap>, Promise<LinmemHeap>>(true);
same<ReturnType<typeof wrapEmscriptenModuleHeap>, WasmHeapManager>(true);
const captured = captureEmscriptenHeap(async () => ({ _sum: (a: number) => a }));
same<Awaited<typeof captured>['module'], { _sum: (a: number) => number }>(true);
// @ts-expect-error an unknown option
createHeapSync({ initialPages: 1 });

same<ReturnType<typeof atomicLoad<number>>, number>(true);
for (const type of scalarTypes) same<typeof type.size, number>(true);
