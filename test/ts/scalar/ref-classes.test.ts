// The classes of refs by type.
import { expect, test } from 'vitest';
import { ArgumentTypeError } from '../../../ts/index.ts';
import { refClassesOf, registerRefClasses } from '../../../ts/scalar/ref-classes.ts';

test('a value that is no type is refused, also as the first one after classes were registered', () => {
  registerRefClasses([]);
  for (const value of [undefined, null, 0, 'i32', {}])
    expect(() => refClassesOf(value as never)).toThrow(ArgumentTypeError);
});
