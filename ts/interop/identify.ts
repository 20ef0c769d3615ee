// SPDX-License-Identifier: MIT
// Identifies the instance of a module among those that were created while it started.
//
//   I1  An instance is the module's only if that is proved: the module, or an object in one of its properties, has a
//       view of its memory (HEAPU8), the memory, the instance, its exports, one of its functions or one that it
//       imports; or a call of the module's malloc changes its memory. A single instance is no proof: libraries that
//       `start` calls create instances too.
//   I2  A module with a view of memory that belongs to no instance has no instance: it is wasm2js or asm.js.
import { ModuleError } from '../errors.ts';
import { isOf } from '../memory/buffers.ts';
import { changedByMalloc } from './effect.ts';
import type { ModuleInstance } from './instances.ts';
import { dataProperties, dataValues, isMemory, isObject, peek } from './properties.ts';
import type { WebAssemblyExports, WebAssemblyMemory } from '../memory/platform-types.ts';

/** Returns true for the instance of the module. Called for each captured instance in the order of creation. */
export type PickInstance = (exports: WebAssemblyExports, index: number) => boolean;

const HEAP_VIEW = /^HEAPU?(8|16|32)$/;

/**
 * Returns the instance of the module that `start` resolved to; undefined if the module has no instance (I2).
 * @throws {ModuleError} if none can be proved to be the module's, or several are; the message lists them
 */
export function identify(
  result: unknown,
  instances: readonly ModuleInstance[],
  pick?: PickInstance,
): ModuleInstance | undefined {
  if (pick) {
    const picked = instances.filter(({ exports }, index) => pick(exports, index)).filter(hasMemory);
    if (picked.length === 0) throw unknownInstance(instances, 'pick chose no instance that has a memory');
    return only(picked, instances);
  }
  const usable = instances.filter(hasMemory);
  const [outer, inner] = carriersOf(result);
  for (const level of [outer, inner]) {
    const claims = level.map((carrier) => claim(carrier, usable)).filter((found) => found !== undefined);
    if (claims.length === 1 && claims[0] === NONE) return undefined; // I2
    if (claims.length > 0) return only(claims.flat(), instances, claims.includes(NONE));
  }
  const byEffect = changedByMalloc([...outer, ...inner], usable);
  if (byEffect) return only(byEffect, instances);
  throw unknownInstance(instances, NOTHING_PROVED);
}

const hasMemory = ({ memory }: ModuleInstance): boolean => memory !== undefined;

/** Getters of classes that return the exports of an instance. */
const EXPORTS_GETTERS = ['exports', 'wasm'];

/**
 * The objects in which proofs are searched: the module, and each object in one of its properties. The exports of an
 * instance, which a getter of its class returns, count as the object that has the getter.
 */
export function carriersOf(result: unknown): readonly [outer: object[], inner: object[]] {
  const isCarrier = (value: unknown): value is object =>
    isObject(value) && !ArrayBuffer.isView(value) && value !== globalThis;
  const withExports = (value: object): object[] =>
    [value, ...EXPORTS_GETTERS.map((name) => peek(value, name))].filter(isCarrier);
  if (!isCarrier(result)) return [[], []];
  const outer = withExports(result);
  const inner = outer.flatMap(dataValues).filter(isCarrier).flatMap(withExports);
  return [outer, [...new Set(inner)].filter((value) => !outer.includes(value))];
}

/** The result for a module whose memory belongs to no instance. */
const NONE: readonly ModuleInstance[] = [];

/** Returns the instances that `carrier` proves to be the module's, {@link NONE}, or undefined if it proves nothing. */
function claim(carrier: object, usable: readonly ModuleInstance[]): readonly ModuleInstance[] | undefined {
  const values = dataValues(carrier);
  const memories = values.filter(isMemory);
  const buffers = bufferViews(carrier);
  const byMemory = usable.filter(
    ({ exports, memory }) =>
      carrier === exports ||
      values.includes(exports) ||
      memories.includes(memory as WebAssemblyMemory) || // usable: it has one
      buffers.includes(memory?.buffer),
  );
  if (byMemory.length > 0) return byMemory;
  const live = buffers.filter((buffer) => buffer && buffer.byteLength > 0);
  // A shared buffer of no memory can date from before a growth, which does not detach it.
  if (memories.length > 0 || live.some((buffer) => !isOf('SharedArrayBuffer', buffer))) return NONE;
  const carried = new Set<unknown>([carrier, ...values].filter((value) => typeof value === 'function'));
  const isCarried = (value: unknown): boolean => carried.has(value);
  const byFunction = usable.filter(
    ({ exports, imports }) =>
      dataValues(exports).some(isCarried) || dataValues(imports).flatMap(dataValues).some(isCarried),
  );
  return byFunction.length > 0 ? byFunction : live.length > 0 ? NONE : undefined;
}

/** Returns the buffers of the views that a carrier has, and of a wasmMemory that is not a WebAssembly.Memory. */
function bufferViews(carrier: object): (ArrayBufferLike | undefined)[] {
  const views = dataProperties(carrier).filter(
    ([name, value]) => HEAP_VIEW.test(name) && ArrayBuffer.isView(value),
  );
  const buffers = views.map(([, value]) => (value as ArrayBufferView).buffer);
  const memory = peek(carrier, 'wasmMemory');
  return isObject(memory) && !isMemory(memory)
    ? [...buffers, (memory as { buffer?: ArrayBuffer }).buffer]
    : buffers;
}

/**
 * Returns the only instance or, if all share one memory, the one that can allocate, or the first.
 * @throws {ModuleError} if there is none, or they have different memories
 */
function only(
  found: readonly ModuleInstance[],
  all: readonly ModuleInstance[],
  isContested = false,
): ModuleInstance {
  const [first] = found;
  const memories = new Set(found.map(({ memory }) => memory));
  if (!first || memories.size !== 1 || isContested) {
    const several = `${found.length} instances that start() created are the module's, and have different memories`;
    throw unknownInstance(all, found.length > 1 ? several : NOTHING_PROVED);
  }
  return found.find(({ exports }) => Object.keys(exports).some((name) => /malloc/.test(name))) ?? first;
}

const NOTHING_PROVED =
  'no instance that start() created is proved to belong to the module that it resolved to';

function unknownInstance(instances: readonly ModuleInstance[], what: string): ModuleError {
  const list = instances.flatMap(({ exports, memory }, index) => {
    if (!memory) return []; // it has no heap
    const names = Object.keys(exports);
    const most = names.slice(0, 8).join(', ');
    return `${index}: memory of ${memory.buffer.byteLength} bytes, exports ${most}${names.length > 8 ? ', ...' : ''}`;
  });
  const cure =
    list.length > 1
      ? `Choose one with the option pick: (exports, index) => boolean. The instances: ${list.join('; ')}`
      : list.length > 0
        ? `If it is the module's, pass the option pick: () => true. The only instance: ${list.join('; ')}`
        : NONE_MADE;
  return new ModuleError(`${what}. ${cure}`, {
    missing: ['memory'],
    found: instances.flatMap(({ exports }) => Object.keys(exports)).slice(0, 64),
  });
}

const NONE_MADE =
  'No instance with a memory was created. If the module was started before, start it in start; if it starts with its first ' +
  'use, use it in start; if it works in a worker, capture it there; if it is asm.js that hides its memory, pass its ' +
  'memory, malloc and free to wrapHeap as options';
