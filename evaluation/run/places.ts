import { join } from 'node:path';
import type { EvaluationRequest } from '../evaluationRequest.ts';
import type { ImagePlaces } from '../pictures/imageFiles.ts';

/** Where the files of one method go. */
export interface RunPlaces extends ImagePlaces {
  out: string;
}

/**
 * Every method and every shard has a folder of its own, so that one command line serves all tasks of a cluster job.
 * @param plan of the data set: where its results go, and what comes between the folders of predictions and pictures and
 *   the files in them
 */
export function placesOf(
  { method, savePredictions, visualize, every = 1, shard: { index, count } }: EvaluationRequest,
  { out, below }: { out: string; below: string },
  name: string,
): RunPlaces {
  const ofMethod = method === 'all' ? [name] : [];
  return {
    out: join(out, ...ofMethod, ...(count === 1 ? [] : [`shard-${index}-of-${count}`])),
    predictions: savePredictions === undefined ? undefined : join(savePredictions, below, ...ofMethod),
    pictures: visualize === undefined ? undefined : { folder: join(visualize, below, ...ofMethod), every },
  };
}
