// Lets a worker explain, too: `rfclip/worker/explain`.
import { explainSegmenter } from '../explain/explainSegmenter.ts';
import { addCall, segmenterOf } from './calls.ts';
import type { WorkerExplanation } from './messages.ts';
import './index.ts';

addCall('explain', async ({ segmenter, image, options }, { state, onProgress }): Promise<WorkerExplanation> => {
  const { explanation, photo } = await explainSegmenter(segmenterOf(state, segmenter), image, {
    ...options,
    onProgress,
  });
  const { width, height, data } = photo;
  const rgba = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) rgba.data.set([...data.subarray(3 * i, 3 * i + 3), 255], 4 * i);
  return { explanation, photo: await createImageBitmap(rgba) };
});
