// Serves a static folder on this machine.
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';

/** @type {Record<string, string>} */
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.zip': 'application/zip',
};

/**
 * Serves a folder on localhost, below any path that is asked for.
 * @param {string} folder
 * @param {{ port: number, base?: string, fallback?: boolean }} options the port, or a free one where it is taken and
 *   `fallback` is set; `base`: the path that the folder has, such as `/rfclip/`
 * @returns {Promise<{ address: string, close: () => void }>}
 */
export async function serveFolder(folder, { port, base = '/', fallback = false }) {
  const server = createServer((request, response) => {
    const file = fileOf(folder, base, request.url ?? '/');
    if (file === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such file here.\n');
      return;
    }
    const tag = `"${file.size.toString(36)}-${file.time.toString(36)}"`;
    const headers = {
      'content-type': TYPES[extname(file.path)] ?? 'application/octet-stream',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      etag: tag,
    };
    if (request.headers['if-none-match'] === tag) {
      response.writeHead(304, headers).end();
      return;
    }
    response.writeHead(200, { ...headers, 'content-length': file.size });
    if (request.method === 'HEAD') response.end();
    else
      createReadStream(file.path)
        .on('error', () => response.destroy())
        .pipe(response);
  });
  const listen = (/** @type {number} */ wanted) =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(wanted, 'localhost', () => resolve(server.off('error', reject)));
    });
  try {
    await listen(port);
  } catch (error) {
    if (!fallback || /** @type {any} */ (error).code !== 'EADDRINUSE') throw error;
    await listen(0);
  }
  const { port: used } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    address: `http://localhost:${used}${base}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * @param {string} folder
 * @param {string} base
 * @param {string} url
 * @returns {{ path: string, size: number, time: number } | undefined}
 */
function fileOf(folder, base, url) {
  let pathname;
  try {
    pathname = decodeURIComponent(new URL(url, 'http://localhost').pathname);
  } catch {
    return undefined;
  }
  if (!pathname.startsWith(base)) return undefined;
  const below = pathname.slice(base.length);
  const path = normalize(join(folder, below.endsWith('/') || below === '' ? `${below}index.html` : below));
  if (!path.startsWith(folder + sep)) return undefined;
  const info = statSync(path, { throwIfNoEntry: false });
  return info?.isFile() === true ? { path, size: info.size, time: Math.round(info.mtimeMs) } : undefined;
}
