import { crc32, deflateSync } from 'node:zlib';

/** One PNG chunk with a correct checksum. */
export function pngChunk(type: string, content: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + content.length);
  out.writeUInt32BE(content.length, 0);
  out.write(type, 4, 'latin1');
  out.set(content, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + content.length)), 8 + content.length);
  return out;
}

export interface PngRecipe {
  width: number;
  height: number;
  depth: number;
  colourType: number;
  interlaced?: boolean;
  /** RGB triples. */
  palette?: Uint8Array;
  /** Chunks to put before the data. */
  extra?: Uint8Array[];
  /** The stored value of one sample of one pixel. */
  sample?: (x: number, y: number, channel: number) => number;
  /** Replaces the filtered scan lines altogether. */
  scanLines?: Uint8Array;
}

const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];
const CHANNELS: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/**
 * Writes PNG files of every kind, honest and lying, straight from the specification and independently of the product.
 */
export function buildPng(recipe: PngRecipe): Buffer {
  const { width, height, depth, colourType, interlaced = false } = recipe;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colourType, 0, 0, interlaced ? 1 : 0], 8);
  const parts = [Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), pngChunk('IHDR', header)];
  for (const chunk of recipe.extra ?? []) parts.push(Buffer.from(chunk));
  if (recipe.palette !== undefined) parts.push(pngChunk('PLTE', recipe.palette));
  parts.push(pngChunk('IDAT', deflateSync(recipe.scanLines ?? scanLines(recipe))), pngChunk('IEND', new Uint8Array(0)));
  return Buffer.concat(parts);
}

function scanLines({ width, height, depth, colourType, interlaced = false, sample = () => 0 }: PngRecipe): Uint8Array {
  const bytes: number[] = [];
  for (const [x0, y0, stepX, stepY] of interlaced ? PASSES : [[0, 0, 1, 1]]) {
    for (let y = y0; y < height && x0 < width; y += stepY) {
      bytes.push(0);
      let bits = '';
      for (let x = x0; x < width; x += stepX) {
        for (let channel = 0; channel < CHANNELS[colourType]; channel++)
          bits += sample(x, y, channel).toString(2).padStart(depth, '0');
      }
      for (let i = 0; i < bits.length; i += 8) bytes.push(parseInt(bits.slice(i, i + 8).padEnd(8, '0'), 2));
    }
  }
  return Uint8Array.from(bytes);
}
