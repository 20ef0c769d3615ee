// npm run docs: writes a page for each room (docs/<room>.md) from the doc comments of the sources, with the
// introduction that is kept in docs/intro/<room>.md. `--check` only compares, and fails when one is stale.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { declarations, exportsOf } from './declarations.mjs';
import { ROOT, say, stop } from './setup.mjs';

/** The rooms that have a page; what docs/ has besides is written by hand. */
export const ROOMS = ['errors', 'memory', 'scalar', 'heap', 'arena', 'core', 'interop'];

/** Every exported declaration by room, from declarations that are made for this and thrown away. */
function readSources() {
  const folder = mkdtempSync(join(tmpdir(), 'linmem-docs-'));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const options = [
    '--emitDeclarationOnly',
    '--declarationMap',
    'false',
    '--sourceMap',
    'false',
    '--outDir',
    folder,
  ];
  spawnSync(process.execPath, [tsc, '-p', join(ROOT, 'tsconfig.json'), ...options], { cwd: ROOT });
  const files = new Map();
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (file.endsWith('.d.ts'))
      files.set(file.slice(0, -5), declarations(readFileSync(join(folder, file), 'utf8')));
  rmSync(folder, { recursive: true });
  if (!files.has('index')) stop('tsc wrote no declarations; does `npm run check` pass?');
  return files;
}

function exported(files) {
  const index = readFileSync(join(ROOT, 'ts/index.ts'), 'utf8');
  const items = new Map();
  for (const { name, original, file } of exportsOf(index, (from) => [...files.get(from).keys()])) {
    const key = `${file}/${original}`;
    const before = items.get(key);
    if (before) before.also.push(name);
    else items.set(key, { ...files.get(file).get(original), name, file, room: file.split('/')[0], also: [] });
  }
  return [...items.values()];
}

const code = (text) => `\`${text}\``;
const cell = (text) =>
  text
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|')
    .trim();
const fence = (text) => `\`\`\`ts\n${text.trim()}\n\`\`\``;
const table = (heads, rows) =>
  [heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

/** A doc comment as paragraphs. */
function prose({ text, params, throws, see }) {
  const parts = [text];
  if (params.length > 0) parts.push(params.map(({ name, what }) => `- ${code(name)}: ${what}`).join('\n'));
  if (throws.length > 0) parts.push(`Throws:\n\n${throws.map((line) => `- ${line}`).join('\n')}`);
  if (see.length > 0) parts.push(`See ${see.join(', ')}.`);
  return parts.filter(Boolean).join('\n\n');
}

/** A doc comment on one line. */
function line({ text, throws }) {
  return [text, ...throws.map((error) => `Throws ${error}.`)].filter(Boolean).join(' ').replaceAll('..', '.');
}

const isOwn = ({ flags, name, doc }) =>
  !/protected|private|static/.test(flags) && !name.startsWith('#') && !/library's\s+own/i.test(doc.text);

/** The members of a class with those of its bases that are not exported; methods made from tables are apart. */
function membersOf(item, find, exportedNames) {
  const generated = [];
  const members = item.members.filter(isOwn);
  for (const base of item.bases) {
    if (exportedNames.has(base)) continue;
    const from = find(base);
    if (!from) continue;
    if (/^Heap(Methods|Strings)$/.test(base)) generated.push(from);
    else {
      const inner = membersOf(from, find, exportedNames);
      const known = new Set(members.map(({ name }) => name));
      members.push(...inner.members.filter(({ name }) => !known.has(name) && name !== 'constructor'));
      generated.push(...inner.generated);
      const made = inner.members.find(({ name }) => name === 'constructor');
      if (made && !known.has('constructor')) members.unshift(made);
    }
  }
  return { members, generated };
}

/** What a class or an interface extends that is a type and no declaration of its own. */
function typesExtended({ signature, bases }, find, exportedNames) {
  const named = bases.filter((base) => !exportedNames.has(base) && find(base)?.kind === 'type').map(find);
  const plain = named.filter((type) => !/^type \w+</.test(type.signature)); // what one with parameters gives is prose
  const types = plain.map((type) => type.signature.replace(/^type \w+ = /, ''));
  const written = signature.match(/ extends ((?:Omit|Pick|Required|Partial)<.*)$/s)?.[1];
  // `(typeof NAMES)[number]` is a list that is written elsewhere: the names say more.
  const spell = (type) =>
    type.replace(/\(typeof (\w+)\)\[number\]/g, (all, name) => {
      const list = find(name)?.text.match(/\[(.*)\]/s)?.[1];
      return list ? list.trim().split(/,\s*/).join(' | ') : all;
    });
  return [...types, ...(written ? [written] : [])].map((type) =>
    spell(type).replace(/\s+/g, ' ').replace(/['"]/g, ''),
  );
}

function blockPage(item, find, exportedNames) {
  const { members: all, generated } = membersOf(item, find, exportedNames);
  const known = item.bases.filter((base) => exportedNames.has(base) || /Error$/.test(base));
  // What says nothing of its own and is explained where it comes from, or is left out there, is not shown again.
  const before = new Set(known.flatMap((base) => (find(base)?.members ?? []).map(({ name }) => name)));
  const says = ({ doc }) => doc.text || doc.throws.length > 0;
  const members = all.filter((one) => says(one) || !before.has(one.name));
  const parts = [prose(item.doc)];
  if (known.length > 0) parts.push(`Has what ${known.map(code).join(', ')} has, too.`);
  const types = typesExtended(item, find, exportedNames);
  if (types.length > 0) parts.push(`Has the fields of ${types.map(code).join(', ')}, too.`);
  if (members.length > 0 && !members.some(says) && members[0].isMethod)
    return [...parts, fence(item.text.replace(/^export (declare )?/, ''))];
  const properties = members.filter(({ isMethod, isSetter }) => !isMethod && !isSetter);
  const settable = new Set(members.filter(({ isSetter }) => isSetter).map(({ name }) => name));
  if (properties.length > 0) {
    const rows = properties.map((one) => [
      code(`${one.name}${one.isOptional ? '?' : ''}`),
      code(one.type),
      `${line(one.doc)}${settable.has(one.name) ? ' Can be set.' : ''}`,
    ]);
    parts.push(table([item.kind === 'interface' ? 'Field' : 'Property', 'Type', ''], rows));
  }
  const methods = members.filter(({ isMethod }) => isMethod);
  if (item.file.endsWith('.gen') && methods.length > 0) {
    const rows = methods.map((one) => [code(one.signature), line(one.doc)]);
    parts.push(table(['Method', ''], rows));
  } else for (const one of methods) parts.push(...methodPart(item, one));
  for (const from of generated) parts.push(...generatedPart(from));
  return parts;
}

function methodPart(item, { name, signature, doc }) {
  if (name === 'constructor' && /Error$/.test(item.name)) return [];
  const isNew = name === 'constructor';
  const shown = isNew ? signature.replace('constructor', `new ${item.name}`) : signature;
  return [`### ${code(`${isNew ? `new ${item.name}` : name}()`)}`, fence(shown), prose(doc)];
}

const LABELS =
  /(ClampedUint8|Uint8Clamped|Big(?:Ui|I)nt(?:64|128|256)|Float(?:16|32|64)|Pointer(?:32|53|64)|U?int(?:8|16|32)|Int(?:8|16|32)|Boolean|DataView)/;
const ENCODINGS = /(Ascii|Latin1|Utf8|Utf16|Utf32)/;

/** Hundreds of methods as a few rows: those that differ only in the name of a type or an encoding are one. */
function generatedPart({ name, members, doc }) {
  const isText = name === 'HeapStrings';
  const part = isText ? ENCODINGS : LABELS;
  const groups = new Map();
  for (const one of members.filter(isOwn)) {
    const label = one.name.match(part)?.[0];
    const key = label ? one.name.replace(label, '…') : one.name;
    const group = groups.get(key) ?? { shown: one, labels: [] };
    if (label) group.labels.push(label);
    if (label === (isText ? 'Utf8' : 'Int32')) group.shown = one;
    groups.set(key, group);
  }
  const rows = [...groups].map(([key, { shown, labels }]) => [
    code(key),
    code(shown.signature),
    line(shown.doc),
    labels.map(code).join(' '),
  ]);
  const title = isText ? 'Methods of every encoding' : 'Methods of every row';
  return [`### ${title}`, prose(doc), table(['Name', 'For one of them', '', 'For … there are'], rows)];
}

/** Constants of one file with one sentence each, as one table. */
function constantsPart(items) {
  const rows = items.map(({ name, signature, doc }) => [
    code(name),
    code(signature.replace(/^\w+ \w+(: | = )/, '')),
    line(doc),
  ]);
  return table(['Name', 'Type', ''], rows);
}

function refsPart(items) {
  const classes = items.filter(({ name }) => !/ArrayRef$/.test(name));
  const rows = classes.map(({ name, text }) => [
    code(name),
    code(name.replace(/Ref$/, 'ArrayRef')),
    code(text.match(/<.*>/)?.[0].slice(1, -1) ?? ''),
  ]);
  return `The classes of the refs of each row, for types and for \`instanceof\`.\n\n${table(['One', 'Array', 'Value, view'], rows)}`;
}

function page(room, items, find, exportedNames) {
  const parts = [
    `<!-- GENERATED by tools/docs.mjs from ts/ and docs/intro/${room}.md. Run npm run docs. -->`,
    readFileSync(join(ROOT, `docs/intro/${room}.md`), 'utf8'),
  ];
  const refs = items.filter(({ file }) => file === 'heap/refs.gen');
  const rows = items.filter(({ file, kind }) => file === 'scalar/rows.gen' && kind === 'const');
  for (const item of items) {
    if (refs.includes(item) || rows.includes(item)) continue;
    const isBlock = /class|interface/.test(item.kind);
    parts.push(`## ${item.name}${item.kind === 'function' ? '()' : ''}`);
    if (item.also.length > 0) parts.push(`Also exported as ${item.also.map(code).join(', ')}.`);
    if (isBlock) parts.push(...blockPage(item, find, exportedNames));
    else parts.push(fence(item.signature.replace(/^const (.*)$/s, 'const $1')), prose(item.doc));
  }
  if (rows.length > 0) parts.push('## The rows', constantsPart(rows));
  if (refs.length > 0) parts.push('## Classes of refs', refsPart(refs));
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

/** Every page with its text as it should be. */
export async function pages() {
  const prettier = await import('prettier');
  const files = readSources();
  const all = exported(files);
  const names = new Set(all.map(({ name }) => name));
  const find = (name) => [...files.values()].map((file) => file.get(name)).find(Boolean);
  const options = { parser: 'markdown', ...(await prettier.resolveConfig(join(ROOT, 'README.md'))) };
  const made = new Map();
  for (const room of ROOMS) {
    const items = all.filter((item) => item.room === room);
    made.set(`docs/${room}.md`, await prettier.format(page(room, items, find, names), options));
  }
  return made;
}

/** The names of the pages that differ from what is committed. */
export async function stale() {
  const read = (file) => {
    try {
      return readFileSync(join(ROOT, file), 'utf8');
    } catch {
      return '';
    }
  };
  return [...(await pages())].filter(([file, text]) => read(file) !== text).map(([file]) => file);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--check')) {
    const files = await stale();
    if (files.length > 0) stop(`stale: ${files.join(', ')}. Run npm run docs and commit the result.`);
    say('the pages of docs/ are current');
  } else {
    for (const [file, text] of await pages()) {
      writeFileSync(join(ROOT, file), text);
      say(`wrote ${file}`);
    }
  }
}
