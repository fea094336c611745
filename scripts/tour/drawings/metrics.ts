import { join } from 'node:path';
import { readLabelMap } from '../../../clip/image/readLabelMap.ts';
import { areasOf, countPixels, emptyConfusion, metricsOf } from '../../../datasets/index.ts';
import type { Model } from '../../../library/index.ts';
import type { MethodName } from '../../../rfclip/methods/index.ts';
import { ROOT } from '../../docs/pages.ts';
import type { OpenModel } from '../picture.ts';
import { label, pictureFile, pixels, svg } from './drawing.ts';

const SCENE = 'examples/scenes/scene_0033';
/** Classes by the line of examples/classes.txt that the mask has for them, with their colours. */
const CLASSES = [
  { name: 'water', line: 43, colour: [86, 180, 233] },
  { name: 'tiles', line: 51, colour: [170, 170, 185] },
  { name: 'airplane', line: 11, colour: [213, 94, 0] },
  { name: 'sun', line: 36, colour: [240, 200, 40] },
] as const;
const [SIDE, GAP, TOP, ROW] = [200, 20, 24, 22];

/** A scene, its mask, and the labels of two methods with the IoU of every class. */
export async function drawMetrics(open: OpenModel): Promise<string> {
  const model = await open();
  const mask = await readLabelMap(join(ROOT, `${SCENE}.mask.png`));
  const truth = Array.from(mask.data, (line) => CLASSES.findIndex((entry) => entry.line === line));
  const methods = [await measure(model, 'maskclip', truth), await measure(model, 'clip', truth)];
  const left = (column: number) => column * (SIDE + GAP);
  const map = (labels: ArrayLike<number>, column: number) =>
    pixels(
      Uint8Array.from(Array.from(labels).flatMap((k) => [...CLASSES[k].colour])),
      mask,
      left(column),
      TOP,
      SIDE,
      SIDE,
    );
  return svg(
    4 * SIDE + 3 * GAP,
    TOP + SIDE + 5 * ROW + 12,
    label(left(0), 14, 'image'),
    pictureFile(`${SCENE}.jpg`, left(0), TOP, SIDE, SIDE),
    label(left(1), 14, 'mask'),
    map(truth, 1),
    ...CLASSES.flatMap(({ name, colour }, k) => swatch(left(1), TOP + SIDE + (k + 1) * ROW, colour, name)),
    ...methods.flatMap(({ method, labels, iou, mIoU }, i) => [
      label(left(2 + i), 14, method),
      map(labels, 2 + i),
      ...CLASSES.flatMap(({ name, colour }, k) =>
        bar(left(2 + i), TOP + SIDE + (k + 1) * ROW, colour, { name, share: iou[k] ?? 0 }),
      ),
      label(left(2 + i), TOP + SIDE + 5 * ROW, `mIoU ${(100 * (mIoU ?? 0)).toFixed(1)} %`, 'font-weight="600"'),
    ]),
  );
}

async function measure(model: Model, method: MethodName, truth: readonly number[]) {
  const names = CLASSES.map(({ name }) => name);
  const segmenter = await model.segmenter(names, { method, window: 0 });
  const { labels } = await segmenter.segment(join(ROOT, `${SCENE}.jpg`));
  segmenter.close();
  const confusion = emptyConfusion(CLASSES.length);
  countPixels(confusion, labels.data, truth);
  return { method, labels: labels.data, ...metricsOf(areasOf(confusion)) };
}

function swatch(x: number, y: number, colour: readonly number[], name: string): string[] {
  return [
    `<rect x="${x}" y="${y - 13}" width="14" height="14" fill="rgb(${colour.join(' ')})"/>`,
    label(x + 22, y, name),
  ];
}

/** An IoU as part of a whole. */
function bar(
  x: number,
  y: number,
  colour: readonly number[],
  { name, share }: { name: string; share: number },
): string[] {
  return [
    `<rect x="${x}" y="${y - 13}" width="${SIDE}" height="17" fill="#f0f1f2"/>`,
    `<rect x="${x}" y="${y - 13}" width="${SIDE * share}" height="17" fill="rgb(${colour.join(' ')})"/>`,
    label(x + 6, y, name, 'class="small"'),
    label(x + SIDE - 6, y, (100 * share).toFixed(1), 'class="small" text-anchor="end"'),
  ];
}
