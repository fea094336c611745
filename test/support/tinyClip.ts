import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CheckpointFile, StoredTensor } from '../../clip/checkpoint/checkpointFile.ts';
import { openSafetensors } from '../../clip/checkpoint/safetensors.ts';
import { readFixture } from './safetensors.ts';

/** Distraction dimensions that the recordings of RF-CLIP were made with; 3, 29 and 78 really stand out in `tiny_b`. */
export const TINY_DISTRACTION_DIMENSIONS = [3, 17, 29, 44, 61, 78, 95, 120];

const PATH = fileURLToPath(new URL('../fixtures/clip/tiny.safetensors', import.meta.url));
const VOCABULARY = 49408;
const TABLE = 'token_embedding.weight';
const PATCHES = 'tiny_b/';

/**
 * One of the two recorded models. The fixture holds the token embeddings that the recorded texts use, and of `tiny_b`
 * the elements that differ from `tiny_a`; this presents them as the whole checkpoints that were recorded.
 */
export function openTinyClip(name: 'tiny_a' | 'tiny_b'): CheckpointFile {
  const file = openSafetensors(PATH);
  const fixture = readFixture(PATH);
  const rowOf = new Map(Array.from(fixture.get('token_embedding.ids')!.data as Int32Array, (id, row) => [id, row]));
  const tensors = new Map<string, StoredTensor>();
  for (const [key, tensor] of file.tensors)
    if (!key.startsWith(PATCHES) && !key.startsWith('token_embedding.')) tensors.set(key, tensor);
  tensors.set(TABLE, { name: TABLE, dtype: 'F16', shape: [VOCABULARY, fixture.get('token_embedding.rows')!.shape[1]] });
  return {
    path: name,
    metadata: {},
    tensors,
    read: (key) => {
      const values = file.read(key);
      const indices = fixture.get(`${PATCHES}${key}/indices`)?.data as Int32Array | undefined;
      if (name === 'tiny_b' && indices !== undefined) {
        const changed = file.read(`${PATCHES}${key}/values`);
        indices.forEach((index, i) => (values[index] = changed[i]));
      }
      return values;
    },
    readRows: (key, rows) => {
      if (key !== TABLE) return file.readRows(key, rows);
      const stored = Array.from(rows, (id) => {
        const row = rowOf.get(id);
        if (row === undefined)
          throw new Error(`the fixture has no embedding of token ${id}, which no recorded text uses`);
        return row;
      });
      return file.readRows('token_embedding.rows', stored);
    },
    sha256: () => createHash('sha256').update(name).update(readFileSync(PATH)).digest('hex'),
    close: () => file.close(),
  };
}
