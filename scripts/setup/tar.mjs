/**
 * Reads tar archives (ustar, with the GNU and pax ways to give long names), enough for npm packages and for
 * SwiftShader's.
 */

const BLOCK = 512;

/**
 * The regular files of a tar archive, as views into it. Folders, links and devices are left out: the set-up wants
 * contents, and never follows a link out of an archive.
 * @param {Uint8Array} archive uncompressed
 * @returns {Map<string, Uint8Array>} path inside the archive to content
 * @throws {Error} when a header's checksum is wrong or the archive ends inside a file
 */
export function readTar(archive) {
  /** @type {Map<string, Uint8Array>} */
  const files = new Map();
  let longName = '';
  for (let offset = 0; offset + BLOCK <= archive.length;) {
    const header = archive.subarray(offset, offset + BLOCK);
    if (header.every((byte) => byte === 0)) break;
    checkHeader(header, offset);
    const size = readNumber(header, 124, 12);
    const start = offset + BLOCK;
    if (start + size > archive.length)
      throw new Error(`tar archive ends inside an entry: ${start + size} bytes wanted, ${archive.length} there`);
    const content = archive.subarray(start, start + size);
    const type = String.fromCharCode(header[156]);
    if (type === 'L') longName = readText(content, 0, content.length);
    else if (type === 'x') longName = paxPath(content) || longName;
    else {
      if (type === '0' || type === '\0') files.set(cleanPath(longName || headerName(header)), content);
      longName = '';
    }
    offset = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

/**
 * The checksum counts the bytes of the header with its own field as spaces.
 * @param {Uint8Array} header
 * @param {number} offset
 */
function checkHeader(header, offset) {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 32 : header[i];
  if (sum !== readNumber(header, 148, 8)) throw new Error(`not a tar header at byte ${offset}: wrong checksum`);
}

/**
 * Octal text, or big-endian binary where the top bit says so (GNU, for sizes of 8 GiB and more).
 * @param {Uint8Array} header
 * @param {number} start
 * @param {number} length
 */
function readNumber(header, start, length) {
  if (header[start] & 0x80) {
    let value = header[start] & 0x7f;
    for (let i = 1; i < length; i++) value = value * 256 + header[start + i];
    return value;
  }
  return Number.parseInt(readText(header, start, length).trim() || '0', 8);
}

/** Text up to the first zero byte. @param {Uint8Array} bytes @param {number} start @param {number} length */
function readText(bytes, start, length) {
  const field = bytes.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

/** @param {Uint8Array} header */
function headerName(header) {
  const name = readText(header, 0, 100);
  // Only POSIX archives have a prefix; old GNU ones keep other things in that place.
  const prefix = readText(header, 257, 6) === 'ustar' ? readText(header, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** The `path` record of a pax header: lines of "LENGTH path=VALUE\n". @param {Uint8Array} content */
function paxPath(content) {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(readText(content, 0, content.length))?.[1] ?? '';
}

/** @param {string} path */
function cleanPath(path) {
  return path.replace(/^(\.\/)+/, '');
}
