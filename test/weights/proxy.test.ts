import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { proxyFor } from '../../weights/proxy.ts';
import { root } from '../support/house.ts';
import { randomIntegers } from '../support/random.ts';
import { answer, cutAfter, type FileServer, serve } from './fileServer.ts';
import { type ProxyServer, serveProxy } from './proxyServer.ts';

const content = Buffer.from(randomIntegers(2, 200_000, 256));
const sha256 = createHash('sha256').update(content).digest('hex');
const tls = (name: string) => join(root, 'test', 'fixtures', 'tls', name);

let folder: string;
let server: FileServer;
let secure: ReturnType<typeof createServer>;
let proxy: ProxyServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-proxy-'));
  server = await serve(content);
  secure = createServer(
    { key: readFileSync(tls('key.pem')), cert: readFileSync(tls('cert.pem')) },
    (request, response) => {
      server.requests.push({ path: request.url! });
      if (server.misbehave?.(request, response, content) !== true) answer(server, request, response);
    },
  );
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  const https = (secure.address() as AddressInfo).port;
  const http = Number(new URL(server.url).port);
  proxy = await serveProxy({ 'weights.example:443': https, 'mirror.example:443': https, 'weights.example': http });
});
afterEach(async () => {
  await Promise.all([server.close(), proxy.close(), new Promise((resolve) => secure.close(resolve))]);
  rmSync(folder, { recursive: true, force: true });
});

const address = () => `http://127.0.0.1:${proxy.port}`;
const lines = () => proxy.requests.map(({ line }) => line);

/** Downloads with dist/ in a child, which alone has the variables; resolves to what it says. */
async function download(url: string, variables: Record<string, string>): Promise<string> {
  const program = join(folder, 'download.mjs');
  const module = (name: string) => JSON.stringify(pathToFileURL(join(root, 'dist', ...name.split('/'))).href);
  writeFileSync(
    program,
    `import { download } from ${module('weights/download.js')};
     import { describeFailure } from ${module('system/describeFailure.js')};
     const [url, target, sha256] = process.argv.slice(2);
     const options = { url, target, sha256, attempts: 2, backoffMilliseconds: 1, stallMilliseconds: 5000 };
     const said = (error) => 'failed: ' + describeFailure(error);
     console.log(await download(options).then(() => 'done', said));`,
  );
  const child = spawn(process.execPath, [program, url, join(folder, 'cache', 'file'), sha256], {
    env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: tls('cert.pem'), ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  await new Promise((resolve) => child.on('close', resolve));
  return said.trimEnd();
}
const expectWhole = () => expect(readFileSync(join(folder, 'cache', 'file')).equals(content)).toBe(true);

describe('a download goes through the proxy', () => {
  test.each(['HTTPS_PROXY', 'https_proxy'])('that %s names, by a tunnel', async (variable) => {
    expect(await download('https://weights.example/file', { [variable]: address() })).toBe('done');
    expect(proxy.requests).toEqual([{ line: 'CONNECT weights.example:443', authorization: undefined }]);
    expectWhole();
  });

  test.each(['HTTP_PROXY', 'http_proxy'])('that %s names, which sees a plain address', async (variable) => {
    expect(await download('http://weights.example/file', { [variable]: address() })).toBe('done');
    expect(lines()).toEqual(['GET http://weights.example/file']);
    expectWhole();
  });

  test('without a scheme in its name, and with a name and a password, which the server does not see', async () => {
    let seen: string | undefined = 'nothing was asked for';
    server.misbehave = (request) => {
      seen = request.headers.authorization;
      return false;
    };
    const variables = { HTTPS_PROXY: `me:p%40ss@127.0.0.1:${proxy.port}` };
    expect(await download('https://weights.example/file', variables)).toBe('done');
    expect(proxy.requests[0].authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
    expect(seen).toBeUndefined();
  });

  test('again after a cut, and goes on where it stopped', async () => {
    server.misbehave = cutAfter(100_000);
    server.etag = '"cut"';
    expect(await download('https://weights.example/file', { HTTPS_PROXY: address() })).toBe('done');
    expect(lines()).toEqual(['CONNECT weights.example:443', 'CONNECT weights.example:443']);
    expectWhole();
  });

  test('to where the server sends it on', async () => {
    server.misbehave = (request, response) => {
      if (request.url !== '/file') return false;
      response.writeHead(302, { location: 'https://mirror.example/moved' }).end();
      return true;
    };
    expect(await download('https://weights.example/file', { HTTPS_PROXY: address() })).toBe('done');
    expect(lines()).toEqual(['CONNECT weights.example:443', 'CONNECT mirror.example:443']);
    expect(server.requests.map(({ path }) => path)).toEqual(['/file', '/moved']);
  });
});

test.each([
  ['HTTP_PROXY is for the other scheme', 'HTTPS_PROXY', {}],
  ['NO_PROXY excepts the host', 'HTTP_PROXY', { NO_PROXY: 'example.org, 127.0.0.1' }],
  ['no_proxy excepts every host', 'http_proxy', { no_proxy: '*' }],
  ['the variable is empty', 'http_proxy', { http_proxy: '' }],
])('no proxy is asked where %s', async (_, variable, others) => {
  expect(await download(`${server.url}/file`, { [variable]: address(), ...others })).toBe('done');
  expect(lines()).toEqual([]);
});

describe('one sentence names the variable', () => {
  const failure = async (variables: Record<string, string>, scheme = 'https') => {
    const said = await download(`${scheme}://weights.example/file`, variables);
    expect(existsSync(join(folder, 'cache', 'file'))).toBe(false);
    expect(said).not.toContain('    at ');
    return said;
  };
  const prefix = 'failed: https://weights.example/file could not be downloaded:';

  test.each(['not a proxy', 'socks5://127.0.0.1:1080', 'http://', '://'])('where it is %s', async (value) => {
    expect(await failure({ HTTPS_PROXY: value })).toBe(
      `${prefix} HTTPS_PROXY is "${value}", expected a proxy as http://HOST:PORT\n  correct or unset HTTPS_PROXY`,
    );
  });

  test('and no password, where it is wrong', async () => {
    expect(await failure({ HTTPS_PROXY: 'ftp://me:secret@host' })).toContain(
      'HTTPS_PROXY is "ftp://...@host", expected',
    );
  });

  test('where nobody listens', async () => {
    expect(await failure({ HTTPS_PROXY: 'http://127.0.0.1:1' })).toBe(
      `${prefix} the proxy http://127.0.0.1:1 of HTTPS_PROXY cannot be used for weights.example: it refuses ` +
        'connections (given up after 2 attempts)',
    );
  });

  test('where its name cannot be looked up', async () => {
    expect(await failure({ https_proxy: 'http://proxy.invalid:3128' })).toContain(
      'the proxy http://proxy.invalid:3128 of https_proxy cannot be used for weights.example: ' +
        'its name cannot be looked up',
    );
  });

  test('where it wants a password', async () => {
    proxy.refusal = { status: 407, reason: 'Proxy Authentication Required' };
    const name = `127.0.0.1:${proxy.port}`;
    const way = `\n  write them as http://NAME:PASSWORD@${name} into HTTPS_PROXY`;
    expect(await failure({ HTTPS_PROXY: `http://${name}` })).toBe(
      `${prefix} the proxy http://${name} of HTTPS_PROXY asks for a name and a password (407)${way}`,
    );
    expect(await failure({ HTTPS_PROXY: `http://me:secret@${name}` })).toBe(
      `${prefix} the proxy http://${name} of HTTPS_PROXY does not accept the name and password in ` +
        `HTTPS_PROXY (407)${way}`,
    );
    expect(await failure({ HTTP_PROXY: `http://${name}` }, 'http')).toContain(
      `the proxy http://${name} of HTTP_PROXY asks for a name and a password (407)`,
    );
    expect(proxy.requests).toHaveLength(3);
  });

  test.each([
    [502, 'Bad Gateway', 2, ' (given up after 2 attempts)'],
    [403, 'Forbidden', 1, '\n  correct HTTPS_PROXY, or name the host in NO_PROXY'],
  ])('where it answers %i', async (status, reason, attempts, ending) => {
    proxy.refusal = { status, reason };
    expect(await failure({ HTTPS_PROXY: address() })).toBe(
      `${prefix} the proxy ${address()} of HTTPS_PROXY answers ${status} ${reason} when asked for ` +
        `weights.example${ending}`,
    );
    expect(proxy.requests).toHaveLength(attempts);
  });
});

describe('NO_PROXY', () => {
  const url = (host: string) => new URL(`https://${host}/file`);
  const excepts = (list: string, host: string) =>
    proxyFor(url(host), { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: list }) === undefined;

  test.each([
    ['example.org', 'example.org', true],
    ['example.org', 'cdn.example.org', true],
    ['.example.org', 'example.org', true],
    ['*.example.org', 'cdn.example.org', true],
    ['example.org', 'notexample.org', false],
    ['other.net  EXAMPLE.org', 'example.org', true],
    ['example.org:443', 'example.org', true],
    ['example.org:8443', 'example.org', false],
    ['example.org:8443', 'example.org:8443', true],
    ['10.0.0.7', '10.0.0.7', true],
    ['0.0.7', '10.0.0.7', false],
    ['::1', '[::1]', true],
    ['[::1]:443', '[::1]', true],
    ['*', 'example.org', true],
    ['', 'example.org', false],
    [',', 'example.org', false],
  ])('"%s" for %s: %s', (list, host, expected) => {
    expect(excepts(list, host)).toBe(expected);
  });

  test('and the lower case of a variable counts first', () => {
    const variables = { https_proxy: 'http://lower:1', HTTPS_PROXY: 'http://upper:2' };
    expect(proxyFor(url('example.org'), variables)).toMatchObject({ variable: 'https_proxy', name: 'http://lower:1' });
    expect(proxyFor(url('example.org'), { ...variables, https_proxy: '' })).toMatchObject({ name: 'http://upper:2' });
  });
});
