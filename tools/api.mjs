// npm run api: writes the reports of the public API in api/, one for each entry point. Commit them with the change that
// they show.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { build } from './build.mjs';
import { ROOT, say, setup } from './setup.mjs';

/** The entry points of the package, each with its declarations in dist/ and its report in api/. */
export const ENTRIES = {
  linmem: 'index.d.ts',
  'linmem-debug': 'debug/index.d.ts',
  'linmem-inspect': 'inspect/index.d.ts',
};
const declarationsOf = (entry) => join(ROOT, 'dist', ENTRIES[entry]);
const reportFileOf = (entry) => join(ROOT, `api/${entry}.api.md`);
/** The folder in which API Extractor writes the reports before they are compared. */
const OUTPUT = join(ROOT, 'build/api');

const silent = { default: { logLevel: 'none' } };
const configOf = (entry) => ({
  projectFolder: ROOT,
  mainEntryPointFilePath: declarationsOf(entry),
  newlineKind: 'lf',
  compiler: { tsconfigFilePath: join(ROOT, 'tsconfig.json') },
  apiReport: {
    enabled: true,
    reportFolder: OUTPUT,
    reportTempFolder: join(OUTPUT, 'new'),
    reportFileName: `${entry}.api.md`,
  },
  docModel: { enabled: false },
  dtsRollup: { enabled: false },
  tsdocMetadata: { enabled: false },
  messages: {
    compilerMessageReporting: silent,
    extractorMessageReporting: { ...silent, 'ae-forgotten-export': { logLevel: 'warning' } },
    tsdocMessageReporting: silent,
  },
});

/** Types that only compute other types: the parser of C declarations, the types of the platform. */
const COMPUTING = [
  ['dist/call/cdef-infer.d.ts', /type (\w+)/g],
  ['dist/call/cdef-text.d.ts', /type (\w+)/g],
  ['dist/memory/platform-types.d.ts', /^type (\w+)/gm],
];

/** The names that a report exports. */
const namesIn = (text) =>
  [...text.matchAll(/^export (?:abstract )?\w+ (?:enum )?(\w+)/gm)].map(([, name]) => name);

/**
 * Returns the report of an entry point, and the types that its declarations name and that it does not export; those of
 * `linmem/debug` and `linmem/inspect` may also be exported by another entry point.
 */
export function report(entry) {
  mkdirSync(OUTPUT, { recursive: true });
  const unexported = [];
  const steps = COMPUTING.flatMap(([file, names]) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(names)].map(([, name]) => `"${name}"`),
  );
  const others = entry === 'linmem' ? [] : Object.keys(ENTRIES).filter((other) => other !== entry);
  const known = others.flatMap((other) => namesIn(committedReport(other))).map((name) => `"${name}"`);
  const config = ExtractorConfig.prepare({
    configObject: configOf(entry),
    configObjectFullPath: undefined,
    packageJsonFullPath: join(ROOT, 'package.json'),
  });
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback(message) {
      if (
        message.messageId === 'ae-forgotten-export' &&
        ![...steps, ...known].some((name) => message.text.includes(name))
      )
        unexported.push(message.text);
      message.handled = true;
    },
  });
  return { text: readFileSync(config.reportFilePath, 'utf8'), unexported };
}

/** Returns the report of an entry point that is committed. */
export const committedReport = (entry) => readFileSync(reportFileOf(entry), 'utf8');

/** Returns the names that an editor offers after `heap.` for an object of the exported class `name`. */
export function editorNames(name) {
  // TypeScript 7 has no compiler API; API Extractor brings TypeScript 6.
  const ts = createRequire(import.meta.resolve('@microsoft/api-extractor'))('typescript');
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile).config,
    ts.sys,
    ROOT,
  );
  const program = ts.createProgram([declarationsOf('linmem')], { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const entry = checker.getSymbolAtLocation(program.getSourceFile(declarationsOf('linmem')));
  const symbol = checker.getExportsOfModule(entry).find((each) => each.name === name);
  const properties = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol));
  const isHidden = (property) =>
    property.declarations?.some(
      (each) => ts.getCombinedModifierFlags(each) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected),
    ) || /^(#|__)/.test(property.name);
  return properties.filter((property) => !isHidden(property)).map((property) => property.name);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  setup('build');
  build();
  mkdirSync(join(ROOT, 'api'), { recursive: true });
  for (const entry of Object.keys(ENTRIES)) {
    const { text, unexported } = report(entry);
    writeFileSync(reportFileOf(entry), text);
    for (const message of unexported) say(`${entry}: ${message}`);
  }
  for (const name of ['LinmemHeap', 'WasmHeapManager', 'Heap', 'LinearMemory'])
    say(`${name} shows ${editorNames(name).length} names in an editor`);
}
