// Pages, comments and messages use the standard terms of the field. The words below are terms of our own that linmem has
// abandoned; each is listed with the term to use.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

/** Abandoned words, as regular expressions without boundaries, and the terms to use. */
const ABANDONED: Readonly<Record<string, string>> = {
  'ledgers?': 'allocation table',
  'loans?': 'allocation, entry',
  'lend|lends|lent|lending|lenders?': 'allocate',
  'ghosts?': 'stale allocation',
  'strangers?': 'untracked memory',
  'manieth|ever so many': 'sequence number',
  ways: 'access modes, paths, methods',
  soon: 'fast path',
  'rows?': 'type, entry',
  'verbs?': 'operation, method',
  'rooms|house|houses': 'module',
  born: 'created in',
  'dear|dearer': 'expensive, costs',
  'unless given': 'Default: ...',
  'for ever': 'never freed, permanently',
  'giv(?:e|es|en|ing) back|gave back': 'free, release',
  'tak(?:e|es|en|ing) back|took back': 'free, release',
  "the library's own": '@internal',
  'nobody|somebody|everybody|everyone|whoever|whomever': 'the code that ..., the caller',
  'by itself': 'leave it out',
  'of (?:its|their|his) own': 'own, separate',
}; // prettier-ignore

/** Words that are also ordinary English, or names in the code: abandoned in pages that are written by hand. */
const ABANDONED_IN_PAGES: Readonly<Record<string, string>> = {
  '(?<!\\b(?:in|takes?|took) )places?': 'address, field',
  room: 'capacity, module',
  'books?': 'allocation table',
  'long way|short way|slow way|fast way': 'general path, fast path',
};

/** The words of `list` in `text`, each with its line and the term to use. */
function abandonedIn(text: string, list: Readonly<Record<string, string>>): string[] {
  const found: string[] = [];
  for (const [words, term] of Object.entries(list))
    for (const { 0: word, index } of text.matchAll(new RegExp(`(?<![\\w$-])(?:${words})(?![\\w$-])`, 'gi')))
      found.push(`line ${text.slice(0, index).split('\n').length}: ${word} -> ${term}`);
  return found;
}

/** The comments and string literals of a source; everything else is blank, so that lines keep their numbers. */
function proseOf(source: string): string {
  const literal = /\/\*[\s\S]*?\*\/|\/\/.*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g;
  const blank = (text: string): string => text.replace(/[^\n]/g, ' ');
  let prose = '';
  let end = 0;
  for (const { 0: text, index } of source.matchAll(literal)) {
    prose += blank(source.slice(end, index)) + text;
    end = index + text.length;
  }
  return prose + blank(source.slice(end));
}

/** A page without its code blocks and inline code, which have names. */
const withoutCode = (markdown: string): string =>
  markdown.replace(/^```[\s\S]*?^```|`[^`\n]*`/gm, (code) => code.replace(/[^\n]/g, ' '));

const inFolder = (folder: string, ending: RegExp): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => ending.test(file))
    .map((file) => join(folder, file));
const pages = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...inFolder('docs', /\.md$/)];
const byHand = pages.filter((page) => !readFileSync(page, 'utf8').startsWith('<!-- GENERATED'));

/** Sentences and headings that begin with What, Who or Whose, but for questions. */
function riddlesIn(text: string): string[] {
  const beginnings =
    /(?:^#+|^[ \t]*(?:\/\*\*|\/\/|\*)|[.:])[ \t]+(?:What|Whatever|Who|Whose)\b[^.?\n]*(?!\?)[.\n*]/gm;
  return [...text.matchAll(beginnings)].map(([sentence]) => sentence.trim());
}

describe('no abandoned word', () => {
  test.each(pages)('in %s', (page) => {
    const text = withoutCode(readFileSync(page, 'utf8'));
    expect(abandonedIn(text, ABANDONED)).toEqual([]);
  });
  test.each(byHand)('that is also ordinary English in %s', (page) => {
    const text = withoutCode(readFileSync(page, 'utf8'));
    expect(abandonedIn(text, ABANDONED_IN_PAGES)).toEqual([]);
    expect(riddlesIn(text)).toEqual([]);
  });
  // layout.gen.ts has comments of csrc/layout.c, page.gen.ts has scripts and style sheets.
  test.each(inFolder('ts', /\.ts$/).filter((file) => !/(wasm|layout|page)\.gen\.ts$/.test(file)))(
    'in the comments and messages of %s',
    (file) => {
      const text = proseOf(readFileSync(file, 'utf8'));
      expect(abandonedIn(text, ABANDONED)).toEqual([]);
      expect(riddlesIn(text)).toEqual([]);
    },
  );
});

test('abandoned words are found in comments and strings, whole words only, and not in code', () => {
  const source = `const row = 1; // a row\nconst text = 'it was lent'; /* rowing, in two ways */\nthrow lent;`;
  expect(abandonedIn(proseOf(source), ABANDONED).sort()).toEqual([
    'line 1: row -> type, entry',
    'line 2: lent -> allocate',
    'line 2: ways -> access modes, paths, methods',
  ]);
  expect(abandonedIn('resized in place', ABANDONED_IN_PAGES)).toEqual([]);
  expect(abandonedIn('a place in the heap', ABANDONED_IN_PAGES)).toEqual(['line 1: place -> address, field']);
  expect(
    riddlesIn('/** What it is. */\n// Why? What for?\n## What is new\na. Who knows.\n'),
    'beginnings',
  ).toEqual(['/** What it is.', '## What is new', '. Who knows.']);
  expect(withoutCode('a `row`\n```js\nrow\n```\nb')).toBe('a      \n     \n   \n   \nb');
});
