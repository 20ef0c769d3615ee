// SPDX-License-Identifier: MIT
// All codecs, for code that wants every one.
import { ascii } from './ascii.ts';
import type { TextCodec } from './codec.ts';
import { latin1 } from './latin1.ts';
import { utf16 } from './utf16.ts';
import { utf32 } from './utf32.ts';
import { utf8 } from './utf8.ts';

export const codecs: readonly TextCodec[] = [ascii, latin1, utf8, utf16, utf32];
