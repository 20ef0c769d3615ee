// SPDX-License-Identifier: MIT
// C functions as signatures for bind().
//
//   _In_reads_(n)         the pointer is to n elements that C reads; n is taken from the list
//   _Out_writes_(n)       ... that C writes; _Inout_updates_(n) ... that it reads and writes
//   _Out_, _Inout_        the pointer is to one value
//   _Owned_, _Owned_(f), _Owned_by_(f)   the result, or the value of an out-parameter, is to be freed, by free or by f
//   _Ret_writes_(n)       the result is a pointer to n elements; n is an out-parameter, a list's count or an argument
//   _Success_(return == 0 || return == 100)   the result is an error code
import { ArgumentTypeError } from '../errors.ts';
import { i32, u8 } from '../scalar/types.gen.ts';
import { voidp } from '../struct/pointer.ts';
import type { CType } from '../struct/type.ts';
import type { Annotation, CNode, FunctionDeclaration, Parameter } from './c-ast.ts';
import { errorAt, type Token } from './c-lexer.ts';
import { isUnsupported, type TypeTable } from './c-types.ts';
import {
  callback, CallbackType, checked, countOf, inout, inoutList, isInteger, list, none, out, outCount, outList, owned,
  type ListType, type ParameterType, type ResultType, type Signature,
} from './types.ts'; // prettier-ignore

/** Two names, as a C macro always or never has parentheses: headers use the second with an argument. */
const OWNED = ['_Owned_', '_Owned_by_'];
const LISTS = ['_In_reads_', '_Out_writes_', '_Inout_updates_'];
/** Annotations of parameters, of which each has at most one; below those of functions. */
const DIRECTIONS = [...LISTS, '_Out_', '_Inout_'];
const RESULTS = ['_Success_', '_Ret_writes_', ...OWNED];

/** Returns the signature of a function; undefined if it cannot be called: it is variadic, or has an `__int128`. */
export function signatureOf(
  { type, annotations }: FunctionDeclaration,
  table: TypeTable,
): Signature | undefined {
  const nodes = [type.result, ...type.parameters.map((one) => one.type)].map((node) => table.resolve(node));
  if (type.isVariadic || !nodes.every(isPassed)) return undefined;
  const counts = countsIn(type.parameters, annotations);
  const parameters = type.parameters.map((one, index) => parameterOf(one, index, counts, table));
  return [resultOf(type.result, annotations, counts, table), parameters];
}

/** True if JavaScript can pass values of a type. */
const isPassed = (node: CNode): boolean =>
  node.kind !== 'basic' || !(isUnsupported(node.name) || /__int128|_Float16/.test(node.name));

/** The parameters that are counts. */
interface Counts {
  readonly leaders: ReadonlyMap<number, number>;
  /** The index of the parameter that counts the elements of the result. */
  readonly ofResult: number | undefined;
  /** Returns the index of the parameter that an annotation names. @throws {DeclarationError} if there is none */
  indexOf(annotation: Annotation): number;
}

function countsIn(parameters: readonly Parameter[], ofFunction: readonly Annotation[]): Counts {
  const indexOf = ({ argument, at, name }: Annotation): number => {
    const [word] = argument;
    const index = argument.length === 1 ? parameters.findIndex((one) => one.name === word?.text) : -1;
    if (index < 0) throw errorAt(at, `${name}(...) must name a parameter that counts the elements`);
    return index;
  };
  const leaders = new Map<number, number>();
  parameters.forEach(({ annotations, name, type }, index) => {
    if (name !== undefined && parameters.findIndex((one) => one.name === name) < index)
      throw errorAt(type.at, `a second parameter ${name}; give it another name`);
    for (const one of annotations)
      if (one.name === '_In_reads_' || one.name === '_Inout_updates_') {
        const count = indexOf(one);
        if (!leaders.has(count)) leaders.set(count, index);
      }
  });
  const returned = ofFunction.find(({ name }) => name === '_Ret_writes_');
  return { leaders, indexOf, ofResult: returned && indexOf(returned) };
}

function parameterOf(parameter: Parameter, index: number, counts: Counts, table: TypeTable): ParameterType {
  const { type: node, annotations } = parameter;
  const find = (...names: string[]): Annotation | undefined =>
    annotations.find(({ name }) => names.includes(name));
  const leader = counts.leaders.get(index);
  const [direction, second] = annotations.filter(({ name }) => DIRECTIONS.includes(name));
  const misplaced =
    second ?? (leader === undefined ? undefined : direction) ?? find(...(direction ? [] : RESULTS));
  if (misplaced)
    throw errorAt(misplaced.at, `${misplaced.name} has no meaning on this parameter; leave it out`);
  if (leader !== undefined) {
    const type = table.typeOf(node);
    if (!isInteger(type)) throw errorAt(node.at, 'a count that is not an integer');
    return type === i32 ? countOf(leader) : countOf(leader, type);
  }
  const listed = find(...LISTS);
  if (listed) {
    const element = elementOf(targetOf(node, listed, table), table);
    const count = counts.indexOf(listed);
    if (count === index) throw errorAt(listed.at, `${listed.name} must name another parameter`);
    const first = counts.leaders.get(count);
    if (listed.name === '_Out_writes_') return outList(element, first ?? count);
    const sameAs = first === index ? undefined : first;
    return listed.name === '_In_reads_' ? list(element, sameAs) : inoutList(element, sameAs);
  }
  const single = find('_Out_', '_Inout_');
  if (!single) return plainParameter(node, table);
  const type = table.typeOf(targetOf(node, single, table));
  if (single.name === '_Inout_') return inout(type);
  if (counts.ofResult === index) {
    if (!isInteger(type)) throw errorAt(node.at, 'a count that is not an integer');
    return type === i32 ? outCount() : outCount(type);
  }
  const owner = find(...OWNED);
  return out(owner ? ownedOf(type, owner) : type);
}

/** Returns the type of an element; bytes for `void *`. */
const elementOf = (node: CNode, table: TypeTable): CType =>
  table.isVoid(node) ? (u8 as CType) : table.typeOf(node);

/** Returns the type that a pointer or an array parameter refers to. */
function targetOf(node: CNode, annotation: Annotation, table: TypeTable): CNode {
  const found = table.resolve(node);
  if (found.kind === 'pointer') return found.to;
  if (found.kind === 'array') return found.of;
  throw errorAt(annotation.at, `${annotation.name} on a parameter that is not a pointer`);
}

function plainParameter(node: CNode, table: TypeTable): ParameterType {
  const found = table.resolve(node);
  if (found.kind === 'array') return table.typeOf({ kind: 'pointer', to: found.of, at: found.at });
  const target = found.kind === 'pointer' ? table.resolve(found.to) : found;
  return target.kind === 'function' ? (callbackOf(target, table) ?? (voidp as CType)) : table.typeOf(node);
}

/**
 * Returns the type of a function pointer; undefined if JavaScript cannot implement the function: it is variadic, or has
 * an unsupported type.
 */
export function callbackOf(
  node: Extract<CNode, { kind: 'function' }>,
  table: TypeTable,
): CallbackType | undefined {
  const all = [node.result, ...node.parameters.map(({ type }) => type)].map((one) => table.resolve(one));
  if (node.isVariadic || !all.every(isPassed)) return undefined;
  const parameters = node.parameters.map(({ type }) => {
    const parameter = plainParameter(type, table);
    return parameter instanceof CallbackType ? voidp : (parameter as CType); // it has no annotations
  });
  const result = table.isVoid(node.result) ? none : table.typeOf(node.result);
  return located(node.at, 'a callback', () => callback(result, parameters));
}

function ownedOf(type: CType | ListType, { argument, name, at }: Annotation): ReturnType<typeof owned> {
  const [free] = argument;
  if (argument.length > 1 || (free && free.kind !== 'word'))
    throw errorAt(at, `${name}(...) must name the function that frees`);
  return located(at, `${name} on ${type.name}`, () => owned(type, free?.text ?? 'free'));
}

/** Calls `make`. An error about an argument becomes a DeclarationError at a token. */
function located<R>(at: Token, what: string, make: () => R): R {
  try {
    return make();
  } catch (error) {
    if (error instanceof ArgumentTypeError) throw errorAt(at, `${what}: ${error.message}`);
    throw error;
  }
}

function resultOf(
  node: CNode,
  annotations: readonly Annotation[],
  { ofResult }: Counts,
  table: TypeTable,
): ResultType {
  const find = (...names: string[]): Annotation | undefined =>
    annotations.find(({ name }) => names.includes(name));
  const success = find('_Success_');
  const owner = find(...OWNED);
  const returned = find('_Ret_writes_');
  const isNothing = table.isVoid(node);
  const misplaced = find(...DIRECTIONS) ?? (isNothing ? find(...RESULTS) : success && (owner ?? returned));
  if (misplaced)
    throw errorAt(misplaced.at, `${misplaced.name} has no meaning on this function; leave it out`);
  if (isNothing) return none;
  if (success) {
    const options = { success: successCodes(success) };
    return located(success.at, '_Success_', () => checked(table.typeOf(node), options));
  }
  const type = returned
    ? list(elementOf(targetOf(node, returned, table), table), ofResult)
    : table.typeOf(node);
  return owner ? ownedOf(type, owner) : type;
}

/** Returns the codes in `return == 0 || return == 100`. */
function successCodes({ argument, at }: Annotation): number[] {
  const text = argument.map((token) => token.text).join(' ');
  const codes = text.split(' || ').map((one) => /^return == (-? ?\d+)$/.exec(one)?.[1]?.replace(' ', ''));
  if (codes.some((code) => code === undefined))
    throw errorAt(at, 'expected _Success_(return == N || return == M)');
  return codes.map(Number);
}
