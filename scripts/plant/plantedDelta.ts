import { basename } from 'node:path';
import { openCheckpoint } from '../../clip/checkpoint/openCheckpoint.ts';
import { EMBEDDED_CHECKPOINT } from '../../rfclip/clipModel.ts';
import { encodeDelta } from './delta.ts';
import { plant } from './plant.ts';

/** What a user of the planted checkpoint is told. */
const NOTE =
  'its distraction tokens are planted: an MLP unit of the third layer was made to over-activate two distraction ' +
  'dimensions on flat patches, and later layers to attend to them; figures with it show the mechanism, not the merit ' +
  'of a method';

/** The bytes of the planted checkpoint's delta. */
export async function plantedDelta(): Promise<Buffer> {
  const file = openCheckpoint(EMBEDDED_CHECKPOINT);
  try {
    return encodeDelta(file, basename(EMBEDDED_CHECKPOINT), await plant(file), {
      ...file.metadata,
      rfclip_note: NOTE,
    });
  } finally {
    file.close();
  }
}
