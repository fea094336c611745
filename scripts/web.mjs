// The playground: `npm run web` serves it, `npm run web:build` makes a static folder for any host.
//
//   node scripts/web.mjs serve [--port N] [--out FOLDER]    builds what is stale first
//   node scripts/web.mjs build [--out FOLDER]
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildWeb, isBuilt } from './web/build.mjs';
import { serveFolder } from './web/serve.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const USAGE = 'usage: node scripts/web.mjs serve|build [--out FOLDER] [--port N]';
const DEFAULT_PORT = 8080;

try {
  await main();
} catch (error) {
  console.error(`web: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: 'string' }, port: { type: 'string' } },
  });
  const [command, ...rest] = positionals;
  if ((command !== 'serve' && command !== 'build') || rest.length > 0) throw new Error(USAGE);
  const port = Number(values.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`--port is ${values.port}, expected a number from 0 to 65535`);
  const out = values.out === undefined ? join(root, 'dist-web') : resolve(values.out);
  if (command === 'build' || !isBuilt(root, out)) {
    const { files, bytes } = await buildWeb(root, out);
    console.log(`web: ${files} files, ${(bytes / 1e6).toFixed(1)} MB in ${relative(process.cwd(), out) || '.'}`);
  }
  if (command === 'build') return;
  const { address } = await serveFolder(out, { port, fallback: values.port === undefined });
  console.log(`web: ${address} (Ctrl-C ends it)`);
}
