// SPDX-License-Identifier: MIT
// linmem: everything it exports.
export {
  ArgumentRangeError,
  ArgumentTypeError,
  DoubleFreeError,
  EncodingError,
  FreedError,
  LinmemError,
  MisalignedError,
  ModuleError,
  NotOwnedError,
  OutOfBoundsError,
  OutOfMemoryError,
  StaleEpochError,
  WrongHeapError,
  type ErrorCode,
} from './errors.ts';
export { LinearMemory, type ElementsClass, type MemorySource } from './memory/memory.ts';
export { copyBytes, fillBytes, readBytes, writeBytes } from './memory/bytes.ts';
export type { Address } from './memory/address.ts';
export type { Scalar, ScalarValue, Values } from './scalar/scalar.ts';
export {
  i8, u8, u8c, i16, u16, i32, u32, i64, u64, f16, f32, f64, ptr32, ptr53, ptr64, i128, u128, i256, u256, bool,
} from './scalar/rows.gen.ts'; // prettier-ignore
export { rows } from './scalar/table.ts';
export {
  atomicCompareExchange,
  atomicExchange,
  atomicLoad,
  atomicNotify,
  atomicStore,
  atomicUpdate,
  atomicWait,
  atomicWaitAsync,
  type AtomicOperation,
} from './scalar/atomic.ts';
export { readBigEndian, writeBigEndian } from './scalar/endian.ts';
export { Ref, Ref as HeapRef, ScalarRef, ScalarRef as NumericRef } from './scalar/ref.ts';
export { PointerArrayRef, ScalarArrayRef, ScalarArrayRef as TypedArrayRef } from './scalar/array.ts';
export * from './heap/refs.gen.ts';
export { TextCodec, type Encoded } from './text/codec.ts';
export type { TextOptions } from './text/policy.ts';
export { ascii } from './text/ascii.ts';
export { latin1 } from './text/latin1.ts';
export { utf8, utf8ByteLength } from './text/utf8.ts';
export { utf16 } from './text/utf16.ts';
export { utf32 } from './text/utf32.ts';
export type { WordBytes } from './text/word.ts';
export type { Framing } from './text/framing.ts';
export { NullTerminatedStringRef, StringRef, type TextHeap } from './text/ref.ts';
export * from './text/terminated.ts';
export type { Pointer } from './heap/allocator.ts';
export type { HeapStatistics } from './heap/ledger.ts';
export { HeapManager } from './heap/manager.ts';
export type { WasmHeapManager64Options } from './heap/wide.ts';
export {
  defaultWasmHeapManagerOptions,
  type AllocatorMethod,
  type BaseAllocationSize,
  type DeallocatorMethod,
  type HeapGetterCallback,
  type WasmHeapManagerOptions,
} from './heap/options.ts';
export { createWasmHeapManager, createWasmHeapManager64, WasmHeapManager } from './arena/manager.ts';
export { WasmHeapArena } from './arena/arena.ts';
export { attachArena, createHeapArena, type ArenaOptions, type AttachOptions } from './arena/create.ts';
export { ArenaMark } from './arena/frames.ts';
export type { HeapIdentity } from './arena/epochs.ts';
export { FrameArena, frameArenaOf, type FrameScheduler } from './arena/frame.ts';
export { sliceFromHandle, type WasmSliceHandle } from './arena/handle.ts';
export { Region } from './arena/region.ts';
export { Scope, type Keepable } from './arena/scope.ts';
export { WasmSlice, type WasmSliceKind } from './arena/slice.ts';
export type { SliceMethods } from './arena/slices.gen.ts';
export { createDriver, type HeapDriver } from './arena/driver.ts';
export {
  createHeap,
  createHeapSync,
  LinmemHeap,
  type BlockInfo,
  type CoreStats,
  type CreateHeapOptions,
} from './core/heap.ts';
export { coreBytes, type CoreModule } from './core/load.ts';
export type { CoreExports } from './core/exports.ts';
export { wrapEmscriptenModuleHeap, type EmscriptenHeapOptions } from './interop/emscripten.ts';
export { captureEmscriptenHeap, type Captured } from './interop/capture.ts';
