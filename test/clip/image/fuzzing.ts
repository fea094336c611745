import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { decodeImage } from '../../../clip/image/decodeImage.ts';
import { ImageError } from '../../../clip/image/imageError.ts';
import { decodeLabelMap } from '../../../clip/image/decodeLabelMap.ts';
import { readPicture } from '../../../clip/image/readPicture.ts';
import { randomSource } from '../../support/random.ts';
import { fixtureBytes, PICTURE_FILES } from './fixtures.ts';

const OTHERS = fileURLToPath(new URL('../../fixtures/pictures/', import.meta.url));

/** Small files of every format that is read, by name. */
export const SEEDS: ReadonlyMap<string, Uint8Array> = new Map([
  ...PICTURE_FILES.map((file) => [file, fixtureBytes(file)] as const),
  ...readdirSync(OTHERS)
    .filter((file) => /\.(webp|bmp|gif)$/.test(file))
    .map((file) => [file, new Uint8Array(readFileSync(join(OTHERS, file)))] as const),
]);

/** Values at which lengths and sizes go wrong. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** How a run ended. */
export interface FuzzCount {
  decoded: number;
  refused: number;
  /** Longest time of one file, in milliseconds, and its number. */
  slowest: { milliseconds: number; run: number };
}

/**
 * File number `run` of a seed, damaged; the same for the same numbers.
 * @returns `name`: the suffix of its format
 */
export function damagedImage(seed: number, run: number): { name: string; bytes: Uint8Array } {
  const next = randomSource(seed + run);
  const names = [...SEEDS.keys()];
  const file = names[Math.floor(next() * names.length)];
  return { name: extname(file).slice(1), bytes: damage(SEEDS.get(file)!, next) };
}

/**
 * Reads a file as a picture, as a label map, and row by row.
 * @returns whether one of them was possible
 * @throws whatever came out that is neither pixels of the right number nor an ImageError
 */
export async function readDamagedImage(bytes: Uint8Array): Promise<'decoded' | 'refused'> {
  let outcome: 'decoded' | 'refused' = 'refused';
  for (const read of [readWhole, readLabels, readRows]) {
    try {
      await read(bytes);
      outcome = 'decoded';
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
    }
  }
  return outcome;
}

/**
 * Damages files and reads them.
 * @throws an Error naming the run, whose damage comes again with the same seed, where `readDamagedImage` throws
 */
export async function fuzzImages(runs: number, seed: number): Promise<FuzzCount> {
  const count: FuzzCount = { decoded: 0, refused: 0, slowest: { milliseconds: 0, run: -1 } };
  for (let run = 0; run < runs; run++) {
    const { name, bytes } = damagedImage(seed, run);
    const started = performance.now();
    count[
      await readDamagedImage(bytes).catch((error: unknown) => {
        throw new Error(`run ${run}, ${name}: ${String(error)}`, { cause: error });
      })
    ]++;
    const milliseconds = performance.now() - started;
    if (milliseconds > count.slowest.milliseconds) count.slowest = { milliseconds, run };
  }
  return count;
}

function readWhole(bytes: Uint8Array): void {
  const { width, height, data } = decodeImage(bytes, 'a', { maxMegapixels: 20 });
  if (data.length !== 3 * width * height) throw new Error(`${data.length} samples of ${width} x ${height} pixels`);
}

function readLabels(bytes: Uint8Array): void {
  const { width, height, data } = decodeLabelMap(bytes, 'a', { maxMegapixels: 20 });
  if (data.length !== width * height) throw new Error(`${data.length} labels of ${width} x ${height} pixels`);
}

async function readRows(bytes: Uint8Array): Promise<void> {
  const needs = { shown: true, resizeTo: () => ({ width: 9, height: 7 }), mostHeldPixels: 0, maxMegapixels: 20 };
  const { resized } = await readPicture(bytes, 'a', needs);
  if (resized.data.length !== 3 * 9 * 7) throw new Error(`${resized.data.length} samples of 9 x 7 pixels`);
}

/** One to five changes; chunks of PNG files mostly get the right checksums, or nothing behind them would be tried. */
function damage(original: Uint8Array, next: () => number): Uint8Array {
  let bytes = Buffer.from(original);
  for (let changes = 1 + Math.floor(next() * 5); changes > 0 && bytes.length > 0; changes--) {
    const near = next() < 0.5;
    const at = Math.floor(next() * (near ? Math.min(80, bytes.length) : bytes.length));
    const value = EDGES[Math.floor(next() * EDGES.length)];
    const length = Math.floor(next() * 40);
    const kind = Math.floor(next() * 7);
    if (kind === 0) bytes[at] ^= 1 << Math.floor(next() * 8);
    else if (kind === 1) bytes[at] = Math.floor(next() * 256);
    else if (kind === 2 && at + 4 <= bytes.length) bytes.writeUInt32BE(value, at);
    else if (kind === 3 && at + 4 <= bytes.length) bytes.writeUInt32LE(value, at);
    else if (kind === 4) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    else if (kind === 5)
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at)]);
    else if (kind === 6 && next() < 0.3) bytes = bytes.subarray(0, at);
  }
  if (next() < 0.8 && bytes.toString('latin1', 1, 4) === 'PNG') repairChecksums(bytes);
  return new Uint8Array(bytes);
}

function repairChecksums(file: Buffer): void {
  for (let at = 8; at + 12 <= file.length;) {
    const end = at + 12 + file.readUInt32BE(at);
    if (end > file.length) return;
    file.writeUInt32BE(crc32(file.subarray(at + 4, end - 4)), end - 4);
    at = end;
  }
}
