// The steps of a page: commands in ```sh blocks, files after "Save this as `main.mjs`:", and ```text blocks with the
// expected output.
import { SAVED } from './readme.ts';

export type Step =
  | { readonly kind: 'run'; readonly command: string }
  | { readonly kind: 'save'; readonly file: string; readonly text: string }
  | { readonly kind: 'see'; readonly text: string };

/** Returns the text below the heading `title`, up to the next heading of that level. */
export function sectionOf(markdown: string, title: string): string {
  const [, section] = markdown.split(`\n## ${title}\n`);
  if (section === undefined) throw new Error(`no section ${title}`);
  return section.split('\n## ')[0] ?? '';
}

/** Returns the steps of a section in order. */
export function stepsOf(section: string): Step[] {
  const steps: Step[] = [];
  const lines = section.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const language = lines[i]?.match(/^```(\w+)$/)?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', i);
    const text = lines.slice(i + 1, end).join('\n');
    const before = lines.slice(0, i).findLast((line) => line !== '') ?? '';
    const file = before.match(SAVED)?.[1];
    if (file !== undefined) steps.push({ kind: 'save', file, text: `${text}\n` });
    else if (language === 'text') steps.push({ kind: 'see', text });
    else if (language === 'sh')
      for (const command of text.replaceAll('\\\n', '').split('\n')) steps.push({ kind: 'run', command });
    i = end;
  }
  return steps;
}
