import type { Picture, Result } from '../state/appState.ts';
import { greyShare } from '../../pictures/greyBelow.ts';
import { cssColour, labelColours } from './paintLabels.ts';
import { shownSize } from './shownSize.ts';

/** Pixels of the longest downloads; larger pictures are made smaller. */
const MOST_PIXELS = 16e6;

/** The picture as it is seen, with a legend below it, as a PNG. */
export async function overlayPicture(picture: Picture, { answer, palette }: Result, opacity: number): Promise<Blob> {
  const { width, height } = shownSize(picture.width, picture.height, MOST_PIXELS);
  const texts = answer.classes.map(({ name, share }) => `${name} ${(100 * share).toFixed(1)} %`);
  const size = Math.max(12, Math.round(width / 45));
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext('2d')!;
  const rows = layOut(pen, texts, width, size);
  canvas.height = height + rows.length * size * 1.6 + size;
  pen.fillStyle = '#181a1f';
  pen.fillRect(0, 0, width, canvas.height);
  pen.drawImage(picture.bitmap, 0, 0, width, height);
  pen.globalCompositeOperation = 'saturation';
  pen.globalAlpha = greyShare(opacity);
  pen.fillStyle = '#808080';
  pen.fillRect(0, 0, width, height);
  pen.globalCompositeOperation = 'source-over';
  pen.globalAlpha = opacity;
  const labels = { data: answer.labels.data, width: answer.width, height: answer.height };
  const colours = new OffscreenCanvas(width, height);
  const rgba = labelColours(labels, palette, { width, height });
  colours.getContext('2d')!.putImageData(new ImageData(rgba, width, height), 0, 0);
  pen.drawImage(colours, 0, 0);
  pen.globalAlpha = 1;
  setFont(pen, size);
  rows.forEach((row, line) => {
    const y = height + size * (1.2 + 1.6 * line);
    for (const { index, x } of row) {
      pen.fillStyle = cssColour(palette, answer.classes[index].label);
      pen.fillRect(x, y - size / 2, size, size);
      pen.fillStyle = '#e8eaee';
      pen.fillText(texts[index], x + 1.5 * size, y);
    }
  });
  return canvas.convertToBlob({ type: 'image/png' });
}

function setFont(pen: OffscreenCanvasRenderingContext2D, size: number): void {
  pen.font = `${size}px system-ui, sans-serif`;
  pen.textBaseline = 'middle';
}

/** Which entries of the legend stand in which row, and where they begin. */
function layOut(pen: OffscreenCanvasRenderingContext2D, texts: readonly string[], width: number, size: number) {
  setFont(pen, size);
  const rows: { index: number; x: number }[][] = [[]];
  let x = size;
  texts.forEach((text, index) => {
    const length = size * 3.5 + pen.measureText(text).width;
    if (x + length > width && rows.at(-1)!.length > 0) {
      rows.push([]);
      x = size;
    }
    rows.at(-1)!.push({ index, x });
    x += length;
  });
  return rows;
}
