import { openCheckpoint } from '../../../clip/checkpoint/openCheckpoint.ts';
import { interpolatePositions } from '../../../clip/positions.ts';
import { EMBEDDED_CHECKPOINT } from '../../../rfclip/embeddedFile.ts';
import type { OpenModel } from '../picture.ts';
import { coloured, label, pixels, svg } from './drawing.ts';

interface Grid {
  height: number;
  width: number;
}

const LEARNED: Grid = { height: 14, width: 14 };
const STRETCHED: Grid = { height: 21, width: 28 };

/** How alike positions are: one in the learned table, and its counterpart in the stretched one. */
export async function drawPositions(open: OpenModel): Promise<string> {
  const { device } = await open();
  const file = openCheckpoint(EMBEDDED_CHECKPOINT);
  const table = file.read('visual.positional_embedding');
  file.close();
  const stretched = await device.scope(() => {
    const { height, width } = STRETCHED;
    return interpolatePositions(device.tensor(table, [197, 128]), { height, width });
  });
  const values = await stretched.readFloats();
  stretched.dispose();
  const learned = similarities(table.subarray(128), LEARNED, [4, 10]);
  const other = similarities(values.subarray(128), STRETCHED, [6, 20]);
  return svg(
    728,
    348,
    label(0, 14, 'learned: 14 × 14 positions'),
    map(learned, LEARNED, [4, 10], 0, 24, 306),
    label(330, 14, 'stretched: 21 × 28 positions, for 336 × 448 pixels'),
    map(other, STRETCHED, [6, 20], 330, 24, 398),
    label(
      0,
      345,
      'bright: alike (cosine with the framed position, from 0 to 1, without what all positions share)',
      'class="small muted"',
    ),
  );
}

/** Cosines of all positions with one, after the mean of all was subtracted: [height * width]. */
function similarities(rows: Float32Array, { height, width }: Grid, [row, column]: [number, number]): number[] {
  const [N, C] = [height * width, 128];
  const mean = Array.from({ length: C }, (_, c) => {
    let sum = 0;
    for (let i = 0; i < N; i++) sum += rows[i * C + c];
    return sum / N;
  });
  const centred = (i: number) => mean.map((value, c) => rows[i * C + c] - value);
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, c) => sum + value * b[c], 0);
  const here = centred(row * width + column);
  return Array.from({ length: N }, (_, i) => {
    const other = centred(i);
    return dot(here, other) / Math.sqrt(dot(here, here) * dot(other, other));
  });
}

function map(
  values: number[],
  grid: Grid,
  [row, column]: [number, number],
  x: number,
  y: number,
  width: number,
): string {
  const step = width / grid.width;
  const frame = `x="${x + column * step}" y="${y + row * step}" width="${step}" height="${step}"`;
  return (
    pixels(coloured(values), grid, x, y, width, step * grid.height) +
    `<rect ${frame} fill="none" stroke="#3ddcff" stroke-width="2.5"/>`
  );
}
