import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { download, type DownloadOptions } from '../../weights/download.ts';
import { DownloadError } from '../../weights/downloadError.ts';
import { randomIntegers } from '../support/random.ts';
import { type FileServer, serve } from './fileServer.ts';

const content = Buffer.from(randomIntegers(1, 300_000, 256));
const sha256 = createHash('sha256').update(content).digest('hex');
let folder: string;
let target: string;
let server: FileServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-download-'));
  target = join(folder, 'file.tar');
  server = await serve(content);
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const fetchIt = (options: Partial<DownloadOptions> = {}) =>
  download({ url: `${server.url}/file.tar`, target, backoffMilliseconds: 1, ...options });

async function failure(options: Partial<DownloadOptions>): Promise<DownloadError> {
  const error = await fetchIt(options).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DownloadError);
  expect(existsSync(target)).toBe(false);
  return error as DownloadError;
}

describe('what is published in place of a SHA-256', () => {
  const digestOf = (algorithm: 'md5' | 'sha1') => ({
    algorithm,
    value: createHash(algorithm).update(content).digest('hex'),
  });

  test.each(['md5', 'sha1'] as const)('%s in place of a SHA-256', async (algorithm) => {
    const digest = digestOf(algorithm);
    expect(await fetchIt({ digest })).toBe(sha256);
    rmSync(target);
    const error = await failure({ digest: { ...digest, value: '00' } });
    expect(error.message).toContain(
      `what came has the ${algorithm === 'md5' ? 'MD5' : 'SHA-1'} ${digest.value}, expected 00; it was deleted`,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  test('older bytes of another version are noticed by it too', async () => {
    await failure({ url: 'http://127.0.0.1:1/', attempts: 1 });
    writeFileSync(`${target}.part`, Buffer.alloc(1000));
    writeFileSync(`${target}.part.json`, JSON.stringify({ url: `${server.url}/file.tar` }));
    await fetchIt({ digest: digestOf('md5') });
    expect(readFileSync(target).equals(content)).toBe(true);
    expect(server.requests.map(({ range }) => range)).toEqual(['bytes=1000-', undefined]);
  });

  test('the size: another one is refused as soon as it is announced, or at the end', async () => {
    await fetchIt({ bytes: content.length });
    rmSync(target);
    expect((await failure({ bytes: 7 })).message).toContain(`the server has ${content.length} bytes, expected 7`);
    expect(readdirSync(folder)).toEqual([]);
    server.misbehave = (_, response) => {
      response.writeHead(200);
      response.write(content.subarray(0, 1000));
      response.end();
      return true;
    };
    expect((await failure({ bytes: content.length })).message).toContain(
      `what came has 1000 bytes, expected ${content.length}; it was deleted`,
    );
  });
});

test('a file that the disk has no room for is not begun; what was there of it stays', async () => {
  expect((await failure({ freeBytes: () => 1000 })).message).toContain(
    `${folder} has room for 0.0 MB, expected 0.3 MB`,
  );
  writeFileSync(`${target}.part`, content.subarray(0, 299_500));
  writeFileSync(`${target}.part.json`, JSON.stringify({ url: `${server.url}/file.tar`, etag: server.etag }));
  await failure({ freeBytes: () => 100 });
  await fetchIt({ freeBytes: () => 1000 });
  expect(server.requests.at(-1)?.range).toBe('bytes=299500-');
  expect(readFileSync(target).equals(content)).toBe(true);
});

test('the wait that a server asks for may be a date', async () => {
  const waits: number[] = [];
  server.misbehave = (_, response) => {
    const date = new Date(Date.now() + (server.requests.length > 1 ? -60_000 : 2000)).toUTCString();
    return server.requests.length > 2 ? false : (response.writeHead(503, { 'retry-after': date }).end(), true);
  };
  await fetchIt({ onRetry: (_, milliseconds) => waits.push(milliseconds) });
  expect(waits[0]).toBeGreaterThan(0);
  expect(waits[0]).toBeLessThanOrEqual(2000);
  expect(waits[1]).toBe(0);
});
