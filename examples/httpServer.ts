/**
 * A server that segments one image after another. From a checkout:
 *
 *   npx tsx examples/httpServer.ts "cat, dog; puppy, grass" 8080
 *   curl --data-binary @photo.jpg http://127.0.0.1:8080                                         classes as JSON
 *   curl --data-binary @photo.jpg -H 'Accept: image/png' -o overlay.png http://127.0.0.1:8080   overlay
 *
 * Ctrl-C ends it when the requests in work are answered.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DeviceError, Model, RfclipError } from 'rfclip';

const [classes = 'horse, moon, soil', port = '8080'] = process.argv.slice(2);
const MOST_BYTES = 20 * 2 ** 20;

/** An answer that is no picture, with its HTTP status. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The body of a request. What is beyond the limit is read and dropped, so that the client can read the refusal. */
function readBody(request: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    request.on('data', (chunk: Uint8Array) => {
      bytes += chunk.length;
      if (bytes <= MOST_BYTES) return void chunks.push(chunk);
      chunks.length = 0;
      reject(new Refusal(413, `the image has more than ${MOST_BYTES} bytes`));
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
  });
}

/** 400 for what is no image or cannot be segmented, 503 for a GPU that failed. */
function statusOf(error: unknown): number {
  if (error instanceof Refusal) return error.status;
  if (error instanceof DeviceError && error.code !== 'RFCLIP-BUFFER-LIMIT') return 503;
  return error instanceof RfclipError ? 400 : 500;
}

function answer(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  // After server.close(), a connection that is kept alive would keep the process alive.
  if (!server.listening) response.setHeader('Connection', 'close');
  if (status === 405) response.setHeader('Allow', 'POST');
  response.statusCode = status;
  response.setHeader('Content-Type', type);
  response.end(body);
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Who hangs up gives the place in the line to the next.
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  try {
    if (request.method !== 'POST') throw new Refusal(405, `POST an image; ${request.method} is not served`);
    // Calls may overlap: the model serves them in order.
    const result = await segmenter.segment(await readBody(request), { signal: gone.signal });
    if (request.headers.accept === 'image/png') answer(response, 200, 'image/png', result.overlayPng());
    else answer(response, 200, 'application/json', JSON.stringify({ classes: result.classes }));
  } catch (error) {
    if (gone.signal.aborted) return;
    const status = statusOf(error);
    if (status >= 500) console.error(error);
    const { message, code, fix } = error as Partial<RfclipError>;
    answer(response, status, 'application/json', JSON.stringify({ error: { code, message, fix } }));
    // A lost device stays lost, and a new process gets a new one.
    if (status === 503) stop(1);
  }
}

/** Answers what is in work and ends. */
function stop(exitCode: number): void {
  process.exitCode = exitCode;
  if (server.listening) server.close(() => model.close());
}

const model = await Model.open();
const segmenter = await model.segmenter(classes);
const server = createServer(serve);
server.maxConnections = 32;
server.requestTimeout = 60_000;
// Only for this machine; behind a proxy it can stay so.
server.listen(Number(port), '127.0.0.1', () => {
  console.log(`segmenting at http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

process.once('SIGINT', () => stop(0));
