import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { colourAt } from '../../../explain/panels/colours.mjs';
import { encodeRgbPng } from '../../../pictures/encodePng.ts';
import { ROOT } from '../../docs/pages.ts';

/** The scene of the first chapters, 448 x 336 pixels: 28 x 21 patches. */
export const SCENE = { path: 'examples/scenes/scene_0025.jpg', width: 448, height: 336 };

/** A whole drawing. */
export function svg(width: number, height: number, ...parts: readonly string[]): string {
  return `<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${parts.join('')}</svg>`;
}

/** A line of text; `attributes` such as `class="small"`. */
export function label(x: number, y: number, text: string, attributes = ''): string {
  return `<text x="${x}" y="${y}" ${attributes}>${text}</text>`;
}

/** An arrow from one point to another. */
export function arrow(x1: number, y1: number, x2: number, y2: number, attributes = ''): string {
  const angle = Math.atan2(y2 - y1, x2 - x1);
  const tip = [-0.5, 0.5].map((turn) => `L${x2 - 7 * Math.cos(angle + turn)} ${y2 - 7 * Math.sin(angle + turn)}`);
  const path = `M${x1} ${y1}L${x2} ${y2}M${x2} ${y2}${tip[0]}M${x2} ${y2}${tip[1]}`;
  return `<path d="${path}" fill="none" stroke="#1b1f24" stroke-width="1.5" ${attributes}/>`;
}

/** A file of the checkout as a picture in a drawing. */
export function pictureFile(path: string, x: number, y: number, width: number, height: number): string {
  const data = readFileSync(join(ROOT, path)).toString('base64');
  return image(`data:image/jpeg;base64,${data}`, x, y, width, height);
}

/** RGB pixels [height, width, 3] as a picture in a drawing, every pixel a square. */
export function pixels(
  rgb: Uint8Array,
  size: { width: number; height: number },
  ...[x, y, width, height]: [x: number, y: number, width: number, height: number]
): string {
  const png = Buffer.from(encodeRgbPng(rgb, size.width, size.height)).toString('base64');
  return image(`data:image/png;base64,${png}`, x, y, width, height, 'style="image-rendering: pixelated"');
}

/** Numbers from 0 to 1, or signed ones from -1 to 1, as RGB in the colours of `rfclip explain`. */
export function coloured(values: ArrayLike<number>, signed = false): Uint8Array {
  return Uint8Array.from(Array.from(values).flatMap((value) => colourAt(signed, signed ? (value + 1) / 2 : value)));
}

function image(href: string, ...[x, y, width, height, style = '']: [number, number, number, number, string?]): string {
  const place = `x="${x}" y="${y}" width="${width}" height="${height}"`;
  return `<image href="${href}" ${place} preserveAspectRatio="none" ${style}/>`;
}
