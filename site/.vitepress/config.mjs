// The documentation site. `npm run site` (tools/site.mjs) gathers the pages in build/site/pages and builds them.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { repositoryOf } from '../../tools/site-links.mjs';
import { guides } from './guides.mjs';

const path = (file) => fileURLToPath(new URL(file, import.meta.url));
const api = JSON.parse(readFileSync(path('../../build/site/pages/api/sidebar.json'), 'utf8'));
const { version } = JSON.parse(readFileSync(path('../../package.json'), 'utf8'));
const repository = repositoryOf();

/** For the search: a page without the parts of the API reference that would be found everywhere. */
function searched(source, env, md) {
  const html = md.render(source, env);
  if (!env.relativePath.startsWith('api/')) return html;
  return html.replace(
    /<h[456][^>]*>(?:Parameters|Returns|Throws|Overrides|Inherited from)\b[\s\S]*?(?=<h[1-6]|<hr|$)/g,
    '',
  );
}

export default defineConfig({
  title: 'linmem',
  description: 'The linear-memory library for JavaScript',
  lang: 'en',
  base: process.env.SITE_BASE ?? '/',
  srcDir: path('../../build/site/pages'),
  outDir: path('../../build/site/dist'),
  cacheDir: path('../../build/site/cache'),
  cleanUrls: false,
  head: [
    ['meta', { name: 'theme-color', content: '#1f6feb' }],
    ['link', { rel: 'icon', href: `${process.env.SITE_BASE ?? '/'}icon.svg`, type: 'image/svg+xml' }],
  ],
  markdown: { theme: { light: 'github-light', dark: 'github-dark' }, languageAlias: { wgsl: 'rust' } },
  themeConfig: {
    logo: '/icon.svg',
    search: {
      provider: 'local',
      options: { _render: searched, miniSearch: { searchOptions: { boost: { title: 4, text: 2 } } } },
    },
    nav: [
      { text: 'Guides', link: '/guide/start', activeMatch: '^/(?!api|playground)' },
      { text: 'Playground', link: '/playground' },
      { text: 'API', link: '/api/', activeMatch: '^/api/' },
      { text: `v${version}`, link: '/changelog' },
    ],
    outline: { level: [2, 3] },
    sidebar: { '/api/': [{ text: 'API reference', link: '/api/' }, ...api], '/': guides },
    ...(repository && { socialLinks: [{ icon: 'github', link: repository }] }),
    footer: { message: 'MIT licence' },
  },
  vite: {
    resolve: {
      alias: [
        { find: /^linmem$/, replacement: path('../../dist/index.js') },
        { find: /^linmem\/debug$/, replacement: path('../../dist/debug/index.js') },
      ],
    },
    server: { fs: { allow: [path('../..')] } },
    worker: { format: 'es' },
    build: { chunkSizeWarningLimit: 2000 },
  },
});
