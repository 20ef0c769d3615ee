// Modules built from C by the Emscripten at hand.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

type Factory = (options: object) => Promise<Record<string, unknown>>;

/** Runs Emscripten in `folder`. Debian's looks for acorn, which makes names short, where Debian's Node would. */
export function runEmcc(args: readonly string[], folder: string): void {
  const env = { ...process.env, NODE_PATH: '/usr/share/nodejs' };
  const { status, stderr } = spawnSync('emcc', args, { cwd: folder, encoding: 'utf8', env });
  if (status !== 0) throw new Error(`emcc ${args.join(' ')}\n${stderr}`);
}

/** Every function that a C file defines, as the linker must be told. */
export function functionsIn(file: string): string[] {
  const source = readFileSync(file, 'utf8');
  return [...source.matchAll(/^(?!static)[\w *]*?\b(\w+)\([^;\n]*?\) \{/gm)].map(([, name = '']) => name);
}

/** Builds `file` once for each set of flags, and starts modules of it. */
export class Built {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'linmem-emcc-'));
  readonly #file: string;
  constructor(file: string) {
    this.#file = resolve(file);
  }
  build(name: string, flags: readonly string[]): void {
    const exported = ['_malloc', '_free', ...functionsIn(this.#file).map((one) => `_${one}`)];
    const args = [
      this.#file, '-sMODULARIZE', '-sEXPORT_ES6', '-sENVIRONMENT=web', '-sUSE_ES6_IMPORT_META=0',
      `-sEXPORTED_FUNCTIONS=${exported.join()}`, '-sEXPORTED_RUNTIME_METHODS=wasmMemory,addFunction,removeFunction,UTF8ToString,stringToUTF8,lengthBytesUTF8', ...flags, '-o', `${name}.mjs`,
    ]; // prettier-ignore
    runEmcc(args, this.folder);
  }
  async start(name: string): Promise<Record<string, unknown>> {
    Object.assign(globalThis, { window: globalThis }); // modules with assertions look for the browser they were built for
    const { default: factory } = (await import(/* @vite-ignore */ join(this.folder, `${name}.mjs`))) as {
      default: Factory;
    };
    return factory({ wasmBinary: readFileSync(join(this.folder, `${name}.wasm`)) });
  }
  dispose(): void {
    rmSync(this.folder, { recursive: true });
  }
}
