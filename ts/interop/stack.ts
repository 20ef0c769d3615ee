// SPDX-License-Identifier: MIT
// The C stack of a module, for temporaries: for modules that export no malloc, or for speed.
import { ModuleError, wrongType } from '../errors.ts';
import { toAlign, toCount, toPointer } from '../memory/address.ts';
import { describeModule } from './module-shape.ts';
import { namesIn, type ModuleShape } from './module-kind.ts';
import { assertNoPromise, functionIn, isFunction, type ModuleFunction } from './properties.ts';

/** Returns the address of `bytes` bytes on the stack, valid until {@link runOnStack} returns. Default alignment: 16. */
export type StackAllocate = (bytes: number, align?: number) => number;

/** The names of the functions in all versions. */
const NAMES = {
  save: ['stackSave', '_emscripten_stack_get_current', 'emscripten_stack_get_current'],
  allocate: ['stackAlloc', '_emscripten_stack_alloc'],
  restore: ['stackRestore', '_emscripten_stack_restore'],
} as const;

/**
 * Runs `act`, which can allocate on the C stack of `module`, and restores the stack, also if `act` throws. The stack is
 * small, 64 KiB by default in new Emscripten, and nothing checks its end.
 * @param module a started module, as {@link wrapHeap} takes it
 * @throws {ModuleError} if the module exports no functions for its stack
 * @throws {ArgumentTypeError} if `act` returns a promise: the stack is restored when `act` returns
 */
export function runOnStack<R>(module: object, act: (allocate: StackAllocate) => R): R {
  if (!isFunction(act)) throw wrongType('a function to run', act);
  const { shape } = describeModule(module, { buffer: new ArrayBuffer(0) }); // its memory is not needed
  const [save, allocate, restore] = [find(shape, 'save'), find(shape, 'allocate'), find(shape, 'restore')];
  const top = save();
  let isDone = false;
  try {
    const result = act((bytes, align = 16) => {
      if (isDone) throw new ModuleError('the stack was restored: allocate while the function runs');
      const unit = toAlign(align);
      const size = toCount(bytes, 'a size in bytes');
      const address = toPointer(allocate(unit > 16 ? size + unit : size)); // the module aligns to 16
      return Math.ceil(address / unit) * unit;
    });
    assertNoPromise(result);
    return result;
  } finally {
    isDone = true;
    restore(top);
  }
}

function find(shape: ModuleShape, what: keyof typeof NAMES): ModuleFunction {
  for (const name of NAMES[what]) {
    const found = functionIn([shape.glue, ...shape.exports], name);
    if (found) return found;
  }
  throw new ModuleError(`the module exports no ${NAMES[what][0]}`, {
    missing: [NAMES[what][0]],
    found: namesIn(shape),
    flags: '-sEXPORTED_RUNTIME_METHODS=stackSave,stackAlloc,stackRestore',
  });
}
