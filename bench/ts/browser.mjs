// node bench/ts/browser.mjs scalar growth: runs benches of this folder in Firefox, of Debian (firefox-esr) or $FIREFOX.
// puppeteer-core comes with `npm run test:all`, which installs it below test/runtimes. Ends with 1 when a goal was missed.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT, which } from '../../tools/setup.mjs';

const require = createRequire(join(ROOT, 'test/runtimes/package.json'));
const { default: puppeteer } = await import(pathToFileURL(require.resolve('puppeteer-core')));
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript' };

/** Serves the project's folder, as a page with an exact clock wants it. */
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  try {
    const body = pathname === '/' ? '<!doctype html>' : readFileSync(join(ROOT, pathname));
    response.writeHead(200, {
      'Content-Type': TYPES[extname(pathname) || '.html'] ?? 'application/octet-stream',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));

const executablePath = process.env.FIREFOX || which('firefox-esr') || which('firefox');
const browser = await puppeteer.launch({
  ...{ browser: 'firefox', executablePath, headless: true, protocolTimeout: 600_000 },
});
let missed = false;
try {
  for (const name of process.argv.slice(2)) {
    const page = await browser.newPage();
    page.on('console', (message) => {
      missed ||= message.text().includes('MISSED');
      console.log(message.text());
    });
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.evaluate((file) => import(file), `/bench/ts/${name}.bench.mjs`);
    await page.close();
  }
} finally {
  await browser.close();
  server.close();
}
process.exitCode = missed ? 1 : 0;
