import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import tls from 'node:tls';
import { DownloadError, PassingFailure, reasonOf } from './downloadError.ts';
import { type Proxy, proxyFor } from './proxy.ts';

const MOST_REDIRECTS = 20;
const REDIRECTS = [301, 302, 303, 307, 308];
const WITHOUT_BODY = [204, 205, 304];

/** Header fields to send, and what gives the request up. */
export interface FetchFileOptions {
  headers: Record<string, string>;
  signal: AbortSignal;
}

/**
 * `fetch` that goes through the proxy that HTTPS_PROXY and HTTP_PROXY name, which Node's own does not before version
 * 24. An address with https is reached by a tunnel, so that the proxy sees nothing of what is sent. Source: RFC 9110,
 * section 9.3.6 (CONNECT); RFC 9112, section 3.2.2 (absolute-form).
 * @throws DownloadError when the proxy is named wrongly or refuses; PassingFailure when it cannot be reached or fails;
 * errors of Node's network for the server itself
 */
export async function fetchFile(address: string, options: FetchFileOptions): Promise<Response> {
  let url = new URL(address);
  if (proxyFor(url) === undefined) return fetch(url, options);
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const answer = await get(url, proxyFor(url), options);
    const { statusCode = 0, statusMessage = '', headers } = answer;
    if (!REDIRECTS.includes(statusCode) || headers.location === undefined) {
      const fields = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
      const body = WITHOUT_BODY.includes(statusCode) ? null : (Readable.toWeb(answer) as ReadableStream);
      return new Response(body, {
        status: statusCode,
        statusText: statusMessage,
        headers: fields,
      });
    }
    answer.destroy();
    url = new URL(headers.location, url);
    if (!/^https?:$/.test(url.protocol)) throw new DownloadError(address, `the server sends on to ${url.protocol}`);
  }
  throw new DownloadError(address, `the server sends on more than ${MOST_REDIRECTS} times`);
}

async function get(url: URL, proxy: Proxy | undefined, options: FetchFileOptions): Promise<http.IncomingMessage> {
  if (proxy === undefined) return answerOf((url.protocol === 'https:' ? https : http).request(url, options));
  if (url.protocol === 'https:') {
    const socket = await tunnel(url, proxy, options.signal);
    const secured = tls.connect({ socket, servername: url.hostname, ALPNProtocols: ['http/1.1'] });
    return answerOf(https.request(url, { ...options, createConnection: () => secured }));
  }
  const headers = { ...options.headers, host: url.host, ...credentials(proxy) };
  const sent = { path: url.href, headers, signal: options.signal };
  const answer = await answerOf(requestTo(proxy, sent)).catch((error: unknown) => fail(url, proxy, error));
  if (answer.statusCode !== 407) return answer;
  answer.destroy();
  return refuse(url, proxy, answer);
}

/** A connection to the server of an address, on which the proxy passes on what it is given. */
async function tunnel(url: URL, proxy: Proxy, signal: AbortSignal): Promise<Socket> {
  const target = `${url.hostname}:${url.port || 443}`;
  const headers = { host: target, ...credentials(proxy) };
  const request = requestTo(proxy, { method: 'CONNECT', path: target, headers, signal });
  request.end();
  request.on('error', () => {});
  // A proxy that takes it for any other request answers as to one.
  const connected = once(request, 'connect', { signal }) as Promise<[http.IncomingMessage, Socket]>;
  const answered = once(request, 'response', { signal }) as Promise<[http.IncomingMessage]>;
  const [answer, socket] = await Promise.race([connected, answered]).catch((error: unknown) => fail(url, proxy, error));
  if (answer.statusCode === 200 && socket !== undefined) return socket as Socket;
  request.destroy();
  return refuse(url, proxy, answer);
}

function requestTo(proxy: Proxy, options: http.RequestOptions): http.ClientRequest {
  return (proxy.url.protocol === 'https:' ? https : http).request(proxy.url, { ...options, agent: false });
}

async function answerOf(request: http.ClientRequest): Promise<http.IncomingMessage> {
  request.end();
  // Of an answer that has begun, the body tells of failures.
  request.on('error', () => {});
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
  return answer;
}

function credentials(proxy: Proxy): Record<string, string> {
  return proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization };
}

function fail(url: URL, proxy: Proxy, error: unknown): never {
  if (error instanceof Error && error.name === 'AbortError') throw error;
  const reason = reasonOf(error).replace('the server', 'it').replace('the name of it', 'its name');
  throw new PassingFailure(`the proxy ${proxy.name} of ${proxy.variable} cannot be used for ${url.host}: ${reason}`, {
    cause: error,
  });
}

function refuse(url: URL, proxy: Proxy, answer: http.IncomingMessage): never {
  const { statusCode = 0, statusMessage = '' } = answer;
  const who = `the proxy ${proxy.name} of ${proxy.variable}`;
  if (statusCode === 407)
    throw new DownloadError(
      url.href,
      proxy.authorization === undefined
        ? `${who} asks for a name and a password (407)`
        : `${who} does not accept the name and password in ${proxy.variable} (407)`,
      { fix: `write them as ${proxy.url.protocol}//NAME:PASSWORD@${proxy.url.host} into ${proxy.variable}` },
    );
  const problem = `${who} answers ${statusCode} ${statusMessage}`.trim() + ` when asked for ${url.host}`;
  if (statusCode === 429 || statusCode >= 500) throw new PassingFailure(problem);
  throw new DownloadError(url.href, problem, { fix: `correct ${proxy.variable}, or name the host in NO_PROXY` });
}
