// SPDX-License-Identifier: MIT
// Names that are declared, once or again: the same again is no error in C, something else is.
import type { CNode, Declarations, FunctionDeclaration, Parameter, TagBody } from './c-ast.ts';
import { basicType } from './c-basic.ts';
import type { Integer } from './c-expression.ts';
import { errorAt, type Token } from './c-lexer.ts';

/** @throws {DeclarationError} if the name is that of another type */
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

/** Returns the function that a name of such a type declares: `typedef int act(int); act f;`. Other types as they are. */
export function asFunction(node: CNode, { typedefs }: Declarations): CNode {
  const found = [...typedefChain(node, typedefs)].at(-1);
  return found?.kind === 'function' ? found : node;
}

/** Yields `node`, the type that it stands for if it is a typedef, and so on: up to 64, should they go in a circle. */
export function* typedefChain(node: CNode, typedefs: Declarations['typedefs']): Generator<CNode> {
  let found: CNode | undefined = node;
  for (let depth = 0; found && depth < 64; depth++) {
    yield found;
    found = found.kind === 'basic' ? typedefs.get(found.name) : undefined;
  }
}

/** @throws {DeclarationError} if a function of the name has other parameters, or another result */
export function declareFunction(declared: Declarations, name: Token, value: FunctionDeclaration): void {
  const before = declared.functions.get(name.text);
  if (before && !areSame(before.type, value.type, declared)) throw twice(name, name.text);
  declared.functions.set(name.text, value);
}

/** @throws {DeclarationError} if the tag has other members */
export function declareTag(declared: Declarations, at: Token, key: string, body: TagBody): void {
  const [word, name] = key.split(/ (.*)/);
  const other = ['struct', 'union', 'enum'].find(
    (one) => one !== word && declared.tags.has(`${one} ${name}`),
  );
  if (other) throw errorAt(at, `${name} is the tag of a ${other} already; give one of them another name`);
  const before = declared.tags.get(key);
  if (before && bodyOf(before, declared) !== bodyOf(body, declared)) throw twice(at, key);
  declared.tags.set(key, body);
}

/** @throws {DeclarationError} if the name has another value */
export function declareConstant(declared: Declarations, name: Token, integer: Integer): void {
  const before = declared.constants.get(name.text)?.value ?? integer.value;
  if (before !== integer.value)
    throw errorAt(
      name,
      `${name.text} is ${before} already, and ${integer.value} here; leave one of them out`,
    );
  declared.constants.set(name.text, integer);
}

const twice = (at: Token, what: string): Error =>
  errorAt(at, `${what} is declared differently before; leave one of the declarations out`);

type FunctionNode = FunctionDeclaration['type'];

/** Parameters are compared where both have some: `int f()` says nothing of them. */
function areSame(a: FunctionNode, b: FunctionNode, declared: Declarations): boolean {
  if (meaning(a.result, declared) !== meaning(b.result, declared)) return false;
  const isSilent = a.parameters.length === 0 || b.parameters.length === 0;
  return isSilent || meaning(a, declared) === meaning(b, declared);
}

/** A text that is the same for types that are the same to a call: names of parameters and `const` are not in it. */
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

/** An array or a function as a parameter is a pointer. */
function parameterMeaning({ type }: Parameter, declared: Declarations): string {
  if (type.kind === 'array') return `${meaning(type.of, declared)}*`;
  return type.kind === 'function' ? `${meaning(type, declared)}*` : meaning(type, declared);
}

function bodyOf({ members, values }: TagBody, declared: Declarations): string {
  const list = members.map(({ name, type, bits, align }) => [name, meaning(type, declared), bits, align]);
  return JSON.stringify([list, values]);
}
