// The program of the playground: from the source of an ES module to a function, as a worker cannot import text.

const IMPORT = /^[ \t]*import\s+([\s\S]*?)\s+from\s+(['"])(.+?)\2;?/gm;

/** Returns an async function of `scope`'s names. Throws `SyntaxError` as the engine does, and for other imports. */
export function compile(source, names) {
  const body = source.replace(IMPORT, (all, what, _quote, from) => {
    if (from !== 'linmem') throw new SyntaxError(`the playground has no '${from}', only 'linmem'`);
    // Line breaks are kept, so that lines keep their numbers.
    if (what.startsWith('{'))
      return `const ${what.replace(/\btype\s+\w+\s*,?/g, '').replace(/\s+as\s+/g, ': ')} = linmem;`;
    const [, name] = what.match(/^\*\s+as\s+(\w+)$/) ?? [];
    if (!name) throw new SyntaxError(`cannot read ${JSON.stringify(all)}`);
    return `const ${name} = linmem;`;
  });
  const AsyncFunction = (async () => {}).constructor;
  return new AsyncFunction(...names, `'use strict';\n${body}`);
}
