// Draws sentences at random from the comments and errors of the sources and from the pages, to be read by a person who
// does not know the code: `SEED=number node tools/sentences.mjs [count]`. The seed is printed.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['ts', 'csrc', 'docs', 'README.md', 'CONTRIBUTING.md'];

/** All files below a path. */
function filesIn(path) {
  if (/\.\w+$/.test(path)) return [path];
  const names = readdirSync(join(ROOT, path), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => /\.(ts|c|h|md)$/.test(name) && !/\.gen\./.test(name))
    .map((name) => join(path, name));
}

/** The parts of a comment, with words in the place of its tags. */
function plain(comment) {
  return comment
    .replace(/SPDX.*/, '')
    .replace(/\{@link ([^}]+)\}/g, '$1')
    .replace(/@throws \{(\w+)\}/g, '@Throws $1')
    .replace(/@param (\w+) -?/g, '@Parameter `$1`:')
    .replace(/@defaultValue/g, 'Default:')
    .split(/@(?:\w+(?=\s*$))?/m);
}

/** The prose of a file: comments and long string literals of code, paragraphs of a page. */
function proseOf(path) {
  const text = readFileSync(join(ROOT, path), 'utf8');
  if (path.endsWith('.md'))
    return text
      .replace(/```[\s\S]*?```/g, '')
      .split(/\n\s*\n|\n(?=[-|#])/)
      .filter((part) => !/^[|#]/.test(part.trim()));
  const comments = [...text.matchAll(/\/\*[\s\S]*?\*\/|(?:^[ \t]*\/\/.*\n)+/gm)].flatMap(([comment]) =>
    plain(comment.replace(/^[ \t]*(\/\*\*?|\*\/|\*|\/\/)|\*\//gm, '')),
  );
  const strings = [...text.matchAll(/'([^'\n]{30,})'|`([^`\n]{30,})`/g)].map((match) => match[1] ?? match[2]);
  return [...comments, ...strings];
}

const sentences = FOLDERS.flatMap(filesIn).flatMap((path) =>
  proseOf(path).flatMap((part) =>
    part
      .replace(/\s+/g, ' ')
      .split(/(?<=[.:;!?])\s+(?=[A-Z`])/)
      .map((sentence) => sentence.trim())
      .filter((sentence) => sentence.split(' ').length >= 5)
      .map((sentence) => `${path}: ${sentence}`),
  ),
);

const count = Number(process.argv[2] ?? 30);
let state = Number(process.env.SEED || Date.now() % 1e6) >>> 0;
console.log(`seed ${state}, ${sentences.length} sentences`);
for (let i = 0; i < count; i++) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  console.log(`- ${sentences[Math.floor((state / 2 ** 32) * sentences.length)]}`);
}
