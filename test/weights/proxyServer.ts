import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';

/** A proxy on 127.0.0.1 that knows where every host really is, and notes what it is asked for. */
export interface ProxyServer {
  readonly port: number;
  /** `CONNECT host:port` or `GET address`, one a request, and with what credentials. */
  readonly requests: { line: string; authorization: string | undefined }[];
  /** Answers instead of a connection. */
  refusal: { status: number; reason: string } | undefined;
  close(): Promise<void>;
}

/**
 * Starts a proxy.
 * @param ports of this machine, by the host and port that is asked for
 */
export async function serveProxy(ports: Readonly<Record<string, number>>): Promise<ProxyServer> {
  const note = (line: string, { headers }: IncomingMessage) =>
    proxy.requests.push({ line, authorization: headers['proxy-authorization'] });
  const http = createServer((request, response) => {
    note(`${request.method} ${request.url}`, request);
    if (proxy.refusal !== undefined) {
      response.writeHead(proxy.refusal.status, proxy.refusal.reason).end();
      return;
    }
    const { host, pathname } = new URL(request.url!);
    const { 'proxy-authorization': _, ...headers } = request.headers;
    const sent = httpRequest({ host: '127.0.0.1', port: ports[host], path: pathname, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    sent.on('error', () => response.destroy());
    sent.end();
  });
  http.on('connect', (request: IncomingMessage, client) => {
    note(`CONNECT ${request.url}`, request);
    client.on('error', () => {});
    if (proxy.refusal !== undefined) {
      client.end(`HTTP/1.1 ${proxy.refusal.status} ${proxy.refusal.reason}\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const server = connect(ports[request.url!], '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      server.pipe(client).pipe(server);
    });
    server.on('error', () => client.destroy());
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const proxy: ProxyServer = {
    port: (http.address() as AddressInfo).port,
    requests: [],
    refusal: undefined,
    close: async () => {
      http.closeAllConnections();
      http.close();
    },
  };
  return proxy;
}
