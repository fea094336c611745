import { openCheckpoint } from '../../../clip/checkpoint/openCheckpoint.ts';
import { readImage } from '../../../clip/image/readImage.ts';
import { normaliseForDense } from '../../../clip/preprocess.ts';
import { EMBEDDED_CHECKPOINT } from '../../../rfclip/embeddedFile.ts';
import { arrow, coloured, label, pictureFile, pixels, SCENE, svg } from './drawing.ts';

const P = 16;
const [ROW, COLUMN] = [11, 15];
/** The channel whose weights are shown. */
const CHANNEL = 46;

/** A patch of the scene, its row of 768 numbers, the weights of a channel of the embedded checkpoint, and the token. */
export async function drawPatches(): Promise<string> {
  const scene = await readImage(SCENE.path);
  const planes = normaliseForDense(scene);
  // In the order of a convolution's weight: colour, row, column.
  const row = Array.from({ length: 3 * P * P }, (_, i) => {
    const [colour, y, x] = [Math.floor(i / (P * P)), Math.floor(i / P) % P, i % P];
    return planes[(colour * scene.height + ROW * P + y) * scene.width + COLUMN * P + x];
  });
  const file = openCheckpoint(EMBEDDED_CHECKPOINT);
  const weights = file.read('visual.conv1.weight'); // [C, 3, P, P]
  file.close();
  const channels = Array.from({ length: weights.length / row.length }, (_, channel) =>
    weights.subarray(channel * row.length, (channel + 1) * row.length),
  );
  const token = channels.map((own) => own.reduce((sum, weight, i) => sum + weight * row[i], 0));
  const [scale, top] = [336 / SCENE.width, 24];
  const at = (index: number) => index * P * scale;
  const place = (CHANNEL + 0.5) * (728 / token.length);
  return svg(
    728,
    500,
    label(0, 14, 'the image, cut into 21 × 28 patches'),
    pictureFile(SCENE.path, 0, top, 336, 252),
    grid(at(1), top),
    frame(at(COLUMN), top + at(ROW), at(1)),
    arrow(at(COLUMN + 1) + 4, top + at(ROW) + 6, 396, top + 98),
    label(402, 14, 'one patch: 16 × 16 pixels'),
    pixels(patchOf(scene.data, scene.width), { width: P, height: P }, 402, top, 192, 192),
    arrow(498, 224, 498, 300),
    label(510, 256, 'red, row by row;', 'class="small muted"'),
    label(510, 274, 'then green; then blue', 'class="small muted"'),
    label(0, 300, `row ${ROW * 28 + COLUMN} of the matrix: its 768 numbers`),
    strip(row, 308),
    label(0, 364, `times the 768 weights of channel ${CHANNEL}, place by place …`),
    strip(Array.from(channels[CHANNEL]), 372),
    arrow(place, 402, place, 452),
    label(place + 14, 432, `… added up: ${token[CHANNEL].toFixed(2)}, one of the 128 numbers of the token`),
    strip(token, 458),
  );
}

function patchOf(data: Uint8Array, width: number): Uint8Array {
  return Uint8Array.from({ length: P * P * 3 }, (_, i) => {
    const [y, x, colour] = [Math.floor(i / (P * 3)), Math.floor(i / 3) % P, i % 3];
    return data[((ROW * P + y) * width + COLUMN * P + x) * 3 + colour];
  });
}

/** Numbers side by side over the whole width; the colours end at 1.5 deviations from zero. */
function strip(values: readonly number[], y: number): string {
  const most = 1.5 * Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  const rgb = coloured(
    values.map((value) => value / most),
    true,
  );
  return pixels(rgb, { width: values.length, height: 1 }, 0, y, 728, 26);
}

function frame(x: number, y: number, side: number): string {
  const place = `x="${x}" y="${y}" width="${side}" height="${side}"`;
  return `<rect ${place} fill="none" stroke="#3ddcff" stroke-width="3"/>`;
}

function grid(step: number, top: number): string {
  const lines = [
    ...Array.from({ length: 29 }, (_, i) => `M${i * step} ${top}v252`),
    ...Array.from({ length: 22 }, (_, i) => `M0 ${top + i * step}h336`),
  ];
  return `<path d="${lines.join('')}" stroke="#fff" stroke-opacity="0.5" stroke-width="0.7"/>`;
}
