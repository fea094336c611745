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
 * Refuses points that an explanation cannot show.
 *
 * @param points in pixels of the file
 * @param name of the image
 * @param flag that gave the points, where one did: a page and the library have none
 * @throws RequestError for one outside of the image, or too many
 */
export function checkPoints(
  points: readonly Pixel[],
  name: string,
  { width, height }: { width: number; height: number },
  flag?: string,
): void {
  const where = flag ?? 'points';
  if (points.length > MOST_POINTS) {
    const given =
      flag === undefined ? `${points.length} points were given` : `${flag} was given ${points.length} times`;
    throw new RequestError(`${given}, expected at most ${MOST_POINTS} points`, where);
  }
  for (const { x, y } of points) {
    if (x >= 0 && y >= 0 && x < width && y < height) continue;
    throw new RequestError(
      `${flag ?? 'the point'} ${x},${y} lies outside of ${name}, which has ${width} x ${height} pixels, counted from 0`,
      where,
    );
  }
}

/** Points that were asked for, in pixels of the file, as `checkPoints` lets them pass. */
export function pointsAt(
  points: readonly Pixel[],
  { width, height, resized }: PictureSizes,
  grid: PatchGrid,
  patch: number,
): ChosenPoint[] {
  return points.map(({ x, y }) => {
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
