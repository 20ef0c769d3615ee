// node tools/release.mjs: stops unless package.json, CHANGELOG.md and the tag are ready to be published.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, say, stop } from './setup.mjs';

/** Stands for the owner of the repository in package.json, as long as it has no address. */
const PLACEHOLDER = 'OWNER';

const textOf = (file) => readFileSync(join(ROOT, file), 'utf8');

/** Returns what is missing before `tag` can be published. */
export function problems(tag, manifest = textOf('package.json'), changelog = textOf('CHANGELOG.md')) {
  const { version, repository } = JSON.parse(manifest);
  const found = [];
  if (repository.url.includes(PLACEHOLDER))
    found.push(`package.json: the address of the repository is not known yet: replace ${PLACEHOLDER}`);
  if (tag !== `v${version}`)
    found.push(`the tag is ${tag || 'missing'}, and package.json has version ${version}`);
  if (
    !changelog.split('\n').some((line) => line.startsWith(`## ${version} (`) && !line.includes('unreleased'))
  )
    found.push(`CHANGELOG.md has no section ${version} with its date`);
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const tag =
    process.env.GITHUB_REF_NAME ??
    execFileSync('git', ['tag', '--points-at', 'HEAD'], { encoding: 'utf8' }).trim();
  const found = problems(tag);
  if (found.length > 0) stop(`not to be published:\n  ${found.join('\n  ')}`);
  say(`${tag} can be published`);
}
