// SPDX-License-Identifier: MIT
// 64-bit integers of modules that Emscripten linked without -sWASM_BIGINT: an argument is two i32, low and high, and a
// result is its low half, the high one being kept aside.
import { ModuleError } from '../errors.ts';
import { isExport, type ModuleExports, type WasmFunction } from './exports.ts';

/** How many parameters a function takes; undefined for one that does not tell, as a wrapper of Emscripten's. */
export function countParameters(act: WasmFunction): number | undefined {
  return isExport(act) || act.length > 0 ? act.length : undefined;
}

/** The function with each bigint in two halves. */
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

/** The function with a bigint as its result, also where the module returns half of one. */
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
