// Reads the names, signatures and doc comments of TypeScript declarations (.d.ts files, as tsc writes them).

/** Returns every statement of `text` with its doc comment, in order. Classes end with a brace, all others with `;`. */
function statements(text) {
  const found = [];
  let doc = '';
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at);
    const skip = rest.match(/^(\s+|\/\/.*)/);
    if (skip) {
      at += skip[0].length;
      continue;
    }
    if (rest.startsWith('/*')) {
      const end = rest.indexOf('*/') + 2;
      doc = rest.startsWith('/**') ? rest.slice(0, end) : doc;
      at += end;
      continue;
    }
    const length = statementLength(rest);
    found.push({ doc: parseDoc(doc), text: rest.slice(0, length).replace(/;$/, '') });
    doc = '';
    at += length;
  }
  return found;
}

function statementLength(text) {
  const isBlock = /^(export )?(declare )?(abstract )?(class|interface)\b/.test(text);
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "'" || c === '"' || c === '`') i = text.indexOf(c, i + 1);
    else if (text.startsWith('/*', i)) i = text.indexOf('*/', i) + 1;
    else if ('({['.includes(c)) depth++;
    else if (')}]'.includes(c)) {
      depth--;
      if (isBlock && depth === 0 && c === '}') return i + 1;
    } else if (c === ';' && depth === 0) return i + 1;
  }
  return text.length;
}

/** Returns a doc comment as its text, parameters and errors, with links as code. */
function parseDoc(comment) {
  const plain = comment
    .replace(/^\/\*\*|\*\/$/g, '')
    .replace(/^[ \t]*\* ?/gm, '')
    .trim();
  const parts = plain.split(/(?=@(?:param|throws|see)\b)/);
  const text = /^@(param|throws|see)\b/.test(parts[0] ?? '') ? '' : (parts.shift() ?? '');
  const of = (tag) =>
    parts.filter((part) => part.startsWith(`@${tag}`)).map((part) => part.slice(tag.length + 1).trim());
  return {
    isInternal: /@internal\b/.test(plain),
    text: links(text.replace(/@defaultValue\s+([^@]+)/, (_all, value) => `Default: ${value.trim()}.`).trim()),
    params: of('param').map((part) => {
      const [, name = '', meaning = ''] = part.match(/^(\S+)\s+([\s\S]*)/) ?? [];
      return { name, meaning: links(meaning) };
    }),
    throws: of('throws').map(errors),
    see: of('see').map(links),
  };
}

const links = (text) => text.replace(/\{@link ([^}]+)\}/g, '`$1`').replace(/\s*\n(?=\S)/g, ' ');

/** Returns `{A} {@link B} if ...` as "`A`, `B` if ...". */
function errors(text) {
  const classes = [];
  const rest = text.replace(/^(\{(?:@link )?(\w+)\}\s*)+/, (all) => {
    for (const [, name] of all.matchAll(/(\w+)\}/g)) classes.push(`\`${name}\``);
    return '';
  });
  return links(`${classes.join(', ')} ${rest}`.trim());
}

/** Returns the declarations of one file by name. A class and an interface of the same name are merged. */
export function declarations(source) {
  const found = new Map();
  for (const { doc, text } of statements(source)) {
    const head = text.match(
      /^(?:export )?(?:declare )?((?:abstract )?class|interface|function|const|type) (\w+)/,
    );
    if (!head) continue;
    const [, kind, name] = head;
    const isBlock = /class|interface/.test(kind);
    const open = isBlock ? bodyStart(text) : text.length;
    const signature = text
      .slice(0, open)
      .replace(/^export (declare )?/, '')
      .trim();
    const members = isBlock ? statements(text.slice(open + 1, -1)).map(member) : [];
    const before = found.get(name);
    if (!before) found.set(name, { name, kind, doc, signature, bases: bases(signature), members, text });
    else if (isBlock && before.members) {
      before.members.push(...members);
      before.bases.push(...bases(signature));
    } else if (!before.doc.text) before.doc = doc;
  }
  return found;
}

/** Returns the index of the `{` that begins the body of a class or an interface. */
function bodyStart(text) {
  const at = text.search(/\{\s*(\n|\}$)/);
  return at < 0 ? text.indexOf('{') : at;
}

/** Returns the names of what a class or an interface extends, without type arguments. */
function bases(signature) {
  const [, list = ''] = signature.match(/\bextends ((?:(?!\bimplements\b).)*)$/s) ?? [];
  const ends = /<[^<>]*>/g;
  let flat = signature.includes(' extends ') ? signature : '';
  for (let next = ''; next !== flat;) {
    next = flat;
    flat = flat.replace(ends, '');
  }
  const own = flat.match(/\bextends (.*?)(?: implements .*)?$/s)?.[1] ?? '';
  return (own || (list && '')).split(',').map((name) => name.trim()).filter((name) => /^\w+$/.test(name)); // prettier-ignore
}

function member({ doc, text }) {
  const flags = text.match(/^(?:(?:static|abstract|override|readonly|protected|private|get|set) )*/)[0];
  const rest = text.slice(flags.length).replace(/\s+/g, ' ');
  const name = rest.match(/^(\[[^\]]+\]|#?\w+)/)?.[0] ?? rest;
  const isMethod = /^(\[[^\]]+\]|\w+)(<.*?>)?\(/.test(rest) && !/\b(get|set)\b/.test(flags);
  const type = isMethod ? '' : rest.replace(/^(\[[^\]]+\]|\w+)\??(\(.*?\))?: ?/, '');
  return {
    name,
    doc,
    flags,
    isMethod,
    isOptional: rest.startsWith(`${name}?`),
    isReadonly: /readonly|get/.test(flags),
    isSetter: flags.includes('set '),
    signature: rest,
    type: type.replace(/^.*?\): /, (all) => (flags.includes('get ') ? '' : all)),
  };
}

/** Returns the exports of index.ts in order: the exported name, the name in the file, and the file. */
export function exportsOf(index, namesIn) {
  const found = [];
  for (const [, , star, list = '', file] of index
    .replace(/\/\/.*$/gm, '')
    .matchAll(/export (type )?(?:(\*)|\{([^}]*)\}) from '\.\/(.+?)\.ts'/g)) {
    if (star) found.push(...namesIn(file).map((name) => ({ name, original: name, file })));
    for (const part of list
      .split(',')
      .map((text) => text.trim())
      .filter(Boolean)) {
      const [original, name = original] = part.replace(/^type /, '').split(' as ');
      found.push({ name, original, file });
    }
  }
  return found;
}
