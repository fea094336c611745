import { crc32, inflateRawSync, type ZlibOptions } from 'node:zlib';
import { ArchiveError } from './archiveError.ts';
import type { ByteReader } from './byteReader.ts';
import { type EntryVisitor, MOST_ENTRY_BYTES } from './entryVisitor.ts';

const LOCAL = 0x04034b50;
/** Of what follows the entries: the directory with its ends, and a block that may stand before it. */
const AFTER_ENTRIES = [0x02014b50, 0x06054b50, 0x06064b50, 0x08064b50];
const END = Buffer.from('PK\x05\x06', 'latin1');
const DESCRIPTOR = Buffer.from('PK\x07\x08', 'latin1');
/** The end record with the longest comment. */
const LONGEST_END = 22 + 0xffff;
const STORED = 0;
const DEFLATED = 8;

interface Entry {
  name: string;
  method: number;
  encrypted: boolean;
  /** Whether checksum and sizes stand behind the content. */
  described: boolean;
  /** Whether those have 8 bytes each. */
  large: boolean;
  crc: number;
  packed: number;
  size: number;
}

/**
 * Reads a zip archive from the first byte to the last, and hands on the entries that are wanted, each checked against
 * its CRC-32. Nothing but the headers before the entries is used, so that reading can go on while the archive comes;
 * the directory at the end must be there, or the archive is cut off.
 * Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.9 (data descriptor), 4.3.16 (end of central
 * directory) and 4.5.3 (Zip64).
 * @throws ArchiveError if it is no zip archive, damaged, cut off, or an entry that is wanted is encrypted, too large,
 *   or packed in another way than by deflate
 */
export async function readZip(reader: ByteReader, visitor: EntryVisitor): Promise<void> {
  const { archive } = visitor;
  for (let count = 0; ; count++) {
    const at = reader.position;
    const signature = await reader.peek(4);
    if (signature.length < 4) throw reader.cutOff();
    const found = signature.readUInt32LE();
    if (AFTER_ENTRIES.includes(found)) return checkEnd(reader, archive, count);
    if (found !== LOCAL)
      throw new ArchiveError(archive, at === 0 ? 'it is no zip archive' : `it is damaged at byte ${at}`);
    await readEntry(reader, visitor);
  }
}

async function readEntry(reader: ByteReader, visitor: EntryVisitor): Promise<void> {
  const entry = await readHeader(reader);
  const unknown = entry.described && entry.packed === 0;
  const wanted = !entry.name.endsWith('/') && visitor.wants(entry.name, unknown ? undefined : entry.size);
  if (unknown) {
    await readUnknown(reader, entry, wanted ? visitor : undefined, visitor.archive);
    return;
  }
  if (!wanted) await reader.skip(entry.packed);
  else {
    checkReadable(entry, visitor.archive);
    const content = unpack(await reader.read(entry.packed), entry, visitor.archive);
    // Where a descriptor follows, the checksum stands there.
    if (entry.described) await readDescriptor(reader, entry);
    checkContent(content, entry, visitor.archive);
    visitor.take(entry.name, content);
    return;
  }
  if (entry.described) await readDescriptor(reader, entry);
}

/** An entry whose length stands behind it: only the end of its deflate stream tells where it ends. */
async function readUnknown(
  reader: ByteReader,
  entry: Entry,
  visitor: EntryVisitor | undefined,
  archive: string,
): Promise<void> {
  if (entry.method === STORED && entry.name.endsWith('/')) {
    if ((await reader.peek(4)).equals(DESCRIPTOR)) await readDescriptor(reader, entry);
    return;
  }
  if (entry.method !== DEFLATED || entry.encrypted)
    throw new ArchiveError(archive, `nothing tells where its entry ${entry.name} ends`);
  const { content, packed } = await inflateToEnd(reader, entry, archive);
  await reader.skip(packed);
  Object.assign(entry, { packed, size: content.length });
  await readDescriptor(reader, entry);
  checkContent(content, entry, archive);
  visitor?.take(entry.name, content);
}

async function readHeader(reader: ByteReader): Promise<Entry> {
  const fixed = await reader.read(30);
  const flags = fixed.readUInt16LE(6);
  const name = await reader.read(fixed.readUInt16LE(26));
  const extra = await reader.read(fixed.readUInt16LE(28));
  const entry: Entry = {
    name: name.toString('utf8'),
    method: fixed.readUInt16LE(8),
    encrypted: (flags & 1) !== 0,
    described: (flags & 8) !== 0,
    large: false,
    crc: fixed.readUInt32LE(14),
    packed: fixed.readUInt32LE(18),
    size: fixed.readUInt32LE(22),
  };
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    entry.large = true;
    let field = at + 4;
    for (const key of ['size', 'packed'] as const) {
      if (entry[key] !== 0xffffffff || field + 8 > extra.length) continue;
      entry[key] = Number(extra.readBigUInt64LE(field));
      field += 8;
    }
  }
  return entry;
}

/** Takes checksum and size from behind the content; its signature may be missing. */
async function readDescriptor(reader: ByteReader, entry: Entry): Promise<void> {
  if ((await reader.peek(4)).equals(DESCRIPTOR)) await reader.skip(4);
  const fields = await reader.read(entry.large ? 20 : 12);
  entry.crc = fields.readUInt32LE();
  entry.size = entry.large ? Number(fields.readBigUInt64LE(12)) : fields.readUInt32LE(8);
}

function checkReadable({ name, encrypted, size, packed }: Entry, archive: string): void {
  if (encrypted) throw new ArchiveError(archive, `its entry ${name} is encrypted`);
  if (size > MOST_ENTRY_BYTES || packed > MOST_ENTRY_BYTES)
    throw new ArchiveError(archive, `its entry ${name} has ${Math.max(size, packed)} bytes`);
}

function unpack(bytes: Buffer, entry: Entry, archive: string): Buffer {
  if (entry.method === STORED) return bytes;
  if (entry.method !== DEFLATED)
    throw new ArchiveError(archive, `its entry ${entry.name} is packed by method ${entry.method}, expected deflate`);
  try {
    return inflateRawSync(bytes, { maxOutputLength: MOST_ENTRY_BYTES });
  } catch (cause) {
    throw damagedEntry(entry, archive, cause);
  }
}

/** Tries with more and more bytes, until the stream of the entry ends within them. */
async function inflateToEnd(
  reader: ByteReader,
  entry: Entry,
  archive: string,
): Promise<{ content: Buffer; packed: number }> {
  for (let count = 1 << 16; ; count *= 2) {
    const bytes = await reader.peek(count);
    try {
      const { buffer, engine } = inflateRawSync(bytes, {
        maxOutputLength: MOST_ENTRY_BYTES,
        info: true,
      } as ZlibOptions) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
      return { content: buffer, packed: engine.bytesWritten };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'Z_BUF_ERROR' || count > MOST_ENTRY_BYTES)
        throw damagedEntry(entry, archive, cause);
      if (bytes.length < count) throw reader.cutOff();
    }
  }
}

function checkContent(content: Buffer, entry: Entry, archive: string): void {
  if (content.length !== entry.size || crc32(content) !== entry.crc) throw damagedEntry(entry, archive);
}

function damagedEntry({ name }: Entry, archive: string, cause?: unknown): ArchiveError {
  return new ArchiveError(archive, `its entry ${name} is damaged`, { cause });
}

/** The record at the end of the directory, which counts the entries. */
async function checkEnd(reader: ByteReader, archive: string, count: number): Promise<void> {
  const cutOff = reader.cutOff();
  const tail = await reader.drain(LONGEST_END);
  const at = tail.lastIndexOf(END);
  if (at < 0 || at + 22 > tail.length) throw cutOff;
  const counted = tail.readUInt16LE(at + 10);
  if (counted !== 0xffff && counted !== (count & 0xffff))
    throw new ArchiveError(archive, `its directory counts ${counted} entries, but ${count} were found`);
}
