import { createHash } from 'node:crypto';
import type { CheckpointFile } from './checkpointFile.ts';

/**
 * A checkpoint whose tensors come from `delta` where it has them, else from `base` (the reference's `tiny_b` is stored
 * as a difference from `tiny_a`). Closing it closes both.
 */
export function overlayCheckpoint(base: CheckpointFile, delta: CheckpointFile): CheckpointFile {
  const owner = (name: string) => (delta.tensors.has(name) ? delta : base);
  return {
    path: delta.path,
    metadata: { ...base.metadata, ...delta.metadata },
    tensors: new Map([...base.tensors, ...delta.tensors]),
    read: (name) => owner(name).read(name),
    readRows: (name, rows) => owner(name).readRows(name, rows),
    sha256: () =>
      createHash('sha256')
        .update(base.sha256() + delta.sha256())
        .digest('hex'),
    close: () => {
      base.close();
      delta.close();
    },
  };
}
