// The program of the playground: from the source of an ES module to a function, as a worker cannot import text.

const IMPORT = /^[ \t]*import\s+(?:([\w*{][^'"]*?)\s+from\s+)?(['"])(.+?)\2;?/gm;

/**
 * Returns an async function of `names`, the first of which is an object with the modules. Throws `SyntaxError` as the engine
 * does, and for an import of another module.
 */
export function compile(source, modules, names) {
  const body = source.replace(IMPORT, (all, what, _quote, from) => {
    if (!modules.includes(from))
      throw new SyntaxError(`the playground has no '${from}', only ${modules.join(' and ')}`);
    const module = `${names[0]}[${JSON.stringify(from)}]`;
    if (what === undefined) return '';
    // Line breaks are kept, so that lines keep their numbers.
    if (what.startsWith('{'))
      return `const ${what.replace(/\btype\s+\w+\s*,?/g, '').replace(/\s+as\s+/g, ': ')} = ${module};`;
    const [, name] = what.match(/^\*\s+as\s+(\w+)$/) ?? [];
    if (!name) throw new SyntaxError(`cannot read ${JSON.stringify(all)}`);
    return `const ${name} = ${module};`;
  });
  const AsyncFunction = (async () => {}).constructor;
  return new AsyncFunction(...names, `'use strict';\n${body}`);
}
