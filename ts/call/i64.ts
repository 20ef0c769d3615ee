// SPDX-License-Identifier: MIT
// 64-bit integers of modules that Emscripten linked without -sWASM_BIGINT. An argument is two i32, low and high. A
// result is the low half; another function returns the high half.
import { ModuleError } from '../errors.ts';
import { isExport, type ModuleExports, type WasmFunction } from './exports.ts';

/** Returns the number of a function's parameters; undefined if it is unknown, as for a wrapper of Emscripten. */
export function countParameters(act: WasmFunction): number | undefined {
  return isExport(act) || act.length > 0 ? act.length : undefined;
}

/** Returns the function with each bigint argument split into two halves. */
export function splitI64(act: WasmFunction): WasmFunction {
  return (...args) =>
    act(
      ...args.flatMap((value) =>
        typeof value === 'bigint'
          ? [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))]
          : [value],
      ),
    );
}

/** Returns the function with a bigint result, also if the module returns half of it. */
export function combineI64(name: string, act: WasmFunction, exports: ModuleExports): WasmFunction {
  const high = exports.find('getTempRet0');
  return (...args) => {
    const raw = act(...args);
    if (typeof raw === 'bigint') return raw;
    if (!high)
      throw new ModuleError(`${name} returns half of a 64-bit integer; link the module with -sWASM_BIGINT`, {
        missing: ['getTempRet0'],
        flags: '-sWASM_BIGINT',
      });
    return BigInt.asIntN(64, (BigInt(Number(high())) << 32n) | BigInt(Number(raw) >>> 0));
  };
}
