/** A label map, row by row. */
export interface Labels {
  data: Uint16Array;
  width: number;
  height: number;
}

/** What is left of the colour on the line between two regions. */
const BOUNDARY_BRIGHTNESS = 0.45;

/**
 * The colours of a label map, with thin dark lines between regions, nearest neighbour at the wanted size.
 * @param palette RGB triples by label
 * @param alone the only label that is painted, if one is
 * @returns RGBA, [height, width, 4]
 */
export function labelColours(
  labels: Labels,
  palette: Uint8Array,
  { width, height }: { width: number; height: number },
  alone?: number,
): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(width * height * 4);
  const column = Uint32Array.from({ length: width }, (_, x) => Math.floor(((x + 0.5) * labels.width) / width));
  const rowOf = (y: number) => Math.floor(((y + 0.5) * labels.height) / height) * labels.width;
  for (let y = 0, at = 0; y < height; y++) {
    const row = rowOf(y);
    const below = rowOf(Math.min(y + 1, height - 1));
    for (let x = 0; x < width; x++, at += 4) {
      const label = labels.data[row + column[x]];
      if (alone !== undefined && label !== alone) continue;
      const right = labels.data[row + column[Math.min(x + 1, width - 1)]];
      const isBoundary = right !== label || labels.data[below + column[x]] !== label;
      const brightness = isBoundary ? BOUNDARY_BRIGHTNESS : 1;
      for (let k = 0; k < 3; k++) rgba[at + k] = palette[3 * label + k] * brightness;
      rgba[at + 3] = 255;
    }
  }
  return rgba;
}

/** A colour of a palette, as CSS has it. */
export function cssColour(palette: Uint8Array, label: number): string {
  return `rgb(${palette.subarray(3 * label, 3 * label + 3).join(' ')})`;
}
