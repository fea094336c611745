import { inflateRawSync } from '../../system/platform.ts';
import { CheckpointError } from './checkpointFile.ts';
import type { RandomAccessFile } from './randomAccessFile.ts';
import type { ByteSource } from './storedValues.ts';
import { readZipDirectory, type ZipEntry } from './zipDirectory.ts';

/** Random weights hardly deflate and zeros deflate a thousandfold, so an honest archive stays far below this. */
const MAX_INFLATION = 200;
/** A deflated entry is inflated as a whole; the largest tensor of ViT-H/14 has 202 MB. */
const MAX_INFLATED_BYTES = 1 << 30;

/**
 * A zip archive whose stored entries are read by offset. A deflated entry is inflated as a whole when first read; the
 * last one is kept, because rows of one table are asked for in turn.
 */
export class ZipArchive {
  readonly path: string;
  readonly entries: ReadonlyMap<string, ZipEntry>;
  readonly #file: RandomAccessFile;
  #inflated: { name: string; bytes: Uint8Array } | undefined;

  /**
   * Reads and checks the directory.
   * @throws CheckpointError as `readZipDirectory`, and for an archive that would inflate to absurd sizes.
   */
  constructor(file: RandomAccessFile) {
    this.path = file.path;
    this.#file = file;
    this.entries = readZipDirectory(file);
    let inflated = 0;
    for (const { name, deflated, size } of this.entries.values()) {
      if (!deflated) continue;
      if (size > MAX_INFLATED_BYTES)
        throw new CheckpointError(
          `checkpoint ${file.path}: entry ${name} inflates to ${size} bytes, at most ${MAX_INFLATED_BYTES} are read`,
          file.path,
        );
      inflated += size;
    }
    if (inflated > MAX_INFLATION * file.size) {
      throw new CheckpointError(
        `checkpoint ${file.path} has ${file.size} bytes and inflates to ${inflated}, more than ${MAX_INFLATION} ` +
          `times as many`,
        file.path,
      );
    }
  }

  /** The bytes of an entry as a source for tensors. Reading beyond its end is refused. */
  source(entry: ZipEntry): ByteSource {
    return {
      path: this.path,
      readInto: (target, position, what) => {
        if (position + target.byteLength > entry.size)
          throw new CheckpointError(`checkpoint ${this.path} ends inside ${what}`, this.path);
        if (entry.deflated) target.set(this.#inflate(entry).subarray(position, position + target.byteLength));
        else this.#file.readInto(target, entry.dataStart + position, what);
      },
    };
  }

  /** All bytes of an entry. @throws CheckpointError when it has more than `limit`, or does not inflate. */
  readEntry(entry: ZipEntry, limit: number): Uint8Array {
    if (entry.size > limit)
      throw new CheckpointError(
        `checkpoint ${this.path}: entry ${entry.name} has ${entry.size} bytes, at most ${limit} are read`,
        this.path,
      );
    const bytes = new Uint8Array(entry.size);
    this.source(entry).readInto(bytes, 0, `entry ${entry.name}`);
    return bytes;
  }

  #inflate(entry: ZipEntry): Uint8Array {
    if (this.#inflated?.name === entry.name) return this.#inflated.bytes;
    this.#inflated = undefined;
    const compressed = this.#file.read(entry.dataStart, entry.compressedSize, `entry ${entry.name}`);
    let bytes: Uint8Array;
    try {
      bytes = inflateRawSync(compressed, { maxOutputLength: Math.max(1, entry.size) });
    } catch (cause) {
      throw new CheckpointError(
        `checkpoint ${this.path}: entry ${entry.name} does not inflate to its ${entry.size} bytes`,
        this.path,
        cause,
      );
    }
    if (bytes.byteLength !== entry.size)
      throw new CheckpointError(
        `checkpoint ${this.path}: entry ${entry.name} inflates to ${bytes.byteLength} bytes, expected ${entry.size}`,
        this.path,
      );
    this.#inflated = { name: entry.name, bytes };
    return bytes;
  }
}
