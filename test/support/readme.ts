// The examples of a Markdown text: its ```js blocks. A comment `// -> text` at the end of a line says what
// that line prints.

/** The line before a block that the reader saves to a file. */
export const SAVED: RegExp = /^Save (?:this|it) as `([^`]+)`.*:$/;

export interface Example {
  readonly line: number;
  readonly code: string;
  readonly output: readonly string[];
}

/**
 * The runnable examples, in order. A block that begins with `// not run` is left out, and one that is saved to a file
 * (see steps.ts); one after `<!-- continues -->` begins with the block after `<!-- prelude -->`.
 */
export function examplesOf(markdown: string): Example[] {
  const examples: Example[] = [];
  const lines = markdown.split('\n');
  let prelude: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    if (lines[i] !== '```js') continue;
    const end = lines.indexOf('```', i);
    const body = lines.slice(i + 1, end);
    const mark = lines.slice(0, i).findLast((text) => text !== '');
    if (mark === '<!-- prelude -->') prelude = body;
    const code = [...(mark === '<!-- continues -->' ? prelude : []), ...body];
    const output = body.flatMap((text) => text.match(/\/\/ -> (.*)$/)?.slice(1) ?? []);
    const isRun = !body[0]?.startsWith('// not run') && !SAVED.test(mark ?? '');
    if (isRun) examples.push({ line: i + 1, code: code.join('\n'), output });
    i = end;
  }
  return examples;
}
