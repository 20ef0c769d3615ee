// The tests of the codecs as in a browser: with coders, without Node's Buffer.
import '../../support/take-buffer.ts';
import '../../support/text.ts';
import '../../support/text-wrong.ts';
import '../../support/text-sizes.ts';
import '../../support/give-back.ts';
import { expect, test } from 'vitest';
import { Decoder, Encoder, bufferMethods } from '../../../ts/text/platform.ts';

test('the library was imported without Buffer, with coders', () => {
  expect([bufferMethods, typeof Encoder, typeof Decoder]).toEqual([undefined, 'function', 'function']);
});
