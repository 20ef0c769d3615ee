// Links of the documentation site to files that are not pages of it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './setup.mjs';

/** Returns the address of the repository, as package.json says; undefined while it has the placeholder OWNER there. */
export function repositoryOf() {
  const { repository } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  if (repository.url.includes('/OWNER/')) return undefined;
  return repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
}

/**
 * Returns the text of a page with its links to files outside of the pages changed: to the repository, or to their text
 * alone if there is no repository yet.
 * @param folder the folder of the page, from the project's folder, such as `docs/guide`
 * @param isPage whether a path from the project's folder is a page of the site; returns its address there, or undefined
 */
export function relink(markdown, folder, pageAt) {
  const repository = repositoryOf();
  let isCode = false;
  const line = (text) => {
    if (/^\s*```/.test(text)) isCode = !isCode;
    if (isCode) return text;
    return text.replace(/(?<!!)\[([^\]]+)\]\(([^)#\s]+)(#[^)]*)?\)/g, (all, name, to, hash = '') => {
      if (/^[a-z]+:|^\//.test(to)) return all;
      const path = join(folder, to);
      const page = pageAt(path);
      if (page) return `[${name}](${page}${hash})`;
      return repository ? `[${name}](${repository}/blob/main/${path}${hash})` : name;
    });
  };
  return markdown.split('\n').map(line).join('\n');
}
