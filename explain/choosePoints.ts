/** A pixel of an image. */
export interface Pixel {
  x: number;
  y: number;
}

/** The middle of a class. */
export interface ClassMiddle extends Pixel {
  label: number;
}

/**
 * The middle of each found class's largest region, classes with the largest regions first: the pixel of the region that
 * lies farthest from its edge, in steps along rows and columns, so that it lies in the region whatever its shape. The
 * edge of the image counts as an edge.
 * @param labels class per pixel, [height, width]
 * @param most classes, at most
 */
export function classMiddles(labels: ArrayLike<number>, width: number, height: number, most: number): ClassMiddle[] {
  const depth = depths(labels, width, height);
  const region = new Int32Array(labels.length).fill(-1);
  const largest = new Map<number, { size: number; middle: number }>();
  for (let start = 0; start < labels.length; start++) {
    if (region[start] >= 0) continue;
    const found = fill(start, labels, region, depth, width, height);
    const known = largest.get(labels[start]);
    if (known === undefined || found.size > known.size) largest.set(labels[start], found);
  }
  return [...largest]
    .sort(([a, one], [b, other]) => other.size - one.size || a - b)
    .slice(0, most)
    .map(([label, { middle }]) => ({ label, x: middle % width, y: Math.floor(middle / width) }));
}

/** Marks the region of a pixel; its size and its deepest pixel. */
function fill(
  start: number,
  labels: ArrayLike<number>,
  region: Int32Array,
  depth: Int32Array,
  width: number,
  height: number,
): { size: number; middle: number } {
  const stack = [start];
  region[start] = start;
  let [size, middle] = [0, start];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    size++;
    if (depth[at] > depth[middle]) middle = at;
    for (const next of neighbours(at, width, height)) {
      if (region[next] >= 0 || labels[next] !== labels[start]) continue;
      region[next] = start;
      stack.push(next);
    }
  }
  return { size, middle };
}

/** Steps from every pixel to the nearest one of another class or outside of the image, by two passes. */
function depths(labels: ArrayLike<number>, width: number, height: number): Int32Array {
  const depth = new Int32Array(labels.length);
  const step = (at: number, other: number, inside: boolean) =>
    !inside || labels[other] !== labels[at] ? 1 : depth[other] + 1;
  for (let at = 0; at < labels.length; at++)
    depth[at] = Math.min(step(at, at - 1, at % width > 0), step(at, at - width, at >= width));
  for (let at = labels.length - 1; at >= 0; at--) {
    const right = step(at, at + 1, at % width < width - 1);
    depth[at] = Math.min(depth[at], right, step(at, at + width, at < width * (height - 1)));
  }
  return depth;
}

function neighbours(at: number, width: number, height: number): number[] {
  const x = at % width;
  const found: number[] = [];
  if (x > 0) found.push(at - 1);
  if (x < width - 1) found.push(at + 1);
  if (at >= width) found.push(at - width);
  if (at < width * (height - 1)) found.push(at + width);
  return found;
}
