import type { ImageEncoder } from '../clip/imageEncoder.ts';
import { RfclipError } from '../engine/errors.ts';
import { cropWindows } from '../engine/ops/cropWindows.ts';
import { hierarchicalPrompt } from '../engine/ops/hierarchicalPrompt.ts';
import { l2Normalize } from '../engine/ops/l2Normalize.ts';
import { matmul, matmulViews } from '../engine/ops/matmul.ts';
import { innerRange, matricesOf } from '../engine/ops/matrixViews.ts';
import { inPart } from '../engine/parts.ts';
import type { Tensor } from '../engine/tensor.ts';
import { bandBytes, batchBytes, windowBytes } from './batchSize.ts';
import { ClassTensors } from './classTensors.ts';
import type { ClassList } from './classes.ts';
import type { Linkage } from './clustering.ts';
import { labelWindows, type LabelOutputs, type Segmentation } from './labelImage.ts';
import type { DenseEncoder, DenseFeatures } from './methods/index.ts';
import { type NetworkImage, uploadImage } from './networkImage.ts';
import type { NetworkSource } from './networkSource.ts';
import { type Settings, usesImageSemantics } from './settings.ts';
import { planWindows, type WindowBox, windowCorners, windowSize } from './slidingWindow.ts';
import type { Trace } from './trace.ts';
import { type TracedValues, TraceKeeper, type TracePick } from './traceKeeper.ts';
import { WorkingMemory } from './workingMemory.ts';

/** Similarities of every patch of every window to every query, before they are enlarged. */
export interface WindowLogits {
  boxes: readonly WindowBox[];
  /** [windows, gridHeight, gridWidth, queries]. */
  maps: Tensor;
}

/** What all windows of an image share: its feature [1, E], and the similarity of that to all queries [1, Q]. */
interface SharedClass {
  cls: Tensor;
  similarity: Tensor;
}

/** What a segmenter is made of. */
export interface SegmentationPipelineParts {
  encoder: ImageEncoder;
  method: DenseEncoder;
  classes: ClassList;
  /** [queries, E], rows of length 1, from `encodeWords`. */
  textFeatures: Float32Array;
  settings: Settings;
  /** How class words are clustered for hierarchical prompts; default: by complete linkage. */
  promptLinkage?: Linkage;
  /**
   * Aim for the size in bytes of the largest intermediate tensor: windows go through the network in batches, and the
   * output is labelled in bands, of about this size. Default: by class of the adapter. Changes speed and memory,
   * results by rounding at most. Where memory runs out, less is taken.
   */
  workingBytes?: number;
  /** Brings the network to a new device once its own was lost; default: there is no other. */
  source?: NetworkSource;
}

/**
 * Turns images into label maps for one list of classes. Made once per class list; `segment` may be called any number of
 * times.
 * Source: `RFCLIPSegmentation` of the release (`forward_feature`, `forward_slide`, `postprocess_result`).
 */
export class SegmentationPipeline {
  readonly classes: ClassList;
  readonly settings: Settings;
  readonly source: NetworkSource | undefined;
  readonly #workingBytes: number | undefined;
  readonly #list: ClassTensors;
  #network: { encoder: ImageEncoder; method: DenseEncoder };

  constructor(parts: SegmentationPipelineParts) {
    const { encoder, method, classes, textFeatures, settings } = parts;
    this.#network = { encoder, method };
    this.classes = classes;
    this.settings = settings;
    this.source = parts.source;
    this.#workingBytes = parts.workingBytes;
    this.#list = new ClassTensors(encoder, classes, textFeatures, settings, parts.promptLinkage);
  }

  /** On the device of the model, which may be another one than for the image before. */
  get encoder(): ImageEncoder {
    if (this.source !== undefined && this.source.device !== this.#network.encoder.device) {
      this.#network = this.source.load();
      this.#list.moveTo(this.#network.encoder.device);
    }
    return this.#network.encoder;
  }

  get method(): DenseEncoder {
    return this.#network.method;
  }

  /** Frees the tensors of the class list. */
  dispose(): void {
    this.#list.dispose();
  }

  /**
   * Label map of an image at `outHeight` x `outWidth` (normally the size of the file; the image itself was resized for
   * the network).
   * @throws RfclipError when the image is smaller than one patch; DeviceError when the device fails.
   */
  async segment(
    image: NetworkImage,
    outHeight: number,
    outWidth: number,
    outputs: LabelOutputs = {},
  ): Promise<Segmentation> {
    const work = () => this.#segmentAtOnce(image, outHeight, outWidth, outputs);
    return this.#withinMemory(image, outHeight * outWidth, work, outputs.onNotice);
  }

  async #segmentAtOnce(
    image: NetworkImage,
    outHeight: number,
    outWidth: number,
    outputs: LabelOutputs,
  ): Promise<Segmentation> {
    const { device } = this.encoder;
    const logits = device.scope(() => this.windowLogits(image).maps);
    try {
      const boxes = this.plan(image);
      return await labelWindows(
        {
          maps: logits,
          boxes,
          image,
          outHeight,
          outWidth,
          classOf: this.#list.classOf,
          classes: this.classes.classes.length,
          settings: this.settings,
          bandBytes: bandBytes(device, this.#workingBytes, WorkingMemory.of(device).bytes),
        },
        outputs,
      );
    } finally {
      logits.dispose();
    }
  }

  /** Windows of an image, rows first; one for the whole image. @throws RfclipError when one holds no whole patch. */
  plan(image: { height: number; width: number }): WindowBox[] {
    const { height, width } = image;
    const { patch } = this.encoder.config.vision;
    const { window, stride } = this.settings;
    const boxes = window === 0 ? [{ y1: 0, x1: 0, y2: height, x2: width }] : planWindows(height, width, window, stride);
    const { y1, x1, y2, x2 } = boxes[0];
    if (y2 - y1 < patch || x2 - x1 < patch) {
      throw new RfclipError(
        `an image or window of ${x2 - x1}x${y2 - y1} pixels is smaller than one patch of ${patch}x${patch}`,
        { code: 'RFCLIP-IMAGE-SMALL' },
      );
    }
    return boxes;
  }

  /**
   * Runs the network on all windows and brings what `pick` chooses of the method's traces to the host; the first axis
   * is that of windows. Besides the method's own there are `patches` [B, N, E] and `cls` [B, E], its dense features and
   * that of the image, and `logits` [B, N, Q].
   * @param check gets the names of all traced tensors before anything runs, and may throw
   * @throws as `segment`
   */
  async trace(
    image: NetworkImage,
    pick: TracePick,
    check?: (names: ReadonlySet<string>) => void,
  ): Promise<Record<string, TracedValues>> {
    return this.#withinMemory(image, 0, async () => {
      const { device } = this.encoder;
      const keeper = new TraceKeeper(device, pick);
      try {
        device.scope(() => void this.windowLogits(image, keeper.trace));
        check?.(keeper.seen);
        return await keeper.read();
      } finally {
        keeper.dispose();
      }
    });
  }

  /** Does something with an image, with less at once where memory runs out. */
  #withinMemory<Result>(
    image: NetworkImage,
    outPixels: number,
    work: () => Promise<Result>,
    onNotice?: (notice: string) => void,
  ): Promise<Result> {
    const { device } = this.encoder;
    const windows = () => {
      const boxes = this.plan(image);
      const { height, width } = windowSize(boxes[0]);
      const grid = this.encoder.grid(height, width);
      const N = grid.height * grid.width;
      return { atOnce: Math.min(this.windowsPerBatch(N), boxes.length), bytes: windowBytes(this.encoder.config, N) };
    };
    const bands = (most: number | undefined) => {
      const bytes = 4 * outPixels * Math.max(this.classes.queries.length, this.classes.classes.length);
      return Math.min(bytes, bandBytes(device, this.#workingBytes, most));
    };
    return WorkingMemory.of(device).run(device, { work, windows, bands, onNotice });
  }

  /** Records the network and the similarities of all windows. Reads nothing back. */
  windowLogits(image: NetworkImage, trace?: Trace): WindowLogits {
    const { device } = this.encoder;
    const { window, globalPerWindow } = this.settings;
    const boxes = this.plan(image);
    const size = windowSize(boxes[0]);
    const grid = this.encoder.grid(size.height, size.width);
    const N = grid.height * grid.width;
    const Q = this.classes.queries.length;
    return device.scope(() => {
      const maps = device.empty([boxes.length, grid.height, grid.width, Q]);
      const pixels = uploadImage(device, image); // [1, 3, H, W]
      const wholeImage = usesImageSemantics(this.settings) && window !== 0 && !globalPerWindow;
      const cls = wholeImage ? this.method.encodeClass(this.encoder, pixels) : undefined; // [1, E]
      const shared = cls && { cls, similarity: this.#globalSimilarity(cls) };
      const corners = windowCorners(device, boxes);
      const perBatch = this.windowsPerBatch(N);
      for (let first = 0; first < boxes.length; first += perBatch) {
        const count = Math.min(perBatch, boxes.length - first);
        device.scope(() => {
          const windows = window === 0 ? pixels : cropWindows(pixels, corners, { first, count, ...size });
          this.#batchLogits(windows, first, maps, shared, trace);
        });
      }
      return { boxes, maps };
    });
  }

  /** How many windows of N patches go through the network together. */
  windowsPerBatch(N: number): number {
    const { device, config } = this.encoder;
    const bytes = batchBytes(device, this.#workingBytes, WorkingMemory.of(device).bytes);
    return Math.max(1, Math.floor(bytes / windowBytes(config, N)));
  }

  /** Similarity of image features [B, E] to the unadjusted text features: [B, Q]. */
  #globalSimilarity(cls: Tensor): Tensor {
    return matmul(l2Normalize(cls), this.#list.text, { transposeB: true });
  }

  /**
   * Logits `(1 - g) F T^T + g global`, g being `globalWeight`, of a batch of windows [B, 3, h, w], written into its
   * rows of `maps`.
   */
  #batchLogits(windows: Tensor, first: number, maps: Tensor, shared: SharedClass | undefined, trace?: Trace): void {
    // Who traces wants to see that of every window.
    const known = trace === undefined ? shared?.cls : undefined;
    const { patches, cls } = this.method.encode(this.encoder, windows, trace, known);
    trace?.('patches', patches);
    trace?.('cls', cls);
    inPart(this.encoder.device, 'logits', () => this.#similarities({ patches, cls }, first, maps, shared?.similarity));
    trace?.(
      'logits',
      maps.reshape([-1, patches.shape[1], this.classes.queries.length]).rows(first, first + patches.shape[0]),
    );
  }

  /** The logits of dense features, written into `maps`. */
  #similarities({ patches, cls }: DenseFeatures, first: number, maps: Tensor, shared: Tensor | undefined): void {
    const { meanVectorWeight, globalWeight } = this.settings;
    const features = l2Normalize(patches); // [B, N, E]
    const [B, N] = features.shape;
    const { text: list, clusters } = this.#list;
    const Q = list.shape[0];
    let text = list; // [Q, E], or [B, Q, E] once adjusted
    let bias: Tensor | undefined; // [1 or B, Q]
    if (clusters !== undefined) {
      ({ text, bias } = hierarchicalPrompt({
        text,
        cluster: clusters,
        globalSimilarity: shared ?? this.#globalSimilarity(cls), // [1 or B, Q]
        features,
        similarity: matmul(features, list, { transposeB: true }), // [B, N, Q]
        weight: meanVectorWeight,
        globalWeight,
      }));
    }
    // The bias differs by window only where each window has its own image feature.
    const perCall = bias === undefined || bias.shape[0] === 1 ? B : 1;
    const images = matricesOf(features); // B matrices [N, E]
    const texts = matricesOf(text); // B matrices [Q, E], or one for all
    const logits = matricesOf(maps.reshape([-1, N, Q])); // a matrix [N, Q] for every window of the image
    for (let b = 0; b < B; b += perCall) {
      matmulViews(
        innerRange(images, b, perCall),
        text === list ? texts : innerRange(texts, b, perCall),
        innerRange(logits, first + b, perCall),
        {
          transposeB: true,
          scale: 1 - globalWeight,
          bias: bias?.rows(perCall === 1 ? b : 0, perCall === 1 ? b + 1 : 1).reshape([Q]),
        },
      );
    }
  }
}
