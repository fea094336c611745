import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a server does to one request; undefined serves it properly. */
export type Misbehaviour = (request: IncomingMessage, response: ServerResponse, content: Buffer) => boolean | void;

/** A file server on 127.0.0.1 that can misbehave. */
export interface FileServer {
  readonly url: string;
  /** Headers of the requests so far. */
  readonly requests: { range?: string; ifRange?: string; path: string }[];
  content: Buffer;
  /** Whether ranges, entity tags and dates are known to it. */
  ranges: boolean;
  etag: string | undefined;
  lastModified: string | undefined;
  /** Asked before every answer; true says that it has answered. */
  misbehave: Misbehaviour | undefined;
  close(): Promise<void>;
}

/** Starts a server that has `content` at every path. */
export async function serve(content: Buffer): Promise<FileServer> {
  const http: Server = createServer((request, response) => {
    server.requests.push({
      range: request.headers.range,
      ifRange: request.headers['if-range'] as string | undefined,
      path: request.url!,
    });
    if (server.misbehave?.(request, response, server.content) === true) return;
    answer(server, request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const server: FileServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    requests: [],
    content,
    ranges: true,
    etag: `"${createHash('sha256').update(content).digest('hex').slice(0, 16)}"`,
    lastModified: undefined,
    misbehave: undefined,
    close: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
}

/** The proper answer: the range asked for where its If-Range holds, else everything. */
export function answer(server: FileServer, request: IncomingMessage, response: ServerResponse): void {
  const { content, etag, lastModified } = server;
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? NaN);
  const condition = request.headers['if-range'];
  const holds = condition === undefined || condition === etag || condition === lastModified;
  if (etag !== undefined) response.setHeader('etag', etag);
  if (lastModified !== undefined) response.setHeader('last-modified', lastModified);
  if (server.ranges && holds && from >= content.length) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
  } else if (server.ranges && holds && from >= 0) {
    response.writeHead(206, {
      'content-range': `bytes ${from}-${content.length - 1}/${content.length}`,
      'content-length': content.length - from,
    });
    response.end(content.subarray(from));
  } else {
    response.writeHead(200, { 'content-length': content.length });
    response.end(content);
  }
}

/** Promises everything, sends `count` bytes from where it was asked to begin, and cuts the connection. */
export function cutAfter(count: number): Misbehaviour {
  return (request, response, content) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from + count >= content.length) return false;
    response.setHeader('etag', '"cut"');
    if (from === 0) response.writeHead(200, { 'content-length': content.length });
    else
      response.writeHead(206, {
        'content-range': `bytes ${from}-${content.length - 1}/${content.length}`,
        'content-length': content.length - from,
      });
    response.write(content.subarray(from, from + count), () => response.destroy());
    return true;
  };
}
