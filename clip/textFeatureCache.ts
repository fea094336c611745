import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import envPaths from 'env-paths';
import { ShapeError } from '../engine/errors.ts';
import { atomicWriteSync } from '../system/atomicWriteSync.ts';
import { makeFolders } from '../system/makeFolders.ts';
import { removeStaleFiles, TEMPORARY_NAME } from '../system/temporaryFiles.ts';

/** Everything besides the class word that a text feature depends on. */
export interface TextFeatureKey {
  /** SHA-256 of the checkpoint file, in hexadecimal. */
  checkpointSha256: string;
  /** `TemplateSet.id`. */
  templateSetId: string;
  /** Changes whenever the tokenizer may give other ids. */
  tokenizerVersion: string;
  /** Length of a text feature; entries of another length are ignored. */
  width: number;
  /**
   * What else changes the text encoder's results: its arithmetic, activation, heads, in any fixed form. Default `f32`.
   */
  precision?: string;
}

/**
 * Text features kept on disk between runs. Nothing here ever fails because of the disk: a cache that cannot be used is
 * empty.
 */
export interface TextFeatureCache {
  /** The folder of this key's entries; it need not exist. */
  readonly folder: string;
  /**
   * Reads what is there of these words (exact spelling, spaces included).
   * @returns float32 [width] by word; words that are missing, damaged or of another width are left out.
   */
  get(words: Iterable<string>): Map<string, Float32Array>;
  /**
   * Writes features, replacing older ones; each file appears whole or not at all. Features that are not finite are not
   * kept. After the first failed write nothing more is tried.
   * @throws ShapeError if a feature is not of the key's width (a mistake of the caller).
   */
  put(entries: Iterable<readonly [word: string, feature: Float32Array]>): void;
}

/** Whether there is a disk. */
export const CAN_CACHE_TEXT: boolean = true;

const magic = 'RFCLIPTF';
/** Part of the key, so that files of another layout are never even opened. */
const layoutVersion = 1;
const headerBytes = magic.length + 8;
const checksumBytes = 32;

/**
 * The folder of all caches: the environment variable RFCLIP_CACHE_DIR, or the user's cache folder as the platform has
 * it (`~/.cache/rfclip`, `~/Library/Caches/rfclip`, `%LOCALAPPDATA%\rfclip\Cache`).
 *
 * @param environment normally `process.env`.
 */
export function cacheRoot(environment: Record<string, string | undefined> = process.env): string {
  const chosen = environment.RFCLIP_CACHE_DIR;
  return chosen === undefined || chosen === '' ? envPaths('rfclip', { suffix: '' }).cache : chosen;
}

/**
 * Opens the cache of one checkpoint, template set and tokenizer. Nothing is read or created yet. One file per word, so
 * that several processes can fill it at once without losing each other's entries.
 *
 * File layout, little endian: `RFCLIPTF`, uint32 length of the word in UTF-8, uint32 width, the word, float32 [width],
 * SHA-256 of all before it. A text feature of 512 takes about 2 KB.
 *
 * @param root the folder of all caches.
 */
export function openTextFeatureCache(key: TextFeatureKey, root: string = cacheRoot()): TextFeatureCache {
  const identity = JSON.stringify([
    layoutVersion,
    key.checkpointSha256.toLowerCase(),
    key.templateSetId,
    key.tokenizerVersion,
    key.precision ?? 'f32',
    key.width,
  ]);
  const folder = join(root, 'text-features', sha256(identity).toString('hex'));
  let writable = true;
  let tidied = false;
  const fileOf = (word: string): string => join(folder, `${sha256(word).toString('hex')}.bin`);

  return {
    folder,
    get(words) {
      const found = new Map<string, Float32Array>();
      for (const word of words) {
        const feature = readEntry(fileOf(word), word, key.width);
        if (feature !== undefined) found.set(word, feature);
      }
      return found;
    },
    put(entries) {
      if (!tidied) removeStaleFiles(folder, [TEMPORARY_NAME]);
      tidied = true;
      for (const [word, feature] of entries) {
        if (feature.length !== key.width) {
          throw new ShapeError(
            `The text feature of "${word}" has ${feature.length} values, expected ${key.width}.`,
            'textFeatureCache',
          );
        }
        // A NaN from a bad driver must not outlive the run.
        if (!writable || !feature.every(Number.isFinite)) continue;
        writable = writeEntry(folder, fileOf(word), encodeEntry(word, feature));
      }
    },
  };
}

function sha256(content: string | Uint8Array): Buffer {
  return createHash('sha256').update(content).digest();
}

function encodeEntry(word: string, feature: Float32Array): Buffer {
  const wordBytes = Buffer.from(word, 'utf8');
  const body = Buffer.alloc(headerBytes + wordBytes.length + feature.length * 4);
  body.write(magic, 0, 'latin1');
  body.writeUInt32LE(wordBytes.length, magic.length);
  body.writeUInt32LE(feature.length, magic.length + 4);
  wordBytes.copy(body, headerBytes);
  feature.forEach((value, index) => body.writeFloatLE(value, headerBytes + wordBytes.length + index * 4));
  return Buffer.concat([body, sha256(body)]);
}

/** The entry's feature, or undefined for whatever reason there is none. */
function readEntry(file: string, word: string, width: number): Float32Array | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    return undefined;
  }
  const wordBytes = Buffer.from(word, 'utf8');
  const bodyBytes = headerBytes + wordBytes.length + width * 4;
  if (bytes.length !== bodyBytes + checksumBytes) return undefined;
  const body = bytes.subarray(0, bodyBytes);
  if (!sha256(body).equals(bytes.subarray(bodyBytes))) return undefined;
  if (
    body.toString('latin1', 0, magic.length) !== magic ||
    body.readUInt32LE(magic.length) !== wordBytes.length ||
    body.readUInt32LE(magic.length + 4) !== width
  )
    return undefined;
  if (!body.subarray(headerBytes, headerBytes + wordBytes.length).equals(wordBytes)) return undefined;
  return Float32Array.from({ length: width }, (_, index) =>
    body.readFloatLE(headerBytes + wordBytes.length + index * 4),
  );
}

/** Writes an entry so that a reader never sees half of it. False if that failed. */
function writeEntry(folder: string, file: string, bytes: Buffer): boolean {
  try {
    makeFolders(folder);
    // The checksum tells what a power cut leaves.
    atomicWriteSync(file, (write) => write(bytes), { flush: false });
    return true;
  } catch {
    return false;
  }
}
