// Lets a worker explain, too: `rfclip/worker/explain`.
import { explainSegmenter } from '../explain/explainSegmenter.ts';
import { addCall, segmenterOf } from './calls.ts';
import type { WorkerExplanation } from './messages.ts';
import './index.ts';

addCall('explain', async ({ segmenter, image, options }, { state, onProgress, signal }): Promise<WorkerExplanation> => {
  const how = { ...options, onProgress, signal };
  const { explanation, photo } = await explainSegmenter(segmenterOf(state, segmenter), image, how);
  const { width, height, data } = photo;
  const rgba = new ImageData(width, height);
  rgba.data.fill(255);
  for (let i = 0; i < data.length; i++) rgba.data[4 * Math.floor(i / 3) + (i % 3)] = data[i];
  return { explanation, photo: await createImageBitmap(rgba) };
});
