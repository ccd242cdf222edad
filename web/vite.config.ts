import { gzipSync } from 'node:zlib';
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

/** The widget's parts have no styles of their own to load first: a plain `import()` does, in 20 bytes. */
function plainImports(): Plugin {
  return {
    name: 'coach-plain-imports',
    enforce: 'pre',
    load: (id) =>
      id.includes('vite/preload-helper') ? 'export const __vitePreload = (part) => part();' : null,
    renderChunk: (code) => code.replaceAll('__VITE_PRELOAD__', 'undefined'),
  };
}

/** Each file also as `NAME.gz`: the server hands it out as it is. */
function packed(): Plugin {
  return {
    name: 'coach-packed',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        const source = gzipSync(file.type === 'chunk' ? file.code : file.source, { level: 9 });
        this.emitFile({ type: 'asset', fileName: `${file.fileName}.gz`, source });
      }
    },
  };
}

export default defineConfig(({ mode, command }) => ({
  root: here('.'),
  appType: 'mpa',
  plugins: [widgetTag(command === 'serve'), packed(), ...(mode === 'widget' ? [plainImports()] : [])],
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
    ...(mode === 'widget' && { minify: 'terser', terserOptions: { module: true, ecma: 2020, compress: { passes: 3 } } }),
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // The content security policy allows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions:
      mode === 'widget'
        ? {
            input: here('widget/main.ts'),
            // The script's address may carry a query, so nothing may import it back: it only
            // leads to parts whose names carry a hash and which may be kept for ever.
            preserveEntrySignatures: 'strict',
            output: {
              entryFileNames: 'widget.js',
              chunkFileNames: 'assets/widget-[name]-[hash].js',
            },
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
