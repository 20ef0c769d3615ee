// SPDX-License-Identifier: MIT
// The classes of refs to NUL-terminated strings, under the names of wasm-heap-manager.
import { ascii, latin1, utf16, utf32, utf8 } from './codecs.ts';
import { terminatedRefClass, type NullTerminatedStringRef } from './ref.ts';

/** A ref to a NUL-terminated string in ASCII. */
export type NullTerminatedAsciiStringRef = NullTerminatedStringRef;
/** The class of these refs, for `instanceof`. */
export const NullTerminatedAsciiStringRef: typeof NullTerminatedStringRef =
  /* @__PURE__ */ terminatedRefClass(ascii);
/** A ref to a NUL-terminated string in Latin-1. */
export type NullTerminatedLatin1StringRef = NullTerminatedStringRef;
/** The class of these refs, for `instanceof`. */
export const NullTerminatedLatin1StringRef: typeof NullTerminatedStringRef =
  /* @__PURE__ */ terminatedRefClass(latin1);
/** A ref to a NUL-terminated string in UTF-8. */
export type NullTerminatedUtf8StringRef = NullTerminatedStringRef;
/** The class of these refs, for `instanceof`. */
export const NullTerminatedUtf8StringRef: typeof NullTerminatedStringRef =
  /* @__PURE__ */ terminatedRefClass(utf8);
/** A ref to a NUL-terminated string in UTF-16. */
export type NullTerminatedUtf16StringRef = NullTerminatedStringRef;
/** The class of these refs, for `instanceof`. */
export const NullTerminatedUtf16StringRef: typeof NullTerminatedStringRef =
  /* @__PURE__ */ terminatedRefClass(utf16);
/** A ref to a NUL-terminated string in UTF-32. */
export type NullTerminatedUtf32StringRef = NullTerminatedStringRef;
/** The class of these refs, for `instanceof`. */
export const NullTerminatedUtf32StringRef: typeof NullTerminatedStringRef =
  /* @__PURE__ */ terminatedRefClass(utf32);
