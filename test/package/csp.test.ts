// Pages with a Content-Security-Policy, in Chromium.
import { build } from 'esbuild';
import { chromium as playwright, type Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chromium } from '../../tools/setup.mjs';

let browser: Browser;
let code = '';
beforeAll(async () => {
  browser = await playwright.launch({
    executablePath: chromium() ?? '',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  const result = await build({
    entryPoints: ['dist/index.js'],
    bundle: true,
    format: 'iife',
    globalName: 'linmem',
    write: false,
  });
  code = result.outputFiles[0]?.text ?? '';
}, 60_000);
afterAll(() => browser.close());

async function inPage(policy: string, act: string): Promise<string> {
  const page = await browser.newPage();
  const script = `${code}; (async () => { ${act} })().then((x) => (document.title = x), (e) => (document.title = 'ERROR ' + e));`;
  await page.setContent(
    `<meta http-equiv="Content-Security-Policy" content="${policy}"><script nonce="x">${script.replaceAll('</script', '<\\/script')}</script>`,
  );
  await page.waitForFunction(() => document.title !== '', undefined, { timeout: 20_000 });
  const title = await page.title();
  await page.close();
  return title;
}

const TRY = `
  const errors = [];
  try { linmem.createHeapSync(); errors.push('none'); } catch (e) { errors.push(e.code + ' ' + e.message.includes('wasm-unsafe-eval')); }
  await linmem.createHeap().then(() => errors.push('none'), (e) => errors.push(e.code + ' ' + e.message.includes('wasm-unsafe-eval')));
  return errors.join(', ');`;

test('a page that forbids compiling gets a ModuleError that names the missing directive', async () => {
  expect(await inPage(`script-src 'nonce-x'`, TRY)).toBe('MODULE true, MODULE true');
});
test("a page that allows 'wasm-unsafe-eval' gets its heap", async () => {
  expect(await inPage(`script-src 'nonce-x' 'wasm-unsafe-eval'`, TRY)).toBe('none, none');
});
test('wrapping a module compiles nothing', async () => {
  const act = `const heap = linmem.wrapEmscriptenModuleHeap({ HEAPU8: new Uint8Array(64), _malloc: () => 8, _free() {} });
    return String(heap.allocInt32(42).value);`;
  expect(await inPage(`script-src 'nonce-x'`, act)).toBe('42');
});
