import { LAYER_NORM_EPSILON } from '../../../engine/ops/layerNorm.ts';
import type { OpenModel } from '../picture.ts';
import { label, svg } from './drawing.ts';

const SCENE = 'examples/scenes/scene_0033.jpg';
const [WIDTH, HEIGHT] = [352, 120];

/** An ordinary token and a planted distraction token, before and after LayerNorm (without its learned scale). */
export async function drawLayerNorm(open: OpenModel): Promise<string> {
  const model = await open('planted');
  const segmenter = await model.segmenter('sky', { method: 'rfclip-paper', window: 0 });
  const { tensors } = await segmenter.trace(SCENE, ['layer2/x_after_block', 'layer2/phi_after']);
  segmenter.close();
  const phi = tensors['layer2/phi_after'].data; // [1, N]
  const x = tensors['layer2/x_after_block']; // [1, T, C]
  const C = x.shape[2];
  const tokenOf = (patch: number) => Array.from(x.data.subarray((patch + 1) * C, (patch + 2) * C));
  const ordinary = tokenOf(phi.indexOf(phi.reduce((a, b) => Math.min(a, b))));
  const planted = tokenOf(phi.indexOf(phi.reduce((a, b) => Math.max(a, b))));
  const most = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const [before, after] = [most(planted), Math.max(most(normalise(planted)), most(normalise(ordinary)))];
  return svg(
    728,
    372,
    label(0, 14, 'before LayerNorm'),
    label(376, 14, 'after'),
    label(0, 44, 'an ordinary token', 'class="small muted"'),
    bars(ordinary, before, 0, 52),
    bars(normalise(ordinary), after, 376, 52),
    label(0, 212, 'a planted distraction token', 'class="small muted"'),
    bars(planted, before, 0, 220),
    bars(normalise(planted), after, 376, 220),
    label(0, 366, `128 channels from left to right; the axes end at ±${before.toFixed(0)}`, 'class="small muted"'),
    label(376, 366, `the axes end at ±${after.toFixed(1)}`, 'class="small muted"'),
  );
}

/** (x - mean) / sqrt(variance + eps) */
function normalise(x: readonly number[]): number[] {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  return x.map((value) => (value - mean) / Math.sqrt(variance + LAYER_NORM_EPSILON));
}

/** A bar for every value, around a middle line. */
function bars(values: readonly number[], most: number, x: number, y: number): string {
  const [step, middle] = [WIDTH / values.length, y + HEIGHT / 2];
  const path = values.map((value, i) => {
    const length = (value / most) * (HEIGHT / 2);
    return `M${x + i * step} ${middle}v${-length}h${step * 0.8}v${length}z`;
  });
  return (
    `<rect x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}" fill="#f4f5f6"/>` +
    `<path d="M${x} ${middle}h${WIDTH}" stroke="#a4abb3"/><path d="${path.join('')}" fill="#1a5aa8"/>`
  );
}
