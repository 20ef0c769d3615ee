// The vitest browser providers of Firefox (WebDriver BiDi, by puppeteer-core) and of WebKitGTK (WebDriver, by its own
// driver).
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { defineBrowserProvider } from '@vitest/browser';
import puppeteer from 'puppeteer-core';
import { which } from '../../tools/setup.mjs';

/** A vitest provider of one browser: `open(url)` starts it with that page and returns the function that closes it. */
const provider = (name, open) => () =>
  defineBrowserProvider({
    name,
    supportedBrowser: [name],
    providerFactory: () => {
      const closers = [];
      return {
        name,
        supportsParallelism: false,
        getCommandsContext: () => ({}),
        openPage: async (_session, url) => void closers.push(await open(url)),
        close: () => Promise.all(closers.map((close) => close())),
      };
    },
  });

export const firefox = provider('firefox', async (url) => {
  const executablePath = process.env.FIREFOX || which('firefox-esr') || which('firefox');
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath, headless: true });
  const page = await browser.newPage();
  await page.goto(url);
  return () => browser.close();
});

export const webkit = provider('webkit', async (url) => {
  const port = await freePort();
  const driver = spawn('WebKitWebDriver', [`--port=${port}`], {
    stdio: 'inherit',
    // The engine hides the name SharedArrayBuffer by default, also where shared memory works.
    env: { ...process.env, JSC_useSharedArrayBuffer: '1' },
  });
  process.once('exit', () => driver.kill()); // also if a later step fails
  const ask = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}/session${path}`, {
      method,
      body: body && JSON.stringify(body),
    });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`WebKitWebDriver: ${value.error}: ${value.message}`);
    return value;
  };
  await until(() => fetch(`http://127.0.0.1:${port}/status`));
  const { sessionId, capabilities } = await ask('POST', '', { capabilities: {} });
  console.log(`engine: WebKitGTK ${capabilities.browserVersion}`);
  await ask('POST', `/${sessionId}/url`, { url });
  return async () => {
    await ask('DELETE', `/${sessionId}`);
    driver.kill();
  };
});

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function until(works, tries = 100) {
  for (;;) {
    try {
      await works();
      return;
    } catch (error) {
      if (--tries === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
