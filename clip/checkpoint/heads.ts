import { checkpointFault, type FaultyFile } from './checkpointFault.ts';
import type { CheckpointFile } from './checkpointFile.ts';

/** Width of one attention head in OpenAI's CLIPs and DINO's ViTs, and in others up to ViT-L/14. */
const HEAD_WIDTH = 64;

interface PublishedTower {
  name: string;
  width: number;
  layers: number;
  heads: number;
  atThisDepthOnly?: boolean;
}

/** Wider towers were published with heads of several widths. */
const WIDEST_OF_USUAL_HEADS = 1024;

/**
 * Image towers whose head width is not 64, by their width. Source: `model_configs/ViT-H-14.json`, `ViT-g-14.json`,
 * `ViT-bigG-14.json` and `ViT-e-14.json` of open_clip (head_width 80, 88, 104, 112).
 */
const PUBLISHED: readonly PublishedTower[] = [
  // Heads of the usual width fit it too, so that another depth is another tower.
  { name: 'ViT-H/14', width: 1280, layers: 32, heads: 16, atThisDepthOnly: true },
  { name: 'ViT-g/14', width: 1408, layers: 40, heads: 16 },
  { name: 'ViT-bigG/14', width: 1664, layers: 48, heads: 16 },
  { name: 'ViT-e/14', width: 1792, layers: 56, heads: 16 },
];

/** Widths beyond are damage, if they are no multiple of the usual width. */
const MOST_ODD_WIDTH = 1 << 16;

/** A number of heads and, where nothing says it, the sentence's end that says what was assumed and why. */
export interface ChosenHeads {
  heads: number;
  assumed?: string;
}

/** What a file's shapes say about a tower, and what somebody says about its heads. */
export interface TowerShape {
  /** The tensor that the width is from, for messages. */
  tensor: string;
  width: number;
  layers: number;
  /** From whoever knows: the user, a configuration, the metadata. */
  said?: number;
}

/**
 * The number of heads of a tower, which its shapes do not say: what somebody says, else what was published for its
 * width, else as many as have the usual width or come nearest to it.
 * @throws CheckpointError for heads that do not divide the width, and where none of about the usual width do.
 */
export function chooseHeads(file: FaultyFile, { tensor, width, layers, said }: TowerShape): ChosenHeads {
  if (said !== undefined) {
    if (Number.isInteger(said) && said >= 1 && width % said === 0) return { heads: said };
    throw checkpointFault(file, `: ${tensor} has width ${width}, expected a multiple of its ${said} heads`);
  }
  const published = tensor === 'visual.conv1.weight' ? PUBLISHED.find((tower) => tower.width === width) : undefined;
  if (published?.layers === layers) return { heads: published.heads };
  if (published !== undefined && published.atThisDepthOnly !== true)
    return { heads: published.heads, assumed: describe(published.heads, width, `as in ${published.name}`) };
  const heads = nearestHeads(width);
  if (heads === undefined)
    throw checkpointFault(file, `: ${tensor} has width ${width}, expected a multiple of the head width ${HEAD_WIDTH}`);
  if (width % HEAD_WIDTH === 0 && width <= WIDEST_OF_USUAL_HEADS) return { heads };
  return { heads, assumed: describe(heads, width, 'nothing in or beside the file says it') };
}

function describe(heads: number, width: number, why: string): string {
  return `${heads} ${heads === 1 ? 'head' : 'heads'} of width ${width / heads} (${why})`;
}

/** Heads whose width is nearest to the usual one, the wider of two; undefined where all are far from it. */
function nearestHeads(width: number): number | undefined {
  if (width > 0 && width % HEAD_WIDTH === 0) return width / HEAD_WIDTH;
  if (width < HEAD_WIDTH) return width > 0 ? 1 : undefined;
  if (width > MOST_ODD_WIDTH) return undefined;
  let best: number | undefined;
  for (let heads = 1; heads <= (2 * width) / HEAD_WIDTH; heads++) {
    if (width % heads !== 0 || width / heads > 2 * HEAD_WIDTH) continue;
    if (best === undefined || distance(width / heads) < distance(width / best)) best = heads;
  }
  return best;
}

function distance(headWidth: number): number {
  return Math.abs(headWidth - HEAD_WIDTH);
}

/** The number of heads in a file's own metadata. @throws CheckpointError where it is no whole number. */
export function headsInMetadata(file: CheckpointFile, key: 'vision_heads' | 'text_heads'): number | undefined {
  const text = file.metadata[key];
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,3}$/.test(text))
    throw checkpointFault(file, ` has metadata ${key} ${text.slice(0, 100)}, expected a whole number`);
  return Number(text);
}
