import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { atomicWrite } from '../../system/atomicWrite.ts';
import { isFile } from '../../system/fileKinds.ts';
import { checkOutputs } from '../../system/outputGate.ts';

const entrySchema = z.object({
  /** Where it came from: an address, or the path of a file that somebody else fetched. */
  from: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  /** ISO 8601. */
  date: z.string(),
  /** Whether it was compared with a checksum on record. */
  checked: z.boolean(),
  /** Whether this tool fetched it, and so may delete it. */
  fetched: z.boolean(),
  /** The files that were taken of it, below a folder of the data folder; absent until all are in their places. */
  root: z.string().optional(),
  files: z.array(z.string()).optional(),
});
const recordSchema = z.object({ format: z.literal('rfclip-sources-1'), archives: z.record(z.string(), entrySchema) });

/** What is known of one archive that was used. */
export type ArchiveRecord = z.infer<typeof entrySchema>;

/** The file `rfclip-sources.json` in a data folder: which archives its files came out of. */
export class PullRecord {
  readonly path: string;
  readonly #data: string;

  constructor(data: string) {
    this.#data = data;
    this.path = join(data, 'rfclip-sources.json');
  }

  /** Of an archive; undefined where it was not used, or the file is no record. */
  of(archive: string): ArchiveRecord | undefined {
    return this.#read()[archive];
  }

  /** @throws OverwriteError if a file of that name is no record; OutputError */
  async write(archive: string, entry: ArchiveRecord): Promise<void> {
    checkOutputs({ files: [this.path] });
    const archives = { ...this.#read(), [archive]: entry };
    await atomicWrite(this.path, `${JSON.stringify({ format: 'rfclip-sources-1', archives }, null, 1)}\n`);
  }

  /** Whether all files that were taken of an archive are still there. @param root below the data folder */
  isDone(archive: string, root: string): boolean {
    const entry = this.of(archive);
    if (entry?.files === undefined || entry.root !== root) return false;
    return entry.files.every((path) => isFile(join(this.#data, root, path)));
  }

  #read(): Record<string, ArchiveRecord> {
    try {
      return recordSchema.parse(JSON.parse(readFileSync(this.path, 'utf8'))).archives;
    } catch {
      return {};
    }
  }
}
