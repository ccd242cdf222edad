/** Prints what each page and the widget weigh over the network; fails when the widget is too heavy. */
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const LIMIT_BYTES = 20 * 1024;

async function outputs(mode) {
  const built = await build({ mode, logLevel: 'error', build: { write: false } });
  return built.output;
}

const files = [...(await outputs('pages')), ...(await outputs('widget'))].map((file) => {
  const text = file.type === 'chunk' ? file.code : file.source;
  return { name: file.fileName, bytes: text.length, gzipped: gzipSync(text, { level: 9 }).length };
});
for (const { name, bytes, gzipped } of files) {
  console.log(`${name.padEnd(40)} ${String(bytes).padStart(8)} ${String(gzipped).padStart(8)} gzipped`);
}
const widget = files.find(({ name }) => name === 'widget.js');
console.log(`widget.js: ${widget.gzipped} of at most ${LIMIT_BYTES} bytes`);
if (widget.gzipped > LIMIT_BYTES) process.exit(1);
