import type { ImageEncoder } from '../clip/imageEncoder.ts';
import type { Device } from '../engine/device.ts';
import { bandBytes, batchBytes, mostWindows, windowBytes } from './batchSize.ts';
import { ClassTensors } from './classTensors.ts';
import type { ClassList } from './classes.ts';
import type { Linkage } from './clustering.ts';
import { ImageQueue } from './imageQueue.ts';
import { IMAGES_TOGETHER, TOKENS_TOGETHER } from './imagesInFlight.ts';
import { labelWindows, type LabelOutputs, type Segmentation } from './labelImage.ts';
import type { DenseEncoder } from './methods/index.ts';
import type { NetworkImage } from './networkImage.ts';
import { type NetworkSource, onNewDevices } from './networkSource.ts';
import type { Settings } from './settings.ts';
import { type WindowBox, windowSize, windowsOf } from './slidingWindow.ts';
import type { Trace } from './trace.ts';
import { type TracedValues, TraceKeeper, type TracePick } from './traceKeeper.ts';
import { recordWindowLogits, type WindowLogits } from './windowLogits.ts';
import { WorkingMemory } from './workingMemory.ts';

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
  /** Most images that share a program. Default: by class of the adapter and size of the image. */
  imagesTogether?: number;
}

/** An image that waits for the device that it was made ready for. */
interface QueuedImage {
  device: Device;
  image: NetworkImage;
  trace?: Trace;
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
  readonly #imagesTogether: number | undefined;
  readonly #queue = new ImageQueue((items: readonly QueuedImage[]) => this.#record(items));
  readonly #list: ClassTensors;
  #network: { encoder: ImageEncoder; method: DenseEncoder };

  constructor(parts: SegmentationPipelineParts) {
    const { encoder, method, classes, textFeatures, settings } = parts;
    this.#network = { encoder, method };
    this.classes = classes;
    this.settings = settings;
    this.source = parts.source;
    this.#workingBytes = parts.workingBytes;
    this.#imagesTogether = parts.imagesTogether;
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
   * the network). Images that are there while the device has enough to do go through the network together; what each
   * gets is the same, to the bit, as alone. Where the device is lost, the image is done again on a new one.
   * @throws RfclipError when the image is smaller than one patch; DeviceError when the device fails.
   */
  async segment(
    image: NetworkImage,
    outHeight: number,
    outWidth: number,
    outputs: LabelOutputs = {},
  ): Promise<Segmentation> {
    const work = async () => {
      const { device } = this.encoder;
      outputs.prepare?.(device);
      const { height, width, data } = image;
      const place = { kind: `${height}x${width} ${data.BYTES_PER_ELEMENT}`, atOnce: this.imagesTogether(image) };
      return this.#queue.run({ device, image }, place, async ({ maps, boxes }) => {
        try {
          return await labelWindows(
            {
              maps,
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
          maps.dispose();
        }
      });
    };
    return this.#untilDone(image, outHeight * outWidth, work, outputs.onNotice);
  }

  /** Windows of an image, rows first; one for the whole image. @throws RfclipError when one holds no whole patch. */
  plan(image: { height: number; width: number }): WindowBox[] {
    return windowsOf(image, this.settings, this.encoder.config.vision.patch);
  }

  /**
   * Runs the network on all windows and brings what `pick` chooses of the method's traces to the host; the first axis
   * is that of windows. Besides the method's own there are `patches` [B, N, E] and `cls` [B, E], its dense features and
   * that of the image, and `logits` [B, N, Q].
   * @param check gets the names of all traced tensors before anything runs, and may throw
   * @param onNotice gets what somebody should know about how it went
   * @throws as `segment`
   */
  async trace(
    image: NetworkImage,
    pick: TracePick,
    check?: (names: ReadonlySet<string>) => void,
    onNotice?: (notice: string) => void,
  ): Promise<Record<string, TracedValues>> {
    const work = async () => {
      const { device } = this.encoder;
      const keeper = new TraceKeeper(device, pick);
      try {
        const item = { device, image, trace: keeper.trace };
        return await this.#queue.run(item, { kind: 'trace', atOnce: 1 }, async ({ maps }) => {
          maps.dispose();
          check?.(keeper.seen);
          return keeper.read();
        });
      } finally {
        keeper.dispose();
      }
    };
    return this.#untilDone(image, 0, work, onNotice);
  }

  /** Does something with an image: with less at once where memory runs out, on a new device where its own is lost. */
  #untilDone<Result>(
    image: NetworkImage,
    outPixels: number,
    work: () => Promise<Result>,
    onNotice?: (notice: string) => void,
  ): Promise<Result> {
    const windows = () => {
      const boxes = this.plan(image);
      const N = this.#patches(windowSize(boxes[0]));
      return { atOnce: Math.min(this.windowsPerBatch(N), boxes.length), bytes: windowBytes(this.encoder.config, N) };
    };
    const bands = (most: number | undefined) => {
      const bytes = 4 * outPixels * Math.max(this.classes.queries.length, this.classes.classes.length);
      return Math.min(bytes, bandBytes(this.encoder.device, this.#workingBytes, most));
    };
    const withinMemory = () => {
      const { device } = this.encoder;
      return WorkingMemory.of(device).run(device, { work, windows, bands, onNotice });
    };
    return onNewDevices(this.source, withinMemory, onNotice);
  }

  /** Records the network and the similarities of all windows. Reads nothing back. */
  windowLogits(image: NetworkImage, trace?: Trace): WindowLogits {
    return this.#recordLogits([image], trace)[0];
  }

  #record(items: readonly QueuedImage[]): WindowLogits[] {
    // One that was lost meanwhile has a part of what is to be recorded.
    for (const { device } of items) device.assertUsable();
    const images = items.map(({ image }) => image);
    return items[0].device.withoutScope(() => this.#recordLogits(images, items[0].trace));
  }

  #recordLogits(images: readonly NetworkImage[], trace?: Trace): WindowLogits[] {
    const boxes = this.plan(images[0]);
    const windowsPerBatch = this.windowsPerBatch(this.#patches(windowSize(boxes[0])));
    const parts = { encoder: this.encoder, method: this.method, list: this.#list, settings: this.settings };
    return recordWindowLogits({ ...parts, boxes, windowsPerBatch }, images, trace);
  }

  /** How many images of whatever size go through the network together, at most. */
  get mostTogether(): number {
    if (this.method.keepsImagesApart !== true) return 1;
    return this.#imagesTogether ?? IMAGES_TOGETHER[this.encoder.device.adapterClass];
  }

  /** How many images of this size go through the network together, at most. @throws as `plan` */
  imagesTogether(image: { height: number; width: number }): number {
    const boxes = this.plan(image);
    const most = this.mostTogether;
    if (most === 1) return 1;
    const N = this.#patches(windowSize(boxes[0]));
    const fitting = Math.min(this.windowsPerBatch(N) / boxes.length, this.windowsPerBatch(this.#patches(image)));
    const worthwhile = this.#imagesTogether ?? TOKENS_TOGETHER / (boxes.length * (N + 1));
    return Math.max(1, Math.floor(Math.min(most, fitting, worthwhile)));
  }

  #patches(size: { height: number; width: number }): number {
    const grid = this.encoder.grid(size.height, size.width);
    return grid.height * grid.width;
  }

  /** How many windows of N patches go through the network together. */
  windowsPerBatch(N: number): number {
    const { device, config } = this.encoder;
    const bytes = batchBytes(device, this.#workingBytes, WorkingMemory.of(device).bytes);
    return Math.max(1, Math.floor(Math.min(bytes / windowBytes(config, N), mostWindows(config))));
  }
}
