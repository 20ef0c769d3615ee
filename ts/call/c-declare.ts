// SPDX-License-Identifier: MIT
// Declares names. A second declaration must be the same as the first, as in C.
import type { CNode, Declarations, FunctionDeclaration, Parameter, TagBody } from './c-ast.ts';
import { basicType } from './c-basic.ts';
import type { Integer } from './c-expression.ts';
import { errorAt, type Token } from './c-lexer.ts';

/** Declares a typedef. @throws {DeclarationError} if the name is that of another type */
export function declareTypedef(
  declared: Declarations,
  name: Token,
  type: CNode,
  align: number | undefined,
): void {
  const before = declared.typedefs.get(name.text);
  if (before && meaning(before, declared) !== meaning(type, declared)) throw twice(name, name.text);
  declared.typedefs.set(name.text, type);
  if (align !== undefined) declared.alignments.set(name.text, align);
}

/**
 * Returns the function type of a typedef: `typedef int act(int); act f;` declares a function. Returns other types
 * unchanged.
 */
export function asFunction(node: CNode, { typedefs }: Declarations): CNode {
  const found = [...typedefChain(node, typedefs)].at(-1);
  return found?.kind === 'function' ? found : node;
}

/** Yields `node` and, while it is a typedef, the type that it names. At most 64, as typedefs may be circular. */
export function* typedefChain(node: CNode, typedefs: Declarations['typedefs']): Generator<CNode> {
  let found: CNode | undefined = node;
  for (let depth = 0; found && depth < 64; depth++) {
    yield found;
    found = found.kind === 'basic' ? typedefs.get(found.name) : undefined;
  }
}

/** Declares a function. @throws {DeclarationError} if one of the same name has other parameters, or another result */
export function declareFunction(declared: Declarations, name: Token, value: FunctionDeclaration): void {
  const before = declared.functions.get(name.text);
  if (before && !areSame(before.type, value.type, declared)) throw twice(name, name.text);
  declared.functions.set(name.text, value);
}

/** Declares a tag. @throws {DeclarationError} if it has other members */
export function declareTag(declared: Declarations, at: Token, key: string, body: TagBody): void {
  const [word, name] = key.split(/ (.*)/);
  const other = ['struct', 'union', 'enum'].find(
    (one) => one !== word && declared.tags.has(`${one} ${name}`),
  );
  if (other) throw errorAt(at, `${name} is already the tag of a ${other}; give one of them another name`);
  const before = declared.tags.get(key);
  if (before && bodyOf(before, declared) !== bodyOf(body, declared)) throw twice(at, key);
  declared.tags.set(key, body);
}

/** Declares a constant. @throws {DeclarationError} if it has another value */
export function declareConstant(declared: Declarations, name: Token, integer: Integer): void {
  const before = declared.constants.get(name.text)?.value ?? integer.value;
  if (before !== integer.value)
    throw errorAt(name, `${name.text} was ${before} and is ${integer.value} here; leave one of them out`);
  declared.constants.set(name.text, integer);
}

const twice = (at: Token, what: string): Error =>
  errorAt(at, `${what} was declared differently before; leave one of the declarations out`);

type FunctionNode = FunctionDeclaration['type'];

/** True if two functions have the same type. `int f()` has the same as a function with any parameters. */
function areSame(a: FunctionNode, b: FunctionNode, declared: Declarations): boolean {
  if (meaning(a.result, declared) !== meaning(b.result, declared)) return false;
  const isSilent = a.parameters.length === 0 || b.parameters.length === 0;
  return isSilent || meaning(a, declared) === meaning(b, declared);
}

/** Returns a string that is equal for types that are equal in calls: without names of parameters and `const`. */
function meaning(node: CNode, declared: Declarations): string {
  switch (node.kind) {
    case 'basic': {
      const next = declared.typedefs.get(node.name);
      if (next) return meaning(next, declared);
      return basicType(node.name, 4)?.name ?? node.name;
    }
    case 'tag':
      return `${node.word} ${node.name}`;
    case 'pointer':
      return `${meaning(node.to, declared)}*`;
    case 'array':
      return `${meaning(node.of, declared)}[${node.length ?? ''}]`;
    default: {
      const parameters = node.parameters.map((one) => parameterMeaning(one, declared));
      return `${meaning(node.result, declared)}(${parameters.join()}${node.isVariadic ? '...' : ''})`;
    }
  }
}

/** As {@link meaning}, for a parameter: an array or a function is a pointer. */
function parameterMeaning({ type }: Parameter, declared: Declarations): string {
  if (type.kind === 'array') return `${meaning(type.of, declared)}*`;
  return type.kind === 'function' ? `${meaning(type, declared)}*` : meaning(type, declared);
}

function bodyOf({ members, values }: TagBody, declared: Declarations): string {
  const list = members.map(({ name, type, bits, align }) => [name, meaning(type, declared), bits, align]);
  return JSON.stringify([list, values]);
}
