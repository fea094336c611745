import { openCheckpoint } from '../clip/checkpoint/openCheckpoint.ts';
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
  /** It is the file that was asked for, and every value is finite. */
  ok: boolean;
}

/**
 * Compares the SHA-256 of a checkpoint with the known ones and reads every value.
 * @param name a checkpoint file, its folder, or the name of a pulled one
 * @throws CheckpointError when it is damaged; RfclipError as `resolveCheckpoint`
 */
export function verifyCheckpoint(name: string): CheckpointCheck {
  const path = resolveCheckpoint(name);
  const expected = path === name ? undefined : findKnownCheckpoint(name);
  const file = openCheckpoint(path);
  try {
    const sha256 = file.sha256();
    const wrongFile = expected?.sha256 !== undefined && expected.sha256 !== sha256;
    const values = checkValues(file);
    const ok = !wrongFile && values.notFinite.length === 0;
    return { path, sha256, release: findKnownSha256(sha256), expected, wrongFile, values, ok };
  } finally {
    file.close();
  }
}
