// SPDX-License-Identifier: MIT
// A recursive-descent parser of C declarations: one method for each rule.
import type { PointerSize } from '../struct/layout.ts';
import type { CType } from '../struct/type.ts';
import type { Annotation, CNode, Declarations, Member, Parameter, TagWord } from './c-ast.ts';
import { takeAnnotation, takeAssertion, takeAttributes, type Attributes } from './c-attributes.ts';
import { defineMacros, takeEnumValues } from './c-constants.ts';
import { evaluate, type Integer, type Names } from './c-expression.ts';
import { ANNOTATION, errorAt, lex, type Token, type Tokens } from './c-lexer.ts';
import { Cursor } from './c-cursor.ts';
import { asFunction, declareFunction, declareTag, declareTypedef } from './c-declare.ts';
import { basicName, BASIC, IGNORED, IS_CONST, sizedType, STANDARD, TAG, vectorAt } from './c-words.ts';

/** The specifiers of a declaration, which its declarators share. */
interface Specifiers {
  readonly type: CNode;
  readonly annotations: readonly Annotation[];
  readonly isTypedef: boolean;
  /** True if a body may follow, which is skipped: the module does not export the function. */
  readonly isInline: boolean;
  readonly align: number | undefined;
}

/** Options of the parser: known types, the pointer size, and the conversion of C types to descriptors. */
export interface ParserOptions {
  readonly known: ReadonlySet<string>;
  readonly pointerSize: PointerSize;
  /** Returns the type of a node whose parts are all declared. */
  typeOf(declared: Declarations, node: CNode): CType;
}

/** Parses declarations. @throws {DeclarationError} with the line and column of the error */
export function parse(source: string, options: ParserOptions): Declarations {
  const tokens = lex(source);
  const parser = new Parser(tokens, options);
  parser.all();
  defineMacros(parser.declared, tokens.macros, parser.names);
  return parser.declared;
}

class Parser {
  readonly declared: Declarations = {
    tags: new Map(),
    typedefs: new Map(),
    alignments: new Map(),
    functions: new Map(),
    constants: new Map(),
    otherMacros: new Map(),
  };
  readonly #cursor: Cursor;
  readonly #packs: Tokens['packs'];
  readonly #known: ReadonlySet<string>;
  readonly names: Names;
  #unnamed = 0;
  constructor({ tokens, packs }: Tokens, { known, pointerSize, typeOf }: ParserOptions) {
    this.#cursor = new Cursor(tokens);
    this.#packs = packs;
    this.#known = known;
    this.names = {
      constants: this.declared.constants,
      pointerSize,
      typeOf: (words) => {
        const node = sizedType(words, (word) => this.#isType(word));
        return node && typeOf(this.declared, node);
      },
    };
  }

  all(): void {
    const c = this.#cursor;
    while (c.peek.kind !== 'end') {
      if (c.is('extern') && c.next.kind === 'text') {
        c.skip(2); // extern "C"
        if (c.take('{')) this.#block();
        continue;
      }
      this.#declaration();
    }
  }
  #block(): void {
    const c = this.#cursor;
    while (c.peek.kind !== 'end' && !c.is('}')) this.#declaration();
    c.expect('}');
  }

  /** Parses `specifiers declarator, declarator ... ;`. */
  #declaration(): void {
    const c = this.#cursor;
    if (c.take(';') || takeAssertion(c)) return;
    const at = c.peek;
    const specifiers = this.#specifiers();
    if (c.take(';')) return; // struct point { ... };
    do {
      const { name, type: declared, annotations } = this.#declarator(specifiers.type);
      if (!name) throw errorAt(c.peek, `expected a name, found ${c.found}`);
      const { align = specifiers.align, isVector } = this.#attributes();
      const type = isVector
        ? vectorAt(at)
        : specifiers.isTypedef
          ? declared
          : asFunction(declared, this.declared);
      if (specifiers.isTypedef) declareTypedef(this.declared, name, type, align);
      else if (type.kind === 'function') {
        if (c.is('{') && specifiers.isInline) {
          c.braced();
          return;
        }
        if (c.is('{'))
          throw errorAt(c.peek, `expected ; after the declaration of ${name.text}; leave its body out`);
        if (c.peek.kind === 'word')
          throw errorAt(
            c.peek,
            `expected ; after ${name.text}(...): old-style (K&R) definitions are not supported`,
          );
        const all = [...specifiers.annotations, ...annotations];
        declareFunction(this.declared, name, { type, annotations: all, at });
      } else if (c.take('=')) c.skipTo(';', ','); // a variable
    } while (c.take(','));
    c.expect(';');
  }

  #specifiers(): Specifiers {
    const c = this.#cursor;
    const at = c.peek;
    const words: string[] = [];
    const annotations: Annotation[] = [];
    let type: CNode | undefined;
    let isConst = false;
    let isTypedef = false;
    let isInline = false;
    let isVector = false;
    let align: number | undefined;
    for (;;) {
      const { kind, text } = c.peek;
      if (kind !== 'word') break;
      if (text === 'typedef') isTypedef = c.drop();
      else if (IS_CONST.test(text)) isConst = c.drop();
      else if (IGNORED.test(text)) isInline = /static|inline/.test(c.advance().text) || isInline;
      else if (ANNOTATION.test(text)) annotations.push(takeAnnotation(c));
      else if (/^(__attribute__|__declspec|_Alignas|alignas)$/.test(text)) {
        const more = this.#attributes();
        align = more.align ?? align;
        isVector ||= more.isVector;
      } else if (type?.kind === 'tag' && BASIC.test(text)) throw errorAt(c.peek, `expected ;, found ${text}`);
      else if (BASIC.test(text)) words.push(c.advance().text.replace('__signed__', 'signed'));
      else if (type || words.length > 0) break;
      else if (TAG.test(text)) type = this.#tag();
      else if (this.#isType(text)) type = { kind: 'basic', name: c.advance().text, isConst: false, at };
      else throw errorAt(c.peek, `unknown type ${text}; declare it before, or give it in the option types`);
    }
    if (words.length > 0) {
      const name = type ? undefined : basicName(words);
      const before = type && 'name' in type ? `${type.name} ` : '';
      if (name === undefined) throw errorAt(at, `${before}${words.join(' ')} is not a type`);
      type = { kind: 'basic', name, isConst, at };
    }
    if (!type) throw errorAt(c.peek, `expected a type, found ${c.found}`);
    const own = isVector ? vectorAt(at) : isConst && 'isConst' in type ? { ...type, isConst } : type;
    return { type: own, annotations, isTypedef, isInline, align };
  }

  #attributes(): Attributes {
    return takeAttributes(this.#cursor, (tokens) => this.#constant(tokens, this.#cursor.peek));
  }

  /** Parses `struct tag`, `struct tag { ... }` or `enum { ... }`. */
  #tag(): CNode {
    const c = this.#cursor;
    const at = c.advance();
    const word = at.text as TagWord; // the caller has checked
    const before = this.#attributes();
    const name = c.peek.kind === 'word' ? c.advance().text : `(unnamed ${++this.#unnamed})`;
    const pack = this.#packs.findLast(({ from }) => from <= c.position)?.pack;
    if (c.take('{')) {
      const isEnum = word === 'enum';
      const values = isEnum ? takeEnumValues(c, this.declared, (...all) => this.#integer(...all)) : {};
      const members = isEnum ? [] : this.#members();
      const after = this.#attributes();
      const packed = before.packed || after.packed;
      const align = after.align ?? before.align;
      declareTag(this.declared, at, `${word} ${name}`, { word, members, values, packed, pack, align });
    } else if (name.startsWith('(')) throw errorAt(c.peek, `expected a tag or {, found ${c.found}`);
    return { kind: 'tag', word, name, isConst: false, at };
  }

  #members(): Member[] {
    const c = this.#cursor;
    const members: Member[] = [];
    while (!c.take('}')) {
      if (takeAssertion(c)) continue;
      const { type: base, align } = this.#specifiers();
      if (c.is(';')) {
        // Without a tag it is an anonymous member, whose members are those of the enclosing struct; with a tag it is
        // only defined.
        if (base.kind === 'tag' && base.word !== 'enum' && base.name.startsWith('('))
          members.push({ name: undefined, type: base, bits: undefined, align, at: c.peek });
      } else
        do {
          const at = c.peek;
          const { name, type } = c.is(':') ? { name: undefined, type: base } : this.#declarator(base);
          const bits = c.take(':') ? this.#constant(c.until(';', ','), at) : undefined;
          if (!name && bits === undefined) throw errorAt(c.peek, `expected a name, found ${c.found}`);
          const own = this.#attributes().align;
          members.push({ name: name?.text, type, bits, align: own ?? align, at });
        } while (c.take(','));
      c.expect(';');
    }
    return members;
  }

  /** Parses `*name[3]` or `(*name)(int)`; in a parameter the name is optional. */
  #declarator(
    base: CNode,
    isParameter = false,
  ): { name: Token | undefined; type: CNode; annotations: Annotation[] } {
    const c = this.#cursor;
    const annotations: Annotation[] = [];
    let type = base;
    for (;;) {
      if (c.is('*')) type = { kind: 'pointer', to: type, at: c.advance() };
      else if (IS_CONST.test(c.peek.text) || IGNORED.test(c.peek.text)) c.drop();
      else if (ANNOTATION.test(c.peek.text)) annotations.push(takeAnnotation(c));
      else if (c.is('__attribute__') && this.#attributes().align === undefined) continue;
      else break;
    }
    if (c.is('(') && (c.next.text === '*' || c.next.text === '(' || this.#isName(c.next))) {
      // The declarator inside binds first: skip it, read the suffix, then return and read it.
      const start = c.position;
      c.parenthesized();
      const outer = this.#suffix(type);
      const end = c.position;
      c.position = start + 1;
      const inner = this.#declarator(outer);
      c.expect(')');
      c.position = end;
      return { ...inner, annotations: [...annotations, ...inner.annotations] };
    }
    const name = c.peek.kind === 'word' ? c.advance() : undefined;
    return { name, type: this.#suffix(type, isParameter), annotations };
  }

  /** Parses `[3][4]` or `(int a, int b)`. */
  #suffix(type: CNode, isParameter = false): CNode {
    const c = this.#cursor;
    const at = c.peek;
    if (c.take('[')) {
      const inside = c.until(']');
      c.expect(']');
      // A parameter is a pointer, so its length is ignored: `[static 3]`, `[n]`.
      const length = inside.length === 0 || isParameter ? undefined : this.#constant(inside, at);
      return { kind: 'array', of: this.#suffix(type), length, at };
    }
    if (!c.take('(')) return type;
    const parameters: Parameter[] = [];
    let isVariadic = false;
    while (!c.is(')')) {
      if (c.take('...')) isVariadic = true;
      else parameters.push(this.#parameter());
      if (c.is(')')) break;
      if (!c.take(',')) throw errorAt(c.peek, `expected , or ) after a parameter, found ${c.found}`);
      if (c.is(')')) throw errorAt(c.peek, 'expected a parameter, found )');
    }
    c.expect(')');
    const [first] = parameters;
    const isVoid =
      parameters.length === 1 && !first?.name && first?.type.kind === 'basic' && first.type.name === 'void';
    return { kind: 'function', result: type, parameters: isVoid ? [] : parameters, isVariadic, at };
  }

  #parameter(): Parameter {
    const { peek, next } = this.#cursor;
    if (peek.kind === 'word' && /^[,)]$/.test(next.text) && !this.#isType(peek.text))
      throw errorAt(peek, `${peek.text} is not a type; old-style (K&R) definitions are not supported`);
    const { type: base, annotations } = this.#specifiers();
    const { name, type, annotations: more } = this.#declarator(base, true);
    this.#attributes();
    return { name: name?.text, type, annotations: [...annotations, ...more] };
  }

  #isType(word: string): boolean {
    return (
      BASIC.test(word) || STANDARD.test(word) || this.declared.typedefs.has(word) || this.#known.has(word)
    );
  }
  /** True if a token is the declared name and not part of a type. */
  #isName({ kind, text }: Token): boolean {
    const isOther = TAG.test(text) || IS_CONST.test(text) || IGNORED.test(text) || ANNOTATION.test(text);
    return kind === 'word' && !isOther && !this.#isType(text);
  }
  #integer(tokens: readonly Token[], at: Token): Integer {
    const found = evaluate(tokens, this.names);
    if (!found) throw errorAt(tokens[0] ?? at, 'expected an integer constant');
    return found;
  }
  #constant(tokens: readonly Token[], at: Token): number {
    return Number(this.#integer(tokens, at).value);
  }
}
