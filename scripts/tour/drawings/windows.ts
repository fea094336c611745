import { join } from 'node:path';
import { accumulateWindows } from '../../../engine/ops/accumulateWindows.ts';
import { ROOT } from '../../docs/pages.ts';
import type { OpenModel } from '../picture.ts';
import { coloured, label, pictureFile, pixels, SCENE, svg } from './drawing.ts';

const [PHOTO, GAP, TOP] = [0.6, 20, 8];
/** The window that is shown alone, and the class, of the segmenter's. */
const [SHOWN, HORSE] = [1, 1];

/** A scene with its windows, one window's similarities with a word, and those of all windows, enlarged and averaged. */
export async function drawWindows(open: OpenModel): Promise<string> {
  const model = await open();
  const segmenter = await model.segmenter('moon, horse, soil', { method: 'maskclip' });
  const { tensors, windows, grid, size } = await segmenter.trace(join(ROOT, SCENE.path), ['logits']);
  segmenter.close();
  const { data } = tensors.logits; // [windows, N, 3]
  const N = grid.width * grid.height;
  const cells = Array.from({ length: N }, (_, i) => data[(SHOWN * N + i) * 3 + HORSE]);
  const { device } = model;
  const canvas = await device
    .scope(() =>
      accumulateWindows(
        device.tensor(data, [windows.length, grid.height, grid.width, 3]),
        device.tensor(
          windows.flatMap(({ x1, y1 }) => [y1, x1]),
          [windows.length, 2],
          'u32',
        ),
        { windowHeight: 224, windowWidth: 224, canvasWidth: size.width, firstRow: 0, rows: size.height },
      ),
    )
    .readFloats();
  const all = Array.from({ length: size.width * size.height }, (_, i) => canvas[3 * i + HORSE]);
  const [low, high] = [Math.min(...cells), cells.reduce((a, b) => Math.max(a, b))];
  const scaled = (values: readonly number[]) => coloured(values.map((value) => (value - low) / (high - low)));

  const [width, height] = [size.width * PHOTO, size.height * PHOTO];
  const left = (column: number) => column * (width + GAP);
  const box = ({ x1, y1, x2, y2 }: (typeof windows)[number], x: number, inset: number) =>
    `x="${x + x1 * PHOTO + inset}" y="${TOP + y1 * PHOTO + inset}" ` +
    `width="${(x2 - x1) * PHOTO - 2 * inset}" height="${(y2 - y1) * PHOTO - 2 * inset}"`;
  const { x1, y1, x2, y2 } = windows[SHOWN];
  return svg(
    3 * width + 2 * GAP,
    height + TOP + 30,
    pictureFile(SCENE.path, left(0), TOP, width, height),
    ...windows.flatMap((window, i) => {
      const frame = box(window, left(0), 2 + 3 * i);
      const colour = i === SHOWN ? '#3ddcff' : '#fff';
      return [
        `<rect ${frame} fill="none" stroke="#000" stroke-width="3.5"/>`,
        `<rect ${frame} fill="none" stroke="${colour}" stroke-width="1.5"/>`,
      ];
    }),
    label(left(0), TOP + height + 22, `${windows.length} windows of 224 x 224 pixels`),
    pictureFile(SCENE.path, left(1), TOP, width, height),
    `<rect x="${left(1)}" y="${TOP}" width="${width}" height="${height}" fill="#fff" opacity="0.7"/>`,
    pixels(scaled(cells), grid, left(1) + x1 * PHOTO, TOP + y1 * PHOTO, (x2 - x1) * PHOTO, (y2 - y1) * PHOTO),
    label(left(1), TOP + height + 22, '14 x 14 cosines with “horse”'),
    pixels(scaled(all), size, left(2), TOP, width, height),
    label(left(2), TOP + height + 22, 'all windows, averaged'),
  );
}
