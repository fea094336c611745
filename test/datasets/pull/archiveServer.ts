import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { answer, type FileServer, type Misbehaviour, serve } from '../../weights/fileServer.ts';

/** A server of several archives by their names, each of which it can be made to serve badly. */
export interface ArchiveServer extends FileServer {
  /** Asked before an archive is served; by the name of its file. */
  readonly faults: Map<string, Misbehaviour>;
  /** How often each file was asked for. */
  asked(file: string): number;
}

/** Starts one that has the archives at every path that ends in their names. */
export async function serveArchives(archives: ReadonlyMap<string, Buffer>): Promise<ArchiveServer> {
  const server = await serve(Buffer.alloc(0));
  const faults = new Map<string, Misbehaviour>();
  server.misbehave = (request, response) => {
    const file = basename(request.url!);
    const content = archives.get(file);
    if (content === undefined) {
      response.writeHead(404).end();
      return true;
    }
    if (faults.get(file)?.(request, response, content) === true) return true;
    const etag = `"${createHash('sha256').update(content).digest('hex').slice(0, 16)}"`;
    answer({ ...server, content, etag }, request, response);
    return true;
  };
  return Object.assign(server, {
    faults,
    asked: (file: string) => server.requests.filter(({ path }) => path.endsWith(`/${file}`)).length,
  });
}
