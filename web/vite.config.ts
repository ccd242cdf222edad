import type { HtmlTagDescriptor, Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const here = (path: string) => new URL(path, import.meta.url).pathname;
const server = 'http://127.0.0.1:8000';

/** Pages embed the widget as any host page does: one script tag with its stable name. */
function widgetTag(serving: boolean): Plugin {
  const tag: HtmlTagDescriptor = {
    tag: 'script',
    attrs: { type: 'module', src: serving ? '/widget/main.ts' : '/widget.js' },
    injectTo: 'head',
  };
  return {
    name: 'coach-widget-tag',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, page) => (page.path.includes('dashboard') ? [] : [tag]),
    },
  };
}

export default defineConfig(({ mode, command }) => ({
  root: here('.'),
  appType: 'mpa',
  plugins: [widgetTag(command === 'serve')],
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/ws': { target: server, ws: true },
      '/watch': { target: server, ws: true },
      '/api': { target: server },
    },
  },
  build: {
    outDir: here('../coach/static'),
    // The pages are built first and empty the folder; the widget joins them.
    emptyOutDir: mode === 'pages',
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // The content security policy allows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions:
      mode === 'widget'
        ? {
            input: here('widget/main.ts'),
            output: { format: 'es', entryFileNames: 'widget.js', inlineDynamicImports: true },
          }
        : {
            input: ['index.html', 'dashboard.html', 'embed.html'].map((page) => here(page)),
            output: {
              entryFileNames: 'assets/[name]-[hash].js',
              chunkFileNames: 'assets/[name]-[hash].js',
              assetFileNames: 'assets/[name]-[hash][extname]',
            },
          },
  },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
}));
