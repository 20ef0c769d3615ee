// SPDX-License-Identifier: MIT
// The hook instantiateWasm of Emscripten, which creates a module's instance in place of the module: it captures the
// instance where the functions of WebAssembly cannot be replaced.
import { ArgumentTypeError, ModuleError } from '../errors.ts';
import { describeInstance, type ModuleInstance } from './instances.ts';
import { noteBytes } from './module-bytes.ts';
import { isObject } from './properties.ts';
import type {
  FetchResponse,
  ModuleBytes,
  WebAssemblyImports,
  WebAssemblyInstance,
  WebAssemblyModule,
} from '../memory/platform-types.ts';

/** A module's binary: bytes, a compiled module, a response with the bytes, or a promise of one of them. */
export type WasmSource =
  | ModuleBytes
  | WebAssemblyModule
  | FetchResponse
  | PromiseLike<ModuleBytes | WebAssemblyModule | FetchResponse>;

/** The type of the option `instantiateWasm` of Emscripten modules. */
export type InstantiateWasmHook = (
  imports: WebAssemblyImports,
  receive: (instance: WebAssemblyInstance, module: WebAssemblyModule) => unknown,
) => object;

/** Returns a hook for a module's binary. */
export type InstantiateWasm = (source: WasmSource) => InstantiateWasmHook;

/**
 * Returns a function that creates hooks, which pass each instance to `add`, and a promise that rejects if an instance
 * cannot be created.
 */
export function createInstantiateWasm(add: (instance: ModuleInstance) => void): {
  instantiateWasm: InstantiateWasm;
  failed: Promise<never>;
} {
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => (fail = reject));
  failed.catch(() => undefined); // the caller that waits for it gets it too
  const instantiateWasm: InstantiateWasm = (source) => {
    if (!isObject(source))
      throw new ArgumentTypeError('the bytes of a module, a module or a response', source);
    return (imports, receive) => {
      const make = async (): Promise<void> => {
        const module = await compile(source);
        const instance = await WebAssembly.instantiate(module, imports);
        add(describeInstance(instance, imports, module));
        receive(instance, module);
      };
      make().catch((cause: unknown) =>
        fail(new ModuleError('instantiateWasm could not create the instance', {}, { cause })),
      );
      return {}; // tells Emscripten that the instance comes later
    };
  };
  return { instantiateWasm, failed };
}

async function compile(source: WasmSource): Promise<WebAssemblyModule> {
  const given = await source;
  if (given instanceof WebAssembly.Module) return given;
  const bytes = isResponse(given) ? await given.arrayBuffer() : given;
  const module = await WebAssembly.compile(bytes);
  noteBytes(module, bytes);
  return module;
}

const isResponse = (value: object): value is FetchResponse =>
  typeof (value as Partial<FetchResponse>).arrayBuffer === 'function';
