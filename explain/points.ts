import type { PatchGrid } from '../clip/positions.ts';
import type { ClassList } from '../rfclip/classes.ts';
import type { Segmentation } from '../rfclip/labelImage.ts';
import { RequestError } from '../system/requestError.ts';
import { classMiddles, type Pixel } from './choosePoints.ts';

/** A point with its patch and why it was chosen; x and y in pixels of the file. */
export interface ChosenPoint extends Pixel {
  patch: number;
  title: string;
}

/** A picture's own size and that which the network sees. */
export interface PictureSizes {
  width: number;
  height: number;
  resized: { width: number; height: number };
}

/** Points are the bulk of a page. */
const MOST_POINTS = 8;

/**
 * Points that were asked for, in pixels of the file.
 * @throws RequestError for one outside of the image, or too many
 */
export function pointsAt(
  points: readonly Pixel[],
  name: string,
  picture: PictureSizes,
  grid: PatchGrid,
  patch: number,
): ChosenPoint[] {
  const { width, height } = picture;
  if (points.length > MOST_POINTS)
    throw new RequestError(`--at was given ${points.length} times, expected at most ${MOST_POINTS} points`, '--at');
  return points.map(({ x, y }) => {
    if (x >= width || y >= height)
      throw new RequestError(
        `--at ${x},${y} lies outside of ${name}, which has ${width} x ${height} pixels, counted from 0`,
        '--at',
      );
    const { resized } = picture;
    const [column, row] = [((x + 0.5) * resized.width) / width, ((y + 0.5) * resized.height) / height];
    return { x, y, patch: patchAt(column, row, grid, patch), title: `${x},${y}` };
  });
}

/** The middle of each found class. */
export function pointsOfClasses(
  { labels }: Segmentation,
  { classes }: ClassList,
  { width, height, resized }: PictureSizes,
  grid: PatchGrid,
  patch: number,
): ChosenPoint[] {
  return classMiddles(labels, resized.width, resized.height, MOST_POINTS).map(({ label, x, y }) => ({
    x: Math.floor(((x + 0.5) * width) / resized.width),
    y: Math.floor(((y + 0.5) * height) / resized.height),
    patch: patchAt(x, y, grid, patch),
    title: classes[label].name,
  }));
}

/** The patch of a pixel of the network's image; what remains beyond the last whole patch counts for that. */
function patchAt(x: number, y: number, grid: PatchGrid, patch: number): number {
  const column = Math.min(Math.floor(x / patch), grid.width - 1);
  return Math.min(Math.floor(y / patch), grid.height - 1) * grid.width + column;
}
