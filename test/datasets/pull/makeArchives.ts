import { crc32, deflateRawSync } from 'node:zlib';

/** An entry of a tar archive; `size` may lie about the content. */
export interface TarEntry {
  name: string;
  content?: Uint8Array | string;
  type?: string;
  prefix?: string;
  linkName?: string;
}

/** A ustar archive; names beyond 100 bytes stand in an entry of GNU's before theirs, or in a pax record. */
export function makeTar(entries: readonly TarEntry[], longNames: 'gnu' | 'pax' = 'gnu'): Buffer {
  return Buffer.concat([
    ...entries.flatMap((entry) => withLongName(entry, longNames)).map(tarEntry),
    Buffer.alloc(1024),
  ]);
}

function withLongName(entry: TarEntry, form: 'gnu' | 'pax'): TarEntry[] {
  if (Buffer.byteLength(entry.name) <= 100) return [entry];
  const short = { ...entry, name: entry.name.slice(0, 100) };
  if (form === 'gnu') return [{ name: '././@LongLink', type: 'L', content: `${entry.name}\0` }, short];
  const rest = ` path=${entry.name}\n`;
  const length = [1, 2, 3, 4].map((digits) => rest.length + digits).find((sum, at) => String(sum).length === at + 1)!;
  return [{ name: 'PaxHeaders/x', type: 'x', content: `${length}${rest}` }, short];
}

function tarEntry({ name, content = '', type = '0', prefix = '', linkName = '' }: TarEntry): Buffer {
  const body = Buffer.from(content as string);
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write('0000644\0', 100);
  header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write(type, 156);
  header.write(linkName, 157, 100);
  header.write('ustar\0' + '00', 257);
  header.write(prefix, 345);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

/** An entry of a zip archive, and how it is written. */
export interface ZipEntry {
  name: string;
  content?: Uint8Array | string;
  /** Default: deflated. */
  stored?: boolean;
  /** Whether sizes and checksum stand behind the content, with or without the signature. */
  descriptor?: 'signed' | 'bare';
  /** Sizes of 8 bytes. */
  large?: boolean;
  flags?: number;
  method?: number;
  /** Instead of the content's. */
  crc?: number;
}

/** A zip archive with its directory. */
export function makeZip(entries: readonly ZipEntry[], options: { comment?: string; count?: number } = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const local = localEntry(entry);
    directory.push(directoryEntry(entry, offset));
    parts.push(local);
    offset += local.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(options.count ?? entries.length, 8);
  end.writeUInt16LE(options.count ?? entries.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE((options.comment ?? '').length, 20);
  return Buffer.concat([...parts, ...directory, end, Buffer.from(options.comment ?? '')]);
}

function localEntry(entry: ZipEntry): Buffer {
  const { name, stored = false, descriptor, large = false, flags = 0 } = entry;
  const content = Buffer.from((entry.content ?? '') as string);
  const packed = stored ? content : deflateRawSync(content);
  const crc = entry.crc ?? crc32(content);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(flags | (descriptor === undefined ? 0 : 8), 6);
  header.writeUInt16LE(entry.method ?? (stored ? 0 : 8), 8);
  header.writeUInt16LE(Buffer.byteLength(name), 26);
  const behind = descriptor !== undefined;
  const extra = large ? Buffer.alloc(20) : Buffer.alloc(0);
  header.writeUInt16LE(extra.length, 28);
  if (large) {
    extra.writeUInt16LE(1);
    extra.writeUInt16LE(16, 2);
    extra.writeBigUInt64LE(BigInt(behind ? 0 : content.length), 4);
    extra.writeBigUInt64LE(BigInt(behind ? 0 : packed.length), 12);
  }
  if (!behind) header.writeUInt32LE(crc, 14);
  header.writeUInt32LE(large ? 0xffffffff : behind ? 0 : packed.length, 18);
  header.writeUInt32LE(large ? 0xffffffff : behind ? 0 : content.length, 22);
  return Buffer.concat([
    header,
    Buffer.from(name),
    extra,
    packed,
    ...(descriptor === undefined ? [] : [descriptorOf(crc, packed.length, content.length, large, descriptor)]),
  ]);
}

function descriptorOf(crc: number, packed: number, size: number, large: boolean, form: 'signed' | 'bare'): Buffer {
  const fields = Buffer.alloc(large ? 20 : 12);
  fields.writeUInt32LE(crc);
  if (large) {
    fields.writeBigUInt64LE(BigInt(packed), 4);
    fields.writeBigUInt64LE(BigInt(size), 12);
  } else {
    fields.writeUInt32LE(packed, 4);
    fields.writeUInt32LE(size, 8);
  }
  return form === 'bare' ? fields : Buffer.concat([Buffer.from('PK\x07\x08', 'latin1'), fields]);
}

/** Nobody here reads more of it than that it is there. */
function directoryEntry({ name }: ZipEntry, offset: number): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50);
  header.writeUInt16LE(Buffer.byteLength(name), 28);
  header.writeUInt32LE(offset, 42);
  return Buffer.concat([header, Buffer.from(name)]);
}
