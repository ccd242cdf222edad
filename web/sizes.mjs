/** Prints what each page and the widget weigh over the network; fails when the widget is too heavy. */
import { build } from 'vite';

/** What the widget loads before it shows anything: its script, and the words of one language. */
const START_LIMIT_BYTES = 20 * 1024;
/** Listening and writing, fetched when they are first wanted. */
const SAID_LIMIT_BYTES = 8 * 1024;

async function outputs(mode) {
  const built = await build({ mode, logLevel: 'error', build: { write: false } });
  return built.output;
}

const files = [...(await outputs('pages')), ...(await outputs('widget'))];
const packed = new Map(
  files.filter(({ fileName }) => fileName.endsWith('.gz'))
    .map(({ fileName, source }) => [fileName.slice(0, -3), source.length]),
);
for (const { fileName, type, code, source } of files) {
  if (!packed.has(fileName)) continue;
  const bytes = (type === 'chunk' ? code : source).length;
  console.log(`${fileName.padEnd(44)} ${String(bytes).padStart(8)} ${String(packed.get(fileName)).padStart(8)} gzipped`);
}

const part = (pattern) => [...packed].filter(([name]) => pattern.test(name)).map(([, bytes]) => bytes);
const start = [...part(/^widget\.js$/), ...part(/widget-main-/), Math.max(...part(/widget-texts-/))];
const checks = [
  ['widget at its start', start.reduce((sum, bytes) => sum + bytes), START_LIMIT_BYTES],
  ['widget listening, on demand', Math.max(...part(/widget-said-/)), SAID_LIMIT_BYTES],
];
for (const [what, bytes, limit] of checks) console.log(`${what}: ${bytes} of at most ${limit} bytes gzipped`);
if (start.length !== 3 || checks.some(([, bytes, limit]) => !(bytes <= limit))) process.exit(1);
