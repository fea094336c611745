import type { ImageEncoder } from '../clip/imageEncoder.ts';
import { cropWindows } from '../engine/ops/cropWindows.ts';
import { inEqualParts } from '../engine/ops/equalParts.ts';
import { inPart } from '../engine/parts.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { DenseEncoder } from './methods/index.ts';
import { type NetworkImage, uploadImages } from './networkImage.ts';
import { globalSimilarity, patchLogits, type WordTensors } from './patchLogits.ts';
import { type Settings, usesImageSemantics } from './settings.ts';
import { type WindowBox, windowCorners, windowSize } from './slidingWindow.ts';
import type { Trace } from './trace.ts';

/** Similarities of every patch of every window to every query, before they are enlarged. */
export interface WindowLogits {
  boxes: readonly WindowBox[];
  /** [windows, gridHeight, gridWidth, queries]. */
  maps: Tensor;
}

/** What runs on the windows of images, and how many go through it at once. */
export interface WindowNetwork {
  encoder: ImageEncoder;
  method: DenseEncoder;
  list: WordTensors;
  settings: Settings;
  /** Of each image. */
  boxes: readonly WindowBox[];
  windowsPerBatch: number;
}

/**
 * Records the network on all windows of images of one size, whose windows share the batches, and their similarities to
 * the queries. Reads nothing back.
 *
 * @param images [3, H, W] each
 * @param trace sees the method's tensors, and `patches`, `cls` and `logits` of the first image
 * @returns one of each image, in the caller's scope
 * Source: `forward_feature` and `forward_slide` of the release's `RFCLIPSegmentation`.
 */
export function recordWindowLogits(
  { encoder, method, list, settings, boxes, windowsPerBatch }: WindowNetwork,
  images: readonly NetworkImage[],
  trace?: Trace,
): WindowLogits[] {
  const { device } = encoder;
  const { window, globalPerWindow } = settings;
  const size = windowSize(boxes[0]);
  const grid = encoder.grid(size.height, size.width);
  const N = grid.height * grid.width;
  const Q = list.text.shape[0];
  return device.scope(() => {
    const maps = images.map(() => device.empty([boxes.length, grid.height, grid.width, Q]));
    const pixels = uploadImages(device, images); // [images, 3, H, W]
    const wholeImage = usesImageSemantics(settings) && window !== 0 && !globalPerWindow;
    const inParts = <Result>(body: () => Result) => inEqualParts(images.length, body);
    const cls = wholeImage ? inParts(() => method.encodeClass(encoder, pixels)) : undefined; // [images, E]
    // Who traces wants to see that of every window.
    const known = trace === undefined ? cls : undefined;
    const shared = cls && images.map((_, i) => globalSimilarity(list, cls.rows(i, i + 1))); // each [1, Q]
    const corners = windowCorners(device, boxes);
    const perBatch = Math.max(1, Math.floor(windowsPerBatch / images.length));
    for (let first = 0; first < boxes.length; first += perBatch) {
      const count = Math.min(perBatch, boxes.length - first);
      device.scope(() => {
        const windows = window === 0 ? pixels : cropWindows(pixels, corners, { first, count, ...size });
        const features = inParts(() => method.encode(encoder, windows, trace, known));
        trace?.('patches', features.patches);
        trace?.('cls', features.cls);
        inPart(device, 'logits', () => {
          for (const [i, map] of maps.entries()) {
            const ofImage = (tensor: Tensor) => tensor.rows(i * count, (i + 1) * count);
            const global = list.clusters && (shared?.[i] ?? globalSimilarity(list, ofImage(features.cls)));
            patchLogits(list, settings, { patches: ofImage(features.patches), global }, map, first);
          }
        });
        trace?.('logits', maps[0].reshape([-1, N, Q]).rows(first, first + count));
      });
    }
    return maps.map((map) => ({ boxes, maps: map }));
  });
}
