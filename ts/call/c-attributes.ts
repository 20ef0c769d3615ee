// SPDX-License-Identifier: MIT
// Parses attributes, annotations and assertions.
import type { Annotation } from './c-ast.ts';
import type { Cursor } from './c-cursor.ts';
import { errorAt, type Token } from './c-lexer.ts';
import { alignedIn } from './c-words.ts';

/** The part of a layout that attributes decide. */
export interface Attributes {
  readonly packed: boolean;
  readonly align: number | undefined;
  /** True for `vector_size` and similar attributes. */
  readonly isVector: boolean;
}

/** Parses `__attribute__((packed, aligned(8)))` and `_Alignas(8)`; skips other attributes. */
export function takeAttributes(c: Cursor, constant: (tokens: readonly Token[]) => number): Attributes {
  let packed = false;
  let isVector = false;
  let align: number | undefined;
  while (/^(__attribute__|__declspec|_Alignas|alignas|__asm__|asm)$/.test(c.peek.text)) {
    const name = c.advance();
    const inside = c.parenthesized();
    const mode = inside.find(({ text }) => /^(__)?mode(__)?$/.test(text));
    if (mode) throw errorAt(mode, `the attribute ${mode.text}, which changes the type, is not supported`);
    packed ||= inside.some(({ text }) => /^(__)?packed(__)?$/.test(text));
    isVector ||= inside.some(({ text }) => /^(__)?(vector_size|ext_vector_type)(__)?$/.test(text));
    const value = /lignas$/.test(name.text) ? inside : alignedIn(inside);
    if (value) align = constant(value);
  }
  return { packed, align, isVector };
}

/** Parses `_Name_` or `_Name_(...)`. */
export function takeAnnotation(c: Cursor): Annotation {
  const at = c.advance();
  return { name: at.text, at, argument: c.is('(') ? c.parenthesized() : [] };
}

/** Skips `_Static_assert(...);`. Returns false if there is none. */
export function takeAssertion(c: Cursor): boolean {
  if (!/^(_Static_assert|static_assert)$/.test(c.peek.text)) return false;
  c.skip(1);
  c.parenthesized();
  c.expect(';');
  return true;
}
