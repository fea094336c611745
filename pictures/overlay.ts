import type { LabelMap, RgbImage } from '../clip/image/types.ts';
import { blendLabels } from './blendLabels.ts';
import { newCanvas, pastePicture } from './canvas.ts';
import { comfortableLegendWidth, drawLegend, type LegendEntry, legendEntries } from './legend.ts';
import { extendPalette } from './palette.ts';
import { seenColours } from './seenColours.ts';
import { BACKGROUND } from './theme.ts';

/** Picture width, in pixels, for which a font pixel is one pixel. */
const WIDTH_PER_FONT_PIXEL = 640;
/** The text of wider pictures does not grow with their width: it would stand over a strip. */
const LONGEST_SIDES_RATIO = 3;

/** Share of the class colour where nobody says otherwise. */
export const OVERLAY_OPACITY = 0.55;

export interface OverlayOptions {
  /** Share of the class colour in the mixture, 0..1. */
  opacity?: number;
  /** Whether to put the legend below the picture. */
  legend?: boolean;
}

/**
 * The picture people look at: the photo, made grey, mixed with the class colours, a thin dark line between
 * regions, and below it a legend of the classes present with their shares of pixels, in the colours that they have in
 * the mixture. A picture narrower than the legend is centred above it.
 *
 * @param image uint8 `[H,W,3]`
 * @param labels `[H,W]`, the same size
 * @param palette RGB triples by class index; labels beyond it get VOC colours
 * @param classNames by class index
 * @returns uint8 RGB, at least as large as the picture
 * @throws ShapeError if picture and labels differ in size
 */
export function renderOverlay(
  image: RgbImage,
  labels: LabelMap,
  palette: Uint8Array,
  classNames: readonly string[],
  { opacity = OVERLAY_OPACITY, legend = true }: OverlayOptions = {},
): RgbImage {
  let largest = 0;
  for (const label of labels.data) if (label > largest) largest = label;
  const colours = extendPalette(palette, largest + 1);
  const blended = blendLabels(image, labels, colours, opacity);
  if (!legend) return blended;

  const entries = legendEntries(labels, seenColours(image, [labels], colours, opacity), classNames);
  const panel = legendBelow(image, entries);
  const { width } = panel;
  const canvas = newCanvas(width, image.height + panel.height, BACKGROUND);
  pastePicture(canvas, blended, Math.floor((width - image.width) / 2), 0);
  pastePicture(canvas, panel, 0, image.height);
  return canvas;
}

/** As wide as the picture, or wider where names need it; long legends have smaller text, if the picture is large. */
function legendBelow({ width, height }: RgbImage, entries: readonly LegendEntry[]): RgbImage {
  const length = Math.min(width, LONGEST_SIDES_RATIO * height);
  let scale = Math.max(1, Math.round(length / WIDTH_PER_FONT_PIXEL));
  const draw = () => drawLegend(entries, Math.max(width, comfortableLegendWidth(entries, scale)), scale);
  let panel = draw();
  while (scale > 1 && panel.height > height / 2) {
    scale--;
    panel = draw();
  }
  return panel;
}
