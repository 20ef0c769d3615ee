// SPDX-License-Identifier: MIT
// C functions as signatures for bind().
//
//   _In_reads_(n)         the pointer is to n elements that C reads; n is taken from the list
//   _Out_writes_(n)       ... that C writes; _Inout_updates_(n) ... that it reads and writes
//   _Out_, _Inout_        the pointer is to one value
//   _Owned_, _Owned_(f), _Owned_by_(f)   the result, or the value of an out-parameter, is to be freed, by free or by f
//   _Success_(return == 0 || return == 100)   the result is an error code
import { ArgumentTypeError } from '../errors.ts';
import { i32 } from '../scalar/types.gen.ts';
import { isScalar, type CType } from '../struct/type.ts';
import type { Annotation, CNode, FunctionDeclaration, Parameter } from './c-ast.ts';
import { errorAt } from './c-lexer.ts';
import { LONG_DOUBLE, type TypeTable } from './c-types.ts';
import {
  callback, checked, countOf, inout, inoutList, list, none, out, outList, owned, type CallbackType, type ParameterType,
  type ResultType, type Signature,
} from './types.ts'; // prettier-ignore

/** The second is for headers: a macro of C has parentheses always or never. */
const OWNED = ['_Owned_', '_Owned_by_'];
const LISTS = ['_In_reads_', '_Out_writes_', '_Inout_updates_'];

/** The signature of a function; undefined for one that cannot be called: it is variadic, or takes a `long double`. */
export function signatureOf(
  { type, annotations }: FunctionDeclaration,
  table: TypeTable,
): Signature | undefined {
  const nodes = [type.result, ...type.parameters.map((one) => one.type)].map((node) => table.resolve(node));
  const isCallable = nodes.every((node) => node.kind !== 'basic' || node.name !== LONG_DOUBLE);
  if (type.isVariadic || !isCallable) return undefined;
  const counts = countsIn(type.parameters);
  const parameters = type.parameters.map((one, index) => parameterOf(one, index, counts, table));
  return [resultOf(type.result, annotations, table), parameters];
}

/** For each parameter that is a count: the first list that it counts which has an argument. */
interface Counts {
  readonly leaders: ReadonlyMap<number, number>;
  /** The index of the parameter with a name. @throws {DeclarationError} if there is none */
  indexOf(annotation: Annotation): number;
}

function countsIn(parameters: readonly Parameter[]): Counts {
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
  return { leaders, indexOf };
}

function parameterOf(parameter: Parameter, index: number, counts: Counts, table: TypeTable): ParameterType {
  const { type: node, annotations } = parameter;
  const find = (...names: string[]): Annotation | undefined =>
    annotations.find(({ name }) => names.includes(name));
  const leader = counts.leaders.get(index);
  if (leader !== undefined) {
    const type = table.typeOf(node);
    if (!isScalar(type)) throw errorAt(node.at, 'a count that is no integer');
    return type === i32 ? countOf(leader) : countOf(leader, type);
  }
  const listed = find(...LISTS);
  if (listed) {
    const element = table.typeOf(targetOf(node, listed, table));
    const count = counts.indexOf(listed);
    const first = counts.leaders.get(count);
    if (listed.name === '_Out_writes_') return outList(element, first ?? count);
    const sameAs = first === index ? undefined : first;
    return listed.name === '_In_reads_' ? list(element, sameAs) : inoutList(element, sameAs);
  }
  const single = find('_Out_', '_Inout_');
  if (!single) return plainParameter(node, table);
  const type = table.typeOf(targetOf(node, single, table));
  if (single.name === '_Inout_') return inout(type);
  const owner = find(...OWNED);
  return out(owner ? ownedOf(type, owner) : type);
}

/** The type that a pointer or an array parameter refers to. */
function targetOf(node: CNode, annotation: Annotation, table: TypeTable): CNode {
  const found = table.resolve(node);
  if (found.kind === 'pointer') return found.to;
  if (found.kind === 'array') return found.of;
  throw errorAt(annotation.at, `${annotation.name} on a parameter that is no pointer`);
}

function plainParameter(node: CNode, table: TypeTable): ParameterType {
  const found = table.resolve(node);
  if (found.kind === 'array') return table.typeOf({ kind: 'pointer', to: found.of, at: found.at });
  const target = found.kind === 'pointer' ? table.resolve(found.to) : found;
  return target.kind === 'function' ? callbackOf(target, table) : table.typeOf(node);
}

function callbackOf(node: Extract<CNode, { kind: 'function' }>, table: TypeTable): CallbackType {
  if (node.isVariadic) throw errorAt(node.at, 'a callback with a variable number of arguments');
  const parameters = node.parameters.map(({ type }) => plainParameter(type, table) as CType); // a callback in one is refused
  try {
    return callback(table.isVoid(node.result) ? none : table.typeOf(node.result), parameters);
  } catch (error) {
    if (error instanceof ArgumentTypeError) throw errorAt(node.at, error.message);
    throw error;
  }
}

function ownedOf(type: CType, { argument, name, at }: Annotation): ResultType & ReturnType<typeof owned> {
  if (isScalar(type)) throw errorAt(at, `${name} on ${type.name}, which is no pointer that can be freed`);
  return owned(type, argument[0]?.text ?? 'free');
}

function resultOf(node: CNode, annotations: readonly Annotation[], table: TypeTable): ResultType {
  if (table.isVoid(node)) return none;
  const type = table.typeOf(node);
  const owner = annotations.find(({ name }) => OWNED.includes(name));
  if (owner) return ownedOf(type, owner);
  const success = annotations.find(({ name }) => name === '_Success_');
  return success ? checked(type, { success: successCodes(success) }) : type;
}

/** The codes in `return == 0 || return == 100`. */
function successCodes({ argument, at }: Annotation): number[] {
  const text = argument.map((token) => token.text).join(' ');
  const codes = text.split(' || ').map((one) => /^return == (-? ?\d+)$/.exec(one)?.[1]?.replace(' ', ''));
  if (codes.some((code) => code === undefined))
    throw errorAt(at, 'expected _Success_(return == N || return == M)');
  return codes.map(Number);
}
