import { createReadStream, statSync } from 'node:fs';
import { ByteReader } from './byteReader.ts';
import type { EntryVisitor } from './entryVisitor.ts';
import { BegunAnew, type GrowingFile } from './growingFile.ts';
import { readTar } from './readTar.ts';
import { readZip } from './readZip.ts';
import type { Archive } from './sources.ts';
import type { Staging } from './staging.ts';

/**
 * Takes out of an archive what is wanted of it, while it comes.
 * @throws ArchiveError, OutputError once the archive has ended; what the file was told of its failure
 */
export async function unpackGrowing(file: GrowingFile, archive: Archive, staging: Staging): Promise<void> {
  for (;;) {
    const { beginning } = file;
    try {
      return await unpack(file.chunks(), archive, staging);
    } catch (error) {
      // Bytes of an earlier version may have been at the beginning; the download knows at its end.
      if (!(error instanceof BegunAnew) && !(await file.untilEnd(beginning))) throw error;
      staging.clear();
    }
  }
}

/** The same for an archive that is there. @throws ArchiveError, OutputError */
export async function unpackFile(
  path: string,
  archive: Archive,
  staging: Staging,
  onBytes: (read: number, total: number) => void,
): Promise<void> {
  const { size } = statSync(path);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    let read = 0;
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      onBytes((read += (chunk as Buffer).length), size);
      yield chunk as Buffer;
    }
  }
  await unpack(chunks(), archive, staging);
}

async function unpack(chunks: AsyncIterable<Uint8Array>, archive: Archive, staging: Staging): Promise<void> {
  const reader = new ByteReader(chunks, archive.file);
  const visitor: EntryVisitor = {
    archive: archive.file,
    wants: (name, size) => staging.wants(name, size),
    take: (name, content) => staging.take(name, content),
  };
  try {
    await (archive.format === 'tar' ? readTar : readZip)(reader, visitor);
  } finally {
    await reader.close();
  }
}
