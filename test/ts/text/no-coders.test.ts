// The tests of the codecs as in an AudioWorklet: without Buffer, TextEncoder and TextDecoder.
import '../../support/remove-buffer.ts';
import '../../support/remove-coders.ts';
import '../../support/text.ts';
import '../../support/text-invalid.ts';
import '../../support/text-sizes.ts';
import '../../support/restore-globals.ts';
import { expect, test } from 'vitest';
import { Decoder, Encoder, bufferMethods } from '../../../ts/text/platform.ts';

test('the library was imported without Buffer and coders', () => {
  expect([bufferMethods, Encoder, Decoder]).toEqual([undefined, undefined, undefined]);
});
