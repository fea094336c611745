import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { assertNoLeftover, assertSame, snapshot } from './snapshot.mjs';

const CHECKPOINT = fileURLToPath(new URL('../../dist/clip/weights/microclip.safetensors', import.meta.url));

/** A checkpoint that has no published SHA-256, so that a small one can stand in for it. */
export const PULL = ['weights', 'pull', 'DINO-ViT-B/8'];
const FILE = 'dino_vitbase8_pretrain.pth';

const PIECE = 1 << 16;

/**
 * A server of the embedded checkpoint that knows ranges, the same for all rounds. `pace` sets how long it waits after
 * every piece of 64 KiB, and after which it cuts the connection.
 */
export async function serverOf({ memo }) {
  if (!memo.has('server')) {
    const { serve } = await import('../../test/weights/fileServer.ts');
    const server = await serve(readFileSync(CHECKPOINT));
    let ranges = 0;
    let pace = {};
    server.misbehave = (request, response, content) => {
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      if (from > 0) ranges++;
      if (pace.milliseconds === undefined || from >= content.length) return false;
      response.setHeader('etag', server.etag);
      if (from === 0) response.writeHead(200, { 'content-length': content.length });
      else
        response.writeHead(206, {
          'content-range': `bytes ${from}-${content.length - 1}/${content.length}`,
          'content-length': content.length - from,
        });
      void sendSlowly(response, content.subarray(from), pace);
      return true;
    };
    memo.set('server', {
      url: server.url,
      content: server.content,
      get ranges() {
        return ranges;
      },
      pace: (next) => void (pace = next),
      close: () => server.close(),
    });
  }
  return memo.get('server');
}

async function sendSlowly(response, content, { milliseconds, cut }) {
  for (let at = 0; at < content.length && !response.destroyed; at += PIECE) {
    response.write(content.subarray(at, at + PIECE));
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    if (cut?.()) return response.destroy();
  }
  return response.end();
}

/** Environment of a pull into a cache folder. */
export function pullEnvironment({ url }, cache) {
  return { RFCLIP_CACHE_DIR: cache, RFCLIP_WEIGHTS_BASE_URL: url };
}

/** @throws an Error where the cache folder holds anything but the server's file */
export function assertPulled({ content }, cache) {
  assertNoLeftover(cache);
  const files = snapshot(cache);
  const name = [...files.keys()].find((path) => path.endsWith(FILE)) ?? FILE;
  assertSame(files, new Map([[name, content]]), 'the pulled file');
}
