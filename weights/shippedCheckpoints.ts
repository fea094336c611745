import { EMBEDDED_CHECKPOINT } from '../rfclip/clipModel.ts';
import { PLANTED_CHECKPOINT } from '../rfclip/embeddedCheckpoint.ts';

/** A checkpoint that is part of the package. */
export interface ShippedCheckpoint {
  name: string;
  path: string;
  /** What it is used for. */
  use: string;
}

/** The checkpoints that need no download; the first is the default of everything. */
export const SHIPPED_CHECKPOINTS: readonly ShippedCheckpoint[] = [
  { name: 'microclip', path: EMBEDDED_CHECKPOINT, use: 'the default; a toy that knows drawn things' },
  {
    name: 'planted',
    path: PLANTED_CHECKPOINT,
    use: 'microclip with planted distraction tokens; shows the mechanism only',
  },
];

/** The shipped checkpoint of a name, in any case. */
export function findShippedCheckpoint(name: string): ShippedCheckpoint | undefined {
  return SHIPPED_CHECKPOINTS.find((shipped) => shipped.name === name.toLowerCase());
}
