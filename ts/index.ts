// SPDX-License-Identifier: MIT
// The exports of linmem.
export {
  ArgumentRangeError,
  ArgumentTypeError,
  CallError,
  DeclarationError,
  DoubleFreeError,
  EncodingError,
  FreedError,
  LayoutError,
  LinmemAggregateError,
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
export { LinearMemory } from './memory/linear-memory.ts';
export type { ElementsClass, MemorySource } from './memory/buffers.ts';
export { copyBytes, fillBytes, readBytes, writeBytes } from './memory/bytes.ts';
export type { Address } from './memory/address.ts';
export type {
  FetchResponse,
  ModuleBytes,
  OwnBytes,
  PlatformAbortSignal,
  PlatformUrl,
  WebAssemblyExports,
  WebAssemblyGlobal,
  WebAssemblyImports,
  WebAssemblyInstance,
  WebAssemblyMemory,
  WebAssemblyModule,
  WebAssemblyTable,
} from './memory/platform-types.ts';
export type { ScalarDescriptor, ScalarValue, Values } from './scalar/descriptor.ts';
export type { AnyScalar, Scalar, ScalarAllocator, ScalarWrapper } from './scalar/scalar.ts';
export {
  i8, u8, u8c, i16, u16, i32, u32, i64, u64, f16, f32, f64, ptr32, ptr53, ptr64, i128, u128, i256, u256, bool,
} from './scalar/types.gen.ts'; // prettier-ignore
export { scalarTypes } from './scalar/scalar-types.ts';
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
  type WaitResult,
} from './scalar/atomic.ts';
export { readBigEndian, writeBigEndian } from './scalar/endian.ts';
export { Ref, Ref as HeapRef, ScalarRef, ScalarRef as NumericRef, type RefHeap } from './scalar/ref.ts';
export {
  PointerArrayRef,
  ScalarArrayRef,
  ScalarArrayRef as TypedArrayRef,
  type ArrayRefHeap,
} from './scalar/array.ts';
export * from './scalar/refs.gen.ts';
export type { ScalarMethods } from './scalar/methods.gen.ts';
export type { Encoding } from './text/encoding.ts';
export { TextCodec, type Encoded } from './text/codec.ts';
export { ascii, latin1, utf16, utf32, utf8 } from './text/codecs.ts';
export type { TextOptions } from './text/policy.ts';
export { utf8ByteLength } from './text/utf8.ts';
export type { WordBytes } from './text/word.ts';
export type { Framing } from './text/framing.ts';
export type { TextAllocator, TextHeap } from './text/string-alloc.ts';
export { NullTerminatedStringRef, StringRef, type TextElements } from './text/ref.ts';
export * from './text/string-refs.ts';
export type { StringMethods } from './text/methods.gen.ts';
export type { Pointer } from './heap/allocator.ts';
export type { AllocationEntry, HeapStatistics } from './heap/allocation-entry.ts';
export { Heap } from './heap/heap.ts';
export {
  defaultWasmHeapManagerOptions,
  type AllocatorMethod,
  type BaseAllocationSize,
  type DeallocatorMethod,
  type HeapGetterCallback,
  type HeapOptions,
  type WasmHeapManagerOptions,
} from './heap/options.ts';
export { WasmHeapArena } from './arena/arena.ts';
export type { ArenaOptions, AttachOptions } from './arena/arena-options.ts';
export { attachArena, createHeapArena } from './arena/create.ts';
export { ArenaMark } from './arena/checkpoints.ts';
export type { HeapIdentity } from './arena/epochs.ts';
export { FrameArena, frameArenaOf, type FrameScheduler } from './arena/frame-arena.ts';
export { sliceFromHandle } from './arena/from-handle.ts';
export { allocHeapSlice } from './arena/heap-slices.ts';
export { Region, type AllocMethods } from './arena/region.ts';
export { runScope, Scope, type Without } from './arena/scope.ts';
export type { ByteMethods } from './arena/byte-methods.ts';
export type { CopyTarget, ElementMethods } from './scalar/elements.ts';
export { AdoptedRef } from './heap/adopted-ref.ts';
export type { Keepable } from './arena/keep.ts';
export { WasmSlice } from './arena/slice.ts';
export type { WasmSliceHandle, WasmSliceKind } from './arena/slice-handle.ts';
export type { SliceMethods } from './arena/slices.gen.ts';
export { WasmHeapManager } from './manager/manager.ts';
export { createWasmHeapManager, createWasmHeapManager64 } from './manager/create.ts';
export type { Memory64Arguments, WasmHeapManager64Options } from './manager/memory64.ts';
export { createDriver, type HeapDriver } from './manager/driver.ts';
export {
  CoreAllocator,
  createCoreAllocator,
  createCoreAllocatorSync,
  type CoreAllocatorOptions,
  type SyncOptions,
} from './core/core-allocator.ts';
export {
  createHeap,
  createHeapSync,
  LinmemHeap,
  type BlockInfo,
  type CoreStats,
  type CreateHeapOptions,
  type LinmemHeapOptions,
} from './core/heap.ts';
export { coreBytes } from './core/load.ts';
export type { CoreModule, CoreModuleSource } from './core/module-source.ts';
export type { CoreExports } from './core/exports.ts';
export { wrapEmscriptenModuleHeap, type EmscriptenHeapOptions } from './interop/emscripten.ts';
export {
  captureEmscriptenHeap,
  captureInstances,
  type Captured,
  type CapturedInstances,
  type CaptureHeapOptions,
  type CaptureOptions,
  type CaptureTools,
  type StartModule,
} from './interop/capture.ts';
export type { ModuleInstance } from './interop/instances.ts';
export type { PickInstance } from './interop/identify.ts';
export type { InstantiateWasm, InstantiateWasmHook, WasmSource } from './interop/instantiate-wasm.ts';
export { allocatorNameOf, type Adapter } from './interop/adapter.ts';
export type { ModuleHeapOptions } from './interop/module-heap.ts';
export { wrapHeap } from './interop/wrap-heap.ts';
export { pointerOf } from './interop/pointer.ts';
export {
  webassembly,
  WasmModule,
  type MemoryChoice,
  type WasmBytesDescriptor,
  type WasmModuleOptions,
  type WasmRange,
  type WasmTextOptions,
  type WasmUtf8Options,
  type WasmViewDescriptor,
} from './interop/wasm-module.ts';
export { WasmMemoryView } from './interop/wasm-memory-view.ts';
export type { WasmArguments, WasmValueDescriptor } from './interop/wasm-value.ts';
export {
  AssemblyScriptModule,
  wrapAssemblyScript,
  type AssemblyScriptOptions,
  type AssemblyScriptValues,
} from './interop/assemblyscript.ts';
export type { Creator } from './interop/assemblyscript-scope.ts';
export type { AssemblyScriptEra } from './interop/assemblyscript-runtime.ts';
export { copyBlockToHeap, copyToHeap } from './interop/copy-between.ts';
export { createGuestHeap, type GuestHeapOptions } from './interop/guest-heap.ts';
export { runOnStack, type StackAllocate } from './interop/stack.ts';
export { struct, union, type Fields } from './struct/struct.ts';
export { StructType } from './struct/struct-type.ts';
export { anonymous } from './struct/anonymous.ts';
export { array, ArrayType, type Elements } from './struct/array.ts';
export { bits, padding, BitField } from './struct/bits.ts';
export { enumeration, EnumType } from './struct/enumeration.ts';
export { flexible, FlexibleArray } from './struct/flexible.ts';
export {
  opaque,
  pointer,
  voidp,
  AddressType,
  OpaqueType,
  PointerType,
  type AddressLike,
  type AnyPointer,
  type FunctionPointer,
  type OpaqueHandle,
} from './struct/pointer.ts';
export { chars, cstr, CharsType, CStringType } from './struct/text.ts';
export { aligned, bigEndian } from './struct/variants.ts';
export { refOf, StructRef } from './struct/instance.ts';
export type { Init, InitFields, Instance, Live, LiveElements, Plain, PlainFields } from './struct/infer.ts';
export type { Layout, LayoutOptions, PointerSize } from './struct/layout.ts';
export type { CompositeType, CType } from './struct/type.ts';
export type { AnySlice, StructAllocator } from './struct/origin.ts';
export { bind, releaseTemporaries } from './call/bind.ts';
export { Callback, createCallback } from './call/callback.ts';
export {
  callback, checked, countOf, inout, inoutList, list, none, out, outCount, outList, owned,
  type ErrorMessage, type ParameterType, type ResultType, type Signature,
} from './call/types.ts'; // prettier-ignore
export type { Argument, Arguments, Bound, Library, Value } from './call/infer.ts';
export type { WasmFunction } from './call/exports.ts';
export { CallSupport, specialize } from './call/specialize.ts';
export { cdef, type CdefOptions } from './call/cdef.ts';
export { layoutChecks } from './struct/checks.ts';
export type { Cdef } from './call/cdef-infer.ts';
export type {
  InoutType,
  ListType,
  OutType,
  OutListType,
  OutCountType,
  ElementCount,
  CountType,
  CheckedType,
  OwnedType,
  NoneType,
  CallbackType,
} from './call/types.ts';
export type { CallbackFunction, Returned, Outs, Packed, ListValue, IsUnion } from './call/infer.ts';
export type { CallbackHandle } from './call/handle.ts';
export type {
  ElementsRef,
  InstanceMembers,
  Simple,
  Fielded,
  Pointing,
  ShapeOf,
  AnyView,
} from './struct/infer.ts';
export type { BitsBase } from './struct/bits.ts';
export type { AnyStructType } from './struct/instance.ts';
export type { SliceOf } from './struct/origin.ts';
export type { BigEndianType, AlignedType } from './struct/variants.ts';
export type { AnyStruct } from './struct/checks.ts';
