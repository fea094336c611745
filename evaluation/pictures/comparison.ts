import { resizeBicubicPillow } from '../../clip/image/resizeBicubicPillow.ts';
import type { LabelMap, RgbImage } from '../../clip/image/types.ts';
import { IGNORED_LABEL } from '../../datasets/confusion.ts';
import { asPercent } from '../../datasets/metrics.ts';
import { ShapeError } from '../../engine/errors.ts';
import { GLYPH_HEIGHT, GLYPH_WIDTH } from '../../pictures/bitmapFont.ts';
import { newCanvas, pastePicture } from '../../pictures/canvas.ts';
import { drawComparisonLegend } from './comparisonLegend.ts';
import { comparisonKeys } from './comparisonKeys.ts';
import { paintErrors, paintLabels } from './comparisonPanels.ts';
import { drawText, shorten, toAscii } from '../../pictures/drawText.ts';
import { extendPalette } from '../../pictures/palette.ts';
import { resizeLabels } from '../../pictures/resizeLabels.ts';
import { BACKGROUND, FAINT_INK, INK } from '../../pictures/theme.ts';

/** An image with its labels and what was predicted, all of one size. */
export interface EvaluatedImage {
  /** For the caption. */
  id: string;
  /** uint8 `[H,W,3]`. */
  image: RgbImage;
  /** `[H,W]`; 255 is ignored. */
  truth: LabelMap;
  /** `[H,W]`. */
  prediction: LabelMap;
  /** The image's own, from 0 to 1; null where nothing is labelled. */
  mIoU: number | null;
  /** The same per class [K]; null for a class that was neither labelled nor predicted. */
  iou: readonly (number | null)[];
}

/** How large a comparison gets. */
export interface ComparisonSize {
  /** Longest side of a panel in pixels; larger images are shrunk. */
  side: number;
  /** Classes that the legend lists; it counts the others. */
  mostClasses: number;
}

/**
 * PASCAL, COCO and most of ADE20K keep their size; Cityscapes is shrunk to 720 x 360, four of which still fit a wide
 * screen.
 */
export const COMPARISON: ComparisonSize = { side: 720, mostClasses: 48 };
/** For pages with many of them. */
export const THUMBNAIL: ComparisonSize = { side: 200, mostClasses: 12 };

/** Images whose longest side is below this, in pixels, are enlarged by a whole factor. */
const TINY_SIDE = 128;
/** Width of a panel, in pixels, for which a font pixel is one pixel. */
const WIDTH_PER_FONT_PIXEL = 300;
/** Room for "errors 100.00 %", in characters. */
const SHORTEST_CAPTION = 15;
/** Lengths in font pixels. */
const GAP = 8;
const LINE_SPACING = 5;

/**
 * One picture of an evaluated image: image, ground truth, prediction and errors side by side, above them the id and the
 * image's own mIoU in percent, below them the classes that occur, largest first, with their IoU. Errors are red over a
 * dim grey image. Ignored pixels are hatched in ground truth and errors. Panels have at most `size.side` pixels on
 * their longest side; labels are resized to the nearest.
 *
 * @param classNames by class index
 * @param palette RGB triples by class index; labels beyond it get VOC colours
 * @returns uint8 RGB
 * @throws ShapeError if image, labels and prediction differ in size
 */
export function renderComparison(
  evaluated: EvaluatedImage,
  classNames: readonly string[],
  palette: Uint8Array,
  size: ComparisonSize,
): RgbImage {
  const { id, image, truth, prediction, mIoU } = evaluated;
  checkSizes(evaluated);
  const colours = extendPalette(palette, 1 + largestLabel(truth, prediction));
  const { width, height } = panelSize(image, size.side);
  const scale = Math.max(1, Math.round(width / WIDTH_PER_FONT_PIXEL));
  const shown = {
    image: width > image.width ? enlarge(image, width, height) : resizeBicubicPillow(image, width, height),
    truth: resizeLabels(truth, width, height),
    prediction: resizeLabels(prediction, width, height),
  };
  const { wrong, keys } = comparisonKeys(evaluated, classNames, colours, size.mostClasses);
  const panels = [
    { caption: 'image', picture: shown.image },
    { caption: 'ground truth', picture: paintLabels(shown.truth, colours, { scale, hatchIgnored: true }) },
    { caption: 'prediction', picture: paintLabels(shown.prediction, colours, { scale, hatchIgnored: false }) },
    {
      caption: wrong === null ? 'errors' : `errors ${asPercent(wrong)} %`,
      picture: paintErrors(shown.image, shown.truth, shown.prediction, scale),
    },
  ];

  const [gap, line] = [GAP * scale, (GLYPH_HEIGHT + LINE_SPACING) * scale];
  const cell = Math.max(width, SHORTEST_CAPTION * GLYPH_WIDTH * scale);
  const inner = panels.length * (cell + gap) - gap;
  const legend = drawComparisonLegend(keys, inner, scale);
  const canvas = newCanvas(inner + 2 * gap, gap + 2 * line + height + gap + line + legend.height + gap, BACKGROUND);
  const score = mIoU === null ? 'nothing labelled' : `mIoU ${asPercent(mIoU)} %`;
  const characters = Math.floor(inner / (GLYPH_WIDTH * scale));
  drawText(canvas, shorten(toAscii(id), characters - score.length - 2), gap, gap, scale, INK);
  drawText(canvas, score, gap + inner - score.length * GLYPH_WIDTH * scale, gap, scale, INK);
  panels.forEach(({ caption, picture }, index) => {
    const left = gap + index * (cell + gap);
    drawText(canvas, caption, left, gap + line, scale, FAINT_INK);
    pastePicture(canvas, picture, left, gap + 2 * line);
  });
  const below = gap + 2 * line + height + gap;
  drawText(canvas, 'classes by area, IoU in percent', gap, below, scale, FAINT_INK);
  pastePicture(canvas, legend, gap, below + line);
  return canvas;
}

function checkSizes({ image, truth, prediction }: EvaluatedImage): void {
  const sizes = [image, truth, prediction].map(({ width, height }) => `${width} x ${height}`);
  if (new Set(sizes).size > 1)
    throw new ShapeError(
      `image, ground truth and prediction have ${sizes.join(', ')} pixels, expected one size`,
      'renderComparison',
    );
}

function panelSize(
  { width, height }: { width: number; height: number },
  side: number,
): { width: number; height: number } {
  const longest = Math.max(width, height);
  const factor = longest > side ? side / longest : Math.max(1, Math.floor(Math.min(side, TINY_SIDE) / longest));
  return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) };
}

/** Pixels become squares, so that they lie exactly below those of the labels. */
function enlarge(image: RgbImage, width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, to = 0; y < height; y++) {
    const row = Math.floor((y * image.height) / height) * image.width;
    for (let x = 0; x < width; x++, to += 3) {
      const from = (row + Math.floor((x * image.width) / width)) * 3;
      data.set(image.data.subarray(from, from + 3), to);
    }
  }
  return { width, height, data };
}

function largestLabel(...maps: LabelMap[]): number {
  let largest = IGNORED_LABEL;
  for (const { data } of maps) for (const label of data) if (label > largest) largest = label;
  return largest;
}
