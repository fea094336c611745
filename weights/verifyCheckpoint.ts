import { openCheckpoint } from '../clip/checkpoint/openCheckpoint.ts';
import { selectionNotes } from '../clip/modelNotes.ts';
import { checkValues, type ValueCheck } from './checkValues.ts';
import { findKnownCheckpoint, findKnownSha256, type KnownCheckpoint } from './knownCheckpoints.ts';
import { resolveCheckpoint } from './resolveCheckpoint.ts';

/** What a checkpoint file turned out to be. */
export interface CheckpointCheck {
  path: string;
  sha256: string;
  /** The known checkpoint that has this SHA-256. */
  release?: KnownCheckpoint;
  /** The known checkpoint that was asked for by name. */
  expected?: KnownCheckpoint;
  /** It was asked for by name, and its SHA-256 is another than published. */
  wrongFile: boolean;
  values: ValueCheck;
  /** Which part of the file was read, where that is not all of it. */
  notes: readonly string[];
  /** It is the file that was asked for, and every value is finite. */
  ok: boolean;
}

/**
 * Compares the SHA-256 of a checkpoint with the known ones and reads every value.
 * @param name a checkpoint file, its folder, or the name of a pulled one
 * @param options.prefix what the names of the wanted CLIP begin with, where the file holds several
 * @throws CheckpointError when it is damaged; RfclipError as `resolveCheckpoint`
 */
export function verifyCheckpoint(name: string, options: { prefix?: string } = {}): CheckpointCheck {
  const path = resolveCheckpoint(name);
  const expected = path === name ? undefined : findKnownCheckpoint(name);
  const file = openCheckpoint(path, options);
  try {
    const sha256 = file.sha256();
    const wrongFile = expected?.sha256 !== undefined && expected.sha256 !== sha256;
    const values = checkValues(file);
    const notes = selectionNotes(file, 'network', '--prefix');
    const ok = !wrongFile && values.notFinite.length === 0;
    return { path, sha256, release: findKnownSha256(sha256), expected, wrongFile, values, notes, ok };
  } finally {
    file.close();
  }
}
