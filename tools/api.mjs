// npm run api: writes api/linmem.api.md, the report of the public API. Commit it with the change that it shows.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { build } from './build.mjs';
import { ROOT, say, setup } from './setup.mjs';

const REPORT = join(ROOT, 'api/linmem.api.md');
const ENTRY = join(ROOT, 'dist/index.d.ts');
/** Where API Extractor writes the report before it is compared. */
const OUTPUT = join(ROOT, 'build/api');

const silent = { default: { logLevel: 'none' } };
const CONFIG = {
  projectFolder: ROOT,
  mainEntryPointFilePath: ENTRY,
  newlineKind: 'lf',
  compiler: { tsconfigFilePath: join(ROOT, 'tsconfig.json') },
  apiReport: {
    enabled: true,
    reportFolder: OUTPUT,
    reportTempFolder: join(OUTPUT, 'new'),
    reportFileName: 'linmem.api.md',
  },
  docModel: { enabled: false },
  dtsRollup: { enabled: false },
  tsdocMetadata: { enabled: false },
  messages: {
    compilerMessageReporting: silent,
    extractorMessageReporting: { ...silent, 'ae-forgotten-export': { logLevel: 'warning' } },
    tsdocMessageReporting: silent,
  },
};

/** Types that only compute other types: the parser of C declarations, the types of the platform. */
const COMPUTING = [
  ['dist/call/cdef-infer.d.ts', /type (\w+)/g],
  ['dist/call/cdef-text.d.ts', /type (\w+)/g],
  ['dist/memory/platform-types.d.ts', /^type (\w+)/gm],
];

/** Returns the report of the declarations in dist/, and the types that they name but do not export. */
export function report() {
  mkdirSync(OUTPUT, { recursive: true });
  const unexported = [];
  const steps = COMPUTING.flatMap(([file, names]) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(names)].map(([, name]) => `"${name}"`),
  );
  const config = ExtractorConfig.prepare({
    configObject: CONFIG,
    configObjectFullPath: undefined,
    packageJsonFullPath: join(ROOT, 'package.json'),
  });
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback(message) {
      if (message.messageId === 'ae-forgotten-export' && !steps.some((name) => message.text.includes(name)))
        unexported.push(message.text);
      message.handled = true;
    },
  });
  return { text: readFileSync(config.reportFilePath, 'utf8'), unexported };
}

/** Returns the report that is committed. */
export const committedReport = () => readFileSync(REPORT, 'utf8');

/** Returns the names that an editor offers after `heap.` for an object of the exported class `name`. */
export function editorNames(name) {
  // TypeScript 7 has no compiler API; API Extractor brings TypeScript 6.
  const ts = createRequire(import.meta.resolve('@microsoft/api-extractor'))('typescript');
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile).config,
    ts.sys,
    ROOT,
  );
  const program = ts.createProgram([ENTRY], { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const entry = checker.getSymbolAtLocation(program.getSourceFile(ENTRY));
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
  const { text, unexported } = report();
  mkdirSync(join(ROOT, 'api'), { recursive: true });
  writeFileSync(REPORT, text);
  for (const message of unexported) say(message);
  for (const name of ['LinmemHeap', 'WasmHeapManager', 'Heap', 'LinearMemory'])
    say(`${name} shows ${editorNames(name).length} names in an editor`);
}
