import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RgbImage } from '../../clip/image/types.ts';
import { normaliseForDense } from '../../clip/preprocess.ts';
import type { NormalisedImage } from '../../rfclip/prepareImage.ts';
import { type FixtureTensor, readFixture } from './safetensors.ts';

/** One recorded call of published code. */
export interface RecordedCase {
  name: string;
  parameters: Record<string, any>;
  /** Role -> key of a tensor. */
  tensors: Record<string, string>;
  /**
   * Role -> largest absolute difference allowed. About 20 times what the same published code in float32 and in float64
   * lay apart, so it allows for another order of summation and not for another formula. For labels: the share of pixels
   * that may differ, as a pixel between two classes may fall on either side.
   */
  tolerance: Record<string, number>;
}

/** A folder of recordings. */
export interface Recordings {
  /** All cases whose name begins with this. */
  cases(prefix: string): RecordedCase[];
  /** The case of this name. */
  case(name: string): RecordedCase;
  /** A tensor of a case by role. */
  tensor(recorded: RecordedCase, role: string): FixtureTensor;
  /** float32 values of a tensor of a case. */
  floats(recorded: RecordedCase, role: string): Float32Array;
  /** A picture, normalised for the network. */
  image(name: string): NormalisedImage;
}

/** Opens `test/fixtures/FOLDER/TENSORS.safetensors` with its list of cases. */
export function openRecordings(folder: string, tensorsFile: string, casesFile: string): Recordings {
  const path = (file: string) => fileURLToPath(new URL(`../fixtures/${folder}/${file}`, import.meta.url));
  const tensors = readFixture(path(tensorsFile));
  const all = JSON.parse(readFileSync(path(casesFile), 'utf8')) as RecordedCase[];
  const get = (key: string): FixtureTensor => {
    const tensor = tensors.get(key);
    if (tensor === undefined) throw new Error(`${folder}/${tensorsFile} has no tensor ${key}`);
    return tensor;
  };
  return {
    cases: (prefix) => all.filter((recorded) => recorded.name.startsWith(prefix)),
    case: (name) => {
      const found = all.find((recorded) => recorded.name === name);
      if (found === undefined) throw new Error(`${folder}/${casesFile} has no case ${name}`);
      return found;
    },
    tensor: (recorded, role) => get(recorded.tensors[role]),
    floats: (recorded, role) => get(recorded.tensors[role]).data as Float32Array,
    image: (name) => {
      const { shape, data } = get(`images/${name}`);
      const [height, width] = shape;
      return { data: normaliseForDense({ width, height, data: data as Uint8Array } satisfies RgbImage), height, width };
    },
  };
}
