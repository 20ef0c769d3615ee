// A browser for the tests that drive a page from Node.
import { type Browser, chromium, type Page } from 'playwright';
import { chromium as executable } from '../../tools/setup.mjs';

/** Starts Chromium without a window. */
export async function launch(): Promise<Browser> {
  const executablePath = (executable as () => string | undefined)();
  if (!executablePath) throw new Error('no Chromium: npm test installs one, or set CHROMIUM to its path');
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--js-flags=--expose-gc'],
  });
}

/** Opens a page whose errors and failed requests are collected. */
export async function openPage(
  browser: Browser,
  options?: Parameters<Browser['newPage']>[0],
): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage(options);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  return { page, errors };
}
