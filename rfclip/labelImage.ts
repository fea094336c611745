import type { HostArray } from '../engine/dtype.ts';
import { concatColumns, sliceColumns } from '../engine/ops/columns.ts';
import { labelPixels, type PixelLabels } from '../engine/ops/labelPixels.ts';
import { labelResized } from '../engine/ops/labelResized.ts';
import { inScopedPart } from '../engine/parts.ts';
import type { Tensor } from '../engine/tensor.ts';
import { refineMasks } from './pamr.ts';
import { classesAboveArea, countLabels } from './postprocess.ts';
import { interleavedValues, type NetworkImage } from './networkImage.ts';
import type { Settings } from './settings.ts';
import { windowCorners } from './slidingWindow.ts';
import { type BandSource, resizedBand, type WindowMaps, windowSource } from './windowBands.ts';

/** What `labelWindows` returns besides labels. */
export interface LabelOutputs {
  /** Probabilities [outHeight, outWidth, classes]. */
  probabilities?: boolean;
  /** Averaged window logits [height, width, queries] at the network's image size. */
  logits?: boolean;
  /**
   * Gets the rows as they are labelled, from above; whole maps are not made then, `labels` and `confidence` empty.
   * Where memory runs out in between, it begins again from row 0.
   */
  onBand?: (band: LabelBand) => void;
  /**
   * With `onBand`: records what is made of the labels of a band, [rows * width] u32, on the device. That is read back
   * in their place and freed; the band's `labels` are empty.
   */
  derive?: (labels: Tensor, firstRow: number) => readonly Tensor[];
  /** Whether the probabilities of the best classes are read back. Default true. */
  confidence?: boolean;
  /** Gets what somebody should know about how it went. */
  onNotice?: (notice: string) => void;
}

/** Some rows of a label map. */
export interface LabelBand {
  firstRow: number;
  /** Class per pixel, [rows, width]. */
  labels: Uint32Array;
  /** Probability of each pixel's best class, [rows, width], before the threshold; empty where nobody asked. */
  confidence: Float32Array;
  /** What `derive` made. */
  derived?: readonly HostArray[];
}

/** A label map. */
export interface Segmentation {
  height: number;
  width: number;
  /** Class per pixel, row-major [height, width]. */
  labels: Uint16Array;
  /** Probability of each pixel's best class, [height, width], before the threshold. */
  confidence: Float32Array;
  probabilities?: Float32Array;
  logits?: Float32Array;
}

/** Everything the label map is made of. */
export interface LabelInputs extends WindowMaps {
  image: NetworkImage;
  /** [queries] u32. */
  classOf: Tensor;
  classes: number;
  settings: Settings;
  /** Aim for the size in bytes of a band. */
  bandBytes: number;
}

/** Most pixels of a band: what is read back of it is on the host too. */
const BAND_PIXELS = 2 ** 20;

/**
 * From window logits to labels at the output size: windows enlarged and averaged, resized, refined if asked for,
 * softmax, classes merged, argmax, threshold. Works in horizontal bands, so that no tensor of all pixels and all
 * queries has to fit one binding; PAMR, which needs whole images, works in blocks of queries instead. Source:
 * `forward_slide`, `predict` and `postprocess_result` of the published segmentors.
 * @throws DeviceError when the device fails or one row of logits is too large for it.
 */
export async function labelWindows(inputs: LabelInputs, outputs: LabelOutputs): Promise<Segmentation> {
  const { maps, outHeight, outWidth, settings } = inputs;
  const { device } = maps;
  // A view of its own, because bands are awaited meanwhile.
  const corners = device.withoutScope(() => windowCorners(device, inputs.boxes).reshape([-1, 2]));
  let refined: readonly Tensor[] | undefined;
  try {
    refined = settings.pamrSteps === 0 ? undefined : refineInBlocks(inputs, corners);
    const blocks = refined;
    const source =
      blocks === undefined
        ? windowSource(inputs, corners)
        : { logits: (first: number, rows: number) => refinedBand(blocks, outWidth, first, rows) };
    // SCLIP first looks at all labels without a threshold, then labels again among the classes that are large enough.
    const allowed =
      settings.areaThreshold === null ? undefined : await largeClasses(inputs, source, settings.areaThreshold);
    const result: Segmentation = await labelBands(inputs, source, outputs, allowed);
    if (outputs.logits === true) result.logits = await readLogits(inputs, corners);
    return { ...result, height: outHeight, width: outWidth };
  } finally {
    corners.dispose();
    for (const block of refined ?? []) block.dispose();
  }
}

async function largeClasses(inputs: LabelInputs, source: BandSource, areaThreshold: number): Promise<Uint8Array> {
  const areas = new Uint32Array(inputs.classes);
  await visitBands(inputs, source, { threshold: 0, withConfidence: false }, ({ labels }) =>
    countLabels(labels, inputs.classes).forEach((area, label) => (areas[label] += area)),
  );
  return classesAboveArea(areas, areaThreshold);
}

async function labelBands(
  inputs: LabelInputs,
  source: BandSource,
  outputs: LabelOutputs,
  allowed: Uint8Array | undefined,
): Promise<Segmentation> {
  const { outHeight, outWidth, classes, settings } = inputs;
  const { onBand, derive, confidence: withConfidence = true } = outputs;
  const pixels = onBand === undefined ? outHeight * outWidth : 0;
  const labels = new Uint16Array(pixels);
  const confidence = new Float32Array(withConfidence ? pixels : 0);
  const probabilities = outputs.probabilities === true ? new Float32Array(outHeight * outWidth * classes) : undefined;
  const threshold = settings.probabilityThreshold;
  const withProbabilities = probabilities !== undefined;
  await visitBands(inputs, source, { threshold, allowed, withProbabilities, withConfidence, derive }, (band) => {
    if (onBand !== undefined) onBand(band);
    else {
      labels.set(band.labels, band.firstRow * outWidth);
      if (withConfidence) confidence.set(band.confidence, band.firstRow * outWidth);
    }
    if (band.probabilities !== undefined) probabilities!.set(band.probabilities, band.firstRow * outWidth * classes);
  });
  return {
    height: outHeight,
    width: outWidth,
    labels,
    confidence,
    ...(probabilities === undefined ? {} : { probabilities }),
  };
}

/** How bands are labelled, and what is read back of them. */
interface BandOptions extends Pick<LabelOutputs, 'derive'> {
  threshold: number;
  allowed?: Uint8Array;
  withProbabilities?: boolean;
  withConfidence: boolean;
}

async function visitBands(
  inputs: LabelInputs,
  source: BandSource,
  options: BandOptions,
  visit: (band: LabelBand & { probabilities?: Float32Array }) => void,
): Promise<void> {
  const { maps, outHeight, outWidth, classes } = inputs;
  const { withConfidence, derive } = options;
  const { device } = maps;
  const mostPixels = Math.min(inputs.bandBytes / (4 * Math.max(maps.shape[3], classes)), BAND_PIXELS);
  const bandRows = Math.max(1, Math.floor(mostPixels / outWidth));
  for (let first = 0; first < outHeight; first += bandRows) {
    const rows = Math.min(bandRows, outHeight - first);
    const made = inScopedPart(device, 'labels', () => {
      const { labels, best, probabilities } = labelBand(inputs, source, first, rows, options);
      return {
        labels: derive?.(labels, first) ?? [labels],
        confidence: withConfidence ? [best] : [],
        probabilities: probabilities === undefined ? [] : [probabilities],
      };
    });
    const wanted = [...made.labels, ...made.confidence, ...made.probabilities];
    try {
      const values = await device.readAll(wanted);
      const ofLabels = values.splice(0, made.labels.length);
      visit({
        firstRow: first,
        ...(derive === undefined
          ? { labels: ofLabels[0] as Uint32Array }
          : { labels: new Uint32Array(), derived: ofLabels }),
        confidence: withConfidence ? (values.shift() as Float32Array) : new Float32Array(),
        probabilities: values.shift() as Float32Array | undefined,
      });
    } finally {
      for (const tensor of wanted) tensor.dispose();
    }
  }
}

/** Labels of a band, enlarged on the way where nobody wants to see all probabilities. */
function labelBand(
  { maps: { device }, outHeight, outWidth, classOf, classes, settings }: LabelInputs,
  source: BandSource,
  firstRow: number,
  rows: number,
  { allowed, threshold, withProbabilities = false }: BandOptions,
): PixelLabels {
  const scale = settings.logitScale;
  if (source.canvas !== undefined && !withProbabilities && allowed === undefined && scale > 0) {
    const { canvas, band } = source.canvas(firstRow, rows);
    return labelResized(canvas, classOf, { outHeight, outWidth, band, scale, threshold });
  }
  return labelPixels(source.logits(firstRow, rows), classOf, {
    classes,
    scale,
    threshold,
    withProbabilities,
    allowed: allowed === undefined ? undefined : device.tensor(allowed, [classes], 'u32'),
  });
}

/** PAMR over the whole output, some queries at a time: blocks [outHeight, outWidth, queries of the block]. */
function refineInBlocks(inputs: LabelInputs, corners: Tensor): Tensor[] {
  const { maps, image, outHeight, outWidth, settings } = inputs;
  const { device } = maps;
  const Q = maps.shape[3];
  const perBlock = Math.max(1, Math.min(Q, Math.floor(inputs.bandBytes / (4 * outHeight * outWidth))));
  return device.withoutScope(() =>
    device.scope(() => {
      const pixels = device.tensor(interleavedValues(image), [image.height, image.width, 3]);
      const blocks: Tensor[] = [];
      for (let first = 0; first < Q; first += perBlock) {
        const end = Math.min(first + perBlock, Q);
        const part = device.scope(() => {
          const block = end - first === Q ? maps : sliceColumns(maps, first, end);
          const logits = resizedBand({ ...inputs, maps: block }, corners, 0, outHeight).reshape([
            outHeight,
            outWidth,
            end - first,
          ]);
          return refineMasks(pixels, [logits], settings)[0];
        });
        blocks.push(part);
      }
      return blocks;
    }),
  );
}

function refinedBand(blocks: readonly Tensor[], outWidth: number, firstRow: number, rows: number): Tensor {
  const matrices = blocks.map((block) => block.reshape([-1, block.shape[2]]));
  return concatColumns(matrices, firstRow * outWidth, rows * outWidth);
}

async function readLogits(inputs: LabelInputs, corners: Tensor): Promise<Float32Array> {
  const { maps, image } = inputs;
  const logits = maps.device.scope(() =>
    resizedBand({ ...inputs, outHeight: image.height, outWidth: image.width }, corners, 0, image.height),
  );
  try {
    return await logits.readFloats();
  } finally {
    logits.dispose();
  }
}
