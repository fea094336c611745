import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { CheckpointError } from '../../../clip/checkpoint/checkpointFile.ts';
import { openCheckpoint, openDinoCheckpoint } from '../../../clip/checkpoint/openCheckpoint.ts';
import { inferConfig } from '../../../clip/config.ts';
import { inferDinoConfig } from '../../../clip/dino/index.ts';
import { clipNotes } from '../../../clip/modelNotes.ts';
import { fileOf } from './archives.ts';
import { damagedFiles } from './damaging.ts';

/** What happened to the files of a run. */
export interface FuzzCounts {
  /** Read to the end, whether or not they are a CLIP. */
  opened: number;
  /** Among them those that were opened and are no CLIP. */
  refused: number;
  /** Milliseconds of the slowest file. */
  slowest: number;
}

/**
 * File number `run` of a seed, damaged or made up; the same for the same numbers.
 * @returns `name`: its kind
 */
export function damagedCheckpoint(seed: number, run: number): { name: string; bytes: Buffer } {
  const kinds = Object.keys(damagedFiles);
  const name = kinds[run % kinds.length];
  return { name, bytes: fc.sample(damagedFiles[name], { numRuns: 1, seed: seed + run })[0] };
}

/**
 * Opens a file of `size` bytes and reads all that is in it.
 * @throws whatever came out that is no CheckpointError; an Error for a tensor of more values than the file can hold
 */
export function readDamagedCheckpoint(path: string, size: number): 'opened' | 'refused' {
  const counts = { opened: 0, refused: 0, slowest: 0 };
  try {
    readEverything(path, size, counts);
    return 'opened';
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return 'refused';
  }
}

/**
 * Opens damaged files and reads all that is in them; whatever is wrong must come out as a CheckpointError, and no
 * tensor may have more values than its file can hold.
 * @throws the failure that fast-check found, shrunk.
 */
export function fuzz(files: fc.Arbitrary<Buffer>, runs: number, seed?: number): FuzzCounts {
  const folder = mkdtempSync(join(tmpdir(), 'rfclip-fuzz-'));
  const counts = { opened: 0, refused: 0, slowest: 0 };
  try {
    fc.assert(
      fc.property(files, (bytes) => {
        const path = fileOf(folder, 'weights', bytes);
        const started = performance.now();
        try {
          readEverything(path, bytes.length, counts);
        } catch (error) {
          if (!(error instanceof CheckpointError)) throw error;
          counts.refused++;
        }
        counts.slowest = Math.max(counts.slowest, performance.now() - started);
      }),
      { numRuns: runs, seed },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return counts;
}

function readEverything(path: string, size: number, counts: FuzzCounts): void {
  const file = openCheckpoint(path);
  try {
    for (const { name, shape } of file.tensors.values()) {
      const { length } = file.read(name);
      // One byte is at least one value of a stored tensor; a deflated one may be 200 times its size.
      if (length > 200 * size) throw new Error(`tensor ${name} has ${length} values in a file of ${size} bytes`);
      if (shape.length > 0 && shape[0] > 0) file.readRows(name, [shape[0] - 1, 0]);
    }
    file.sha256();
    counts.opened++;
    readAsDino(path);
    inferConfig(file);
    clipNotes(file);
  } finally {
    file.close();
  }
}

function readAsDino(path: string): void {
  const file = openDinoCheckpoint(path);
  try {
    inferDinoConfig(file);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
  } finally {
    file.close();
  }
}
