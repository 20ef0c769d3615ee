// Starts one package of the corpus as it is under inspect(), and lets it do its own job: `node inspect.mjs NAME [OPTIONS]
// [TIMES]`, where OPTIONS are those of inspect() as JSON, and TIMES is how often the job is done. Prints one line of JSON.
import { isDeepStrictEqual } from 'node:util';
import { inspect } from '../../dist/debug/index.js';
import { emscripten } from './emscripten.mjs';
import { others } from './others.mjs';
import { rust } from './rust.mjs';

const programs = { ...emscripten, ...rust, ...others };

async function run(name, options, times) {
  const { start, job, answer } = programs[name];
  const { result, heap } = await inspect(start, { keepWatching: true, ...options });
  let got;
  let did = true;
  for (let i = 0; i < times && did; i++) {
    got = await job(result);
    did = isDeepStrictEqual(got, answer);
  }
  heap.checkNow();
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

const [, , name, options = '{}', times = '1'] = process.argv;
const line = await run(name, JSON.parse(options), Number(times)).catch((error) => ({
  name,
  error: `${error?.name}: ${error?.message}`.slice(0, 400),
}));
process.stdout.write(`\n${JSON.stringify(line)}\n`, () => process.exit(line.did ? 0 : 1));
