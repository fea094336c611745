import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { serveFolder } from '../../scripts/web/serve.mjs';

const folder = mkdtempSync(join(tmpdir(), 'rfclip-serve-'));
const site = join(folder, 'site');
mkdirSync(join(site, 'below'), { recursive: true });
writeFileSync(join(site, 'index.html'), '<p>page');
writeFileSync(join(site, 'below', 'a.js'), 'a()');
writeFileSync(join(folder, 'secret.txt'), 'secret');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('serves files of a folder with their types, and nothing else', async () => {
  const { address, close } = await serveFolder(site, { port: 0, base: '/some/where/' });
  const get = async (path: string, headers = {}) => {
    const response = await fetch(address + path, { headers });
    return [response.status, response.headers.get('content-type'), await response.text()];
  };
  expect(await get('')).toEqual([200, 'text/html; charset=utf-8', '<p>page']);
  expect(await get('below/a.js?b#c')).toEqual([200, 'text/javascript; charset=utf-8', 'a()']);
  const missing = [404, 'text/plain', 'There is no such file here.\n'];
  for (const path of ['b.js', 'below', 'below/', '..%2fsecret.txt', '%2e%2e/secret.txt', '%', '/secret.txt'])
    expect(await get(path), path).toEqual(missing);
  expect((await fetch(new URL('/', address))).status).toBe(404);
  expect((await fetch(address, { method: 'POST' })).status).toBe(404);
  const tag = (await fetch(address, { method: 'HEAD' })).headers.get('etag')!;
  expect(await get('', { 'if-none-match': tag })).toEqual([304, 'text/html; charset=utf-8', '']);
  close();
});

it('takes another port where the default is taken, but not where one was named', async () => {
  const first = await serveFolder(site, { port: 0 });
  const port = Number(new URL(first.address).port);
  const second = await serveFolder(site, { port, fallback: true });
  expect((await fetch(second.address)).status).toBe(200);
  expect(second.address).not.toBe(first.address);
  await expect(serveFolder(site, { port })).rejects.toThrow('EADDRINUSE');
  first.close();
  second.close();
});
