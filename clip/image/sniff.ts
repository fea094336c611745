/** What the first bytes of a file say it is; `unknown` when nothing that is read. */
export type ImageFormat = 'png' | 'jpeg' | 'webp' | 'bmp' | 'gif' | 'unknown';

/** So many bytes, from the first on, tell what a file is. */
export const HEAD_BYTES = 256;

/** For sentences that say what was expected. */
export const READABLE_FORMATS = 'a PNG, JPEG, WebP, BMP or GIF picture';

interface Signature {
  name: string;
  offset: number;
  bytes: string;
}

const PNG_SIGNATURE = '\x89PNG\r\n\x1a\n';

const READABLE_SIGNATURES: readonly (readonly [ImageFormat, readonly Omit<Signature, 'name'>[]])[] = [
  ['png', [{ offset: 0, bytes: PNG_SIGNATURE }]],
  ['jpeg', [{ offset: 0, bytes: '\xff\xd8\xff' }]],
  [
    'webp',
    [
      { offset: 0, bytes: 'RIFF' },
      { offset: 8, bytes: 'WEBP' },
    ],
  ],
  ['gif', [{ offset: 0, bytes: 'GIF87a' }]],
  ['gif', [{ offset: 0, bytes: 'GIF89a' }]],
  ['bmp', [{ offset: 0, bytes: 'BM' }]],
];

const FORMAT_NAMES: Record<Exclude<ImageFormat, 'unknown'>, string> = {
  png: 'a PNG picture',
  jpeg: 'a JPEG picture',
  webp: 'a WebP picture',
  bmp: 'a BMP picture',
  gif: 'a GIF picture',
};

/** Pictures we can name but not read. Offsets in bytes, signatures as Latin-1 text; the first match wins. */
const FOREIGN_PICTURES: readonly Signature[] = [
  { name: 'an AVIF picture', offset: 4, bytes: 'ftypavif' },
  { name: 'an AVIF picture', offset: 4, bytes: 'ftypavis' },
  { name: 'a HEIC picture', offset: 4, bytes: 'ftyphei' },
  { name: 'a HEIC picture', offset: 4, bytes: 'ftyphev' },
  { name: 'a HEIF picture', offset: 4, bytes: 'ftypmif1' },
  { name: 'a HEIF picture', offset: 4, bytes: 'ftypmsf1' },
  { name: 'a Canon raw picture', offset: 4, bytes: 'ftypcrx' },
  { name: 'a TIFF picture', offset: 0, bytes: 'II*\0' },
  { name: 'a TIFF picture', offset: 0, bytes: 'MM\0*' },
  { name: 'a BigTIFF picture', offset: 0, bytes: 'II+\0' },
  { name: 'a BigTIFF picture', offset: 0, bytes: 'MM\0+' },
  { name: 'a JPEG 2000 picture', offset: 4, bytes: 'jP  ' },
  { name: 'a JPEG 2000 picture', offset: 0, bytes: '\xff\x4f\xff\x51' },
  { name: 'a JPEG XL picture', offset: 4, bytes: 'JXL ' },
  { name: 'a JPEG XL picture', offset: 0, bytes: '\xff\x0a' },
  { name: 'a JPEG XR picture', offset: 0, bytes: 'II\xbc' },
  { name: 'a Windows icon', offset: 0, bytes: '\0\0\x01\0' },
  { name: 'a Photoshop picture', offset: 0, bytes: '8BPS' },
  { name: 'a GIMP picture', offset: 0, bytes: 'gimp xcf' },
  { name: 'an OpenEXR picture', offset: 0, bytes: 'v/1\x01' },
  { name: 'a Radiance HDR picture', offset: 0, bytes: '#?RADIANCE' },
  { name: 'a DirectDraw texture', offset: 0, bytes: 'DDS ' },
  { name: 'a QOI picture', offset: 0, bytes: 'qoif' },
  { name: 'a FITS picture', offset: 0, bytes: 'SIMPLE  =' },
  { name: 'a DICOM picture', offset: 128, bytes: 'DICM' },
  { name: 'an MNG or JNG picture', offset: 0, bytes: '\x8aMNG' },
  { name: 'an MNG or JNG picture', offset: 0, bytes: '\x8bJNG' },
  ...['P1', 'P2', 'P3', 'P4', 'P5', 'P6', 'P7'].flatMap((kind) =>
    ['\n', ' ', '\r', '\t'].map((end) => ({ name: 'a PNM picture', offset: 0, bytes: kind + end })),
  ),
  { name: 'an SVG drawing', offset: 0, bytes: '<svg' },
  { name: 'an XML or SVG document', offset: 0, bytes: '<?xml' },
];

/** Other things that bear a picture's name; a converter of pictures is no help. */
const NO_PICTURES: readonly Signature[] = [
  { name: 'a PNG picture that was copied as text, which changed its bytes', offset: 0, bytes: '\x89PNG' },
  { name: 'a video or other ISO media file', offset: 4, bytes: 'ftyp' },
  { name: 'a sound or video file', offset: 0, bytes: 'RIFF' },
  { name: 'a Matroska or WebM video', offset: 0, bytes: '\x1aE\xdf\xa3' },
  { name: 'a PDF document', offset: 0, bytes: '%PDF' },
  { name: 'a PostScript document', offset: 0, bytes: '%!PS' },
  { name: 'a web page', offset: 0, bytes: '<!DOCTYPE' },
  { name: 'a web page', offset: 0, bytes: '<!doctype' },
  { name: 'a web page', offset: 0, bytes: '<html' },
  { name: 'a ZIP archive', offset: 0, bytes: 'PK\x03\x04' },
  { name: 'a gzip archive', offset: 0, bytes: '\x1f\x8b' },
  { name: 'a 7z archive', offset: 0, bytes: '7z\xbc\xaf' },
  { name: 'a NumPy array', offset: 0, bytes: '\x93NUMPY' },
  { name: 'an HDF5 file', offset: 0, bytes: '\x89HDF' },
  { name: 'a MATLAB file', offset: 0, bytes: 'MATLAB' },
  { name: 'a Git LFS pointer (the file itself was never downloaded)', offset: 0, bytes: 'version https://git-lfs' },
];

function startsWith(bytes: Uint8Array, { offset, bytes: text }: Omit<Signature, 'name'>): boolean {
  if (bytes.length < offset + text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[offset + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Tells the format from the content alone; a file name's ending is never consulted. */
export function sniffFormat(bytes: Uint8Array): ImageFormat {
  const found = READABLE_SIGNATURES.find(([, parts]) => parts.every((part) => startsWith(bytes, part)));
  return found?.[0] ?? 'unknown';
}

/**
 * Names what a file holds, for an error message: "is a HEIC picture", "is empty", "is no picture: it begins with ...".
 */
export function describeContent(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'is empty (0 bytes)';
  const format = sniffFormat(bytes);
  if (format !== 'unknown') return `is ${FORMAT_NAMES[format]}`;
  const foreign = [...FOREIGN_PICTURES, ...NO_PICTURES].find((signature) => startsWith(bytes, signature));
  if (foreign !== undefined) return `is ${foreign.name}`;
  const beginning = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return `is no picture we know: it begins with the bytes ${beginning}`;
}

/** What to do about a picture that cannot be read; undefined for what is no picture. */
export function wayOut(bytes: Uint8Array): string | undefined {
  return FOREIGN_PICTURES.some((signature) => startsWith(bytes, signature))
    ? 'convert it first, for example with ImageMagick: magick IN OUT.png'
    : undefined;
}
