import type { OpenModel } from '../picture.ts';
import { coloured, label, pixels, SCENE, svg } from './drawing.ts';

const WORDS = ['soil', 'moon', 'horse', 'boat'];
const LOGIT_SCALE = 40;
const [WIDTH, HEIGHT, STEP] = [170, 127.5, 186];

const signed = (value: number) => value.toFixed(2).replace('-', '−');

/** Cosines of every patch with four words, and what softmax makes of them, by MaskCLIP's read-out. */
export async function drawSimilarity(open: OpenModel): Promise<string> {
  const model = await open();
  const segmenter = await model.segmenter(WORDS, { method: 'maskclip', window: 0 });
  const { tensors, grid } = await segmenter.trace(SCENE.path, ['logits']); // [1, N, Q]
  segmenter.close();
  const Q = WORDS.length;
  const logits = tensors.logits.data;
  const mapOf = (values: ArrayLike<number>, word: number) =>
    Array.from({ length: values.length / Q }, (_, patch) => values[patch * Q + word]);
  const probabilities = Array.from(logits, (logit, i) => {
    const own = Array.from(logits.subarray(i - (i % Q), i - (i % Q) + Q));
    return Math.exp(LOGIT_SCALE * logit) / own.reduce((sum, other) => sum + Math.exp(LOGIT_SCALE * other), 0);
  });
  return svg(
    728,
    330,
    ...WORDS.flatMap((word, index) => {
      const cosines = mapOf(logits, index);
      const [low, high] = [cosines.reduce((a, b) => Math.min(a, b)), cosines.reduce((a, b) => Math.max(a, b))];
      const x = index * STEP;
      const shares = cosines.map((cosine) => (cosine - low) / (high - low));
      const range = `cosine ${signed(low)} to ${signed(high)}`;
      return [
        label(x, 14, word, 'font-weight="600"'),
        pixels(coloured(shares), grid, x, 24, WIDTH, HEIGHT),
        label(x, 168, range, 'class="small muted"'),
        pixels(coloured(mapOf(probabilities, index)), grid, x, 182, WIDTH, HEIGHT),
        label(x, 326, 'probability: 0 to 1', 'class="small muted"'),
      ];
    }),
  );
}
