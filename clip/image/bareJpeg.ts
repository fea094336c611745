import { joinBytes } from '../../system/bytes.ts';

const [APP1, APP2, START_OF_SCAN] = [0xe1, 0xe2, 0xda];

/**
 * A JPEG file without what turns it (Exif) and what changes its colours (a profile), so that every decoder gives the
 * stored samples. (ITU T.81, annex B; segments behind the beginning of the first scan stay.)
 */
export function bareJpeg(bytes: Uint8Array): Uint8Array {
  const parts = [bytes.subarray(0, 2)];
  let at = 2;
  for (; bytes[at] === 0xff && bytes[at + 1] > 0xbf && bytes[at + 1] !== START_OF_SCAN;) {
    const end = at + 2 + bytes[at + 2] * 256 + bytes[at + 3];
    if (bytes[at + 1] !== APP1 && bytes[at + 1] !== APP2) parts.push(bytes.subarray(at, end));
    at = end;
  }
  return joinBytes([...parts, bytes.subarray(at)]);
}
