import { makeRfclipPaper, RFCLIP_PAPER_DEFAULTS, type RfclipPaperOptions } from './methods/rfclipPaper.ts';
import type { DenseEncoder } from './methods/denseEncoder.ts';

/** One row of the ablation: a name and what it changes in the paper's method. */
export interface AblationRow {
  name: string;
  options: Pick<RfclipPaperOptions, 'localisation' | 'attention' | 'embedding'>;
}

/**
 * The rows of the paper's ablation as configurations of one code path, `makeRfclipPaper`: from the layer-averaged
 * key-key read-out alone to the whole method, then other ways to suppress distraction tokens.
 * Source: RF-CLIP, tables of the ablation study.
 */
export const ABLATION_ROWS: readonly AblationRow[] = [
  { name: 'layer-averaged key-key attention', options: { localisation: 'none', attention: 'none', embedding: 'none' } },
  { name: 'random tokens, mean filter', options: { localisation: 'random', attention: 'none', embedding: 'mean' } },
  {
    name: 'distraction tokens, mean filter',
    options: { localisation: 'distraction', attention: 'none', embedding: 'mean' },
  },
  { name: 'attention redistributed', options: { localisation: 'distraction', attention: 'others', embedding: 'none' } },
  {
    name: 'embedding redistributed',
    options: { localisation: 'distraction', attention: 'none', embedding: 'redistribute' },
  },
  {
    name: 'both redistributed',
    options: { localisation: 'distraction', attention: 'others', embedding: 'redistribute' },
  },
  {
    name: 'both, attention to defocus tokens',
    options: { localisation: 'distraction', attention: 'defocus', embedding: 'redistribute' },
  },
  {
    name: 'suppression: minus-infinity mask',
    options: { localisation: 'distraction', attention: 'mask', embedding: 'none' },
  },
  {
    name: 'suppression: low-pass filter',
    options: { localisation: 'distraction', attention: 'none', embedding: 'lowPass' },
  },
  { name: 'suppression: mean filter', options: { localisation: 'distraction', attention: 'none', embedding: 'mean' } },
  {
    name: 'suppression: median filter',
    options: { localisation: 'distraction', attention: 'none', embedding: 'median' },
  },
];

/** How a row reads out features. */
export function ablationEncoder(row: AblationRow, distractionDimensions: readonly number[]): DenseEncoder {
  return makeRfclipPaper({ ...RFCLIP_PAPER_DEFAULTS, ...row.options, distractionDimensions });
}
