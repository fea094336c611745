import * as z from 'zod';
import type { CheckpointFile } from '../../clip/checkpoint/checkpointFile.ts';
import { type ClipConfig, inferConfig } from '../../clip/config.ts';
import { DinoEncoder, inferDinoConfig } from '../../clip/dino/index.ts';
import { ImageEncoder } from '../../clip/imageEncoder.ts';
import { templateSets } from '../../clip/promptTemplates.ts';
import { TextEncoder } from '../../clip/textEncoder.ts';
import type { Device } from '../../engine/device.ts';
import { encodeWords } from '../../rfclip/textFeatures.ts';
import { Tokenizer } from '../../tokenizer/index.ts';
import { checkValues } from './manifest.ts';
import { RecordedCheckpoints } from './recordedCheckpoints.ts';
import type { ReferenceFiles } from './referenceFiles.ts';

/** A checkpoint on the device; both towers are uploaded when first needed. */
export interface LoadedModel {
  readonly file: CheckpointFile;
  readonly config: ClipConfig;
  readonly images: ImageEncoder;
  readonly texts: TextEncoder;
}

/** The tiny models of a reference folder, uploaded once for all cases. */
export class SharedModels {
  readonly device: Device;
  /** Bytes of the pool that weights take; they stay until the device is destroyed. */
  weightBytes = 0;
  readonly checkpoints: RecordedCheckpoints;
  readonly #models = new Map<string, LoadedModel>();
  readonly #wordFeatures = new Map<string, Float32Array>();
  #dino: DinoEncoder | undefined;

  constructor(device: Device, files: ReferenceFiles) {
    this.device = device;
    this.checkpoints = new RecordedCheckpoints(files);
  }

  /**
   * A CLIP by its name in the manifests.
   * @throws ConformanceError for an unknown one; CheckpointError for a damaged one.
   */
  model(name: string): LoadedModel {
    let model = this.#models.get(name);
    if (model === undefined) this.#models.set(name, (model = this.open(this.checkpoints.clip(name))));
    return model;
  }

  /** A model of any file in OpenAI's naming. @throws CheckpointError when it is no CLIP ViT. */
  open(file: CheckpointFile): LoadedModel {
    const { device } = this;
    const config = inferConfig(file);
    const upload = <Encoder>(load: () => Encoder): Encoder => this.#upload(load);
    let images: ImageEncoder | undefined;
    let texts: TextEncoder | undefined;
    return {
      file,
      config,
      get images() {
        return (images ??= upload(() => ImageEncoder.load(device, file, config)));
      },
      get texts() {
        return (texts ??= upload(() => TextEncoder.load(device, file, config)));
      },
    };
  }

  /** The DINO ViT that CASS needs. @throws ConformanceError when there is none; CheckpointError when it is damaged. */
  dino(): DinoEncoder {
    if (this.#dino === undefined) {
      const file = this.checkpoints.dino();
      this.#dino = this.#upload(() => DinoEncoder.load(this.device, file, inferDinoConfig(file)));
    }
    return this.#dino;
  }

  /**
   * Distraction dimensions for the tiny checkpoints, as the clip manifest states them, or those given.
   * @throws ConformanceError when there are none or one is outside of the width.
   */
  distractionDimensions(model: LoadedModel, given?: readonly number[]): number[] {
    const { width } = model.config.vision;
    return checkValues(
      given ?? this.checkpoints.sinkChannels,
      z
        .array(
          z
            .number()
            .int()
            .min(0)
            .max(width - 1),
        )
        .min(1),
      'sink_channels',
    );
  }

  /**
   * Text features [words, E] with the 80 templates, computed once per list.
   * @throws TokenizerError, DeviceError as `encodeWords`.
   */
  async wordFeatures(name: string, words: readonly string[]): Promise<Float32Array> {
    const key = JSON.stringify([name, words]);
    let features = this.#wordFeatures.get(key);
    if (features === undefined) {
      const { texts, config } = this.model(name);
      features = await encodeWords(words, {
        encoder: texts,
        tokenizer: new Tokenizer(config.text.vocabulary),
        templates: templateSets.imagenet80,
      });
      this.#wordFeatures.set(key, features);
    }
    return features;
  }

  #upload<Encoder>(load: () => Encoder): Encoder {
    const before = this.device.pool.statistics.liveBytes;
    const encoder = load();
    this.weightBytes += this.device.pool.statistics.liveBytes - before;
    return encoder;
  }
}
