import { ImageEncoder } from '../clip/imageEncoder.ts';
import type { ClipConfig } from '../clip/config.ts';
import type { Device } from '../engine/device.ts';
import { makeClassList } from '../rfclip/classes.ts';
import { publishedDistractionDimensions } from '../rfclip/distractionDimensions.ts';
import { findMethod, makeMethod } from '../rfclip/methods/index.ts';
import { SegmentationPipeline } from '../rfclip/segmentationPipeline.ts';
import { type Settings, settingsOf } from '../rfclip/settings.ts';
import { randomCheckpoint } from './randomCheckpoint.ts';

/** Words of VOC21's 21 classes: 26 for the background, 7 for people, 5 for monitors. */
const WORDS = [26, ...Array.from({ length: 14 }, () => 1), 7, 1, 1, 1, 1, 5];

/** How an image meets the network: whole, or through windows of 224 pixels, 112 apart. */
export const MODES = { whole: { window: 0 }, windows: { window: 224, stride: 112 } } as const;

/** A name of `MODES`. */
export type Mode = keyof typeof MODES;

/** RF-CLIP with random weights and VOC21's classes, for timings: nobody should look at its labels. */
export function randomPipelines(
  device: Device,
  config: ClipConfig,
): (mode: Mode, imagesTogether?: number) => SegmentationPipeline {
  const encoder = ImageEncoder.load(device, randomCheckpoint(config), config);
  const classes = makeClassList(
    WORDS.map((count, index) => Array.from({ length: count }, (_, i) => `word ${index} ${i}`)),
    'bench',
  );
  const textFeatures = unitRows(classes.queries.length, config.embedding);
  const { width, layers, patch } = config.vision;
  const distractionDimensions = publishedDistractionDimensions(width, layers, patch) ?? [1, 3, 5, 7];
  const rfclip = findMethod('rfclip');
  return (mode, imagesTogether = 1) => {
    const settings: Settings = settingsOf(rfclip, MODES[mode]);
    const method = makeMethod(rfclip, { distractionDimensions, dino: undefined, settings });
    return new SegmentationPipeline({ encoder, method, classes, textFeatures, settings, imagesTogether });
  };
}

function unitRows(rows: number, width: number): Float32Array {
  let state = 1;
  const noise = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32 - 0.5;
  const out = Float32Array.from({ length: rows * width }, noise);
  for (let first = 0; first < out.length; first += width) {
    const row = out.subarray(first, first + width);
    const length = Math.hypot(...row);
    row.forEach((value, i) => (row[i] = value / length));
  }
  return out;
}
