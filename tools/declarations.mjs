// Reads TypeScript declarations (.d.ts, as tsc writes them) into what documentation needs: names, signatures, docs.

/** The doc comment and text of every statement in `text`, in order. A class ends with its brace, all else with `;`. */
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

/** A doc comment as its text, its parameters and its errors; links become code. */
function parseDoc(comment) {
  const plain = comment
    .replace(/^\/\*\*|\*\/$/g, '')
    .replace(/^[ \t]*\* ?/gm, '')
    .trim();
  const parts = plain.split(/(?=@(?:param|throws|see)\b)/);
  const text = parts[0]?.startsWith('@') ? '' : parts.shift();
  const tags = parts;
  const of = (tag) =>
    tags.filter((part) => part.startsWith(`@${tag}`)).map((part) => part.slice(tag.length + 1).trim());
  return {
    text: links((text ?? '').trim()),
    params: of('param').map((part) => {
      const [, name = '', what = ''] = part.match(/^(\S+)\s+([\s\S]*)/) ?? [];
      return { name, what: links(what) };
    }),
    throws: of('throws').map(errors),
    see: of('see').map(links),
  };
}

const links = (text) => text.replace(/\{@link ([^}]+)\}/g, '`$1`').replace(/\s*\n(?=\S)/g, ' ');

/** `{A} {@link B} when ...` as "`A`, `B` when ...". */
function errors(text) {
  const classes = [];
  const rest = text.replace(/^(\{(?:@link )?(\w+)\}\s*)+/, (all) => {
    for (const [, name] of all.matchAll(/(\w+)\}/g)) classes.push(`\`${name}\``);
    return '';
  });
  return links(`${classes.join(', ')} ${rest}`.trim());
}

/** The declarations of one file by name. Those of the same name (a class and an interface) become one. */
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

/** Where the body of a class begins: the last `{` that is followed by a line's end, before the first member. */
function bodyStart(text) {
  const at = text.search(/\{\s*(\n|\}$)/);
  return at < 0 ? text.indexOf('{') : at;
}

/** What a class or an interface extends, without type arguments. */
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

/** What index.ts exports, in its order: the name, the name it has in its file, and the file. */
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
