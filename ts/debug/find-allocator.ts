// SPDX-License-Identifier: MIT
// Finds the functions of a module's allocator: by the names of its exports, by its name section, and by their shape.
//
//   FA1 A pair by shape is a (size)->address and an (address)->() function that refer to at least three common
//        addresses of variables; the first is close to `memory.size`. It is used only if no other pair has a comparable
//        number of callers. FA2 Without both a malloc and a free, no allocator was found.
import { Facts } from '../interop/function-facts.ts';
import { namesOf, plainName, type FunctionName } from './function-names.ts';
import { NAMES, ROLES, typeOfRole, type AllocatorFunction, type RoleName } from './roles.ts';
import type { ModuleLayout } from './sections.ts';

/** An identified function. */
export interface FoundFunction {
  readonly index: number;
  readonly role: RoleName;
  /** The name that identified it; '' if its shape did. */
  readonly name: string;
  readonly how: 'export' | 'name' | 'shape';
}

/** The allocator of a module. */
export interface FoundAllocator {
  /** Empty if there is no allocator. */
  readonly functions: readonly FoundFunction[];
  /** The addresses of the allocator's variables. */
  readonly state: readonly number[];
  /** The reason that there is none, or uncertainties; one sentence each. */
  readonly notes: readonly string[];
}

const SHARED_ADDRESSES = 3;
/** The factor by which a pair must have more callers than every other. */
const DOMINANCE = 8;

/** True for functions that only JavaScript calls; the code of the module calls the allocator directly. */
const isFront = ({ name }: FoundFunction): boolean => name.startsWith('__wbindgen_');

/** The maximum length of a name: names of allocators are shorter, names of C++ templates are longer. */
const MAX_NAME = 80;

const PATTERNS = /* @__PURE__ */ NAMES.map(
  ([names, roles]) => [new RegExp(`^(?:${names})$`), roles] as const,
);

/** Returns the functions of a module's allocator. */
export function findAllocator(layout: ModuleLayout): FoundAllocator {
  const names = namesOf(layout);
  const facts = new Facts(layout.functions);
  const named = findByName(layout, facts, names);
  const inner = named.filter((one) => !isFront(one));
  const isNamed = has(inner, 'malloc') && has(inner, 'free');
  const isCalled = isNamed && isCalledInside(layout, facts, inner);
  const shaped = isCalled ? undefined : findPair(layout, facts);
  if (!shaped && !isNamed) return { functions: [], state: [], notes: [missing(layout, names, named)] };
  const functions = [...named];
  const add = (more: readonly FoundFunction[] | undefined): void => {
    for (const one of more ?? [])
      if (!functions.some(({ index }) => index === one.index)) functions.push(one);
  };
  add(shaped);
  add(findResizers(layout, facts, functions));
  return { functions, state: stateOf(facts, functions), notes: isCalled || shaped ? [] : [NOT_CALLED] };
}

/** True if `found` has a function of a family that the module itself calls. */
export const has = (found: readonly FoundFunction[], family: AllocatorFunction): boolean =>
  found.some((one) => ROLES[one.role].family === family && !isFront(one));

const NOT_CALLED =
  'the exported malloc is not called by the module itself: blocks that it allocates in another way are not recorded';

function missing(
  layout: ModuleLayout,
  names: readonly FunctionName[],
  named: readonly FoundFunction[],
): string {
  const imported = layout.importNames.find((name) => /^_?malloc$/.test(name));
  if (imported) return `no allocator found: it imports ${imported}, so its allocator is in another module`;
  const runtime = names.find(({ name }) =>
    /^(__new|__pin|__alloc|__retain|runtime\.mallocgc|runtime\.alloc)$/.test(name),
  );
  if (runtime)
    return `no allocator found: ${runtime.name} belongs to a garbage collector, which is not supported`;
  const partly =
    named.length > 0 ? `; ${named.map(({ name }) => name).join(', ')} alone do not show all blocks` : '';
  return `no allocator found: no function has the name of one, and no pair of functions has the shape of malloc and free${partly}`;
}

function findByName(layout: ModuleLayout, facts: Facts, names: readonly FunctionName[]): FoundFunction[] {
  const found = new Map<number, FoundFunction>();
  const { types, typeOf, importedCount } = layout.functions;
  for (const { index: named, name, how } of names) {
    if (!/alloc|free|memalign/.test(name)) continue;
    const plain = plainName(name);
    if (plain.length > MAX_NAME) continue;
    const roles = PATTERNS.find(([pattern]) => pattern.test(plain))?.[1];
    if (!roles) continue;
    const index = facts.target(named);
    const role = roles.find((one) => types[typeOf[index] ?? -1] === typeOfRole(one, layout.memory64));
    if (role && index >= importedCount && !found.has(index)) found.set(index, { index, role, name, how });
  }
  return [...found.values()];
}

/** Counts the functions of the module that call each function directly. An export counts as one. */
function countCallers(layout: ModuleLayout, facts: Facts): Uint32Array {
  const { importedCount, typeOf } = layout.functions;
  const callers = new Uint32Array(typeOf.length);
  const lastCaller = new Uint32Array(typeOf.length);
  for (const [, index] of layout.functions.exports) callers[index] = 1;
  for (let index = importedCount; index < typeOf.length; index++)
    for (const callee of facts.body(index)?.calls ?? [])
      if (lastCaller[callee] !== index) {
        lastCaller[callee] = index;
        callers[callee] = (callers[callee] ?? 0) + 1;
      }
  return callers;
}

/** True if a function of the module that is not in `named` calls its malloc. */
function isCalledInside(layout: ModuleLayout, facts: Facts, named: readonly FoundFunction[]): boolean {
  const { importedCount, typeOf } = layout.functions;
  const isNamed = new Set(named.map(({ index }) => index));
  const mallocs = new Set(
    named.filter(({ role }) => ROLES[role].family === 'malloc').map(({ index }) => index),
  );
  for (let index = importedCount; index < typeOf.length; index++)
    if (!isNamed.has(index) && facts.body(index)?.calls.some((callee) => mallocs.has(callee))) return true;
  return false;
}

/** Yields the functions that have the type of a role. */
function* ofRole({ functions, memory64 }: ModuleLayout, role: RoleName): Generator<number> {
  const { importedCount, typeOf, types } = functions;
  const type = typeOfRole(role, memory64);
  for (let index = importedCount; index < typeOf.length; index++)
    if (types[typeOf[index] ?? -1] === type) yield index;
}

/** The roles of functions that call malloc, by their types: those that also call free, and those that do not. */
const RESIZERS: readonly (readonly [
  type: RoleName,
  withFree: RoleName | undefined,
  withoutFree: RoleName | undefined,
])[] = [
  ['realloc', 'realloc', 'alignedByShape'],
  ['reallocSized', 'reallocSized', undefined],
];

/**
 * Returns the realloc and the memalign of a malloc and a free: the only functions of their types that call malloc, with
 * or without free, and use the allocator's variables, directly or through a function that they call.
 */
function findResizers(layout: ModuleLayout, facts: Facts, known: readonly FoundFunction[]): FoundFunction[] {
  const ofFamily = (family: AllocatorFunction): Set<number> =>
    new Set(known.filter(({ role }) => ROLES[role].family === family).map(({ index }) => index));
  const [mallocs, frees] = [ofFamily('malloc'), ofFamily('free')];
  const callsAny = (index: number, others: ReadonlySet<number>): boolean =>
    facts.body(index)?.calls.some((callee) => others.has(callee)) ?? false;
  const hasState = (index: number): boolean =>
    !mallocs.has(index) &&
    !frees.has(index) &&
    sharesState(facts, index, mallocs) &&
    sharesState(facts, index, frees);
  const isInner = (index: number): boolean => !callsAny(index, mallocs) && hasState(index);
  const found = new Map<RoleName, number[]>();
  for (const [type, withFree, withoutFree] of RESIZERS)
    for (const index of ofRole(layout, type)) {
      if (!callsAny(index, mallocs)) continue;
      const role = callsAny(index, frees) ? withFree : withoutFree;
      const isCore = role && (hasState(index) || facts.body(index)?.calls.some(isInner));
      if (role && isCore) found.set(role, [...(found.get(role) ?? []), index]);
    }
  return [...found].flatMap(([role, [index, ...others]]) =>
    index === undefined || others.length > 0 || has(known, ROLES[role].family)
      ? []
      : [{ index, role, name: '', how: 'shape' as const }],
  );
}

/**
 * True if all functions of an allocator were found: each function that uses its variables is in `functions`, or is only
 * called by functions there.
 */
export function isClosed({ functions: table }: ModuleLayout, { functions, state }: FoundAllocator): boolean {
  if (state.length < SHARED_ADDRESSES) return false;
  const facts = new Facts(table);
  const known = new Set(functions.map(({ index }) => index));
  const isState = new Set(state);
  const inner = new Set<number>();
  const each = function* (): Generator<number> {
    for (let index = table.importedCount; index < table.typeOf.length; index++)
      if (!known.has(index)) yield index;
  };
  for (const index of each()) {
    const addresses = facts.body(index)?.addresses ?? new Set();
    if ([...addresses].filter((address) => isState.has(address)).length >= SHARED_ADDRESSES) inner.add(index);
  }
  if (table.exports.some(([, index]) => inner.has(index))) return false;
  for (const index of each())
    if (!inner.has(index) && facts.body(index)?.calls.some((callee) => inner.has(callee))) return false;
  return true;
}

/** Returns the addresses of variables that both malloc and free use. */
function stateOf(facts: Facts, functions: readonly FoundFunction[]): number[] {
  const state = new Set<number>();
  const addressesOf = (family: AllocatorFunction): ReadonlySet<number>[] =>
    functions
      .filter(({ role }) => ROLES[role].family === family)
      .map(({ index }) => facts.body(index)?.addresses ?? new Set());
  for (const addresses of addressesOf('malloc'))
    for (const address of addresses)
      if (addressesOf('free').some((other) => other.has(address))) state.add(address);
  return [...state];
}

const sharesState = (facts: Facts, index: number, others: ReadonlySet<number>): boolean =>
  [...others].some((other) => facts.sharedAddresses(index, other) >= SHARED_ADDRESSES);

interface Pair {
  readonly malloc: number;
  readonly free: number;
}

function findPair(layout: ModuleLayout, facts: Facts): FoundFunction[] | undefined {
  const hasState = (index: number): boolean => (facts.body(index)?.addresses.size ?? 0) >= SHARED_ADDRESSES;
  const frees = [...ofRole(layout, 'free')].filter(hasState);
  const mallocs = [...ofRole(layout, 'malloc')].filter(
    (index) => hasState(index) && facts.isNearMemorySize(index),
  );
  const pairs: Pair[] = [];
  for (const malloc of mallocs)
    for (const free of frees)
      if (facts.sharedAddresses(malloc, free) >= SHARED_ADDRESSES) pairs.push({ malloc, free });
  const callers = countCallers(layout, facts);
  const found = dominant(pairs, callers) ?? dominant(withoutSources(pairs, facts), callers);
  return found && (['malloc', 'free'] as const).map((role) => ({ index: found[role], role, name: '', how: 'shape' })); // prettier-ignore
}

/**
 * Drops pairs whose malloc is called by the malloc of another pair with the same free: it only supplies memory.
 * emmalloc has such a function, which its start function calls too.
 */
function withoutSources(pairs: readonly Pair[], facts: Facts): Pair[] {
  const calls = (from: number, to: number): boolean => facts.body(from)?.calls.includes(to) ?? false;
  const isSource = ({ malloc, free }: Pair): boolean =>
    pairs.some((other) => other.free === free && calls(other.malloc, malloc) && !calls(malloc, other.malloc));
  return pairs.filter((pair) => !isSource(pair));
}

/** Returns the pair that has many more callers than every other (FA1); undefined if there is none. */
function dominant(pairs: readonly Pair[], callers: Uint32Array): Pair | undefined {
  const count = ({ malloc, free }: Pair): number => Math.min(callers[malloc] ?? 0, callers[free] ?? 0);
  const [first, second] = [...pairs].sort((a, b) => count(b) - count(a));
  if (!first || count(first) === 0 || (second && count(second) * DOMINANCE > count(first))) return undefined;
  return first;
}
