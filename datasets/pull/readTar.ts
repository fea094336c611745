import { ArchiveError } from './archiveError.ts';
import type { ByteReader } from './byteReader.ts';
import { type EntryVisitor, MOST_ENTRY_BYTES } from './entryVisitor.ts';

const BLOCK = 512;
/** Headers that say more about the next entry than fits its own are small. */
const MOST_EXTENSION_BYTES = 1 << 20;

interface Header {
  name: string;
  size: number;
  type: string;
}

/**
 * Reads a tar archive from the first byte to the last, and hands on the regular files that are wanted. Links, devices
 * and folders are passed over. ustar, GNU's long names and pax records of path and size are understood.
 * Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header"; GNU tar manual, "Basic Tar Format".
 * @throws ArchiveError if it is no tar archive, damaged, cut off, or an entry that is wanted is too large
 */
export async function readTar(reader: ByteReader, visitor: EntryVisitor): Promise<void> {
  let override: Partial<Header> = {};
  for (;;) {
    const at = reader.position;
    const block = await reader.read(BLOCK);
    if (block.every((byte) => byte === 0)) break;
    const header = { ...parseHeader(block, at, visitor.archive), ...override };
    override = {};
    const padding = (BLOCK - (header.size % BLOCK)) % BLOCK;
    if (header.type === 'x' || header.type === 'L') {
      if (header.size > MOST_EXTENSION_BYTES) throw damaged(visitor.archive, at);
      const content = await reader.read(header.size);
      override = header.type === 'x' ? parsePax(content) : { name: textOf(content) };
    } else if (isFile(header) && visitor.wants(header.name, header.size)) {
      if (header.size > MOST_ENTRY_BYTES)
        throw new ArchiveError(visitor.archive, `its entry ${header.name} has ${header.size} bytes`);
      visitor.take(header.name, await reader.read(header.size));
    } else await reader.skip(header.size);
    await reader.skip(padding);
  }
  await reader.drain(0);
}

function isFile({ name, type }: Header): boolean {
  return ['0', '\0', '7'].includes(type) && !name.endsWith('/');
}

function parseHeader(block: Buffer, at: number, archive: string): Header {
  const sum = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  if (sum !== octal(block, 148, 8))
    throw at === 0 ? new ArchiveError(archive, 'it is no tar archive') : damaged(archive, at);
  const size = block[124] & 0x80 ? binary(block) : octal(block, 124, 12);
  if (!Number.isSafeInteger(size)) throw damaged(archive, at);
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? textOf(block.subarray(345, 500)) : '';
  const name = textOf(block.subarray(0, 100));
  return { name: prefix === '' ? name : `${prefix}/${name}`, size, type: String.fromCharCode(block[156]) };
}

function damaged(archive: string, at: number): ArchiveError {
  return new ArchiveError(archive, `it is damaged at byte ${at}`);
}

function octal(block: Buffer, from: number, length: number): number {
  const text = block
    .toString('latin1', from, from + length)
    .replace(/\0.*$/s, '')
    .trim();
  return /^[0-7]*$/.test(text) ? parseInt(text || '0', 8) : NaN;
}

/** GNU's form of sizes from 8 GB on. */
function binary(block: Buffer): number {
  return block.subarray(125, 136).reduce((value, byte) => value * 256 + byte, 0);
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

/** Records are "LENGTH KEY=VALUE\n". */
function parsePax(content: Buffer): Partial<Header> {
  const header: Partial<Header> = {};
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const length = Number(content.toString('latin1', at, space));
    if (space < 0 || !(length > space - at)) break;
    const [, key, value] = /^([^=]*)=(.*)\n$/s.exec(content.toString('utf8', space + 1, at + length)) ?? [];
    if (key === 'path') header.name = value;
    if (key === 'size' && /^\d+$/.test(value)) header.size = Number(value);
    at += length;
  }
  return header;
}
