// SPDX-License-Identifier: MIT
// The codecs.
import { asciiEncoding } from './ascii.ts';
import { TextCodec } from './codec.ts';
import { latin1Encoding } from './latin1.ts';
import { utf16Encoding } from './utf16.ts';
import { utf32Encoding } from './utf32.ts';
import { utf8Encoding } from './utf8.ts';

/** ASCII: U+0000 to U+007F. */
export const ascii: TextCodec = /* @__PURE__ */ new TextCodec(asciiEncoding);
/** Latin-1 (ISO 8859-1): U+0000 to U+00FF. */
export const latin1: TextCodec = /* @__PURE__ */ new TextCodec(latin1Encoding);
/** UTF-8. */
export const utf8: TextCodec = /* @__PURE__ */ new TextCodec(utf8Encoding);
/** UTF-16, little-endian. */
export const utf16: TextCodec = /* @__PURE__ */ new TextCodec(utf16Encoding);
/** UTF-32, little-endian. */
export const utf32: TextCodec = /* @__PURE__ */ new TextCodec(utf32Encoding);

/** All codecs. */
export const codecs: readonly TextCodec[] = [ascii, latin1, utf8, utf16, utf32];
