import * as z from 'zod';
import { decodeLabelMap } from '../../clip/image/decodeLabelMap.ts';
import { rescaleSize } from '../../clip/image/rescaleSize.ts';
import { resizeBilinear } from '../../clip/image/resizeBilinear.ts';
import { interpolatePositions } from '../../clip/positions.ts';
import { clipPreprocess, normaliseForDense, resizeAndCentreCrop } from '../../clip/preprocess.ts';
import type { Device } from '../../engine/device.ts';
import { bicubic } from '../../engine/ops/bicubic.ts';
import { bilinear } from '../../engine/ops/bilinear.ts';
import type { CaseChecks } from '../comparison/caseChecks.ts';
import { EXACT, type Tolerance } from '../comparison/compare.ts';
import { checkValues, ConformanceError, parametersOf, type ReferenceCase } from '../reading/manifest.ts';
import { type CaseContext, type CasePart, evaluate, wholeCase } from './casePart.ts';
import { channelsFirst, channelsLast } from './layouts.ts';
import { rgbImage } from './recordedImage.ts';
import { decodePicture, lackForPicture } from './recordedPictures.ts';

/** Another JPEG decoder may round otherwise, says the manifest in words. */
const JPEG_LEVELS = 2;
const JPEG_MEAN = 0.3;

const side = z.number().int().min(1).max(65536);
const pair = z.tuple([side, side]);

/**
 * Cases of the folder `image`: decoding, resizing, normalisation, interpolation.
 * @returns undefined for a case it does not know.
 */
export function imageCase(reference: ReferenceCase): CasePart[] | undefined {
  const [kind] = reference.name.split('/');
  if (kind === 'decode') return wholeCase(reference, runDecode);
  if (kind === 'cv2_linear') return wholeCase(reference, runResize);
  if (kind === 'rescale_rule') return wholeCase(reference, runRescaleRule);
  if (kind.startsWith('imrescale')) return wholeCase(reference, runRescale);
  if (kind === 'clip_preprocess') return wholeCase(reference, runPreprocess);
  if (kind === 'mmseg_normalise') return wholeCase(reference, runNormalise);
  if (kind.startsWith('torch_bilinear')) return wholeCase(reference, runBilinear);
  if (kind.startsWith('pos_embed')) return wholeCase(reference, runPositions);
  return undefined;
}

async function runDecode(checks: CaseChecks, { files }: CaseContext): Promise<void> {
  const { image_file: file } = parametersOf(checks.reference, z.object({ image_file: z.string() }));
  const bytes = files.bytes('image', file);
  const lack = lackForPicture(bytes, file);
  if (lack !== undefined) return checks.skip(lack);
  const { data, width, height, notices } = await decodePicture(bytes, file);
  const recorded = checks.output('rgb_cv2');
  checks.same('size', [height, width, 3], recorded.shape);
  const isJpeg = /\.jpe?g$/i.test(file);
  const tolerance: Tolerance = isJpeg ? { kind: 'absolute', value: JPEG_LEVELS } : EXACT;
  checks.compare('rgb_cv2', data, tolerance);
  if (isJpeg && data.length === recorded.values.length) {
    const mean = data.reduce((sum, level, index) => sum + Math.abs(level - recorded.values[index]), 0) / data.length;
    checks.value('mean difference', [mean], [0], { kind: 'absolute', value: JPEG_MEAN });
  }
  if (checks.records('pil_unchanged')) checks.compare('pil_unchanged', decodeLabelMap(bytes, file).data, EXACT);
  checks.leaveOut('rgb_pil', 'Pillow shows this file otherwise than OpenCV, which is followed here');
  checks.notes.push(...notices);
}

/** The size to make, which must be that of the recording, so that a manifest cannot ask for more than it brings. */
function requireSize(checks: CaseChecks, output: string, height: number, width: number, axis: number): void {
  const { shape } = checks.output(output);
  if (shape[axis] !== height || shape[axis + 1] !== width) {
    throw new ConformanceError(
      `the size asked for is ${height}x${width}, the recorded ${output} is [${shape.join(', ')}]`,
    );
  }
}

function runResize(checks: CaseChecks): void {
  const [height, width] = parametersOf(checks.reference, z.object({ out_hw: pair })).out_hw;
  requireSize(checks, 'out', height, width, 0);
  checks.compare('out', resizeBilinear(rgbImage(checks, 'src'), width, height).data, EXACT);
}

function runRescale(checks: CaseChecks): void {
  const { scale } = parametersOf(checks.reference, z.object({ scale: pair }));
  const image = rgbImage(checks, 'src');
  const { width, height } = rescaleSize(image.width, image.height, scale);
  requireSize(checks, 'out', height, width, 0);
  checks.compare('out', resizeBilinear(image, width, height).data, EXACT);
}

function runRescaleRule(checks: CaseChecks, { files }: CaseContext): void {
  const { table_file: file } = parametersOf(checks.reference, z.object({ table_file: z.string() }));
  const row = z.object({ h: side, w: side, scale: pair, new_h: side, new_w: side });
  const table = checkValues(files.json('image', file), z.array(row).min(1), file);
  const sizes = table.map(({ h, w, scale }) => rescaleSize(w, h, scale));
  checks.value(
    'new_h',
    sizes.map(({ height }) => height),
    table.map((entry) => entry.new_h),
  );
  checks.value(
    'new_w',
    sizes.map(({ width }) => width),
    table.map((entry) => entry.new_w),
  );
}

function runPreprocess(checks: CaseChecks): void {
  const image = rgbImage(checks, 'src');
  const float: Tolerance = { kind: 'absolute', value: 1e-5 };
  checks.compare('cropped_uint8', resizeAndCentreCrop(image, 224).data, EXACT);
  checks.compare('normalised_64', clipPreprocess(image, 64), float);
  const rows = clipPreprocess(image, 224); // [3, 224, 224]
  const row100 = [0, 1, 2].flatMap((channel) =>
    Array.from(rows.subarray((channel * 224 + 100) * 224, (channel * 224 + 101) * 224)),
  );
  checks.compare('normalised_224_row100', row100, float);
}

function runNormalise(checks: CaseChecks): void {
  checks.compare('normalised_nchw', normaliseForDense(rgbImage(checks, 'rgb_uint8_hwc')));
}

async function runBilinear(checks: CaseChecks, { device }: CaseContext): Promise<void> {
  const [height, width] = parametersOf(checks.reference, z.object({ out_hw: pair })).out_hw;
  requireSize(checks, 'y', height, width, 2);
  const { values, shape } = checks.input('x');
  if (shape.length !== 4 || shape[0] !== 1)
    throw new ConformanceError(`the input x is [${shape.join(', ')}], expected [1, channels, height, width]`);
  const [, channels, inHeight, inWidth] = shape;
  const alignCorners = checks.reference.name.startsWith('torch_bilinear_align_corners');
  const { y } = await evaluate(device, () => ({
    y: bilinear(device.tensor(channelsLast(values, channels), [1, inHeight, inWidth, channels]), height, width, {
      alignCorners,
    }),
  }));
  checks.compare('y', channelsFirst(y, channels));
}

async function runPositions(checks: CaseChecks, { device }: CaseContext): Promise<void> {
  const [height, width] = parametersOf(checks.reference, z.object({ target_grid: pair })).target_grid;
  const recorded = checks.output('interpolated').shape;
  if (recorded[0] !== 1 + height * width)
    throw new ConformanceError(`the target grid is ${height}x${width}, the recorded table is [${recorded.join(', ')}]`);
  const { values, shape } = checks.input('pos_embed');
  const side = Math.round(Math.sqrt(shape[0] - 1));
  if (shape.length !== 2 || side * side + 1 !== shape[0])
    throw new ConformanceError(
      `the input pos_embed is [${shape.join(', ')}], expected a square number of rows plus one`,
    );
  if (height * width === side * side && height !== width)
    return comparePlainInterpolation(checks, device, [height, width], side);
  const { table } = await evaluate(device, () => ({
    table: interpolatePositions(device.tensor(values, shape), { height, width }),
  }));
  checks.compare('interpolated', table);
}

/**
 * The published function interpolates here when called directly, but the published image encoder never calls it for as
 * many tokens as the table has; so ours keeps the table, and only the arithmetic is compared.
 */
async function comparePlainInterpolation(
  checks: CaseChecks,
  device: Device,
  [height, width]: readonly [number, number],
  side: number,
): Promise<void> {
  const { values, shape } = checks.input('pos_embed');
  const C = shape[1];
  const { patches } = await evaluate(device, () => ({
    patches: bicubic(
      device.tensor(values.subarray(C), [side, side, C]),
      height,
      width,
      side / (height + 0.1),
      side / (width + 0.1),
    ),
  }));
  const table = new Float32Array(C + patches.length);
  table.set(values.subarray(0, C));
  table.set(patches, C);
  checks.compare('interpolated', table);
  checks.notes.push('bicubic op alone: an image with as many tokens as the table has keeps its positions');
}
