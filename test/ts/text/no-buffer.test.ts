// The tests of the codecs as in a browser: with TextEncoder and TextDecoder, without Buffer.
import '../../support/remove-buffer.ts';
import '../../support/text.ts';
import '../../support/text-invalid.ts';
import '../../support/text-sizes.ts';
import '../../support/restore-globals.ts';
import { expect, test } from 'vitest';
import { Decoder, Encoder, bufferMethods } from '../../../ts/text/platform.ts';

test('the library was imported without Buffer, with coders', () => {
  expect([bufferMethods, typeof Encoder, typeof Decoder]).toEqual([undefined, 'function', 'function']);
});
