import { utf8Text } from '../../system/bytes.ts';
import { CheckpointError } from './checkpointFile.ts';
import type { RandomAccessFile } from './randomAccessFile.ts';

/** One file of a zip archive. */
export interface ZipEntry {
  name: string;
  /** Whether the bytes are deflated; otherwise they are stored as they are. */
  deflated: boolean;
  /** Bytes in the archive. */
  compressedSize: number;
  /** Bytes after inflating. */
  size: number;
  /** Offset in the archive of the first byte. */
  dataStart: number;
}

const END_SIGNATURE = 0x06054b50;
const END64_LOCATOR_SIGNATURE = 0x07064b50;
const END64_SIGNATURE = 0x06064b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;

const END_BYTES = 22;
const END64_LOCATOR_BYTES = 20;
const END64_BYTES = 56;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;

const MAX_COMMENT_BYTES = 0xffff;
/** A checkpoint of 10,000 tensors has a directory of about 1 MB. */
const MAX_DIRECTORY_BYTES = 64 << 20;
const MAX_ENTRIES = 100_000;
const UNKNOWN_32 = 0xffffffff;
const UNKNOWN_16 = 0xffff;

/**
 * Reads the directory of a zip archive, 64-bit sizes and offsets included, and checks it before anything of a claimed
 * size is allocated: entries inside the file, not overlapping, under their own local header, stored or deflated, not
 * encrypted. Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 to 4.3.16 and 4.5.3.
 * @returns entries by name.
 * @throws CheckpointError naming the file and what is wrong with it.
 */
export function readZipDirectory(file: RandomAccessFile): Map<string, ZipEntry> {
  const fail = (problem: string): never => {
    throw new CheckpointError(`checkpoint ${file.path} is not a usable zip archive: ${problem}`, file.path);
  };
  const { start, bytes, count } = locateDirectory(file, fail);
  const directory = view(file.read(start, bytes, 'its directory'));
  const entries = new Map<string, ZipEntry>();
  const ranges: { name: string; begin: number; end: number }[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > bytes || directory.getUint32(at, true) !== CENTRAL_SIGNATURE)
      fail(`its directory has no entry ${i} of ${count}`);
    const nameBytes = directory.getUint16(at + 28, true);
    const extraBytes = directory.getUint16(at + 30, true);
    const next = at + CENTRAL_BYTES + nameBytes + extraBytes + directory.getUint16(at + 32, true);
    if (next > bytes) fail(`entry ${i} of its directory is cut`);
    const name = utf8(directory, at + CENTRAL_BYTES, nameBytes);
    const sizes = centralSizes(directory, at, nameBytes, extraBytes) ?? fail(`entry ${name} has no valid 64-bit sizes`);
    const method = directory.getUint16(at + 10, true);
    if ((directory.getUint16(at + 8, true) & 1) === 1) fail(`entry ${name} is encrypted`);
    if (method !== 0 && method !== 8)
      fail(`entry ${name} has compression method ${method}, expected 0 (stored) or 8 (deflated)`);
    if (method === 0 && sizes.size !== sizes.compressedSize)
      fail(`entry ${name} is stored with ${sizes.compressedSize} bytes but claims ${sizes.size}`);
    if (entries.has(name)) fail(`entry ${name} occurs twice`);
    const dataStart = localDataStart(file, name, nameBytes, sizes.offset, start, fail);
    if (dataStart + sizes.compressedSize > start)
      fail(`entry ${name} ends at byte ${dataStart + sizes.compressedSize}, its directory begins at ${start}`);
    entries.set(name, {
      name,
      deflated: method === 8,
      compressedSize: sizes.compressedSize,
      size: sizes.size,
      dataStart,
    });
    ranges.push({ name, begin: sizes.offset, end: dataStart + sizes.compressedSize });
    at = next;
  }
  ranges.sort((a, b) => a.begin - b.begin);
  for (let i = 1; i < ranges.length; i++) {
    if (ranges[i].begin < ranges[i - 1].end) fail(`entries ${ranges[i - 1].name} and ${ranges[i].name} overlap`);
  }
  return entries;
}

type Fail = (problem: string) => never;

function locateDirectory(file: RandomAccessFile, fail: Fail): { start: number; bytes: number; count: number } {
  const tailBytes = Math.min(file.size, END_BYTES + MAX_COMMENT_BYTES + END64_LOCATOR_BYTES);
  const tailStart = file.size - tailBytes;
  const tail = view(file.read(tailStart, tailBytes, 'its end'));
  let end = tailBytes - END_BYTES;
  while (
    end >= 0 &&
    !(tail.getUint32(end, true) === END_SIGNATURE && end + END_BYTES + tail.getUint16(end + 20, true) === tailBytes)
  )
    end--;
  if (end < 0) fail('it has no end record, as if it had been cut');
  let record = {
    disks: tail.getUint16(end + 4, true) + tail.getUint16(end + 6, true),
    count: tail.getUint16(end + 10, true),
    bytes: tail.getUint32(end + 12, true),
    start: tail.getUint32(end + 16, true),
  };
  let limit = tailStart + end;
  if (record.count === UNKNOWN_16 || record.bytes === UNKNOWN_32 || record.start === UNKNOWN_32) {
    const locator = end - END64_LOCATOR_BYTES;
    if (locator < 0 || tail.getUint32(locator, true) !== END64_LOCATOR_SIGNATURE) fail('it has no 64-bit end record');
    limit = Number(tail.getBigUint64(locator + 8, true));
    if (limit > file.size - END64_BYTES) fail(`its 64-bit end record lies at byte ${limit} of ${file.size}`);
    const record64 = view(file.read(limit, END64_BYTES, 'its end'));
    if (record64.getUint32(0, true) !== END64_SIGNATURE) fail('its 64-bit end record is damaged');
    record = {
      disks: record64.getUint32(16, true) + record64.getUint32(20, true),
      count: Number(record64.getBigUint64(32, true)),
      bytes: Number(record64.getBigUint64(40, true)),
      start: Number(record64.getBigUint64(48, true)),
    };
  }
  if (record.disks !== 0) fail('it is one part of several');
  if (record.start + record.bytes > limit)
    fail(`its directory claims bytes ${record.start} to ${record.start + record.bytes}, expected them before ${limit}`);
  if (record.bytes > MAX_DIRECTORY_BYTES)
    fail(`its directory has ${record.bytes} bytes, at most ${MAX_DIRECTORY_BYTES} are read`);
  if (record.count > MAX_ENTRIES) fail(`it claims ${record.count} entries, at most ${MAX_ENTRIES} are read`);
  return record;
}

/**
 * Sizes and offset of a directory entry, from its 64-bit field where the 32-bit ones are all ones; undefined if that is
 * missing.
 */
function centralSizes(
  directory: DataView,
  at: number,
  nameBytes: number,
  extraBytes: number,
): { compressedSize: number; size: number; offset: number } | undefined {
  let compressedSize = directory.getUint32(at + 20, true);
  let size = directory.getUint32(at + 24, true);
  let offset = directory.getUint32(at + 42, true);
  if (compressedSize !== UNKNOWN_32 && size !== UNKNOWN_32 && offset !== UNKNOWN_32)
    return { compressedSize, size, offset };
  const extraEnd = at + CENTRAL_BYTES + nameBytes + extraBytes;
  for (
    let field = at + CENTRAL_BYTES + nameBytes;
    field + 4 <= extraEnd;
    field += 4 + directory.getUint16(field + 2, true)
  ) {
    if (directory.getUint16(field, true) !== 1) continue;
    const end = Math.min(extraEnd, field + 4 + directory.getUint16(field + 2, true));
    let next = field + 4;
    const take = (): number => {
      next += 8;
      return next > end ? NaN : Number(directory.getBigUint64(next - 8, true));
    };
    // The field holds only the values that did not fit, in this order.
    if (size === UNKNOWN_32) size = take();
    if (compressedSize === UNKNOWN_32) compressedSize = take();
    if (offset === UNKNOWN_32) offset = take();
    return [size, compressedSize, offset].every(Number.isSafeInteger) ? { compressedSize, size, offset } : undefined;
  }
  return undefined;
}

function localDataStart(
  file: RandomAccessFile,
  name: string,
  nameBytes: number,
  offset: number,
  limit: number,
  fail: Fail,
): number {
  if (offset + LOCAL_BYTES + nameBytes > limit)
    fail(`entry ${name} lies at byte ${offset}, its directory begins at ${limit}`);
  const header = view(file.read(offset, LOCAL_BYTES + nameBytes, `entry ${name}`));
  if (header.getUint32(0, true) !== LOCAL_SIGNATURE) fail(`entry ${name} has no header at byte ${offset}`);
  if (header.getUint16(26, true) !== nameBytes || utf8(header, LOCAL_BYTES, nameBytes) !== name)
    fail(`the header at byte ${offset} is not that of entry ${name}`);
  return offset + LOCAL_BYTES + nameBytes + header.getUint16(28, true);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function utf8(bytes: DataView, offset: number, length: number): string {
  return utf8Text(new Uint8Array(bytes.buffer, bytes.byteOffset + offset, length));
}
