// Bundles with Parcel in a separate process, as Parcel starts workers: node parcel.mjs ENTRY OUTPUT_FOLDER CACHE_FOLDER
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { RUNTIMES } from '../../tools/engines.mjs';
import { ROOT } from '../../tools/setup.mjs';

const require = createRequire(join(ROOT, RUNTIMES, 'package.json'));
const { Parcel } = require('@parcel/core');
const [entries, distDir, cacheDir] = process.argv.slice(2);
await new Parcel({
  entries,
  cacheDir,
  defaultConfig: require.resolve('@parcel/config-default'),
  mode: 'production',
  shouldDisableCache: true,
  defaultTargetOptions: {
    ...{ distDir, sourceMaps: false, shouldScopeHoist: true, shouldOptimize: true },
    engines: { browsers: ['last 1 Chrome version'] },
  },
}).run();
process.exit(); // its workers would keep it alive
