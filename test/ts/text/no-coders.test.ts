// The tests of the codecs as in an AudioWorklet or a bare engine: without Node's Buffer, without coders.
import '../../support/take-buffer.ts';
import '../../support/take-coders.ts';
import '../../support/text.ts';
import '../../support/text-wrong.ts';
import '../../support/text-sizes.ts';
import '../../support/give-back.ts';
import { expect, test } from 'vitest';
import { Decoder, Encoder, bufferMethods } from '../../../ts/text/platform.ts';

test('the library was imported without Buffer and coders', () => {
  expect([bufferMethods, Encoder, Decoder]).toEqual([undefined, undefined, undefined]);
});
