// SPDX-License-Identifier: MIT
// The classes of refs to NUL-terminated strings under the names that wasm-heap-manager has for them.
import { ascii } from './ascii.ts';
import { latin1 } from './latin1.ts';
import { terminatedRefClass, type NullTerminatedStringRef } from './ref.ts';
import { utf16 } from './utf16.ts';
import { utf32 } from './utf32.ts';
import { utf8 } from './utf8.ts';

/** A ref to a NUL-terminated string in ASCII. */
export type NullTerminatedAsciiStringRef = NullTerminatedStringRef;
/** The class of those refs, for `instanceof`. */
export const NullTerminatedAsciiStringRef: typeof NullTerminatedStringRef =
  /* @__PURE__ */ terminatedRefClass(ascii);
/** A ref to a NUL-terminated string in Latin-1. */
export type NullTerminatedLatin1StringRef = NullTerminatedStringRef;
/** The class of those refs, for `instanceof`. */
export const NullTerminatedLatin1StringRef: typeof NullTerminatedStringRef =
  /* @__PURE__ */ terminatedRefClass(latin1);
/** A ref to a NUL-terminated string in UTF-8. */
export type NullTerminatedUtf8StringRef = NullTerminatedStringRef;
/** The class of those refs, for `instanceof`. */
export const NullTerminatedUtf8StringRef: typeof NullTerminatedStringRef =
  /* @__PURE__ */ terminatedRefClass(utf8);
/** A ref to a NUL-terminated string in UTF-16. */
export type NullTerminatedUtf16StringRef = NullTerminatedStringRef;
/** The class of those refs, for `instanceof`. */
export const NullTerminatedUtf16StringRef: typeof NullTerminatedStringRef =
  /* @__PURE__ */ terminatedRefClass(utf16);
/** A ref to a NUL-terminated string in UTF-32. */
export type NullTerminatedUtf32StringRef = NullTerminatedStringRef;
/** The class of those refs, for `instanceof`. */
export const NullTerminatedUtf32StringRef: typeof NullTerminatedStringRef =
  /* @__PURE__ */ terminatedRefClass(utf32);
