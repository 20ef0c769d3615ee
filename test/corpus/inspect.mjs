// Starts one package of the corpus as it is under inspect(), and lets it do its own job: `node inspect.mjs NAME [OPTIONS]`,
// where OPTIONS are those of inspect() as JSON. Prints one line of JSON.
import { isDeepStrictEqual } from 'node:util';
import { inspect } from '../../dist/debug/index.js';
import { emscripten } from './emscripten.mjs';
import { others } from './others.mjs';
import { rust } from './rust.mjs';

const programs = { ...emscripten, ...rust, ...others };

async function run(name, options) {
  const { start, job, answer } = programs[name];
  const { result, heap } = await inspect(start, { keepWatching: true, ...options });
  const got = await job(result);
  const did = isDeepStrictEqual(got, answer);
  heap.stop();
  return {
    name,
    did,
    ...(did ? {} : { got }),
    coverage: heap.coverage,
    reports: heap.reports.map(({ kind, message }) => `${kind}: ${message}`),
    liveBlocks: heap.liveBlocks,
    peakBytes: heap.peakBytes,
  };
}

const [, , name, options = '{}'] = process.argv;
const line = await run(name, JSON.parse(options)).catch((error) => ({
  name,
  error: `${error?.name}: ${error?.message}`.slice(0, 400),
}));
process.stdout.write(`\n${JSON.stringify(line)}\n`, () => process.exit(line.did ? 0 : 1));
