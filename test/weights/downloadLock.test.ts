import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { download } from '../../weights/download.ts';
import { DownloadError } from '../../weights/downloadError.ts';
import { randomIntegers } from '../support/random.ts';
import { cutAfter, type FileServer, serve } from './fileServer.ts';

const content = Buffer.from(randomIntegers(1, 300_000, 256));
let folder: string;
let target: string;
let server: FileServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-download-'));
  target = join(folder, 'cache', 'weights', 'file.pt');
  server = await serve(content);
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const fetchIt = () => download({ url: `${server.url}/file.pt`, target, backoffMilliseconds: 1 });

async function failure(): Promise<DownloadError> {
  const error = await fetchIt().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DownloadError);
  expect(existsSync(target)).toBe(false);
  return error as DownloadError;
}

test('a download that another process runs is left alone; a lock left by a dead one is not', async () => {
  await fetchIt();
  rmSync(target);
  writeFileSync(`${target}.lock`, `${process.ppid}`);
  expect((await failure()).message).toContain(`another download of it is running (process ${process.ppid})`);
  writeFileSync(`${target}.lock`, '2147483646');
  await fetchIt();
  expect(readFileSync(target).equals(content)).toBe(true);
  expect(readdirSync(join(folder, 'cache', 'weights'))).toEqual(['file.pt']);
});

test('a download that was taken over for dead ends at its next attempt and leaves the lock', async () => {
  const other = JSON.stringify({ process: 7, host: 'elsewhere.example', machine: 'another' });
  server.misbehave = (...asked) => {
    writeFileSync(`${target}.lock`, other);
    return cutAfter(1000)(...asked);
  };
  const { message, fix } = await failure();
  expect(message).toContain('another download of it has taken over (process 7 on elsewhere.example)');
  expect(fix).toBeUndefined();
  expect(readFileSync(`${target}.lock`, 'utf8')).toBe(other);
  expect(server.requests).toHaveLength(1);
});

test('a lock that cannot be made is named with the reason', async () => {
  // The lock's name still fits the file system, those of its drafts do not.
  target = join(folder, 'cache', 'weights', 'x'.repeat(240));
  expect((await failure()).message).toContain(`${target}.lock cannot be written (ENAMETOOLONG)`);
});
