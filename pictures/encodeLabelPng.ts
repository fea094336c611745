import { encodeGrey16Png, encodePalettePng } from './encodePng.ts';
import { extendPalette } from './palette.ts';

/** The bytes that `writeLabelPng` writes. */
export function encodeLabelPng(
  labels: Uint8Array | Uint16Array,
  width: number,
  height: number,
  palette: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const full = fullPalette(labels, palette);
  return full === undefined ? encodeGrey16Png(labels, width, height) : encodePalettePng(labels, width, height, full);
}

/** A colour for every label; undefined where they are too many for a palette. */
export function fullPalette(labels: Uint8Array | Uint16Array, palette: Uint8Array): Uint8Array | undefined {
  let largest = 0;
  for (const label of labels) if (label > largest) largest = label;
  const classes = Math.max(palette.length / 3, largest + 1);
  return classes > 256 ? undefined : extendPalette(palette, classes);
}
