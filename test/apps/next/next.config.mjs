// Next takes the folder of the nearest lock file as the root of a project: here it is two folders above.
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
export default { turbopack: { root }, outputFileTracingRoot: root };
