import { RfclipError } from '../engine/errors.ts';

/** The shape of an image tower, as far as it identifies a published architecture. */
interface PublishedList {
  architecture: string;
  width: number;
  layers: number;
  patch: number;
  dimensions: readonly number[];
}

/**
 * Channels of the residual stream in which distraction tokens stand out, by architecture, for OpenAI's released
 * weights. Source: RF-CLIP, `clip/model.py` (the "sink" channels), paper section on distractor localisation.
 */
const publishedLists: readonly PublishedList[] = [
  { architecture: 'ViT-B/16', width: 768, layers: 12, patch: 16, dimensions: [4, 162, 189, 326, 429, 474, 633, 713] },
  {
    architecture: 'ViT-L/14',
    width: 1024,
    layers: 24,
    patch: 14,
    dimensions: [250, 261, 437, 650, 720, 779, 936, 1005],
  },
];

/**
 * The published distraction dimensions of an architecture. They belong to OpenAI's weights: other weights of the same
 * shape (LAION's, fine-tuned ones) have other dimensions, which only a calibration can tell.
 *
 * @param width channels of the image tower's residual stream.
 * @param layers transformer blocks of the image tower.
 * @param patch side of a patch in pixels.
 * @returns ascending channel indices, a fresh array; undefined where nothing was published (ViT-B/32 among them).
 */
export function publishedDistractionDimensions(width: number, layers: number, patch: number): number[] | undefined {
  const found = publishedLists.find((list) => list.width === width && list.layers === layers && list.patch === patch);
  return found === undefined ? undefined : [...found.dimensions];
}

/** How errors call dimensions that the caller gave, where they are not a checkpoint's own. */
export const GIVEN_DIMENSIONS = 'the list of distraction dimensions';

/**
 * Reads a checkpoint's own list: the metadata entry `distraction_dimensions`, a JSON array of channel indices written
 * as a string, for example `"[3, 48, 67]"`. An empty array is a valid statement ("none").
 *
 * @param text the metadata entry; undefined where the checkpoint has none.
 * @param width channels of the image tower's residual stream; every index must be below it.
 * @param where the checkpoint's file, for errors.
 * @returns ascending channel indices, or undefined for no entry.
 * @throws RfclipError (`RFCLIP-DISTRACTION`) if it is no JSON array of different integers from 0 to width-1.
 */
export function parseDistractionDimensions(
  text: string | undefined,
  width: number,
  where: string,
): number[] | undefined {
  if (text === undefined) return undefined;
  const fail = (found: string): never => {
    throw new RfclipError(
      `${where}${where === GIVEN_DIMENSIONS ? '' : ': the metadata entry distraction_dimensions'} ${found}, ` +
        `expected a JSON array of different integers from 0 to ${width - 1}.`,
      { code: 'RFCLIP-DISTRACTION', where },
    );
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail('is not valid JSON');
  }
  if (!Array.isArray(value)) return fail('is not an array');
  const dimensions: number[] = [];
  for (const item of value as unknown[]) {
    if (typeof item !== 'number' || !Number.isInteger(item) || item < 0 || item >= width)
      return fail(`contains ${JSON.stringify(item)}`);
    if (dimensions.includes(item)) return fail(`contains ${item} twice`);
    dimensions.push(item);
  }
  return dimensions.sort((a, b) => a - b);
}
