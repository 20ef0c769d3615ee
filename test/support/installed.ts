// The package as npm installs it: packed once for each test file, unpacked into the folders that need it.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Runs a command; returns its output. Throws with the output if it fails. */
export function output(command: string, args: readonly string[], cwd: string): string {
  const env = { ...process.env, NODE_OPTIONS: '', FORCE_COLOR: '0', NO_COLOR: '1' };
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', env });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

/** A temporary folder with the packed tarball, in which projects that use it are made. */
export class InstalledPackage {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'linmem-installed-'));
  readonly #tarball: string;

  constructor() {
    const [packed] = JSON.parse(
      output('npm', ['pack', '--json', '--pack-destination', this.folder], process.cwd()),
    ) as [{ filename: string }];
    this.#tarball = join(this.folder, packed.filename);
  }

  /** Makes a project with linmem from the tarball, and with `others`: folders of packages by their names. */
  project(name: string, others: Readonly<Record<string, string>> = {}): string {
    const project = join(this.folder, name);
    const linmem = join(project, 'node_modules/linmem');
    mkdirSync(linmem, { recursive: true });
    output('tar', ['-xzf', this.#tarball, '--strip-components=1', '-C', linmem], this.folder);
    for (const [other, from] of Object.entries(others)) {
      const link = join(project, 'node_modules', other);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(from, link);
    }
    return project;
  }

  /** Makes a project of a copy of `examples/<name>`. */
  example(name: string, others: Readonly<Record<string, string>> = {}): string {
    const project = this.project(name, others);
    cpSync(join('examples', name), project, { recursive: true });
    return project;
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Returns a script of an example's package.json. */
export function scriptOf(project: string, name: string): string {
  const { scripts } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const script = scripts[name];
  if (script === undefined) throw new Error(`${project} has no script ${name}`);
  return script;
}
