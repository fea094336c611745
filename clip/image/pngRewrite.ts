import { deflateSync } from 'node:zlib';
import type { PngHeader } from './pngStructure.ts';

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** Checksums are left at zero: the decoders are told not to look, as the originals have been checked already. */
function chunk(type: string, content: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + content.length);
  out.writeUInt32BE(content.length, 0);
  out.write(type, 4, 'latin1');
  out.set(content, 8);
  return out;
}

/**
 * Puts a checked PNG back together with nothing but header, palette and data, so that the decoding libraries only ever
 * see well-formed input: no lies about sizes, no profile that inflates without end, no transparency to act upon.
 *
 * @param palette RGB triples, needed for palette pictures only; 256 entries, lest an index be outside
 * @param scanLines filtered scan lines; they are stored without compression
 * @returns the bytes of a PNG file whose checksums are zero
 */
export function rewritePng(header: PngHeader, palette: Uint8Array | undefined, scanLines: Uint8Array): Buffer {
  const fields = Buffer.alloc(13);
  fields.writeUInt32BE(header.width, 0);
  fields.writeUInt32BE(header.height, 4);
  fields.set([header.depth, header.colourType, 0, 0, header.interlaced ? 1 : 0], 8);
  const parts = [SIGNATURE, chunk('IHDR', fields)];
  if (palette !== undefined) parts.push(chunk('PLTE', palette));
  parts.push(chunk('IDAT', deflateSync(scanLines, { level: 0 })), chunk('IEND', new Uint8Array(0)));
  return Buffer.concat(parts);
}
