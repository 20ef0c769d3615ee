// SPDX-License-Identifier: MIT
// A parser of C declarations: recursive descent, one function for each rule.
import type {
  Annotation, CNode, Declarations, Member, Parameter, TagBody, TagWord,
} from './c-ast.ts'; // prettier-ignore
import { evaluate } from './c-expression.ts';
import { errorAt, lex, type Token } from './c-lexer.ts';
import { Cursor } from './c-cursor.ts';
import { declareConstant, declareFunction, declareTag, declareTypedef } from './c-declare.ts';
import { alignedIn, BASIC, IS_CONST, sizedType, STANDARD } from './c-words.ts';

/** Words that say nothing about a type here. */
const IGNORED = /^(extern|static|inline|__inline|__inline__|register|volatile|restrict|__restrict|__restrict__|_Noreturn|_Thread_local|__extension__|__volatile__)$/; // prettier-ignore
/** Annotations: they have a form that no other word has. */
const ANNOTATION = /^_[A-Z][A-Za-z]*(_[a-z]+)*_$/;

/** The part of a declaration that its declarators share. */
interface Specifiers {
  readonly type: CNode;
  readonly annotations: readonly Annotation[];
  readonly isTypedef: boolean;
  /** Whether it may have a body, which is passed over: the module does not export it. */
  readonly isInline: boolean;
  readonly align: number | undefined;
}

/** The bytes of a type of which all is declared. */
export type SizeOf = (declared: Declarations, node: CNode) => number;

/** Reads declarations. @throws {DeclarationError} at the line and column of what is wrong */
export function parse(source: string, known: ReadonlySet<string>, sizeOf: SizeOf): Declarations {
  const { tokens, macros } = lex(source);
  const parser = new Parser(new Cursor(tokens), known, sizeOf);
  const { constants } = parser.declared;
  const define = (): void => {
    for (const { name, value } of macros) {
      const number = evaluate(value, constants);
      if (number !== undefined) constants.set(name.text, number);
    }
  };
  define(); // lengths of arrays use them
  parser.all();
  define(); // some use the values of enums
  return parser.declared;
}

class Parser {
  readonly declared: Declarations = {
    tags: new Map(),
    typedefs: new Map(),
    functions: new Map(),
    constants: new Map(),
  };
  readonly #cursor: Cursor;
  readonly #known: ReadonlySet<string>;
  #unnamed = 0;
  readonly #sizes: (tokens: readonly Token[]) => number | undefined;
  constructor(cursor: Cursor, known: ReadonlySet<string>, sizeOf: SizeOf) {
    this.#cursor = cursor;
    this.#known = known;
    this.#sizes = (tokens) => {
      const node = sizedType(tokens, (word) => this.#isType(word));
      return node && sizeOf(this.declared, node);
    };
  }

  all(): void {
    const c = this.#cursor;
    while (c.peek.kind !== 'end') {
      if (c.take(';')) continue;
      if (c.is('extern') && c.next.kind === 'text') {
        c.skip(2); // extern "C"
        if (c.take('{')) this.#block();
        continue;
      }
      this.#declaration();
    }
  }
  #block(): void {
    while (!this.#cursor.take('}')) this.#declaration();
  }

  /** `specifiers declarator, declarator ... ;` */
  #declaration(): void {
    const c = this.#cursor;
    if (c.take(';')) return;
    const at = c.peek;
    const specifiers = this.#specifiers();
    if (c.take(';')) return; // struct point { ... };
    do {
      const { name, type, annotations } = this.#declarator(specifiers.type);
      if (!name) throw errorAt(c.peek, `expected a name, found ${c.found}`);
      this.#attributes();
      if (specifiers.isTypedef) declareTypedef(this.declared, name, type);
      else if (type.kind === 'function') {
        if (c.is('{') && specifiers.isInline) {
          c.braced();
          return;
        }
        if (c.is('{'))
          throw errorAt(c.peek, `a declaration of ${name.text} ends with ;, its body is not for here`);
        if (c.peek.kind === 'word')
          throw errorAt(c.peek, `an old-style (K&R) definition of ${name.text} is not supported`);
        const all = [...specifiers.annotations, ...annotations];
        declareFunction(this.declared, name, { type, annotations: all, at });
      } else c.skipTo(';', ','); // a variable
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
    let align: number | undefined;
    for (;;) {
      const { kind, text } = c.peek;
      if (kind !== 'word') break;
      if (text === 'typedef') isTypedef = c.drop();
      else if (IS_CONST.test(text)) isConst = c.drop();
      else if (IGNORED.test(text)) isInline = /static|inline/.test(c.advance().text) || isInline;
      else if (ANNOTATION.test(text)) annotations.push(this.#annotation());
      else if (/^(__attribute__|__declspec|_Alignas|alignas)$/.test(text))
        align = this.#attributes().align ?? align;
      else if (BASIC.test(text)) words.push(c.advance().text);
      else if (type || words.length > 0) break;
      else if (/^(struct|union|enum)$/.test(text)) type = this.#tag();
      else if (this.#isType(text)) type = { kind: 'basic', name: c.advance().text, isConst: false, at };
      else throw errorAt(c.peek, `unknown type ${text}`);
    }
    if (words.length > 0) type = { kind: 'basic', name: words.join(' '), isConst, at };
    if (!type) throw errorAt(c.peek, `expected a type, found ${c.found}`);
    return {
      type: isConst && 'isConst' in type ? { ...type, isConst } : type,
      annotations,
      isTypedef,
      isInline,
      align,
    };
  }

  /** `_Name_` or `_Name_(...)`. */
  #annotation(): Annotation {
    const c = this.#cursor;
    const at = c.advance();
    return { name: at.text, at, argument: c.is('(') ? c.parenthesized() : [] };
  }

  /** `__attribute__((packed, aligned(8)))`, `_Alignas(8)`; others are passed over. */
  #attributes(): { packed: boolean; align: number | undefined } {
    const c = this.#cursor;
    let packed = false;
    let align: number | undefined;
    while (/^(__attribute__|__declspec|_Alignas|alignas|__asm__|asm)$/.test(c.peek.text)) {
      const name = c.advance();
      const inside = c.parenthesized();
      packed ||= inside.some(({ text }) => /^(__)?packed(__)?$/.test(text));
      const value = /lignas$/.test(name.text) ? inside : alignedIn(inside);
      if (value) align = evaluate(value, this.declared.constants) ?? align;
    }
    return { packed, align };
  }

  /** `struct tag`, `struct tag { ... }`, `enum { ... }`. */
  #tag(): CNode {
    const c = this.#cursor;
    const at = c.advance();
    const word = at.text as TagWord; // the caller has looked
    const before = this.#attributes();
    const name = c.peek.kind === 'word' ? c.advance().text : `(unnamed ${++this.#unnamed})`;
    if (c.take('{')) {
      const body = word === 'enum' ? this.#enumBody() : this.#recordBody(word);
      const after = this.#attributes();
      body.packed = before.packed || after.packed;
      body.align = after.align ?? before.align;
      declareTag(this.declared, at, `${word} ${name}`, body);
    } else if (name.startsWith('(')) throw errorAt(c.peek, `expected a tag or {, found ${c.found}`);
    return { kind: 'tag', word, name, isConst: false, at };
  }

  #enumBody(): TagBody {
    const c = this.#cursor;
    const values: Record<string, number> = {};
    let next = 0;
    while (!c.take('}')) {
      const name = c.word();
      if (c.take('=')) next = this.#constant(c.until(',', '}'), name);
      values[name.text] = next;
      declareConstant(this.declared, name, next++);
      if (!c.is('}')) c.expect(',');
    }
    return { word: 'enum', members: [], values, packed: false, align: undefined };
  }

  #recordBody(word: TagWord): TagBody {
    const c = this.#cursor;
    const members: Member[] = [];
    while (!c.take('}')) {
      const { type: base, align } = this.#specifiers();
      if (c.is(';')) {
        // Without a tag it is a member, whose members are those of the struct around it; with one it is only defined.
        if (base.kind === 'tag' && base.word !== 'enum' && base.name.startsWith('('))
          members.push({ name: undefined, type: base, bits: undefined, align, at: c.peek });
      } else
        do {
          const at = c.peek;
          const { name, type } = c.is(':') ? { name: undefined, type: base } : this.#declarator(base);
          const bits = c.take(':') ? this.#constant(c.until(';', ','), at) : undefined;
          const own = this.#attributes().align;
          members.push({ name: name?.text, type, bits, align: own ?? align, at });
        } while (c.take(','));
      c.expect(';');
    }
    return { word, members, values: {}, packed: false, align: undefined };
  }

  /** `*name[3]`, `(*name)(int)`; without a name in a parameter. */
  #declarator(base: CNode): { name: Token | undefined; type: CNode; annotations: Annotation[] } {
    const c = this.#cursor;
    const annotations: Annotation[] = [];
    let type = base;
    for (;;) {
      if (c.is('*')) type = { kind: 'pointer', to: type, at: c.advance() };
      else if (IS_CONST.test(c.peek.text) || IGNORED.test(c.peek.text)) c.drop();
      else if (ANNOTATION.test(c.peek.text)) annotations.push(this.#annotation());
      else break;
    }
    if (c.is('(') && (c.next.text === '*' || c.next.text === '(')) {
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
    return { name, type: this.#suffix(type), annotations };
  }

  /** `[3][4]` or `(int a, int b)`. */
  #suffix(type: CNode): CNode {
    const c = this.#cursor;
    const at = c.peek;
    if (c.take('[')) {
      const inside = c.until(']');
      c.expect(']');
      const length = inside.length === 0 ? undefined : this.#constant(inside, at);
      return { kind: 'array', of: this.#suffix(type), length, at };
    }
    if (!c.take('(')) return type;
    const parameters: Parameter[] = [];
    let isVariadic = false;
    while (!c.take(')')) {
      if (c.take('...')) isVariadic = true;
      else parameters.push(this.#parameter());
      if (!c.is(')')) c.expect(',');
    }
    const [first] = parameters;
    const isVoid =
      parameters.length === 1 && !first?.name && first?.type.kind === 'basic' && first.type.name === 'void';
    return { kind: 'function', result: type, parameters: isVoid ? [] : parameters, isVariadic, at };
  }

  #parameter(): Parameter {
    const { peek, next } = this.#cursor;
    if (peek.kind === 'word' && /^[,)]$/.test(next.text) && !this.#isType(peek.text))
      throw errorAt(peek, `${peek.text} is no type; an old-style (K&R) definition is not supported`);
    const { type: base, annotations } = this.#specifiers();
    const { name, type, annotations: more } = this.#declarator(base);
    this.#attributes();
    return { name: name?.text, type, annotations: [...annotations, ...more] };
  }

  #isType(word: string): boolean {
    return (
      BASIC.test(word) || STANDARD.test(word) || this.declared.typedefs.has(word) || this.#known.has(word)
    );
  }
  #constant(tokens: readonly Token[], at: Token): number {
    const value = evaluate(tokens, this.declared.constants, this.#sizes);
    if (value === undefined) throw errorAt(tokens[0] ?? at, 'expected an integer constant');
    return value;
  }
}
