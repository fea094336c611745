/** What the first bytes of a file say it is; `unknown` when nothing we know of. */
export type ImageFormat = 'png' | 'jpeg' | 'unknown';

interface Signature {
  name: string;
  offset: number;
  bytes: string;
}

/** Formats we can name but not read. Offsets in bytes, signatures as Latin-1 text; the first match wins. */
const FOREIGN_SIGNATURES: Signature[] = [
  { name: 'a GIF picture', offset: 0, bytes: 'GIF8' },
  { name: 'a WebP picture', offset: 8, bytes: 'WEBP' },
  { name: 'an AVIF picture', offset: 4, bytes: 'ftypavif' },
  { name: 'an AVIF picture', offset: 4, bytes: 'ftypavis' },
  { name: 'a HEIC picture', offset: 4, bytes: 'ftyphei' },
  { name: 'a HEIC picture', offset: 4, bytes: 'ftyphev' },
  { name: 'a HEIF picture', offset: 4, bytes: 'ftypmif1' },
  { name: 'a HEIF picture', offset: 4, bytes: 'ftypmsf1' },
  { name: 'a video or other ISO media file', offset: 4, bytes: 'ftyp' },
  { name: 'a TIFF picture', offset: 0, bytes: 'II*\0' },
  { name: 'a TIFF picture', offset: 0, bytes: 'MM\0*' },
  { name: 'a JPEG 2000 picture', offset: 4, bytes: 'jP  ' },
  { name: 'a JPEG XL picture', offset: 4, bytes: 'JXL ' },
  { name: 'a JPEG XL picture', offset: 0, bytes: '\xff\x0a' },
  { name: 'a Windows icon', offset: 0, bytes: '\0\0\x01\0' },
  { name: 'a PDF document', offset: 0, bytes: '%PDF' },
  { name: 'an SVG drawing', offset: 0, bytes: '<svg' },
  { name: 'an XML or SVG document', offset: 0, bytes: '<?xml' },
  { name: 'a web page', offset: 0, bytes: '<!DOCTYPE' },
  { name: 'a web page', offset: 0, bytes: '<html' },
  { name: 'a ZIP archive', offset: 0, bytes: 'PK\x03\x04' },
  { name: 'a gzip archive', offset: 0, bytes: '\x1f\x8b' },
  { name: 'a Git LFS pointer (the file itself was never downloaded)', offset: 0, bytes: 'version https://git-lfs' },
  { name: 'a BMP picture', offset: 0, bytes: 'BM' },
];

const PNG_SIGNATURE = '\x89PNG\r\n\x1a\n';

function startsWith(bytes: Uint8Array, offset: number, text: string): boolean {
  if (bytes.length < offset + text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[offset + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Tells the format from the content alone; a file name's ending is never consulted. */
export function sniffFormat(bytes: Uint8Array): ImageFormat {
  if (startsWith(bytes, 0, PNG_SIGNATURE)) return 'png';
  if (startsWith(bytes, 0, '\xff\xd8\xff')) return 'jpeg';
  return 'unknown';
}

/**
 * Names what a file holds, for an error message: "is a GIF picture", "is empty", "is no picture: it begins with ...".
 */
export function describeContent(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'is empty (0 bytes)';
  if (sniffFormat(bytes) === 'png') return 'is a PNG picture';
  if (sniffFormat(bytes) === 'jpeg') return 'is a JPEG picture';
  const foreign = FOREIGN_SIGNATURES.find((signature) => startsWith(bytes, signature.offset, signature.bytes));
  if (foreign !== undefined) return `is ${foreign.name}`;
  const beginning = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return `is no picture we know: it begins with the bytes ${beginning}`;
}
