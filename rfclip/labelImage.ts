import type { Device } from '../engine/device.ts';
import type { HostArray } from '../engine/dtype.ts';
import { labelPixels, type PixelLabels } from '../engine/ops/labelPixels.ts';
import { labelResized } from '../engine/ops/labelResized.ts';
import { inScopedPart } from '../engine/parts.ts';
import type { Tensor } from '../engine/tensor.ts';
import { classesAboveArea, countLabels } from './postprocess.ts';
import type { NetworkImage } from './networkImage.ts';
import { refinedBand, refineInBlocks } from './refinedBands.ts';
import type { Settings } from './settings.ts';
import { windowCorners } from './slidingWindow.ts';
import { type BandSource, resizedBand, type WindowMaps, windowSource } from './windowBands.ts';

/** What `labelWindows` returns besides labels. */
export interface LabelOutputs {
  /** Probabilities [outHeight, outWidth, classes]. */
  probabilities?: boolean;
  /** Averaged window logits [height, width, queries] at the network's image size. */
  logits?: boolean;
  /** Called before anything is recorded, and again where that begins anew, for lack of memory or on a new device. */
  prepare?: (device: Device) => void;
  /**
   * Gets the rows as they are labelled, from above; whole maps are not made then, `labels` and `confidence` empty.
   * Where memory runs out or the device is lost in between, it begins again from row 0.
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

/** Most pixels that are read back at once, which are on the host too: as many as an image of Cityscapes has. */
const READ_PIXELS = 2 ** 21;

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

/** What is to be read back of a band. */
interface RecordedBand {
  firstRow: number;
  labels: readonly Tensor[];
  confidence?: Tensor;
  probabilities?: Tensor;
}

type ReadBand = LabelBand & { probabilities?: Float32Array };

async function visitBands(
  inputs: LabelInputs,
  source: BandSource,
  options: BandOptions,
  visit: (band: ReadBand) => void,
): Promise<void> {
  const { maps, outHeight, outWidth, classes } = inputs;
  const mostPixels = Math.min(inputs.bandBytes / (4 * Math.max(maps.shape[3], classes)), READ_PIXELS);
  const bandRows = Math.max(1, Math.floor(mostPixels / outWidth));
  // Labels and confidence have 8 bytes. All probabilities are as large as the logits, so they come band by band.
  const readPixels = Math.min(inputs.bandBytes / 8, READ_PIXELS);
  const readRows = options.withProbabilities === true ? 0 : Math.floor(readPixels / outWidth);
  let bands: RecordedBand[] = [];
  try {
    for (let first = 0; first < outHeight; first += bandRows) {
      const end = Math.min(first + bandRows, outHeight);
      bands.push(recordBand(inputs, source, first, end - first, options));
      const next = Math.min(end + bandRows, outHeight);
      if (next > end && next - bands[0].firstRow <= readRows) continue;
      for (const band of await readBands(maps.device, bands, options)) visit(band);
      disposeBands(bands);
      bands = [];
    }
  } finally {
    disposeBands(bands);
  }
}

function recordBand(
  inputs: LabelInputs,
  source: BandSource,
  firstRow: number,
  rows: number,
  options: BandOptions,
): RecordedBand {
  const { withConfidence, derive } = options;
  return inScopedPart(inputs.maps.device, 'labels', () => {
    const { labels, best, probabilities } = labelBand(inputs, source, firstRow, rows, options);
    const confidence = withConfidence ? best : undefined;
    return { firstRow, labels: derive?.(labels, firstRow) ?? [labels], confidence, probabilities };
  });
}

/** Reads several bands with one wait. */
async function readBands(
  device: Device,
  bands: readonly RecordedBand[],
  { derive }: BandOptions,
): Promise<readonly ReadBand[]> {
  const values = await device.readAll(bands.flatMap(tensorsOf));
  return bands.map(({ firstRow, labels, confidence, probabilities }) => {
    const ofLabels = values.splice(0, labels.length);
    return {
      firstRow,
      ...(derive === undefined
        ? { labels: ofLabels[0] as Uint32Array }
        : { labels: new Uint32Array(), derived: ofLabels }),
      confidence: confidence === undefined ? new Float32Array() : (values.shift() as Float32Array),
      probabilities: probabilities && (values.shift() as Float32Array),
    };
  });
}

function tensorsOf({ labels, confidence, probabilities }: RecordedBand): Tensor[] {
  return [...labels, confidence, probabilities].filter((tensor) => tensor !== undefined);
}

function disposeBands(bands: readonly RecordedBand[]): void {
  for (const tensor of bands.flatMap(tensorsOf)) tensor.dispose();
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
