import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { download, type DownloadOptions } from '../../weights/download.ts';
import { DownloadError } from '../../weights/downloadError.ts';
import { randomIntegers } from '../support/random.ts';
import { answer, cutAfter, type FileServer, serve } from './fileServer.ts';

const content = Buffer.from(randomIntegers(1, 300_000, 256));
const sha256 = createHash('sha256').update(content).digest('hex');
let folder: string;
let target: string;
let server: FileServer;
const retries: string[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-download-'));
  target = join(folder, 'cache', 'weights', 'file.pt');
  server = await serve(content);
  retries.length = 0;
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const fetchIt = (options: Partial<DownloadOptions> = {}) =>
  download({
    url: `${server.url}/file.pt`,
    target,
    sha256,
    backoffMilliseconds: 1,
    stallMilliseconds: 300,
    onRetry: (reason) => retries.push(reason),
    ...options,
  });

async function failure(options?: Partial<DownloadOptions>): Promise<DownloadError> {
  const error = await fetchIt(options).then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DownloadError);
  expect(existsSync(target)).toBe(false);
  return error as DownloadError;
}

const left = () => readdirSync(join(folder, 'cache', 'weights')).sort();
const expectWhole = () => {
  expect(readFileSync(target).equals(content)).toBe(true);
  expect(left()).toEqual(['file.pt']);
};

describe('a server that behaves', () => {
  test('is asked once, and the file appears whole', async () => {
    const seen: [number, number | undefined][] = [];
    expect(await fetchIt({ onProgress: (received, total) => seen.push([received, total]) })).toBe(sha256);
    expectWhole();
    expect(server.requests).toEqual([{ path: '/file.pt', range: undefined, ifRange: undefined }]);
    expect(seen[0]).toEqual([0, content.length]);
    expect(seen.at(-1)).toEqual([content.length, content.length]);
  });

  test('without a published SHA-256 the length is checked and the SHA-256 returned', async () => {
    expect(await fetchIt({ sha256: undefined })).toBe(sha256);
    expectWhole();
  });

  test('an answer of unknown length', async () => {
    server.misbehave = (_, response) => {
      response.writeHead(200);
      response.write(content.subarray(0, 1000));
      response.end(content.subarray(1000));
      return true;
    };
    await fetchIt();
    expectWhole();
  });
});

describe('going on where it stopped', () => {
  test('a server that cuts every answer: each attempt asks for the rest only', async () => {
    server.misbehave = cutAfter(70_000);
    await fetchIt();
    expectWhole();
    expect(server.requests.map(({ range }) => range)).toEqual([
      undefined,
      'bytes=70000-',
      'bytes=140000-',
      'bytes=210000-',
      'bytes=280000-',
    ]);
    expect(server.requests[1].ifRange).toBe('"cut"');
    expect(retries).toHaveLength(4);
  });

  test('more cuts than attempts, as long as every answer brings something', async () => {
    server.misbehave = cutAfter(30_000);
    await fetchIt({ attempts: 2 });
    expectWhole();
  });

  test('a later process goes on, and one that had everything only checks it', async () => {
    server.misbehave = cutAfter(100_000);
    await failure({ attempts: 1 });
    expect(left()).toEqual(['file.pt.part', 'file.pt.part.json']);
    server.misbehave = undefined;
    server.etag = '"cut"';
    await fetchIt();
    expectWhole();
    expect(server.requests.at(-1)).toMatchObject({ range: 'bytes=100000-', ifRange: '"cut"' });

    rmSync(target);
    writeFileSync(`${target}.part`, content);
    writeFileSync(`${target}.part.json`, JSON.stringify({ url: `${server.url}/file.pt`, etag: server.etag }));
    await fetchIt();
    expectWhole();
    expect(server.requests.at(-1)).toMatchObject({ range: 'bytes=300000-' });
  });

  const leave = (bytes: Buffer, notes: object) => {
    rmSync(join(folder, 'cache'), { recursive: true, force: true });
    return fetchIt({ url: 'http://127.0.0.1:1/', attempts: 1 }).catch(() => {
      writeFileSync(`${target}.part`, bytes);
      writeFileSync(`${target}.part.json`, JSON.stringify({ url: `${server.url}/file.pt`, ...notes }));
    });
  };

  test('another version on the server: If-Range brings the whole new file', async () => {
    await leave(Buffer.alloc(1000), { etag: '"old"' });
    await fetchIt();
    expectWhole();
    expect(server.requests).toMatchObject([{ range: 'bytes=1000-', ifRange: '"old"' }]);
  });

  test('a date in place of a tag', async () => {
    server.etag = undefined;
    server.lastModified = 'Tue, 02 Mar 2021 12:00:00 GMT';
    await leave(content.subarray(0, 1000), { lastModified: server.lastModified });
    await fetchIt();
    expectWhole();
    expect(server.requests).toMatchObject([{ range: 'bytes=1000-', ifRange: server.lastModified }]);
  });

  test('weak tags are not trusted; without a SHA-256 nothing is resumed on trust', async () => {
    server.etag = 'W/"weak"';
    server.misbehave = (request, response, bytes) => {
      if (server.requests.length > 1) return (answer(server, request, response), true);
      response.setHeader('etag', 'W/"weak"');
      response
        .writeHead(200, { 'content-length': bytes.length })
        .write(bytes.subarray(0, 5000), () => response.destroy());
      return true;
    };
    await fetchIt({ sha256: undefined });
    expectWhole();
    expect(server.requests[1]).toMatchObject({ range: undefined, ifRange: undefined });
  });

  test('older bytes that do not belong to the file are noticed, and all of it is fetched once more', async () => {
    await leave(Buffer.alloc(1000), { etag: server.etag });
    await fetchIt();
    expectWhole();
    expect(server.requests.map(({ range }) => range)).toEqual(['bytes=1000-', undefined]);
  });

  test('a part of another address is not used', async () => {
    await leave(content.subarray(0, 1000), { url: 'http://elsewhere/file.pt', etag: server.etag });
    await fetchIt();
    expect(server.requests[0].range).toBeUndefined();
    expectWhole();
  });

  test(
    'a server that ignores ranges is asked for everything again, and given up on when it never gets ' + 'further',
    async () => {
      server.ranges = false;
      server.misbehave = (_, response, bytes) => {
        response
          .writeHead(200, { 'content-length': bytes.length })
          .write(bytes.subarray(0, 50_000), () => response.destroy());
        return true;
      };
      const error = await failure({ attempts: 3 });
      expect(error.message).toContain('(given up after 3 attempts)');
      expect(server.requests).toHaveLength(3);
      server.misbehave = undefined;
      await fetchIt();
      expectWhole();
    },
  );

  test('a server that answers with another range', async () => {
    await leave(content.subarray(0, 1000), { etag: server.etag });
    server.misbehave = (request, response, bytes) => {
      if (request.headers.range === undefined) return false;
      response
        .writeHead(206, {
          'content-range': `bytes 0-${bytes.length - 1}/${bytes.length}`,
          'content-length': bytes.length,
        })
        .end(bytes);
      return true;
    };
    await fetchIt();
    expectWhole();
    expect(retries).toEqual(['the server answers with another part than was asked for']);
  });
});

describe('servers that fail', () => {
  test('wrong bytes are deleted, with both SHA-256s in the sentence', async () => {
    server.content = Buffer.alloc(1000);
    const error = await failure();
    expect(error.message).toMatch(
      new RegExp(`what came has the SHA-256 [0-9a-f]{64}, expected ${sha256}; it was deleted`),
    );
    expect(left()).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  test.each([
    [404, 'the server has no such file (404)'],
    [410, 'the server has no such file (410)'],
    [403, 'the server answers 403 Forbidden'],
  ])('%i is not tried again', async (status, sentence) => {
    server.misbehave = (_, response) => (response.writeHead(status).end(), true);
    expect((await failure()).message).toBe(`${server.url}/file.pt could not be downloaded: ${sentence}`);
    expect(server.requests).toHaveLength(1);
  });

  test.each([500, 503, 429, 408])('%i is tried again', async (status) => {
    server.misbehave = (_, response) => (server.requests.length > 2 ? false : (response.writeHead(status).end(), true));
    await fetchIt();
    expectWhole();
    expect(retries).toHaveLength(2);
    expect(retries[0]).toContain(`the server answers ${status}`);
  });

  test('the wait that a server asks for is kept', async () => {
    const waits: number[] = [];
    server.misbehave = (_, response) =>
      server.requests.length > 1 ? false : (response.writeHead(503, { 'retry-after': '1' }).end(), true);
    await fetchIt({ onRetry: (_, milliseconds) => waits.push(milliseconds) });
    expect(waits).toEqual([1000]);
  });

  test('waits double', async () => {
    const waits: number[] = [];
    server.misbehave = (_, response) => (response.writeHead(500).end(), true);
    await failure({ backoffMilliseconds: 8, onRetry: (_, milliseconds) => waits.push(milliseconds) });
    expect(waits).toHaveLength(4);
    waits.forEach((milliseconds, i) => {
      expect(milliseconds).toBeGreaterThanOrEqual(4 * 2 ** i);
      expect(milliseconds).toBeLessThanOrEqual(8 * 2 ** i);
    });
  });

  test('one that stalls, before the answer or inside it', async () => {
    server.misbehave = (_, response, bytes) => {
      if (server.requests.length === 1) return true;
      if (server.requests.length > 2) return false;
      response.writeHead(200, { etag: server.etag, 'content-length': bytes.length }).write(bytes.subarray(0, 1000));
      return true;
    };
    await fetchIt();
    expectWhole();
    expect(retries).toEqual(['no byte came for 0.3 s', 'no byte came for 0.3 s']);
    expect(server.requests[2].range).toBe('bytes=1000-');
  });

  test('a web page in place of the file', async () => {
    server.misbehave = (_, response) => (
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html>log in'),
      true
    );
    expect((await failure()).message).toContain('a web page came in its place');
  });

  test('no server at all', async () => {
    const closed = await serve(content);
    await closed.close();
    const error = await failure({ url: `${closed.url}/file.pt`, attempts: 2 });
    expect(error.message).toMatch(/the server refuses connections \(given up after 2 attempts\)$/);
  });
});

describe('the cache folder', () => {
  test('that is a file', async () => {
    writeFileSync(join(folder, 'file'), '');
    const error = await fetchIt({ target: join(folder, 'file', 'x.pt') }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DownloadError);
    expect((error as Error).message).toContain(`the folder ${join(folder, 'file')} cannot be made`);
  });
});
