// npm run docs: writes the page of each module (docs/<module>.md) from the introduction in docs/intro/<module>.md and
// from the doc comments of the sources. `--check` writes nothing and fails if a page is out of date.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { declarations, exportsOf } from './declarations.mjs';
import { ROOT, say, stop } from './setup.mjs';

/** The modules with a generated page. All other pages of docs/ are written by hand. */
export const MODULES = ['errors', 'memory', 'scalar', 'heap', 'arena', 'manager', 'core', 'interop'];

/** Interfaces with one method per type or encoding. They are shown as one table row per kind of method. */
const PER_TYPE = {
  ScalarMethods: { of: 'type', shown: 'Int32' },
  SliceMethods: { of: 'type', shown: 'F32' },
  StringMethods: { of: 'encoding', shown: 'Utf8' },
};

/** Returns the declarations of every source file, by the file's path without its ending. */
function readSources() {
  const folder = mkdtempSync(join(tmpdir(), 'linmem-docs-'));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const options = ['--emitDeclarationOnly', '--declarationMap', 'false', '--sourceMap', 'false'];
  spawnSync(process.execPath, [tsc, '-p', join(ROOT, 'tsconfig.json'), ...options, '--outDir', folder], {
    cwd: ROOT,
  });
  const files = new Map();
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (file.endsWith('.d.ts'))
      files.set(file.slice(0, -5), declarations(readFileSync(join(folder, file), 'utf8')));
  rmSync(folder, { recursive: true });
  if (!files.has('index')) stop('tsc wrote no declarations; does `npm run check` pass?');
  return files;
}

/** The declarations that ts/index.ts exports. */
class PublicApi {
  #files;
  /** Every exported declaration, in the order of index.ts. */
  items = [];
  #byName = new Map();

  constructor(files) {
    this.#files = files;
    const index = readFileSync(join(ROOT, 'ts/index.ts'), 'utf8');
    const byOrigin = new Map();
    for (const { name, original, file } of exportsOf(index, (from) => [...files.get(from).keys()])) {
      const declaration = files.get(file).get(original);
      if (!declaration && file === 'call/cdef-infer') continue; // its template types are not parsed here; docs/cdef.md
      const known = byOrigin.get(`${file}/${original}`);
      if (known) known.aliases.push(name);
      else if (!declaration.doc.isInternal) {
        const item = { ...declaration, name, file, module: file.split('/')[0], aliases: [] };
        byOrigin.set(`${file}/${original}`, item);
        this.items.push(item);
        this.#byName.set(name, item);
      }
    }
  }

  isExported(name) {
    return this.#byName.has(name);
  }
  /** Returns the declaration of `name`, that of the same file if several files have one. */
  find(name, file) {
    const found = [...this.#files.values()].map((declared) => declared.get(name)).find(Boolean);
    return this.#files.get(file)?.get(name) ?? this.#byName.get(name) ?? found;
  }
  /** Returns `name` as a link to its section; text.md is written by hand and has no sections by name. */
  link(name, fromModule) {
    const { module } = this.#byName.get(name);
    if (module === 'text') return `[\`${name}\`](text.md)`;
    return `[\`${name}\`](${module === fromModule ? '' : `${module}.md`}#${name.toLowerCase()})`;
  }
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

/** Returns a doc comment as paragraphs. */
function prose({ text, params, throws, see }) {
  const parts = [text];
  if (params.length > 0)
    parts.push(params.map(({ name, meaning }) => `- ${code(name)}: ${meaning}`).join('\n'));
  if (throws.length > 0) parts.push(`Throws:\n\n${throws.map((line) => `- ${line}`).join('\n')}`);
  if (see.length > 0) parts.push(`See ${see.join(', ')}.`);
  return parts.filter(Boolean).join('\n\n');
}

/** Returns a doc comment on one line. */
function line({ text, throws, see }) {
  const sentences = [text, ...throws.map((error) => `Throws ${error}.`), ...see.map((to) => `See ${to}.`)];
  return sentences.filter(Boolean).join(' ').replaceAll('..', '.');
}

const isPublic = ({ flags, name, doc }) =>
  !/protected|private|static/.test(flags) && !name.startsWith('#') && !doc.isInternal;

/** Returns the public members of a class or an interface, with those of its bases that are not exported. */
function membersOf(item, api) {
  const members = item.members.filter(isPublic);
  for (const base of item.bases) {
    if (api.isExported(base)) continue;
    const from = api.find(base, item.file);
    if (!from?.members) continue;
    const known = new Set(members.map(({ name }) => name));
    members.push(...membersOf(from, api).filter(({ name }) => !known.has(name) && name !== 'constructor'));
  }
  return members;
}

/** Returns the type expressions that a class or an interface extends, such as `Omit<...>`. */
function extendedTypes({ signature, bases, file }, api) {
  const named = bases.filter((base) => !api.isExported(base)).map((base) => api.find(base, file));
  const types = named
    .filter((type) => type?.kind === 'type' && !/^type \w+</.test(type.signature))
    .map((type) => type.signature.replace(/^type \w+ = /, ''));
  const written = signature.match(/ extends ((?:Omit|Pick|Required|Partial)<.*)$/s)?.[1];
  return [...types, ...(written ? [written] : [])].map((type) =>
    type.replace(/\s+/g, ' ').replace(/['"]/g, '').replace(/< /g, '<').replace(/ >/g, '>'),
  );
}

/** Returns the section of a class or an interface. */
function blockSection(item, api) {
  if (PER_TYPE[item.name]) return [prose(item.doc), perTypeTable(item)];
  const bases = item.bases.filter((base) => api.isExported(base));
  const hasText = ({ doc }) => doc.text || doc.throws.length > 0;
  // A member without a text that a base has too is shown with the base.
  const inherited = new Set(
    item.bases.flatMap((base) => (api.find(base, item.file)?.members ?? []).map(({ name }) => name)),
  );
  const members = membersOf(item, api).filter((one) => hasText(one) || !inherited.has(one.name));
  const parts = [prose(item.doc)];
  if (bases.length > 0)
    parts.push(`Has all members of ${bases.map((base) => api.link(base, item.module)).join(', ')}.`);
  const types = extendedTypes(item, api);
  if (types.length > 0) parts.push(`Has all fields of ${types.map(code).join(', ')}.`);
  if (members.length > 0 && !members.some(hasText) && members[0].isMethod)
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
  for (const name of new Set(methods.map((one) => one.name)))
    parts.push(...methodSection(item, methods.filter((one) => one.name === name))); // prettier-ignore
  return parts;
}

/** Returns the section of a method: all its overloads, and the doc comment of the first. */
function methodSection(item, overloads) {
  const [{ name, doc }] = overloads;
  if (name === 'constructor' && /Error$/.test(item.name)) return [];
  const isNew = name === 'constructor';
  const signatures = overloads.map(({ signature }) => signature.replace(/^constructor/, `new ${item.name}`));
  const title = isNew ? `new ${item.name}()` : `${item.name}.${name}()`;
  return [`### ${code(title)}`, fence(signatures.join('\n')), prose(doc)];
}

const LABELS =
  /(ClampedUint8|Uint8Clamped|Big(?:Ui|I)nt(?:64|128|256)|Float(?:16|32|64)|Pointer(?:32|53|64)|U?int(?:8|16|32)|Int(?:8|16|32)|Boolean)/;
const SHORT_LABELS = /(U8c|[IUF](?:8|16|32|64|128|256)|Ptr(?:32|53|64)|Bool)$/;
const ENCODINGS = /(Ascii|Latin1|Utf8|Utf16|Utf32)/;

/** Returns a table with one row for all methods that differ only in the name of a type or an encoding. */
function perTypeTable({ name, members }) {
  const { of, shown: preferred } = PER_TYPE[name];
  const pattern = of === 'encoding' ? ENCODINGS : name === 'SliceMethods' ? SHORT_LABELS : LABELS;
  const groups = new Map();
  for (const one of members.filter(isPublic)) {
    const label = one.name.match(pattern)?.[0];
    const key = label ? one.name.replace(label, '…') : one.name;
    const group = groups.get(key) ?? { shown: one, labels: [] };
    if (label) group.labels.push(label);
    if (label === preferred) group.shown = one;
    groups.set(key, group);
  }
  const rows = [...groups].map(([key, { shown, labels }]) => [
    code(key),
    code(shown.isMethod ? shown.signature : `${shown.name}: ${shown.type}`),
    line(shown.doc),
    labels.map(code).join(' '),
  ]);
  return table(['Name', `For one ${of}`, '', `All names for …`], rows);
}

/** Returns the constants of one file, with one sentence each, as a table. */
function constantsTable(items) {
  const rows = items.map(({ name, signature, doc }) => [
    code(name),
    code(signature.replace(/^\w+ \w+(: | = )/, '')),
    line(doc),
  ]);
  return table(['Name', 'Type', ''], rows);
}

function refClassesTable(items) {
  const classes = items.filter(({ name }) => !/ArrayRef$/.test(name));
  const rows = classes.map(({ name, text }) => [
    code(name),
    code(name.replace(/Ref$/, 'ArrayRef')),
    code(text.match(/<.*>/)?.[0].slice(1, -1) ?? ''),
  ]);
  return table(['Ref', 'Array ref', 'Value, view'], rows);
}

function page(module, api) {
  const items = api.items.filter((item) => item.module === module);
  const parts = [
    `<!-- GENERATED by tools/docs.mjs from ts/${module} and docs/intro/${module}.md. Run npm run docs. -->`,
    readFileSync(join(ROOT, `docs/intro/${module}.md`), 'utf8'),
  ];
  const refs = items.filter(({ file }) => file === 'scalar/refs.gen');
  const types = items.filter(({ file, kind }) => file === 'scalar/types.gen' && kind === 'const');
  if (types.length > 0) parts.push('## Scalar types', constantsTable(types));
  for (const item of items) {
    if (refs.includes(item) || types.includes(item)) continue;
    parts.push(`## ${item.name}${item.kind === 'function' ? '()' : ''}`);
    if (item.aliases.length > 0) parts.push(`Also exported as ${item.aliases.map(code).join(', ')}.`);
    if (/class|interface/.test(item.kind)) parts.push(...blockSection(item, api));
    else parts.push(fence(item.signature), prose(item.doc));
  }
  if (refs.length > 0)
    parts.push(
      '## Ref classes',
      'The classes of the refs of each type, for type annotations and `instanceof`.',
      refClassesTable(refs),
    );
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

/** Returns the text that every page should have, by its path. */
export async function pages() {
  const prettier = await import('prettier');
  const api = new PublicApi(readSources());
  const options = { parser: 'markdown', ...(await prettier.resolveConfig(join(ROOT, 'README.md'))) };
  const made = new Map();
  for (const module of MODULES)
    made.set(`docs/${module}.md`, await prettier.format(page(module, api), options));
  return made;
}

/** Returns the paths of the pages that differ from what is committed. */
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
